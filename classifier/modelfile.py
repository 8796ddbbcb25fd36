"""The model file: a ZIP archive of a manifest and arrays. No pickle, no code.

    manifest.json   format, kind, feature names, training data and its credit, figures, checksums
    lexicon/*.npy   float16 tables of log-odds
    forest/*.npy    trees over the features; or
    trees.onnx      the graph of another estimator
    network/*.npy   float32 arrays of the network over the sequence of blocks, if there is one
    types/*.npy     float32 arrays of the page-type model, if there is one
    features/*.npy  float32 medians of the training blocks, with which pages are explained
    correction/*.npy  float16 weights of what a user's own pages taught the model, if they did
    card.md         the model card, for people

Every member's SHA-256 stands in the manifest, and the manifest's own in the archive's comment.

A file may come from a stranger: sizes are looked at before memory is taken, and no member is ever written
to disk. The checksums tell damage, not who made the file.
"""

import hashlib
import io
import json
import math
import re
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier.errors import ModelError

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "ModelFile",
    "array_bytes",
    "read_model_file",
    "write_model_file",
]

FORMAT: Final = "clutter-classifier model"
FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
# A model is a few megabytes; a file that unpacks to more is none of ours.
MAX_UNPACKED: Final = 256 * 1024 * 1024
# Parsed, a manifest takes some thirty times its size.
MAX_MANIFEST: Final = 1024 * 1024
# The archive's directory, which `zipfile` turns into objects before anything can be checked: 500 members.
MAX_DIRECTORY: Final = 32 * 1024
# The end of the archive: a record, which holds the directory's size, and the manifest's SHA-256 as a comment.
# A record of ZIP64 before it would hold other sizes, and a second mark another place.
_END: Final = re.compile(
    rb"(?<!PK\x06\x07.{16})PK\x05\x06(?!.*PK\x05\x06).{8}(?P<directory>.{4}).{4}\x40\x00[0-9a-f]{64}\Z",
    re.DOTALL,
)
_END_SIZE: Final = 22 + 64
_MEMBERS: Final = re.compile(
    r"(correction|features|forest|lexicon|network|types)/[a-z_]{1,40}\.npy|trees\.onnx|card\.md", re.ASCII
)
# An array's header as NumPy writes it. It is a Python literal, which NumPy parses as such; no stranger's text
# should get that far.
_HEADER: Final = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<type>[<|](?:f[248]|[iu][1248]))', "
    rb"'fortran_order': (?P<by_column>True|False), 'shape': \((?P<shape>[0-9, ]{0,40})\), \} {0,64}\n",
    re.DOTALL,
)
# A fixed time stamp, so that the same model is the same file to the byte.
_STAMP: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file's verified contents."""

    manifest: Mapping[str, Any]
    members: Mapping[str, bytes]

    def has(self, folder: str) -> bool:
        """Whether any member lies in a folder."""
        return any(name.startswith(f"{folder}/") for name in self.members)

    @property
    def card(self) -> str:
        """The model card, Markdown; empty if the file has none."""
        return self.members.get("card.md", b"").decode("utf-8", "replace")

    def array(self, name: str) -> npt.NDArray[np.generic]:
        """The array stored as member `name`: numbers, aligned, in C order.

        Raises:
            KeyError: there is no such member.
            ValueError: it is no array of numbers, or its header promises another size.
        """
        data = self.members[name]
        header = _HEADER.match(data)
        if header is None:
            raise ValueError(f"{name} is no array of numbers in version 1.0 of NumPy's format")
        dtype = np.dtype(header["type"].decode())
        shape = tuple(map(int, re.findall(rb"[0-9]+", header["shape"])))
        if math.prod(shape) * dtype.itemsize != len(data) - header.end():
            raise ValueError(
                f"{name} has {len(data) - header.end():,} bytes for the shape {shape} of {dtype}"
            )
        flat = np.frombuffer(data, dtype, offset=header.end())
        return flat.reshape(shape, order="F" if header["by_column"] == b"True" else "C").copy("C")


def array_bytes(array: npt.NDArray[np.generic]) -> bytes:
    """An array in NumPy's own format."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def write_model_file(path: Path, manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> None:
    """Write a model file; equal contents give equal bytes."""
    full = {
        **manifest,
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "checksums": {name: _digest(data) for name, data in sorted(members.items())},
    }
    encoded = json.dumps(full, indent=1, ensure_ascii=False, sort_keys=True).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [(MANIFEST, encoded), *sorted(members.items())]:
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, compresslevel=9)
        archive.comment = _digest(encoded).encode("ascii")


def read_model_file(path: Path) -> ModelFile:
    """Read and verify a model file.

    Raises:
        ModelError: the file is missing, damaged, no model, or of another format version.
    """
    data = _file_bytes(path)
    try:
        return _read(path, data)
    except ModelError:
        raise
    except Exception as error:  # a damaged archive fails in as many ways as ZIP and JSON can be parsed
        raise ModelError(
            f"{path} is not a model file, or is damaged or cut short ({error}); get a fresh copy"
        ) from error


def _file_bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ModelError(f"{path} is a folder, not a model file")
        # A named pipe would wait for a writer, and a device may have no end.
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{path} is a device or a pipe, not a model file; copy it to a file")
        if status.st_size > MAX_UNPACKED:
            raise ModelError(f"{path} is no model file: it is larger than {MAX_UNPACKED:,} bytes")
        with path.open("rb") as file:
            return file.read(status.st_size)
    except FileNotFoundError:
        raise ModelError(f"there is no model file {path}") from None
    except (OSError, ValueError) as error:  # a path may hold what no file system takes
        raise ModelError(f"the model file {path} cannot be read: {error}") from error


def _read(path: Path, data: bytes) -> ModelFile:
    end = _END.search(data, max(0, len(data) - _END_SIZE))
    if end is None:
        raise ValueError("it does not end as a model file does")
    if int.from_bytes(end["directory"], "little") > MAX_DIRECTORY:
        raise ValueError(f"its directory is larger than {MAX_DIRECTORY:,} bytes")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise ModelError(f"{path} unpacks to {unpacked:,} bytes; models stay below {MAX_UNPACKED:,}")
        manifest = _manifest(path, archive)
        checksums = manifest["checksums"]
        if sorted(archive.namelist()) != sorted([MANIFEST, *checksums]):
            raise ModelError(f"{path} has other members than its manifest names: get a fresh copy")
        members = {}
        for name, checksum in checksums.items():
            if not _MEMBERS.fullmatch(name):
                raise ModelError(f"{path} holds {name[:100]!r}, which is no part of a model")
            members[name] = _unpack(archive, name)
            if _digest(members[name]) != checksum:
                raise ModelError(f"{name} in {path} does not match its checksum: the file is damaged")
    return ModelFile(manifest, members)


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST:
        raise ModelError(f"the manifest of {path} is larger than {MAX_MANIFEST:,} bytes")
    encoded = _unpack(archive, MANIFEST)
    if archive.comment.decode("ascii") != _digest(encoded):
        raise ModelError(f"the manifest of {path} does not match its checksum: the file is damaged")
    manifest: dict[str, Any] = json.loads(encoded)
    if manifest.get("format") != FORMAT:
        raise ModelError(f"{path} is not a {FORMAT}")
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise ModelError(
            f"{path} has format version {version}; this package reads version {FORMAT_VERSION}: "
            "install the release that the model was made for, or retrain the model"
        )
    return manifest


def _unpack(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member's bytes. Reading without a size would unpack all that the data gives before it is cut."""
    info = archive.getinfo(name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is packed by another method than deflate")
    with archive.open(info) as member:
        return member.read(info.file_size)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
