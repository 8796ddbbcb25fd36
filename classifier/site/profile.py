"""`SiteProfile`: a sample of a site's pages, gathered in one pass, in bounded memory, merged at will."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from classifier.errors import SiteError
from classifier.page import Page
from classifier.segment import Segments
from classifier.site.evidence import Found, adjusted
from classifier.site.file import most_bytes, read_marks, write_marks
from classifier.site.marks import Hashes, Keys, Marks, block_keys, marks_of

if TYPE_CHECKING:
    from typing import Self

__all__ = ["MAX_PAGES", "SiteProfile", "merge_profiles"]

# The share of a site's pages that carry a block is known to within 0.045 (one standard error, at most) from
# so many pages drawn by chance.
MAX_PAGES: Final = 128
# Two pages are copies of one if they share so much of their text: letters in common over letters in either.
# Of 658 pairs of pages of one site in WCXB and Readability's tests none shares between 0.72 and 0.80. The 14
# above are one page fetched twice, or an error page in the place of two, but for one pair.
COPY_SHARE: Final = 0.8
# Texts by which pages are compared at once, so that long ones take little room: 3 MB.
TEXTS_AT_ONCE: Final = 1024


class SiteProfile:
    """What the pages of one site have in common.

    A profile keeps, of the pages that were added, the `MAX_PAGES` with the lowest fingerprints, which is a
    sample drawn by chance (bottom-k sampling, Cohen and Kaplan 2007). So it takes the same room however many
    pages there are - some 3 kB a page in the sample, at most 5.8 MB in all - and neither the order of pages
    nor that of merges matters: `a | b` equals `b | a`, `(a | b) | c` equals `a | (b | c)`, and a page that is
    added twice counts once, so that a part of the work that is done again does no harm.

    Pages of which two are nearly the same text count as one, and a page never counts for itself, whether or
    not it was added to the profile.
    """

    def __init__(self, marks: Iterable[Marks] = ()) -> None:
        self._marks: dict[int, Marks] = {}
        self._sample: _Sample | None = None
        for one in marks:
            self._keep(one)

    @classmethod
    def of(cls, pages: Iterable[Page]) -> "Self":
        """The profile of some pages, such as `SiteProfile.of(classify_many(pages))`; they are read once."""
        profile = cls()
        for page in pages:
            profile.add(page)
        return profile

    def add(self, page: Page) -> None:
        """Count a page; one without text is passed over.

        Args:
            page: a page that `classify` has made, with or without a profile.
        """
        if len(page):
            alone = page.probabilities if page.alone is None else page.alone
            self._keep(marks_of(block_keys(page.segments), alone))

    def __or__(self, other: "SiteProfile") -> "SiteProfile":
        """The profile of the pages of both."""
        return SiteProfile([*self._marks.values(), *other._marks.values()])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SiteProfile) and self._marks.keys() == other._marks.keys()

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __len__(self) -> int:
        """How many pages are in the sample, `MAX_PAGES` at most; 0 for a profile that says nothing."""
        return len(self._marks)

    def __repr__(self) -> str:
        return f"<SiteProfile of {self.pages:,} pages, {len(self)} of them kept>"

    @property
    def pages(self) -> int:
        """How many different pages were added; above `MAX_PAGES` an estimate, to within some 9 %."""
        if len(self) < MAX_PAGES:
            return len(self)
        return round((MAX_PAGES - 1) / max(self._marks) * 2**64)

    @property
    def nbytes(self) -> int:
        """Bytes that the profile's arrays take."""
        return sum(array.nbytes for one in self._marks.values() for array in vars_of(one))

    def adjusted(
        self, segments: Segments, probabilities: npt.NDArray[np.float32], words: npt.NDArray[np.integer]
    ) -> tuple[npt.NDArray[np.float32], int]:
        """A page's probabilities in the light of the site's other pages, and how many these are.

        Without other pages they are the same to the bit.

        Args:
            segments: the page, of n blocks.
            probabilities: that the model gives its blocks; shape (n,).
            words: of each block; shape (n,).
        """
        found = self.find(block_keys(segments))
        if not found.pages:
            return probabilities, 0
        return adjusted(probabilities, found, words), found.pages

    def find(self, keys: Keys) -> Found:
        """What the site's other pages hold of a page's blocks."""
        if self._sample is None:
            self._sample = _Sample.of([self._marks[one] for one in sorted(self._marks)])
        return self._sample.find(keys)

    def to_bytes(self) -> bytes:
        """The profile as bytes; equal profiles give equal bytes."""
        return write_marks([self._marks[one] for one in sorted(self._marks)])

    @classmethod
    def from_bytes(cls, data: bytes) -> "Self":
        """The profile that `to_bytes` has written.

        Raises:
            SiteError: the bytes are no profile, or damaged, or of another version.
        """
        return cls(read_marks(data, MAX_PAGES))

    def save(self, path: str | Path) -> None:
        """Write the profile to a file.

        Raises:
            OSError: it cannot be written.
        """
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> "Self":
        """Read a profile from a file. It holds hashes and numbers, and runs no code.

        Raises:
            SiteError: it is missing, no profile, damaged, or of another version.
        """
        try:
            with Path(path).open("rb") as file:
                data = file.read(most_bytes(MAX_PAGES) + 1)  # any more would be no profile
        except (OSError, ValueError) as error:  # also of a path that can be none
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise SiteError(f"the site profile {path} cannot be read: {why}") from error
        try:
            return cls.from_bytes(data)
        except SiteError as error:
            raise SiteError(f"{path}: {error}") from None

    def __reduce__(self) -> tuple[type["SiteProfile"], tuple[list[Marks]]]:
        """Pickled, it is its pages: what is worked out from them is worked out anew."""
        return SiteProfile, (list(self._marks.values()),)

    def _keep(self, one: Marks) -> None:
        known = self._marks
        if one.fingerprint in known:
            return
        if len(known) == MAX_PAGES:
            highest = max(known)
            if one.fingerprint > highest:
                return
            del known[highest]
        known[one.fingerprint] = one
        self._sample = None


def merge_profiles(parts: Iterable[bytes]) -> bytes:
    """The profile of several, all as bytes, in any order: an aggregation for engines that spread data.

    Args:
        parts: what `SiteProfile.to_bytes` has written.

    Raises:
        SiteError: a part is no profile.
    """
    return SiteProfile(marks for part in parts for marks in read_marks(part, MAX_PAGES)).to_bytes()


def vars_of(marks: Marks) -> Iterator[npt.NDArray[np.generic]]:
    """The arrays of a page."""
    yield from (marks.text, marks.letters, marks.place, marks.odds)


@dataclass(frozen=True)
class _Index:
    """Which of the pages hold a hash."""

    hashes: Hashes
    """Ascending."""
    page: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]

    @classmethod
    def of(cls, arrays: list[Hashes]) -> "_Index":
        joined = np.concatenate([np.zeros(0, np.uint64), *arrays])
        order = np.argsort(joined, kind="stable")
        page = np.repeat(np.arange(len(arrays)), [len(one) for one in arrays])
        return cls(joined[order], page[order], order)

    def find(self, wanted: Hashes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Every occurrence of the hashes wanted: which one of these, and where in the index."""
        first = np.searchsorted(self.hashes, wanted, "left")
        count = np.searchsorted(self.hashes, wanted, "right") - first
        which = np.repeat(np.arange(len(wanted)), count)
        return which, np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)


@dataclass(frozen=True)
class _Sample:
    """Pages of a site, ready to be asked about another one or one of their own."""

    marks: list[Marks]
    texts: _Index
    places: _Index
    odds: npt.NDArray[np.float64]
    """Of each place of each page, in the order of the index."""
    letters: npt.NDArray[np.int64]
    """Of each page."""

    @classmethod
    def of(cls, marks: list[Marks]) -> "_Sample":
        places = _Index.of([one.place for one in marks])
        odds = np.concatenate([np.zeros(0, np.float32), *(one.odds for one in marks)])
        letters = np.array([one.letters.sum(dtype=np.int64) for one in marks], np.int64)
        texts = _Index.of([one.text for one in marks])
        return cls(marks, texts, places, odds[places.order].astype(np.float64), letters)

    @cached_property
    def distinct(self) -> npt.NDArray[np.bool_]:
        """Which pages are no copy of a distinct one before."""
        chosen = np.ones(len(self.marks), bool)
        pages, shared = self.shared()
        copies = _are_copies(shared, self.letters[pages, None], self.letters)
        for i, alike in zip(pages, copies, strict=True):
            chosen[i] = not (alike & chosen)[:i].any()
        return chosen

    def shared(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The p pages that others hold enough of to be copies, and the letters that each of the n pages
        holds of them; shapes (p,) and (p, n)."""
        n, hashes = len(self.marks), self.texts.hashes
        new = np.ones(len(hashes), bool)
        new[1:] = hashes[1:] != hashes[:-1]
        several = ~(new & np.append(new, True)[1:])  # what one page alone holds is not shared
        page, text = self.texts.page[several], np.cumsum(new[several]) - 1
        letters = np.concatenate([np.zeros(0, np.uint16), *(one.letters for one in self.marks)])
        letters = letters[self.texts.order][several]
        enough = np.bincount(page, letters, n) >= COPY_SHARE * self.letters
        pages = np.flatnonzero(enough & np.array([len(one.text) > 0 for one in self.marks], bool))
        shared = np.zeros((len(pages), n))
        for start in range(0, int(new[several].sum()), TEXTS_AT_ONCE):
            part = slice(*np.searchsorted(text, (start, start + TEXTS_AT_ONCE)))
            weight = np.zeros((n, TEXTS_AT_ONCE))
            weight[page[part], text[part] - start] = letters[part]
            # Not by `@`: its threads would wait for one another where each core has a worker.
            shared += np.einsum("it,jt->ij", weight[pages], (weight > 0).astype(np.float64))
        return pages, shared

    def copies(self, text: Hashes, letters: npt.NDArray[np.uint16]) -> npt.NDArray[np.bool_]:
        """Which pages are nearly the same text as one of these distinct hashes."""
        which, at = self.texts.find(text)
        shared = np.bincount(self.texts.page[at], letters[which], len(self.marks))
        alike = _are_copies(shared, letters.sum(dtype=np.int64), self.letters)
        return np.asarray(alike & (len(text) > 0))

    def find(self, keys: Keys) -> Found:
        """What the pages hold of the blocks of another page; copies of it are left out."""
        text, first, block = np.unique(keys.text, return_index=True, return_inverse=True)
        others = self.distinct & ~self.copies(text, keys.letters[first])
        which, at = self.texts.find(text)
        repeats = np.bincount(which, others[self.texts.page[at]], len(text)).astype(np.int64)
        place, there = np.unique(keys.place, return_inverse=True)
        which, at = self.places.find(place)
        counted = others[self.places.page[at]]
        present = np.bincount(which, counted, len(place)).astype(np.int64)
        opinion = np.bincount(which, counted * self.odds[at], len(place)) / present.clip(1)
        return Found(int(others.sum()), repeats[block], present[there], opinion[there])


def _are_copies(
    shared: npt.NDArray[np.number], one: npt.NDArray[np.int64] | np.int64, other: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which pages of so many letters, and so many in common, are copies of one another."""
    return np.asarray(shared >= COPY_SHARE * (one + other - shared))
