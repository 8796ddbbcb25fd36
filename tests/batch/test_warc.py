"""Records of WARC files that are damaged, or encoded as few are."""

import gzip
import io
import zlib
from typing import Final

import pytest

from classifier.batch.records import Record
from classifier.batch.warc import read_warc

PAGE: Final = b"<p>The river rises in the hills."


def warc(block: bytes, *fields: str, length: bool = True) -> bytes:
    header = ["WARC/1.0", "WARC-Type: response", "Content-Type: application/http", *fields]
    header += [f"Content-Length: {len(block)}"] if length else []
    return "\r\n".join([*header, "", ""]).encode() + block + b"\r\n\r\n"


def http(body: bytes, encoding: str = "identity") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def read(data: bytes) -> list[Record]:
    return list(read_warc(io.BytesIO(data), "crawl.warc", 10_000))


def compressed(data: bytes, codec: str) -> bytes:
    pa = pytest.importorskip("pyarrow")
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (warc(b"", length=False), "record 1: a record does not tell its length"),
        (warc(b"", "Content-Length: many"), "record 1: "),
        (
            b"WARC/1.0\r\n" + b"X-Field: a\r\n" * 1001 + b"\r\n",
            "record 1: the header of a record does not end",
        ),
    ],
)
def test_a_broken_header_is_told_and_the_next_record_is_read(broken: bytes, told: str) -> None:
    damaged, page = read(broken + warc(http(PAGE)))
    assert damaged.damage and damaged.error and told in damaged.error
    assert (page.data, page.position) == (PAGE, 2)


@pytest.mark.parametrize("name", ["br", "zstd"])
def test_content_in_the_younger_encodings_is_decoded(name: str) -> None:
    (page,) = read(warc(http(compressed(PAGE, {"br": "brotli"}.get(name, name)), name)))
    assert page.data == PAGE


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(PAGE)[:10] + b"\xff" * 9), ("deflate", zlib.compress(PAGE)[:2] + b"\xff" * 9)],
)
def test_content_that_cannot_be_decompressed_is_an_error_of_its_page(encoding: str, body: bytes) -> None:
    broken, page = read(warc(http(body, encoding)) + warc(http(PAGE)))
    assert (broken.error or "").startswith("DamagedRecord: the content cannot be decompressed")
    assert not broken.damage and page.data == PAGE


def test_a_page_that_an_archive_has_unpacked_keeps_the_name_of_its_encoding() -> None:
    for name in ("gzip", "deflate", "br"):
        (page,) = read(warc(http(PAGE, name)))
        assert page.data == PAGE
