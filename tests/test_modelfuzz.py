"""Damaged and hostile model files: each is refused in words that help, or gives the very same answers."""

import hashlib
import io
import json
import pickle
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

import classifier
from classifier import Classifier, ModelError
from classifier.features.lexical import SHAPES, LinearWording
from classifier.features.matrix import column_names
from classifier.forest import DTYPES
from classifier.model import load_model
from classifier.modelfile import MAX_UNPACKED, ModelFile, array_bytes, read_model_file, write_model_file

SHIPPED: Final = Path(classifier.__file__).parent / "models"
PAGE: Final = "The river rises in the hills and turns west.\nLog in\nIt reaches the sea below the old mill."
END: Final = 22 + 64


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A model of every part, small where a part may be: one tree of one split, and tables of zeros."""
    columns = len(column_names("text"))
    forest = dict(zip(DTYPES, ([0], [1.5], [[0, 1]], [1], [-1.0, 2.0], [0.1]), strict=True))
    members = {f"forest/{name}.npy": array_bytes(np.array(forest[name], DTYPES[name])) for name in DTYPES}
    for name, shape in SHAPES.items():
        members[f"lexicon/{name}.npy"] = array_bytes(np.zeros(shape, np.float16))
    members["types/weight.npy"] = array_bytes(np.asfortranarray(np.ones((2 * columns, 2), np.float32)))
    members["types/bias.npy"] = array_bytes(np.array([0.5, -0.5], np.float32))
    for part in fields(LinearWording):
        members[f"correction/{part.name}.npy"] = array_bytes(np.full(SHAPES[part.name], 0.5, np.float16))
    members["card.md"] = b"# A card"
    path = tmp_path_factory.mktemp("model") / "text.model"
    manifest = {
        "kind": "text",
        "features": list(column_names("text")),
        "calibration": [1.0, 0.0],
        "types": ["article", "forum"],
    }
    write_model_file(path, manifest, members)
    return path.read_bytes()


def answers(path: Path) -> list[float]:
    """What a model makes of a page; numbers that are no probabilities fail."""
    page = Classifier([load_model(path)]).classify(PAGE, kind="text")
    assert ((page.probabilities >= 0) & (page.probabilities <= 1)).all()
    return [*page.probabilities.tolist(), page.type_probability]


def archive(manifest: bytes, members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive with any manifest, whose own checksum is right."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in [("manifest.json", manifest), *members]:
            file.writestr(name, data)
        file.comment = hashlib.sha256(manifest).hexdigest().encode()
    return buffer.getvalue()


# -- damage by chance ------------------------------------------------------------------------------


def flipped(whole: bytes, draw: random.Random) -> bytes:
    damaged = bytearray(whole)
    for _ in range(draw.choice((1, 1, 2, 8))):
        damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
    return bytes(damaged)


def flipped_in_the_directory(whole: bytes, draw: random.Random) -> bytes:
    damaged = bytearray(whole)
    start = whole.index(b"PK\x01\x02")
    for _ in range(draw.choice((1, 2, 4))):
        damaged[draw.randrange(start, len(whole))] = draw.choice(
            (0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256))
        )
    return bytes(damaged)


def cut(whole: bytes, draw: random.Random) -> bytes:
    return whole[: draw.randrange(len(whole))]


def cut_in_front(whole: bytes, draw: random.Random) -> bytes:
    return whole[draw.randrange(1, len(whole)) :]


def without_a_stretch(whole: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(whole))
    return whole[:start] + whole[start + draw.choice((1, 16, 512)) :]


def with_a_stretch(whole: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(whole))
    return whole[:start] + draw.randbytes(draw.choice((1, 22, 300))) + whole[start:]


def spliced(whole: bytes, draw: random.Random) -> bytes:
    first, second = draw.randrange(len(whole)), draw.randrange(len(whole))
    return whole[:first] + whole[second:]


DAMAGES: Final = (
    flipped,
    flipped_in_the_directory,
    cut,
    cut_in_front,
    without_a_stretch,
    with_a_stretch,
    spliced,
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_by_chance_is_refused_or_harmless(
    damage: Callable[[bytes, random.Random], bytes], whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "text.model"
    path.write_bytes(whole)
    expected = answers(path)
    draw = random.Random(0)
    refused = 0
    for _ in range(40):
        path.write_bytes(damage(whole, draw))
        try:
            assert answers(path) == expected
        except ModelError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > 10


# -- hostile by intent: all checksums are right ----------------------------------------------------


def array_with(header: str, data: bytes = b"", *, version: bytes = b"\x01\x00") -> bytes:
    encoded = (header + "\n").encode()
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(encoded))
    return b"\x93NUMPY" + version + size + encoded + data


def header(descr: str = "'<f4'", order: str = "False", shape: str = "(2,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def object_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}, []], object), allow_pickle=True)
    return buffer.getvalue()


ZIPPED: Final = archive(b"{}", [("types/bias.npy", bytes(1 << 20))])
TWO: Final = np.array([0.5, -0.5], np.float32).tobytes()
ARRAYS: Final = {
    "objects": object_array(),
    "pickle": pickle.dumps([0.5, -0.5]),
    "an archive": ZIPPED,
    "nothing": b"",
    "text": array_bytes(np.array(["a", "b"])),
    "dates": array_bytes(np.array([1, 2], "M8[s]")),
    "truth": array_bytes(np.array([True, False])),
    "complex": array_bytes(np.array([1, 2j], np.complex64)),
    "whole numbers": array_bytes(np.array([1, 2])),
    "records": array_bytes(np.zeros(2, [("a", "<f4")])),
    "not a number": array_bytes(np.array([0.5, np.nan], np.float32)),
    "infinite": array_bytes(np.array([np.inf, 0.5], np.float32)),
    "another shape": array_bytes(np.zeros((2, 1), np.float32)),
    "no shape": array_bytes(np.array(0.5, np.float32)),
    "none": array_bytes(np.zeros(0, np.float32)),
    "too short": array_with(header(), TWO[:-1]),
    "too long": array_with(header(), TWO + b"\0"),
    "huge": array_with(header(shape="(1000000000000,)"), TWO),
    "beyond any integer": array_with(header(shape="(" + "9" * 39 + ",)"), TWO),
    "huge and empty": array_with(header(shape="(9999999999, 9999999999, 0)")),
    "less than none": array_with(header(shape="(-2,)"), TWO),
    "many dimensions": array_with(header(shape="(" + "1, " * 2000 + "2)"), TWO),
    "a header of a megabyte": array_with(" " * (1 << 20) + header(), TWO, version=b"\x02\x00"),
    "a header that nests": array_with("(" * 5000 + ")" * 5000, TWO),
    "a header that computes": array_with(header(shape="(1 if 1else 9**9**9,)"), TWO),
    "a header of Python 2": array_with(header(shape="(2L,)"), TWO),
    "a type of no size": array_with(header(descr="'|V0'", shape="(9999999,)")),
    "version 3": array_with(header(), TWO, version=b"\x03\x00"),
    "version 9": b"\x93NUMPY\x09\x00" + bytes(100),
}


@pytest.fixture(scope="module")
def good(whole: bytes, tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    path = tmp_path_factory.mktemp("good") / "text.model"
    path.write_bytes(whole)
    return read_model_file(path)


def signed(good: ModelFile, members: dict[str, bytes]) -> bytes:
    """A model file of other members, whose checksums are right."""
    checksums = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    return archive(json.dumps({**good.manifest, "checksums": checksums}).encode(), list(members.items()))


@pytest.mark.parametrize("content", ARRAYS.values(), ids=ARRAYS)
@pytest.mark.parametrize("name", ["types/bias.npy", "forest/baseline.npy"])
def test_an_array_that_is_none_is_refused(name: str, content: bytes, good: ModelFile, tmp_path: Path) -> None:
    path = tmp_path / "text.model"
    path.write_bytes(signed(good, {**good.members, name: content}))
    tracemalloc.start()
    try:
        with pytest.raises(ModelError) as raised:
            load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 64e6
    finally:
        tracemalloc.stop()
    told = str(raised.value).replace(str(path), "PATH")
    assert "PATH" in told
    assert name.split("/")[1][:-4] in told or "shape" in told


def manifests(good: Mapping[str, Any]) -> Iterator[bytes]:
    """Manifests that are JSON of another kind, or none."""
    yield from (b"", b"{", b"null", b"[]", b"7", b'"a"', b"\xff\xfe", b"[" * 100_000, b"{}")
    yield b'{"format": ' + b"9" * 100_000 + b"}"
    for value in (None, [], 7, "a", {"card.md": None}, {"card.md": ["a"]}, [["card.md", "0"]], {"": ""}):
        yield json.dumps({**good, "checksums": value}).encode()
    for name in (
        "../evil.npy",
        "/etc/passwd",
        "forest/../x.npy",
        "C:\\x.npy",
        "forest/\0.npy",
        "forest/\n.npy",
    ):
        yield json.dumps({**good, "checksums": {**good["checksums"], name: "0"}}).encode()
    for part in ("format", "format_version", "kind", "features", "calibration", "types"):
        for value in (None, [], {}, -1, 1e308, "", [None] * 3, [[]], {"a": {}}, "x" * 10_000):
            yield json.dumps({**good, part: value}).encode()
    yield json.dumps({**good, "calibration": [float("nan"), float("inf")]}).encode()


def test_a_manifest_of_anything_else_is_refused(good: ModelFile, tmp_path: Path) -> None:
    path = tmp_path / "text.model"
    for manifest in manifests(good.manifest):
        path.write_bytes(archive(manifest, list(good.members.items())))
        with pytest.raises(ModelError, match=r"text\.model"):
            load_model(path)


def test_members_that_are_exchanged_missing_doubled_or_added_are_refused(
    good: ModelFile, tmp_path: Path
) -> None:
    path = tmp_path / "text.model"
    members = dict(good.members)
    manifest, items = json.dumps(good.manifest).encode(), list(members.items())
    bias, weight = members["types/bias.npy"], members["types/weight.npy"]
    swapped = {**members, "types/bias.npy": weight, "types/weight.npy": bias}
    added = [(name, b"x") for name in ("../evil", "/abs", "forest/more.npy", "a.model")]
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = archive(manifest, [*items, ("card.md", b"# Another")])
    for content in (
        archive(manifest, list(swapped.items())),
        archive(manifest, items[1:]),
        doubled,
        *(archive(manifest, [*items, one]) for one in added),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"text\.model.*(checksum|manifest)"):
            load_model(path)
    path.write_bytes(signed(good, swapped))
    with pytest.raises(ModelError, match=r"types/\w+ of .*shape"):
        load_model(path)
    path.write_bytes(signed(good, {**members, "notes.txt": b""}))
    with pytest.raises(ModelError, match=r"notes\.txt.* no part of a model"):
        load_model(path)


# -- sizes -----------------------------------------------------------------------------------------


def refused_in_little_memory(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=words):
            load_model(path)
        assert tracemalloc.get_traced_memory()[1] < len(content) + 16e6
    finally:
        tracemalloc.stop()


def test_a_bomb_is_refused_before_it_unpacks(good: ModelFile, tmp_path: Path) -> None:
    path = tmp_path / "text.model"
    bomb = bytes(24 << 20)
    manifest = json.dumps(
        {**good.manifest, "checksums": {"card.md": hashlib.sha256(bomb).hexdigest()}}
    ).encode()
    told = bytearray(archive(manifest, [("card.md", bomb)], zipfile.ZIP_DEFLATED))
    size = told.rindex(b"PK\x01\x02") + 24
    told[size : size + 4] = struct.pack("<I", MAX_UNPACKED)
    refused_in_little_memory(path, bytes(told), "unpacks to")
    told[size : size + 4] = struct.pack("<I", 100)  # it lies: the data gives more
    refused_in_little_memory(path, bytes(told), "checksum|damaged")
    refused_in_little_memory(
        path, archive(b" " * (24 << 20), [], zipfile.ZIP_DEFLATED), "manifest .* is larger"
    )


def test_a_directory_of_many_members_is_refused_unread(tmp_path: Path) -> None:
    many = archive(b"{}", [(f"{number}.md", b"") for number in range(5_000)])
    refused_in_little_memory(tmp_path / "text.model", many, "directory is larger")


def test_a_second_end_of_the_archive_is_refused(whole: bytes, tmp_path: Path) -> None:
    zip64 = b"PK\x06\x07" + bytes(16)
    for content in (
        whole[:-END] + zip64 + whole[-END:],
        whole + b"\0",
        whole[:-END] + b"PK\x05\x06" + whole[-END + 4 : -72] + b"PK\x05\x06" + whole[-68:],
    ):
        refused_in_little_memory(tmp_path / "text.model", content, "does not end as a model file does")
