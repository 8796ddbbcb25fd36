"""What the user names - files, folders, patterns, URIs of such - as files in an order that never depends on
the disk."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from itertools import chain, starmap
from pathlib import Path
from typing import Final, NamedTuple

from classifier.batch.remote import is_uri, list_uri
from classifier.errors import BatchError

__all__ = ["Source", "list_sources"]


# As a `Path` shows a URI: of its slashes, one is left.
_URI_OF_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


class Source(NamedTuple):
    """A file, and by what a change of it is noticed."""

    path: str
    """The path, or the URI."""
    size: int
    """Bytes; -1 where it cannot be looked at, or its store does not tell."""
    changed: int
    """Time of its last change, nanoseconds; of a URI, a hash of the version, such as an ETag, or else of that
    time, and 0 where its store tells neither."""


def list_sources(inputs: Sequence[str], out: Path | None = None) -> Iterator[Source]:
    """The files that are meant, inputs in the order given, what lies in a folder sorted by name.

    Hidden files and folders, whose names begin with a dot, are left out, unless they are named. A folder
    that cannot be listed stands for itself, so that reading it tells why; one in a store ends the listing,
    as it may be there the next time.

    Args:
        inputs: paths, patterns, and URIs of either, such as `s3://bucket/crawl/*.warc.gz`; an address on
            the web is always a file.
        out: the folder of the output.

    Raises:
        BatchError: an input is neither a file nor a folder nor a pattern of some, cannot be listed, or
            holds the folder of the output, or that is a URI; told at once. Later: a folder in a store cannot
            be listed.
    """
    if out is not None and _URI_OF_PATH.match(out.as_posix()):
        raise BatchError(f"the output {out} is a URI: name a local folder, and copy it when all is done")
    return chain.from_iterable([_listed(name, out) for name in inputs])


def _listed(name: str, out: Path | None) -> Iterator[Source]:
    if is_uri(name):
        return starmap(Source, list_uri(name))
    roots = _roots(name)
    for root in roots:
        if out is not None and out.resolve().is_relative_to(Path(root).resolve()):
            raise BatchError(f"the output {out} lies in the input {root}: name a folder elsewhere")
    return (source for root in roots for source in _below(root))


def _roots(name: str) -> list[str]:
    if os.path.lexists(name):
        return [name]
    # Patterns may begin anywhere, which those of Path may not. Two `**` find things twice.
    found = sorted(set(glob.iglob(name, recursive=True))) if glob.has_magic(name) else []  # noqa: PTH207
    if not found:
        lost = " (a URI has two slashes; a Path keeps one of them)" if _URI_OF_PATH.match(name) else ""
        raise BatchError(f"{name}: no such file or folder, and no pattern that fits any{lost}")
    # With `**` the pattern finds what lies in folders by itself.
    return [path for path in found if "**" not in name or not Path(path).is_dir()]


def _below(path: str) -> Iterator[Source]:
    if not Path(path).is_dir():
        yield _source(path)
        return
    try:
        with os.scandir(path) as listing:
            names = sorted(entry.name for entry in listing if not entry.name.startswith("."))
    except OSError:
        yield _source(path)
        return
    for name in names:
        yield from _below(str(Path(path, name)))


def _source(path: str) -> Source:
    try:
        status = Path(path).stat()
    except OSError:
        return Source(path, -1, 0)
    return Source(path, status.st_size, status.st_mtime_ns)
