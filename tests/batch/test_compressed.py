"""Compressed files -> their content, whichever package reads them."""

import gzip
import io
import sys
from collections.abc import Iterator

import pytest

from classifier.batch.compressed import decompressed

TEXT = b"".join(b"%d and %d\n" % (number, number**3) for number in range(40_000))


@pytest.fixture(params=["isal", "gzip"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which package inflates."""
    if request.param == "gzip":
        monkeypatch.setitem(sys.modules, "isal", None)
    else:
        pytest.importorskip("isal")


pytestmark = pytest.mark.usefixtures("reader")


def pieces(data: bytes) -> Iterator[bytes]:
    """All that can be read, then the exception, if there is one."""
    stream = decompressed(io.BytesIO(data))
    while piece := stream.read1(1000) if isinstance(stream, io.BufferedReader) else stream.read(1000):
        yield piece


def read(data: bytes) -> tuple[bytes, Exception | None]:
    found = b""
    try:
        for piece in pieces(data):
            found += piece
    except Exception as error:
        return found, error
    return found, None


def test_members_are_read_one_after_the_other() -> None:
    parts = [TEXT[:7], b"", TEXT[7:100_000], TEXT[100_000:]]
    assert read(b"".join(gzip.compress(part) for part in parts)) == (TEXT, None)


def test_zeros_may_stand_between_members_and_behind_them() -> None:
    one = gzip.compress(b"one")
    assert read(one + bytes(70_000) + gzip.compress(b"two") + bytes(3)) == (b"onetwo", None)


@pytest.mark.parametrize("left", [1, 9, 5000, -5000, -9, -1])
def test_what_stands_before_a_cut_is_read_and_the_cut_is_an_error(left: int) -> None:
    first, second = gzip.compress(b"first"), gzip.compress(TEXT)
    found, error = read(first + second[:left])
    assert isinstance(error, Exception)
    assert (b"first" + TEXT).startswith(found)
    if left < 0:
        assert len(found) > 0.9 * len(TEXT)


def test_what_follows_a_member_and_is_none_is_an_error() -> None:
    found, error = read(gzip.compress(b"one") + b"<html>")
    assert found in (b"one", b"")
    assert isinstance(error, gzip.BadGzipFile)


@pytest.mark.parametrize("at", [-6, -2])
def test_content_that_is_not_what_was_compressed_is_read_and_an_error(at: int) -> None:
    data = bytearray(gzip.compress(TEXT))
    data[at] ^= 1  # in the checksum, in the length
    found, error = read(bytes(data))
    assert isinstance(error, gzip.BadGzipFile)
    assert TEXT.startswith(found) and len(found) > 0.9 * len(TEXT)


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        (0, b""),
        (4, b"\3\0abc"),
        (8, b"name\0"),
        (16, b"comment\0"),
        (2, b"??"),
        (31, b"\1\0a" + b"n" * 70_000 + b"\0c\0??"),
    ],
)
def test_a_header_may_have_all_fields_of_the_standard(flags: int, fields: bytes) -> None:
    plain = gzip.compress(b"one", mtime=0)
    member = plain[:3] + bytes([flags]) + plain[4:10] + fields + plain[10:]
    assert read(member + member) == (b"oneone", None)
    for cut in (3, 11, 10 + len(fields) // 2):
        assert isinstance(read(plain + member[: max(cut, 1)])[1], Exception)
