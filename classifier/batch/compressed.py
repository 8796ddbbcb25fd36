"""Compressed files -> their content, as a stream that tells where it is cut off: gzip and Zstandard."""

import gzip
import io
import struct
from typing import Any, BinaryIO, Final, cast

__all__ = ["MissingPackage", "decompressed", "pyarrow_for"]

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# Where Zstandard data are cut off, pyarrow keeps back what it was asked for at that moment: ask for little.
_ZSTD_READ: Final = 1 << 10
_READ: Final = 1 << 17
# Of the file: what is behind a member is copied, so that many small members want it small.
_TAKEN: Final = 1 << 14
# Of a member: the part of its header that each has, what flags announce besides, and what stands behind it.
_FIXED: Final = 10
_CHECK, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16
_TRAILER: Final = struct.Struct("<II")
_LONGEST_HEADER: Final = 1 << 20


class MissingPackage(ImportError):
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
        import isal.igzip_lib
        import isal.isal_zlib
    except ImportError:
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    return io.BufferedReader(cast(io.RawIOBase, _Members(file, isal)), _READ)


class _Members(io.RawIOBase):
    """The members of a gzip file (RFC 1952), one after the other.

    The reader of the package itself drops what it has read where a file is cut off or a checksum is wrong.
    """

    def __init__(self, file: BinaryIO, isal: Any) -> None:
        self._file = file
        self._isal = isal
        self._member: Any = None
        self._rest = b""  # read, and not looked at
        self._checksum = 0
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._member is not None or self._begin():
            if self._member.eof:
                self._end()
                continue
            data = b""
            if self._member.needs_input:
                data, self._rest = self._rest or self._more(), b""
            found = self._member.decompress(data, len(buffer))
            if found:
                self._checksum = self._isal.isal_zlib.crc32(found, self._checksum)
                self._size += len(found)
                buffer[: len(found)] = found
                return len(found)
        return 0

    def _more(self) -> bytes:
        """The next bytes of a member."""
        if not (data := self._file.read(_TAKEN)):
            raise EOFError("Compressed file ended before the end-of-stream marker was reached")
        return data

    def _begin(self) -> bool:
        """Begin the next member, if there is one; zeros may stand between two."""
        while not (rest := self._rest.lstrip(b"\0")):
            self._rest = self._file.read(_TAKEN)
            if not self._rest:
                return False
        while (size := _header_size(rest)) is None:
            rest += self._more()
        self._rest = rest[size:]
        self._member = self._isal.igzip_lib.IgzipDecompressor(flag=self._isal.igzip_lib.DECOMP_DEFLATE)
        self._checksum = self._size = 0
        return True

    def _end(self) -> None:
        """See that the member was what was compressed."""
        rest = self._member.unused_data
        while len(rest) < _TRAILER.size:
            rest += self._more()
        checksum, size = _TRAILER.unpack_from(rest)
        if checksum != self._checksum:
            raise gzip.BadGzipFile(f"CRC check failed {checksum:#x} != {self._checksum:#x}")
        if size != self._size & 0xFFFFFFFF:
            raise gzip.BadGzipFile("Incorrect length of data produced")
        self._rest = rest[_TRAILER.size :]
        self._member = None


def _header_size(data: bytes) -> int | None:
    """Bytes of the header of a member; None where it goes on behind these.

    Raises:
        BadGzipFile: this is no member.
    """
    if not _GZIP.startswith(data[: len(_GZIP)]) or len(data) > _LONGEST_HEADER:
        raise gzip.BadGzipFile(f"Not a gzipped file ({data[:2]!r})")
    if len(data) < _FIXED:
        return None
    flags, at = data[3], _FIXED
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for text in (_NAME, _COMMENT):
        if flags & text:
            if (end := data.find(b"\0", at)) < 0:
                return None
            at = end + 1
    if flags & _CHECK:
        at += 2
    return at if len(data) >= at else None
