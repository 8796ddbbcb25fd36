"""Rows -> the bytes of one file, by format. The same rows make the same bytes."""

import gzip
from typing import Any, BinaryIO, Final, Literal, Protocol, cast, get_args

from classifier.batch.rows import Row, Settings, arrow_schema
from classifier.batch.wet import wet_record
from classifier.errors import BatchError
from classifier.jsonlines import json_line

__all__ = ["FORMATS", "Format", "Sink", "check_format", "open_sink"]

Format = Literal["jsonl", "jsonl.gz", "parquet", "wet", "wet.gz"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
# A row group of Parquet is held in memory until it has so many characters.
_GROUP_SIZE: Final = 16 << 20
_GZIP_LEVEL: Final = 6


class Sink(Protocol):
    """A file that is being written."""

    def write(self, row: Row) -> None:
        """Add a row."""

    def finish(self) -> None:
        """Write what is held back; the file is not closed."""


def check_format(format: Format, settings: Settings) -> None:
    """See that the rows can be written so, before there is anything.

    Raises:
        BatchError: the format cannot hold them.
        ImportError: it needs a package that is not installed.
    """
    if format == "parquet":
        arrow_schema(settings)
    if format.startswith("wet") and settings.extras:
        raise BatchError(
            f"the format {format} holds the text alone, not {', '.join(settings.extras)}: leave that out, or "
            "take jsonl or parquet"
        )


def open_sink(file: BinaryIO, format: Format, settings: Settings) -> Sink:
    """What writes rows to a file in a format."""
    match format:
        case "parquet":
            return _Parquet(file, settings)
        case "wet" | "wet.gz":
            return _Wet(file, zipped=format == "wet.gz")
        case "jsonl.gz":
            return _GzipJsonLines(file)
        case "jsonl":
            return _JsonLines(file)


class _JsonLines:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, row: Row) -> None:
        self._file.write(json_line(row).encode("utf-8"))

    def finish(self) -> None:
        pass


class _GzipJsonLines(_JsonLines):
    def __init__(self, file: BinaryIO) -> None:
        # No name and no time of day: the same rows make the same file.
        self._zipped = gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0)
        super().__init__(cast(BinaryIO, self._zipped))

    def finish(self) -> None:
        self._zipped.close()


class _Wet:
    def __init__(self, file: BinaryIO, *, zipped: bool) -> None:
        self._file = file
        self._zipped = zipped

    def write(self, row: Row) -> None:
        record = wet_record(row)
        # Each record is a member of its own, as the standard wants it: a reader can begin at any of them.
        self._file.write(gzip.compress(record, _GZIP_LEVEL, mtime=0) if self._zipped else record)

    def finish(self) -> None:
        pass


class _Parquet:
    def __init__(self, file: BinaryIO, settings: Settings) -> None:
        import pyarrow.parquet as pq

        self._schema = arrow_schema(settings)
        self._writer: Any = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._group: list[Row] = []
        self._size = 0

    def write(self, row: Row) -> None:
        self._group.append(row)
        self._size += sum(len(value) for value in row.values() if isinstance(value, str))
        if self._size >= _GROUP_SIZE:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_pylist(self._group, self._schema))
        self._group, self._size = [], 0

    def finish(self) -> None:
        if self._group:
            self._flush()
        self._writer.close()
