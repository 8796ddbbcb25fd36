"""Files that hold many pages or one, compressed or not -> records.

Whatever is wrong with a file becomes a record with an error in its place; nothing is dropped in silence.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from classifier.batch.compressed import MissingPackage, decompressed, pyarrow_for
from classifier.batch.records import PageFields, Record, record_of
from classifier.batch.warc import read_warc

__all__ = ["read_source"]

_ENDINGS: Final = re.compile(r"\.(gz|zst|zstd)$", re.IGNORECASE)
# JSON writes some characters in six bytes; beside the page a line holds its names and addresses.
_JSON_GROWTH: Final = 6
_JSON_REST: Final = 1 << 16
_PARQUET_BATCH: Final = 16


def read_source(
    path: str, fields: PageFields, max_bytes: int, seen: Callable[[int], None]
) -> Iterator[Record]:
    """The records of a file, in order; the last one may tell that the file cannot be read further.

    Args:
        max_bytes: of larger pages so many bytes and one more are read, by which they are known; a line of
            JSON that is far longer is a record with an error.
        seen: told how many bytes of the file have been read, now and then.
    """
    read = _READERS.get(_kind(path), _read_page)
    last: Record | None = None
    try:
        with Path(path).open("rb") as file:
            for last in read(file, path, fields, max_bytes):
                if not file.closed:  # pyarrow closes what it has read to the end
                    seen(file.tell())
                yield last
    except Exception as error:  # files are broken in more ways than their readers foresee
        yield _damaged(path, last, error)


def _kind(path: str) -> str:
    return Path(_ENDINGS.sub("", path)).suffix.lower()


def _damaged(path: str, last: Record | None, error: Exception) -> Record:
    place = "" if last is None else f" after position {last.position}"
    why = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    name = "MissingPackage" if isinstance(error, MissingPackage) else "DamagedSource"
    position = 1 if last is None else last.position + 1
    return Record(path, path, position, error=f"{name}: {path} cannot be read{place}: {why}", damage=True)


def _read_page(file: BinaryIO, path: str, fields: PageFields, max_bytes: int) -> Iterator[Record]:
    yield Record(path, path, 1, data=decompressed(file).read(max_bytes + 1))


def _read_json_lines(file: BinaryIO, path: str, fields: PageFields, max_bytes: int) -> Iterator[Record]:
    lines = decompressed(file)
    limit = _JSON_GROWTH * max_bytes + _JSON_REST
    number = 0
    while line := lines.readline(limit):
        number += 1
        complete = line.endswith(b"\n") or len(line) < limit
        while not complete and (rest := lines.readline(1 << 20)):
            complete = rest.endswith(b"\n")
            line = b""
        if not line:
            error = (
                f"PageTooLargeError: the line is longer than a page of {max_bytes:,} bytes: raise max_bytes"
            )
            yield Record(f"{path}:{number}", path, number, error=error)
        elif not line.isspace():
            yield _json_record(line, path, number, fields)


def _json_record(line: bytes, path: str, number: int, fields: PageFields) -> Record:
    place = f"{path}:{number}"
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Record(place, path, number, error=f"DamagedRecord: {place} is no JSON: {error}")
    if not isinstance(found, dict):
        return Record(place, path, number, error=f"DamagedRecord: {place} is no JSON object")
    return record_of(found, path, number, fields)


def _read_parquet(file: BinaryIO, path: str, fields: PageFields, max_bytes: int) -> Iterator[Record]:
    pyarrow_for("Parquet")
    import pyarrow.parquet as pq

    table = pq.ParquetFile(file)
    present = [name for name in table.schema_arrow.names if name in fields.names()]
    number = 0
    for batch in table.iter_batches(_PARQUET_BATCH, columns=present, use_threads=False):
        for found in batch.to_pylist():
            number += 1
            yield record_of(found, path, number, fields)


def _read_warc(file: BinaryIO, path: str, fields: PageFields, max_bytes: int) -> Iterator[Record]:
    return read_warc(decompressed(file), path, max_bytes)


_Reader = Callable[[BinaryIO, str, PageFields, int], Iterator[Record]]
_READERS: Final[dict[str, _Reader]] = {
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".parquet": _read_parquet,
    ".warc": _read_warc,
    ".wet": _read_warc,
    ".wat": _read_warc,
}
