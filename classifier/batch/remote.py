"""Files that are named by a URI - `s3://`, `gs://`, `hdfs://`, `https://` - listed and read through fsspec.

fsspec knows all these stores, and each but the web is in a package of its own, which its messages name; it
also holds the user's settings (credentials and the like), and decides what is tried again. This module adds
what a run needs: an order that never changes, a mark by which a change of a file is noticed, errors in one
line, and that a file which is not read to its end is never taken for a whole one.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from textwrap import shorten
from typing import Any, BinaryIO, Final, NamedTuple, cast

from classifier.errors import BatchError

__all__ = ["is_uri", "is_web", "list_uri", "open_uri"]

# A scheme has two letters or more: one is the drive of a path on Windows.
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WEB: Final = ("http://", "https://")
_MAGIC: Final = re.compile(r"[*?\[]")
# Bytes of one request to a store: seconds of work, so that what a request takes beside it is little.
_BLOCK: Final = 8 << 20
_BUFFER: Final = 1 << 18
# Letters of what a store says; some try and tell a hundred places.
_WHY: Final = 300
# What stores call the version of a file, or else the time of its last change; the first there is counts.
_VERSIONS: Final = (
    *("etag", "ETag", "generation", "md5Hash", "Content-MD5", "Digest"),
    *("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "modificationTime"),
    *("modify", "created"),
)


def is_uri(name: str) -> bool:
    """Whether a name is that of a file elsewhere."""
    return bool(_SCHEME.match(name))


def is_web(name: str) -> bool:
    """Whether a name is an address on the web, where there are no folders and a `?` begins a query."""
    return name.lower().startswith(_WEB)


class _Entry(NamedTuple):
    """A file or a folder."""

    uri: str
    info: dict[str, Any]
    """What the store tells of it."""

    def is_folder(self) -> bool:
        return bool(self.info["type"] == "directory")

    def name(self) -> str:
        return str(self.info["name"]).rstrip("/").rpartition("/")[2]


def list_uri(uri: str) -> Iterator[tuple[str, int, int]]:
    """The files that a URI means, one, those in a folder, or those that fit a pattern: URI, size in bytes
    (-1 where the store does not tell it) and a hash of the version (0 where it tells none).

    Order and names that are left out are those of local files. Nothing that was listed before is believed.

    Raises:
        BatchError: at once, if there is no such file or folder, or the store cannot be reached; later, if a
            folder below cannot be listed.
    """
    with _told(uri):
        store, path = _connect(uri)
        store.invalidate_cache()
        roots = _roots(store, uri, path)
    return _files(store, uri, roots)


@contextmanager
def _told(uri: str) -> Iterator[None]:
    """What goes wrong while a URI is listed, as an error that names it."""
    try:
        yield
    except BatchError:
        raise
    except Exception as error:  # each store has its own
        raise BatchError(f"{uri} cannot be listed: {_why(error)}") from error


def _why(error: BaseException) -> str:
    """An error in a line, with its cause: stores translate what went wrong into less."""
    text = shorten(f"{type(error).__name__}: {error}".rstrip(": "), _WHY, placeholder=" …")
    return f"{text} ({_why(error.__cause__)})" if error.__cause__ else text


def _connect(uri: str) -> tuple[Any, str]:
    """The store of a URI, and its own name for what the URI names."""
    try:
        from fsspec.config import conf
        from fsspec.core import url_to_fs
    except ImportError:
        raise ImportError("a URI needs fsspec: pip install 'clutter-classifier[remote]'") from None
    if not is_web(uri):
        return cast(tuple[Any, str], url_to_fs(uri))
    # Bytes as the server keeps them: what is compressed is opened here, and told where it is cut off.
    client = conf.get("http", {}).get("client_kwargs", {}) | conf.get("https", {}).get("client_kwargs", {})
    headers = {"Accept-Encoding": "identity"} | client.get("headers", {})
    client = {"auto_decompress": False} | client | {"headers": headers}
    return cast(tuple[Any, str], url_to_fs(uri, client_kwargs=client))


def _roots(store: Any, uri: str, path: str) -> list[_Entry]:
    try:
        return [_Entry(uri, store.info(path))]
    except FileNotFoundError as error:
        magic = None if is_web(uri) else _MAGIC.search(uri)
        found = _fitting(store, uri, magic.start()) if magic else []
        if not found:
            cause = f" ({_why(error.__cause__)})" if error.__cause__ else ""
            raise BatchError(f"{uri}: no such file or folder, and no pattern that fits any{cause}") from error
        return found


def _fitting(store: Any, uri: str, magic: int) -> list[_Entry]:
    """What fits a pattern, sorted; `magic` is where in the URI the pattern begins."""
    base = uri[: uri.rindex("/", 0, magic) + 1]
    found = _matching(store, base, _connect(base)[1], uri[len(base) :].split("/"))
    # With `**` the pattern finds what lies in folders by itself.
    fitting = {entry.uri: entry for entry in found if "**" not in uri or not entry.is_folder()}
    return [fitting[name] for name in sorted(fitting)]


def _matching(store: Any, uri: str, path: str, parts: list[str]) -> Iterator[_Entry]:
    """What fits the parts of a pattern below a folder. Only folders that fit are listed: a store may hold
    millions of others."""
    part, *rest = parts
    if part == "**" and rest:
        yield from _matching(store, uri, path, rest)
    for entry in _entries(store, uri, path, hidden=part.startswith(".")):
        deeper = parts if part == "**" else rest
        if part != "**" and not fnmatchcase(entry.name(), part):
            continue
        if deeper and entry.is_folder():
            yield from _matching(store, entry.uri, entry.info["name"], deeper)
        elif not rest:
            yield entry


def _entries(store: Any, uri: str, path: str, *, hidden: bool = False) -> list[_Entry]:
    """What lies in a folder, sorted by name."""
    base = uri if uri.endswith("/") else f"{uri}/"
    found = []
    for info in store.ls(path, detail=True):
        entry = _Entry(base, info)
        name = entry.name()
        # Object stores have no folders, and some that make them up list the folder itself as well.
        is_itself = info["name"].rstrip("/") == path.rstrip("/")
        if name and not is_itself and (hidden or not name.startswith(".")):
            found.append((name, info["type"], entry._replace(uri=base + name)))
    return [entry for *_, entry in sorted(found, key=lambda one: one[:2])]


def _files(store: Any, uri: str, roots: list[_Entry]) -> Iterator[tuple[str, int, int]]:
    with _told(uri):
        for root in roots:
            yield from _below(store, root)


def _below(store: Any, entry: _Entry) -> Iterator[tuple[str, int, int]]:
    if entry.is_folder():
        for child in _entries(store, entry.uri, entry.info["name"]):
            yield from _below(store, child)
        return
    size = entry.info.get("size")
    yield entry.uri, -1 if size is None else int(size), _version(entry.info)


def _version(info: dict[str, Any]) -> int:
    """A number that another version of the file does not have; 0 where the store tells no version."""
    known = next((str(info[name]) for name in _VERSIONS if info.get(name)), "")
    return int.from_bytes(hashlib.sha256(known.encode()).digest()[:7]) if known else 0


def open_uri(uri: str) -> BinaryIO:
    """A file, to be read as a stream: no more than some blocks of it are in memory.

    Raises:
        ImportError: fsspec, or its package for this store, is not installed.
        OSError: it cannot be opened; later, by what reads from it: it could not be read to its end.
    """
    try:
        store, path = _connect(uri)
        file = store.open(path, "rb", block_size=_BLOCK)
        size = getattr(file, "size", None)
        if size is None:
            size = store.info(path).get("size")
    except ImportError as error:
        # What is installed and does not work is told by the cause alone.
        raise ImportError(_why(error)) from error
    except Exception as error:  # each store has its own
        raise OSError(_why(error)) from error
    if size is None and not _marks_its_end(file):
        file.close()
        raise OSError("its size is not told, so its end looks like a lost connection: download it first")
    return io.BufferedReader(_Whole(file, size), _BUFFER)


def _marks_its_end(file: Any) -> bool:
    """Whether an answer of a web server that does not tell the size of the file tells where it ends."""
    headers = getattr(getattr(file, "r", None), "headers", {})
    return "Content-Length" in headers or "Transfer-Encoding" in headers


class _Whole(io.RawIOBase):
    """A file of fsspec that ends where it should, or with an error.

    Args:
        size: of the file in bytes; None where the file itself fails if it ends too early.
    """

    def __init__(self, file: Any, size: int | None) -> None:
        self._file = file
        self._size = size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._file.read(len(buffer))
        except Exception as error:
            raise ConnectionError(f"{self._place()}: {_why(error)}") from error
        if not data and self._size is not None and self.tell() < self._size:
            raise ConnectionError(f"{self._place()}: nothing more comes")
        buffer[: len(data)] = data
        return len(data)

    def _place(self) -> str:
        of = "" if self._size is None else f" of {self._size:,}"
        return f"reading stops at byte {self.tell():,}{of}"

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._file.seek(offset, whence)
        return self.tell()

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
