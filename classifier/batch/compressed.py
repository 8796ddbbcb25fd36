"""Compressed files -> their content, as a stream that tells where it is cut off: gzip and Zstandard."""

import gzip
import io
from typing import Any, BinaryIO, Final, cast

__all__ = ["MissingPackage", "decompressed", "pyarrow_for"]

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# Where Zstandard data are cut off, pyarrow keeps back what it was asked for at that moment: ask for little.
_ZSTD_READ: Final = 1 << 10
_READ: Final = 1 << 17
# Of the file: what is behind a member is copied, so that many small members want it small.
_TAKEN: Final = 1 << 14


class MissingPackage(Exception):
    """A format needs a package that is not installed."""


def decompressed(file: BinaryIO) -> BinaryIO:
    """The content of a file, which its first bytes tell to be compressed or not.

    All that can be read before the data are damaged or cut off is read, and then an exception is raised.
    """
    head = file.read(len(_ZSTD))
    file.seek(0)
    if head.startswith(_GZIP):
        return _gunzipped(file)
    if head == _ZSTD:
        pa = pyarrow_for("Zstandard")
        stream = pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")
        return io.BufferedReader(cast(io.RawIOBase, _Raw(stream)), _ZSTD_READ)
    return file


def pyarrow_for(what: str) -> Any:
    """The package; `what` needs it."""
    try:
        import pyarrow
    except ImportError:
        raise MissingPackage(f"{what} needs pyarrow: pip install 'clutter-classifier[batch]'") from None
    return pyarrow


class _Raw(io.RawIOBase):
    """A stream of pyarrow as one of Python's."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return int(self._stream.readinto(buffer))


def _gunzipped(file: BinaryIO) -> BinaryIO:
    """By ISA-L where that is installed, in half the time, which is most of what reading a WARC takes."""
    try:
        from isal import igzip_lib
    except ImportError:
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    return io.BufferedReader(cast(io.RawIOBase, _Members(file, igzip_lib)), _READ)


class _Members(io.RawIOBase):
    """The members of a gzip file, one after the other.

    The reader of the package itself would drop what it has read where a file is cut off.
    """

    def __init__(self, file: BinaryIO, igzip_lib: Any) -> None:
        self._file = file
        self._library = igzip_lib
        self._member: Any = None
        self._rest = b""  # read, and behind the member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            if self._member is None and not self._begin():
                return 0
            data = b""
            if self._rest or self._member.needs_input:
                data = self._rest or self._file.read(_TAKEN)
                self._rest = b""
                if not data:
                    raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            found = self._member.decompress(data, len(buffer))
            if self._member.eof:
                self._rest = self._member.unused_data
                self._member = None
            if found:
                buffer[: len(found)] = found
                return len(found)

    def _begin(self) -> bool:
        """Begin the next member, if there is one; zeros may stand between two."""
        while not (rest := self._rest.lstrip(b"\0")):
            self._rest = self._file.read(_TAKEN)
            if not self._rest:
                return False
        if len(rest) < len(_GZIP):
            rest += self._file.read(_TAKEN)
        if not rest.startswith(_GZIP):
            raise gzip.BadGzipFile(f"Not a gzipped file ({rest[:2]!r})")
        self._rest = rest
        self._member = self._library.IgzipDecompressor(flag=self._library.DECOMP_GZIP)
        return True
