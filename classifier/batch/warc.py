"""WARC files -> records: responses and resources of a crawl, and the texts of WET files (`conversion`).

The reader of FastWARC, which would be faster, ends without a word where a file is cut off. Here reading
takes a small part of the time that classifying does, and what is missing has to be told.
"""

import zlib
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any, BinaryIO, Final

from classifier.batch.records import Record

__all__ = ["read_warc"]

_PAGES: Final = frozenset({"response", "resource", "conversion"})
# Media types of pages; a server that names none may send one.
_MEDIA: Final = frozenset({"", "text/html", "application/xhtml+xml", "text/plain"})
_LINE: Final = 1 << 16
_HEADER_LINES: Final = 1000
_CHUNK: Final = 1 << 20
# Room for the HTTP header beside a page of the largest size allowed.
_HTTP_HEADER: Final = 1 << 20


class _Broken(Exception):
    """These bytes are no record."""


def read_warc(stream: BinaryIO, path: str, max_bytes: int) -> Iterator[Record]:
    """The pages of an uncompressed stream; between them, as errors, where it is broken or cut off.

    `position` counts all records of the file, from 1, pages or not.
    """
    position = 0
    line = stream.readline(_LINE)
    while line:
        if not line.strip():
            line = stream.readline(_LINE)
            continue
        position += 1
        try:
            headers = _headers(stream, line)
            length = int(headers.get("content-length", "-1"))
            if length < 0:
                raise _Broken("a record does not tell its length")
            block, missing = _block(stream, length, max_bytes)
        except (_Broken, ValueError) as broken:
            yield _damage(path, position, str(broken))
            line = _next_record(stream)
            continue
        if missing:
            headers["warc-truncated"] = "the file ends"
        if headers.get("warc-type", "").lower() in _PAGES:
            yield _page(headers, block, path, position, max_bytes)
        if missing:
            yield _damage(path, position, f"the file ends {missing:,} bytes before its last record does")
        line = stream.readline(_LINE)


def _damage(path: str, position: int, why: str) -> Record:
    text = f"DamagedSource: {path}, record {position}: {why}"
    return Record(f"{path}:{position}", path, position, error=text, damage=True)


def _headers(stream: BinaryIO, version: bytes) -> dict[str, str]:
    """The fields of a header, names in lower case."""
    if not version.startswith(b"WARC/"):
        raise _Broken("no record begins here")
    found: dict[str, str] = {}
    for _ in range(_HEADER_LINES):
        line = stream.readline(_LINE)
        if not line:
            raise _Broken("the file ends in the header of a record")
        if not line.strip():
            return found
        name, _, value = line.decode("utf-8", "replace").partition(":")
        found.setdefault(name.strip().lower(), value.strip())
    raise _Broken("the header of a record does not end")


def _next_record(stream: BinaryIO) -> bytes:
    """The first line of the next record, empty where there is none."""
    while (line := stream.readline(_LINE)) and not line.startswith(b"WARC/"):
        pass
    return line


def _block(stream: BinaryIO, length: int, max_bytes: int) -> tuple[bytes, int]:
    """The beginning of a record's block that can hold `max_bytes` of a page and one more, and how many bytes
    are missing at the block's end."""
    left, parts, wanted = length, [], max_bytes + _HTTP_HEADER
    while left and (part := stream.read(min(left, _CHUNK))):
        left -= len(part)
        if wanted > 0:
            parts.append(part[:wanted])
            wanted -= len(part)
    return b"".join(parts), left


def _page(headers: Mapping[str, str], block: bytes, path: str, position: int, max_bytes: int) -> Record:
    url = headers.get("warc-target-uri", "").strip("<>") or None
    known: dict[str, Any] = {
        "id": headers.get("warc-record-id", "").strip("<>") or f"{path}:{position}",
        "source": path,
        "position": position,
        "url": url,
        "date": headers.get("warc-date"),
    }
    media = _media(headers.get("content-type", ""))
    if media.get_content_type() == "application/http":
        http, block = _http(block)
        media = _media(http.get("content-type", ""))
        try:
            block = _decoded(http, block, max_bytes)
        except (OSError, ValueError, zlib.error, ImportError) as error:
            return Record(**known, error=f"DamagedRecord: the content cannot be decompressed: {error}")
    kind = media.get_content_type() if media["content-type"] else ""
    if kind not in _MEDIA:
        return Record(**known, error=f"NoPage: the media type is {kind}")
    truncated = headers.get("warc-truncated")
    return Record(
        **known,
        data=block[: max_bytes + 1],
        encoding=media.get_content_charset(),
        kind="text" if headers["warc-type"].lower() == "conversion" else None,
        truncated=f"Truncated: {truncated}" if truncated else None,
    )


def _media(content_type: str) -> Message:
    message = Message()
    if content_type:
        message["content-type"] = content_type
    return message


def _http(block: bytes) -> tuple[dict[str, str], bytes]:
    """Header fields, names in lower case, and the body of an HTTP response."""
    ends = [(at, len(gap)) for gap in (b"\r\n\r\n", b"\n\n") if (at := block.find(gap)) >= 0]
    end, gap = min(ends, default=(len(block), 0))
    fields: dict[str, str] = {}
    for line in block[:end].decode("latin-1").splitlines()[1:]:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    return fields, block[end + gap :]


def _decoded(http: Mapping[str, str], body: bytes, max_bytes: int) -> bytes:
    """The body without transfer and content encoding, cut once it exceeds the limit.

    Archives often keep the header of an encoding that they have undone: a body that does not begin like
    one so encoded is taken as it is.
    """
    if http.get("transfer-encoding", "").lower() == "chunked":
        body = _joined(body)
    encoding = http.get("content-encoding", "").lower()
    if encoding in ("gzip", "x-gzip") and body.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, max_bytes + 1)
    if encoding == "deflate" and not body.lstrip().startswith(b"<"):
        form = zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS
        return zlib.decompressobj(form).decompress(body, max_bytes + 1)
    if encoding in ("br", "zstd") and not body.lstrip().startswith(b"<"):
        import pyarrow as pa

        codec = "brotli" if encoding == "br" else "zstd"
        return bytes(pa.CompressedInputStream(pa.BufferReader(body), codec).read(max_bytes + 1))
    return body


def _joined(body: bytes) -> bytes:
    """A chunked body in one; as it is if it is not chunked."""
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        end = body.find(b"\n", at)
        try:
            size = int(body[at:end].split(b";")[0], 16)
        except ValueError:
            return b"".join(parts) if parts else body
        if size == 0:
            break
        parts.append(body[end + 1 : end + 1 + size])
        at = end + 1 + size
        at = body.find(b"\n", at) + 1 or len(body)
    return b"".join(parts)
