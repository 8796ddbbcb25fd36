import hashlib
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pytest

import classifier
from classifier.errors import ModelError
from classifier.modelfile import (
    FORMAT,
    FORMAT_VERSION,
    array_bytes,
    read_model_file,
    write_model_file,
)

MEMBERS: Final = {
    "trees.onnx": bytes(range(256)) * 4,
    "lexicon/word.npy": array_bytes(np.arange(64, dtype=np.float16)),
    "card.md": "# A card with an é\n".encode(),
}
MANIFEST: Final[dict[str, Any]] = {"kind": "html", "figures": {"f1": 0.5}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.model"
    write_model_file(path, MANIFEST, MEMBERS)
    return path


def rewrite(path: Path, **changes: Any) -> None:
    """Write the file again with another manifest, checksums right."""
    members = dict(read_model_file(path).members)
    manifest = {**read_model_file(path).manifest, **changes}
    encoded = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", encoded)
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = hashlib.sha256(encoded).hexdigest().encode()


def test_what_is_written_is_what_is_read(file: Path) -> None:
    found = read_model_file(file)
    assert dict(found.members) == MEMBERS
    assert {name: found.manifest[name] for name in MANIFEST} == MANIFEST
    assert (found.manifest["format"], found.manifest["format_version"]) == (FORMAT, FORMAT_VERSION)


def test_arrays_are_read_with_their_type(file: Path) -> None:
    array = read_model_file(file).array("lexicon/word.npy")
    assert array.dtype == np.float16
    assert array.tolist() == list(range(64))


def test_equal_contents_are_equal_files(file: Path, tmp_path: Path) -> None:
    backwards = dict(reversed(MEMBERS.items()))
    write_model_file(tmp_path / "b.model", dict(reversed(MANIFEST.items())), backwards)
    assert (tmp_path / "b.model").read_bytes() == file.read_bytes()


def test_a_missing_file_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model file .*gone\.model"):
        read_model_file(tmp_path / "gone.model")


def test_a_folder_is_no_model_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a folder"):
        read_model_file(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x", b"PK", b"PK\x03\x04" * 20, b"<html>", b"\0" * 500])
def test_a_file_of_something_else_is_no_model_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.model"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a model file"):
        read_model_file(path)


def test_a_file_cut_short_anywhere_is_damaged(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            read_model_file(file)


def unharmed_or_refused(path: Path, content: bytes) -> bool:
    """Whether a damaged file is refused; if it is not, it must still hold what was written."""
    path.write_bytes(content)
    try:
        found = read_model_file(path)
    except ModelError:
        return True
    assert dict(found.members) == MEMBERS
    return False


def test_no_flipped_bit_changes_what_is_read(file: Path) -> None:
    whole = file.read_bytes()
    refused = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        refused += unharmed_or_refused(file, bytes(damaged))
    assert refused > len(whole) / 2


def test_no_changed_bytes_raise_anything_but_a_model_error(file: Path) -> None:
    whole = file.read_bytes()
    draw = random.Random(0)
    for _ in range(1000):
        damaged = bytearray(whole)
        for _ in range(draw.choice((1, 1, 2, 8))):
            damaged[draw.randrange(len(whole))] = draw.randrange(256)
        unharmed_or_refused(file, bytes(damaged))


@pytest.mark.parametrize("method", range(100))
def test_no_compression_method_raises_anything_but_a_model_error(method: int, file: Path) -> None:
    whole = bytearray(file.read_bytes())
    place = whole.rindex(b"PK\x01\x02")  # the last entry of the directory
    whole[place + 10 : place + 12] = method.to_bytes(2, "little")
    unharmed_or_refused(file, bytes(whole))


def exchange(file: Path, member: str, change: Callable[[bytes], bytes]) -> None:
    """Change a member of a model file, and nothing else."""
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
        comment = archive.comment
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, change(data) if name == member else data)
        archive.comment = comment


def test_a_member_that_was_exchanged_is_told(file: Path) -> None:
    exchange(file, "card.md", lambda data: b"other")
    with pytest.raises(ModelError, match=r"card\.md .* does not match its checksum"):
        read_model_file(file)


def test_a_manifest_that_was_edited_is_told(file: Path) -> None:
    exchange(file, "manifest.json", lambda data: data.replace(b"html", b"text"))
    with pytest.raises(ModelError, match=r"manifest .* does not match its checksum"):
        read_model_file(file)


@pytest.mark.parametrize("version", [0, FORMAT_VERSION + 1, "1", None])
def test_another_format_version_says_what_to_do(version: object, file: Path) -> None:
    rewrite(file, format_version=version)
    with pytest.raises(ModelError, match=rf"version {version}; this package reads version {FORMAT_VERSION}"):
        read_model_file(file)


def test_an_archive_of_another_format_is_refused(file: Path) -> None:
    rewrite(file, format="zip of holiday pictures")
    with pytest.raises(ModelError, match="is not a clutter-classifier model"):
        read_model_file(file)


def test_a_file_that_is_or_unpacks_to_too_much_is_refused_unread(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = file.stat().st_size
    for most, words in ((size - 1, "is larger than"), (size, "unpacks to")):
        monkeypatch.setattr("classifier.modelfile.MAX_UNPACKED", most)
        with pytest.raises(ModelError, match=words):
            read_model_file(file)


@pytest.mark.parametrize(
    ("bound", "size", "words"),
    [
        ("MAX_DIRECTORY", lambda archive: archive.fp.seek(0, 2) - archive.start_dir - 22 - 64, "directory"),
        ("MAX_MANIFEST", lambda archive: archive.getinfo("manifest.json").file_size, "manifest"),
        ("MAX_UNPACKED", lambda archive: sum(one.file_size for one in archive.infolist()), "unpacks to"),
    ],
)
def test_a_part_may_be_as_large_as_its_bound_and_no_larger(
    bound: str, size: Callable[[Any], int], words: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(file) as archive:
        exact = size(archive)
    monkeypatch.setattr(f"classifier.modelfile.{bound}", exact)
    assert dict(read_model_file(file).members) == MEMBERS
    monkeypatch.setattr(f"classifier.modelfile.{bound}", exact - 1)
    with pytest.raises(ModelError, match=words):
        read_model_file(file)


def test_an_array_of_another_size_than_its_header_promises_is_told_by_name(tmp_path: Path) -> None:
    short = array_bytes(np.zeros(4, np.float32))[:-4]
    write_model_file(tmp_path / "a.model", MANIFEST, {"types/bias.npy": short})
    with pytest.raises(ValueError, match=r"types/bias\.npy has 12 bytes for the shape \(4,\) of float32"):
        read_model_file(tmp_path / "a.model").array("types/bias.npy")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_is_packed_by_another_method_is_refused(method: int, file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
        comment = archive.comment
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
        archive.comment = comment
    with pytest.raises(ModelError, match="another method than deflate"):
        read_model_file(file)


def test_a_member_that_is_no_array_is_told_by_name(file: Path) -> None:
    with pytest.raises(ValueError, match=r"card\.md is no array of numbers"):
        read_model_file(file).array("card.md")


def test_a_file_without_a_card_has_an_empty_one(tmp_path: Path) -> None:
    write_model_file(tmp_path / "a.model", MANIFEST, {})
    assert read_model_file(tmp_path / "a.model").card == ""


def test_the_card_travels_inside(file: Path) -> None:
    assert read_model_file(file).card == "# A card with an é\n"


@pytest.mark.parametrize("kind", ["html", "text"])
def test_the_shipped_cards_are_those_beside_the_models(kind: str) -> None:
    models = Path(classifier.__file__).parent / "models"
    assert read_model_file(models / f"{kind}.model").card == (models / f"{kind}.md").read_text("utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.model")
    with pytest.raises(ModelError, match="device or a pipe"):
        read_model_file(tmp_path / "pipe.model")


def test_a_path_that_no_file_system_takes_is_told(tmp_path: Path) -> None:
    for name in ("a\0.model", "a" * 5000):
        with pytest.raises(ModelError, match=r"cannot be read|no model file"):
            read_model_file(tmp_path / name)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "u1"])
def test_arrays_come_back_whatever_their_order(order: Literal["C", "F"], dtype: str, tmp_path: Path) -> None:
    array = np.array(np.arange(6).reshape(2, 3), dtype, order=order)
    write_model_file(tmp_path / "a.model", MANIFEST, {"types/weight.npy": array_bytes(array)})
    found = read_model_file(tmp_path / "a.model").array("types/weight.npy")
    assert found.dtype == array.dtype and found.flags.c_contiguous and found.flags.aligned
    assert found.tolist() == array.tolist()
