"""The model file: a ZIP archive of a manifest and arrays. No pickle, no code.

    manifest.json   format, kind, feature names, training data and its credit, figures, checksums
    lexicon/*.npy   float16 tables of log-odds
    forest/*.npy    trees over the features; or
    trees.onnx      the graph of another estimator
    network/*.npy   float32 arrays of the network over the sequence of blocks, if there is one
    types/*.npy     float32 arrays of the page-type model, if there is one
    card.md         the model card, for people

Every member's SHA-256 stands in the manifest, and the manifest's own in the archive's comment.
"""

import hashlib
import io
import json
import zipfile
import zlib
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
# What reading a damaged archive raises.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
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

    def array(self, name: str) -> npt.NDArray[np.generic]:
        """The array stored as member `name`.

        Raises:
            KeyError: there is no such member.
            ValueError: it is no array.
        """
        data = io.BytesIO(self.members[name])
        try:
            array: npt.NDArray[np.generic] = np.load(data, allow_pickle=False)
        except Exception as error:  # a hostile header fails in as many ways as Python can be parsed
            raise ValueError(f"{name} is no array that NumPy can read: {error}") from error
        return array


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
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except FileNotFoundError:
        raise ModelError(f"there is no model file {path}") from None
    except IsADirectoryError:
        raise ModelError(f"{path} is a folder, not a model file") from None
    except OSError as error:
        raise ModelError(f"the model file {path} cannot be read: {error}") from error
    except _DAMAGE as error:
        raise ModelError(
            f"{path} is not a model file, or is damaged or cut short ({error}); get a fresh copy"
        ) from error


def _read(path: Path, archive: zipfile.ZipFile) -> ModelFile:
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > MAX_UNPACKED:
        raise ModelError(f"{path} unpacks to {unpacked:,} bytes; models stay below {MAX_UNPACKED:,}")
    encoded = archive.read(MANIFEST)
    if archive.comment.decode("ascii", "replace") != _digest(encoded):
        raise ModelError(f"the manifest of {path} does not match its checksum: the file is damaged")
    manifest = json.loads(encoded)
    if manifest.get("format") != FORMAT:
        raise ModelError(f"{path} is not a {FORMAT}")
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise ModelError(
            f"{path} has format version {version}; this package reads version {FORMAT_VERSION}: "
            "install the release that the model was made for, or retrain the model"
        )
    members = {}
    for name, checksum in manifest["checksums"].items():
        data = archive.read(name)
        if _digest(data) != checksum:
            raise ModelError(f"{name} in {path} does not match its checksum: the file is damaged")
        members[name] = data
    return ModelFile(manifest, members)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
