"""A page with its gold answer, and how its files are read."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.segment import Kind
from train.errors import CorpusError
from train.folds import registrable_domain

_GZIP = ".gz"
# What pages of a kind are called.
KIND_NAMES: Final[dict[Kind, str]] = {"html": "HTML", "text": "plain text"}


@dataclass(frozen=True, slots=True)
class GoldPage:
    """One page of a data set and what is known of its right answer.

    Attributes:
        id: name within the data set.
        dataset: name of the data set in the registry.
        page: the page's bytes as published, unzipped. A byte-order mark stands in front where the
            data set stores UTF-8 whatever charset the page declares.
        gold: main text, plain, a block a line; empty for a page without content; None where the
            data set has no text of it.
        url: address of the page, if known.
        site: pages of one site share it: registrable domain, else a name of its own.
        page_type: the data set's word for the kind of page (`article`, `forum`), if any.
        language: language code, if the data set gives one.
        kind: whether `page` is HTML or plain text.
        with_snippets: texts that must be in the extraction.
        without_snippets: texts that must not.
        lines: (line number from 1, text, label) of a page labelled line by line.
        labels: (text, whether it is content) of each block of a page labelled block by block.
    """

    id: str
    dataset: str
    page: bytes
    gold: str | None
    site: str
    url: str | None = None
    page_type: str | None = None
    language: str | None = None
    kind: Kind = "html"
    with_snippets: tuple[str, ...] = ()
    without_snippets: tuple[str, ...] = ()
    lines: tuple[tuple[int, str, str], ...] | None = None
    labels: tuple[tuple[str, bool], ...] | None = None


def read_bytes(path: Path) -> bytes:
    """Read a file that lies there plain, or gzipped under its name plus `.gz`.

    Raises:
        CorpusError: neither is there, or what is there cannot be read.
    """
    zipped = path.parent / (path.name + _GZIP)
    try:
        if path.is_file():
            return path.read_bytes()
        if zipped.is_file():
            return gzip.decompress(zipped.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
    raise CorpusError(f"{path} is missing (nor is there a {zipped.name})")


def read_text(path: Path) -> str:
    """Read a file in UTF-8, plain or gzipped.

    Raises:
        CorpusError: it is missing, or not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def names(folder: Path, suffix: str) -> Iterator[str]:
    """List, in order, the files of a folder that end with a suffix, without it and `.gz`.

    Raises:
        CorpusError: the folder is missing.
    """
    if not folder.is_dir():
        raise CorpusError(f"{folder} is missing")
    plain = {path.name.removesuffix(_GZIP) for path in folder.iterdir()}
    yield from sorted(name.removesuffix(suffix) for name in plain if name.endswith(suffix))


def as_utf8(page: bytes) -> bytes:
    """Put a byte-order mark before a page that its data set stores as UTF-8.

    Some data sets saved every page as UTF-8 and left a `<meta charset=iso-8859-1>` in it; read as
    it declares itself, such a page turns to mojibake. The mark outranks the declaration (WHATWG
    Encoding, BOM sniff), as the charset of the HTTP header did when the page was served.
    """
    if page.isascii() or page.startswith(codecs.BOM_UTF8):
        return page
    return codecs.BOM_UTF8 + page


def site_of(url: str | None, otherwise: str) -> str:
    """Give the registrable domain of a URL, or the other name where there is none."""
    return (registrable_domain(url) if url else "") or otherwise
