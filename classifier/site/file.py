"""A site profile as bytes: a header, a checksum, and arrays of numbers. No pickle, no code.

    "declutter site profile 1\\n"   what it is, and the version of the format
    SHA-256 of all that follows
    uint32                          pages
    uint32[pages] x 2               distinct texts and distinct places of each page
    uint64, uint16                  of all texts: hashes, letters
    uint64, float32                 of all places: hashes, log-odds

All numbers are little-endian. A file may come from a stranger: sizes are looked at before memory is taken.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier.errors import SiteError
from classifier.model import MAX_LOGIT
from classifier.site.marks import MAX_BLOCKS, Marks

__all__ = ["most_bytes", "read_marks", "write_marks"]

MAGIC: Final = b"declutter site profile "
HEADER: Final = MAGIC + b"1\n"
_DIGEST: Final = hashlib.sha256().digest_size
_COUNT: Final = np.dtype("<u4")
_HASH: Final = np.dtype("<u8")
_LETTERS: Final = np.dtype("<u2")
_ODDS: Final = np.dtype("<f4")


def most_bytes(max_pages: int) -> int:
    """How large a profile of so many pages can be."""
    block = _HASH.itemsize + _LETTERS.itemsize + _HASH.itemsize + _ODDS.itemsize
    page = 2 * _COUNT.itemsize + MAX_BLOCKS * block
    return len(HEADER) + _DIGEST + _COUNT.itemsize + max_pages * page


def write_marks(pages: Sequence[Marks]) -> bytes:
    """The pages of a profile as bytes."""
    counts = [[len(page.text) for page in pages], [len(page.place) for page in pages]]
    body = b"".join(
        (
            np.array(len(pages), _COUNT).tobytes(),
            *(np.array(count, _COUNT).tobytes() for count in counts),
            *(page.text.astype(_HASH).tobytes() for page in pages),
            *(page.letters.astype(_LETTERS).tobytes() for page in pages),
            *(page.place.astype(_HASH).tobytes() for page in pages),
            *(page.odds.astype(_ODDS).tobytes() for page in pages),
        )
    )
    return HEADER + hashlib.sha256(body).digest() + body


def read_marks(data: bytes, max_pages: int) -> list[Marks]:
    """The pages of a profile.

    Raises:
        SiteError: the bytes are no profile, or damaged, or of another version.
    """
    if not data.startswith(HEADER):
        if data.startswith(MAGIC):
            raise SiteError("the site profile is of another version of this package: build it anew")
        raise SiteError("this is no site profile: build one with 'declutter site' or SiteProfile.save")
    body = data[len(HEADER) + _DIGEST :]
    if data[len(HEADER) : len(HEADER) + _DIGEST] != hashlib.sha256(body).digest():
        raise SiteError("the site profile is damaged or cut short: get a fresh copy, or build it anew")
    try:
        return _pages(body, max_pages)
    except ValueError as error:
        raise SiteError(f"the site profile is not well-formed: {error}") from error


def _pages(body: bytes, max_pages: int) -> list[Marks]:
    reader = _Reader(body)
    pages = int(reader.take(_COUNT, 1)[0])
    if pages > max_pages:
        raise ValueError(f"it holds {pages:,} pages, more than {max_pages}")
    texts, places = reader.take(_COUNT, pages), reader.take(_COUNT, pages)
    if pages and max(texts.max(), places.max()) > MAX_BLOCKS:
        raise ValueError(f"it holds a page of more than {MAX_BLOCKS:,} blocks")
    text = reader.split(_HASH, texts)
    letters = reader.split(_LETTERS, texts)
    place = reader.split(_HASH, places)
    odds = reader.split(_ODDS, places)
    reader.end()
    for one in (*text, *place):
        if not (one[1:] > one[:-1]).all():
            raise ValueError("the hashes of a page do not ascend")
    for one in odds:
        if not (np.abs(one) <= MAX_LOGIT).all():
            raise ValueError("it holds log-odds that are out of range")
    return [Marks(*one) for one in zip(text, letters, place, odds, strict=True)]


class _Reader:
    """Takes arrays from bytes, from the first to the last."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, dtype: np.dtype[np.generic], count: int) -> Any:
        end = self._at + count * dtype.itemsize
        if end > len(self._data):
            raise ValueError("it is shorter than it says")
        found = np.frombuffer(self._data, dtype, count, self._at)
        self._at = end
        return found.astype(dtype.newbyteorder("="))

    def split(self, dtype: np.dtype[np.generic], counts: npt.NDArray[np.integer]) -> list[Any]:
        whole = self.take(dtype, int(counts.sum()))
        return np.split(whole, np.cumsum(counts)[:-1]) if len(counts) else []

    def end(self) -> None:
        if self._at != len(self._data):
            raise ValueError("it is longer than it says")
