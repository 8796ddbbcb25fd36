"""`Marks`: all that a profile keeps of a page, hashes of what stands where and what the model said of it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.model import logit
from classifier.segment import Elements, Segments, Source

__all__ = ["MAX_BLOCKS", "Keys", "Marks", "block_keys", "marks_of"]

Hashes = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]

# Of longer pages the first and the last blocks are kept, half and half: templates stand at both ends.
MAX_BLOCKS: Final = 2048
# The place of a block is told by its element and the ones around it, so many in all. By cross-validation by
# site on WCXB, gain in word F1 where opinions (see `classifier.site.evidence`) are about places told by 2:
# 0.0046, by 3 and by 5: 0.0050, without opinions: 0.0045; fewer hold where templates differ further out.
PLACE_STEPS: Final = 3
MAX_LETTERS: Final = 0xFFFF

# What may differ between two copies of a text: white space, punctuation, and numbers (dates, counts).
_NO_LETTER: Final = re.compile(r"[\W_]+")
_DIGIT: Final = re.compile(r"\d")
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Keys:
    """The blocks of a page as hashes; n blocks."""

    text: Hashes
    """Hash of each block's text together with its place; shape (n,)."""
    place: Hashes
    """Hash of each block's place; shape (n,)."""
    letters: npt.NDArray[np.uint16]
    """Letters and digits of each block, at most 65,535; shape (n,)."""
    times: npt.NDArray[np.int64]
    """How many blocks share its text where no place tells them apart, as in plain text; shape (n,)."""


@dataclass(frozen=True)
class Marks:
    """A page in a profile; t distinct texts with their places, p distinct places."""

    text: Hashes
    """Ascending, distinct; shape (t,)."""
    letters: npt.NDArray[np.uint16]
    """Letters and digits of each; shape (t,)."""
    place: Hashes
    """Ascending, distinct; shape (p,)."""
    odds: Floats
    """Mean log-odds, by the model, that the blocks at each place are content; shape (p,)."""

    @cached_property
    def fingerprint(self) -> int:
        """A hash of the whole, 64 bits: it tells pages apart, and is drawn by chance."""
        digest = hashlib.blake2b(digest_size=8)
        for array in (self.text, self.letters, self.place, self.odds):
            digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return int.from_bytes(digest.digest(), "little")


def block_keys(segments: Segments) -> Keys:
    """Hash the blocks of a page: lower-cased letters with every digit as 0, alone or with their place."""
    n = len(segments)
    places = _places(segments)
    text, place = np.empty(n, np.uint64), np.empty(n, np.uint64)
    letters = np.empty(n, np.uint16)
    known: dict[str, int] = {}
    for i, (words, where) in enumerate(zip(segments.texts, places, strict=True)):
        plain = _plain(words)
        if where not in known:
            known[where] = _hash(where)
        place[i] = known[where]
        text[i] = _hash(f"{where}\n{plain}")
        letters[i] = min(len(plain), MAX_LETTERS)
    if segments.kind == "html":
        return Keys(text, place, letters, np.ones(n, np.int64))
    _, which, times = np.unique(text, return_inverse=True, return_counts=True)
    return Keys(text, place, letters, times[which])


def _plain(text: str) -> str:
    return _DIGIT.sub("0", _NO_LETTER.sub("", text.lower()))


def _hash(text: str) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def _places(segments: Segments) -> list[str]:
    """Where each block stands: tags and names of the elements around it, numbers in names as alike.

    In plain text nothing tells one place from another but what stands there.
    """
    if segments.kind == "text":
        return [_plain(text) for text in segments.texts]
    known: dict[int, str] = {}
    return [
        known[element]
        if element in known
        else known.setdefault(element, _place(segments.elements, element))
        if element >= 0
        else Source(segments.source[i]).name
        for i, element in enumerate(segments.element)
    ]


def _place(elements: Elements, element: int) -> str:
    steps: list[str] = []
    while element >= 0 and len(steps) < PLACE_STEPS:
        steps.append(f"{elements.tag[element]} {_NUMBER.sub('0', elements.identity[element])}")
        element = elements.parent[element]
    return "\n".join(steps)


def marks_of(keys: Keys, probabilities: npt.NDArray[np.floating]) -> Marks:
    """What a profile keeps of a page.

    Args:
        probabilities: what the model says of each block of the page alone; shape (n,).
    """
    chosen = _ends(len(keys.text))
    text, at = np.unique(keys.text[chosen], return_index=True)
    place, group = np.unique(keys.place[chosen], return_inverse=True)
    odds = logit(probabilities[chosen].astype(np.float64))
    mean = np.bincount(group, odds, len(place)) / np.bincount(group, minlength=len(place)).clip(1)
    return Marks(text, keys.letters[chosen][at], place, mean.astype(np.float32))


def _ends(n: int) -> Sequence[int] | slice:
    if n <= MAX_BLOCKS:
        return slice(None)
    half = MAX_BLOCKS // 2
    return [*range(half), *range(n - half, n)]
