"""`Arrays`: a page's blocks as flat NumPy arrays, measured once and shared by all feature families.

All texts of the page stand in one array of code points; per-block figures are sums over ranges of it,
so no loop in Python touches a character.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Final, TypedDict

import numpy as np
import numpy.typing as npt

from classifier.features.hashing import PrefixSums, range_hashes
from classifier.segment import Segments

__all__ = [
    "Arrays",
    "Char",
    "Column",
    "class_table",
    "classes",
    "code_points",
    "distinct",
    "lower_case",
    "measure",
    "ratio",
    "shift",
    "stack",
    "token_hashes",
    "window_sum",
    "wordy_up_to",
]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Column = tuple[str, str]
"""A feature column: its name and what it holds."""


class Char(IntEnum):
    """Classes of characters."""

    SPACE = 0
    LOWER = 1
    UPPER = 2
    LETTER = 3
    UNSPACED = 4
    DIGIT = 5
    MARK = 6
    STOP = 7
    COMMA = 8
    PUNCT = 9
    SYMBOL = 10
    CURRENCY = 11
    SEPARATOR = 12


N_CLASSES: Final = len(Char)
_STOPS: Final = frozenset(".!?。！？…؟।॥։።‽⁇．｡")
_COMMAS: Final = frozenset(",;،؛、，；")
# Signs that stand between links and facts rather than in sentences.
_SEPARATORS: Final = frozenset("|•·»«›‹→←▶►/\\>#@_~^*+=<")
# Scripts written without spaces between words: a character counts as a word there.
_UNSPACED: Final = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),
)
# Unicode's general categories.
_CATEGORIES: Final = {
    **dict.fromkeys(("Lm", "Lo"), Char.LETTER),
    **dict.fromkeys(("Ll",), Char.LOWER),
    **dict.fromkeys(("Lu", "Lt"), Char.UPPER),
    **dict.fromkeys(("Mn", "Mc", "Me"), Char.MARK),
    **dict.fromkeys(("Nd", "Nl", "No"), Char.DIGIT),
    **dict.fromkeys(("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"), Char.PUNCT),
    **dict.fromkeys(("Sm", "Sk", "So"), Char.SYMBOL),
    **dict.fromkeys(("Sc",), Char.CURRENCY),
    **dict.fromkeys(("Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"), Char.SPACE),
}
_BMP: Final = 0x10000


@cache
def class_table() -> npt.NDArray[np.uint8]:
    """Class of every code point of the basic plane; the last entry serves the planes above."""
    categories = map(unicodedata.category, map(chr, range(_BMP)))
    table = np.fromiter(map(_CATEGORIES.__getitem__, categories), np.uint8, _BMP)
    for signs, kind in ((_STOPS, Char.STOP), (_COMMAS, Char.COMMA), (_SEPARATORS, Char.SEPARATOR)):
        table[[ord(sign) for sign in signs]] = kind
    for first, last in _UNSPACED:
        block = table[first : last + 1]
        block[block == Char.LETTER] = Char.UNSPACED
    return table


def code_points(texts: list[str]) -> tuple[npt.NDArray[np.uint32], Ints, Ints]:
    """Code points of the texts, a line feed between two, and where each text starts and ends."""
    points = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    starts = np.cumsum(lengths + 1) - lengths - 1
    return points, starts, starts + lengths


def classes(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """The `Char` class of each code point."""
    table = class_table()
    # Most code points are below 256, whose classes are looked up byte by byte, and the others after.
    kinds = np.frombuffer(
        bytearray(points.astype(np.uint8).tobytes().translate(table[:256].tobytes())), np.uint8
    )
    wide = np.flatnonzero(points > 0xFF)
    if not len(wide):
        return kinds
    wide_points = points[wide]
    kinds[wide] = table[np.minimum(wide_points, _BMP - 1)]
    astral = wide_points >= _BMP
    if astral.any():
        # Above the basic plane stand Han (planes 2 and 3) and, mostly, emoji.
        kinds[wide[astral]] = np.where(wide_points[astral] >= 0x20000, Char.UNSPACED, Char.SYMBOL)
    return kinds


def wordy_up_to(kinds: npt.NDArray[np.uint8], last: Char = Char.MARK) -> npt.NDArray[np.bool_]:
    """Whether each class is one of `LOWER` to `last`: by default a letter, a digit or a mark."""
    # One comparison instead of two: what is below LOWER wraps around to the largest values.
    return kinds - np.uint8(Char.LOWER) <= last - Char.LOWER


@dataclass(frozen=True, slots=True)
class Arrays:
    """What the families compute from. `n` is the number of blocks."""

    segments: Segments
    counts: Ints
    """Characters of each class; shape (n, N_CLASSES)."""
    chars: Ints
    """Characters that are not white space; shape (n,)."""
    words: Ints
    """Words; in scripts without spaces, characters. Shape (n,)."""
    first: npt.NDArray[np.uint8]
    """Class of the first character; shape (n,)."""
    last: npt.NDArray[np.uint8]
    last_point: npt.NDArray[np.uint32]
    """Code point of the last character; shape (n,)."""
    lines: Ints
    """Line feeds in the block; shape (n,)."""
    cells: Ints
    """Tabs, which stand between the cells of a row; shape (n,)."""
    token_hash: Hashes
    """One hash a word, lower-cased; shape (tokens,)."""
    token_block: Ints
    """The block each token stands in, ascending; shape (tokens,)."""
    token_chars: Ints
    capital_words: Ints
    """Words that begin with a capital; shape (n,)."""
    phrase_hash: Hashes
    """Hash of the block's letters and digits, lower-cased, every digit as 0; shape (n,)."""
    prefix_hash: Hashes
    """The same of the first `PREFIX_CHARS` of them; shape (n,)."""
    phrase_chars: Ints
    """Letters and digits; shape (n,)."""

    @property
    def n(self) -> int:
        return len(self.segments)


# As many letters as tell one sentence of a page from another: a teaser repeats more, a label fewer.
PREFIX_CHARS: Final = 24
LINE_FEED: Final = 0x0A
TAB: Final = 0x09


def measure(segments: Segments) -> Arrays:
    """Measure the blocks of a page (one at least)."""
    n = len(segments)
    lowered = lower_case("\n".join(segments.texts))
    points, starts, ends = code_points(segments.texts)
    low = np.frombuffer(lowered.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = classes(points)
    block = np.repeat(np.arange(n), ends - starts + 1)[: len(points)]
    counts = np.bincount(block * N_CLASSES + kinds, minlength=n * N_CLASSES).reshape(n, N_CLASSES)
    return Arrays(
        segments=segments,
        counts=counts,
        chars=counts.sum(axis=1) - counts[:, Char.SPACE],
        first=kinds[starts],
        last=kinds[ends - 1],
        last_point=points[ends - 1],
        # A line feed also stands between two texts, and is counted with the first of them.
        lines=np.bincount(block[points == LINE_FEED], minlength=n) - (np.arange(n) < n - 1),
        cells=np.bincount(block[points == TAB], minlength=n),
        **_tokens(kinds, low, block, n),
        **_phrases(kinds, low, block, n),
    )


def lower_case(text: str) -> str:
    """The text in lower case, as long as before: the few capitals that become two characters stay."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(one if len(one := char.lower()) == 1 else char for char in text)


class _Tokens(TypedDict):
    token_hash: Hashes
    token_block: Ints
    token_chars: Ints
    words: Ints
    capital_words: Ints


class _Phrases(TypedDict):
    phrase_hash: Hashes
    prefix_hash: Hashes
    phrase_chars: Ints


def token_hashes(text: str) -> Hashes:
    """Hashes of the words of a text, as in `Arrays.token_hash`."""
    points, _, _ = code_points([text.lower()])
    return _tokens(classes(points), points, np.zeros(len(points), np.int64), 1)["token_hash"]


def _tokens(kinds: npt.NDArray[np.uint8], low: npt.NDArray[np.uint32], block: Ints, n: int) -> _Tokens:
    wordy = wordy_up_to(kinds)
    unspaced = kinds == Char.UNSPACED
    before = np.concatenate(([False], wordy[:-1]))
    before_unspaced = np.concatenate(([False], unspaced[:-1]))
    begin = wordy & (~before | unspaced | (before_unspaced & (kinds != Char.MARK)))
    after = np.concatenate((begin[1:] | ~wordy[1:], [True]))
    start = np.flatnonzero(begin)
    end = np.flatnonzero(wordy & after) + 1
    token_block = block[start]
    capital = kinds[start] == Char.UPPER
    return {
        "token_hash": range_hashes(low, start, end),
        "token_block": token_block,
        "token_chars": end - start,
        "words": np.bincount(token_block, minlength=n),
        "capital_words": np.bincount(token_block[capital], minlength=n),
    }


def _phrases(kinds: npt.NDArray[np.uint8], low: npt.NDArray[np.uint32], block: Ints, n: int) -> _Phrases:
    keep = np.flatnonzero(wordy_up_to(kinds))
    letters = low[keep]
    letters[kinds[keep] == Char.DIGIT] = ord("0")
    size = np.bincount(block[keep], minlength=n)
    sums = PrefixSums.of(letters)
    end = np.cumsum(size)
    start = end - size
    return {
        "phrase_hash": sums.hashes(start, end),
        "prefix_hash": sums.hashes(start, np.minimum(end, start + PREFIX_CHARS)),
        "phrase_chars": size,
    }


def stack(columns: Sequence[npt.ArrayLike], n: int) -> Floats:
    """Columns side by side, numbers repeated for every block; shape (n, len(columns)), float32."""
    out = np.empty((len(columns), n), np.float32)
    for row, column in zip(out, columns, strict=True):
        row[:] = column
    return out.T


def shift(values: npt.NDArray[np.generic], by: int, fill: float = 0.0) -> Floats:
    """The value `by` blocks further on (negative: before), `fill` beyond the page's ends."""
    out = np.full(len(values), fill, np.float32)
    if by > 0:
        out[:-by] = values[by:]
    elif by < 0:
        out[-by:] = values[:by]
    else:
        out[:] = values
    return out


def window_sum(values: npt.NDArray[np.generic], before: int, after: int) -> Floats:
    """Sum over each block's window, itself included: `before` blocks before to `after` after it."""
    n = len(values)
    # Running sums, as they stand before the page's start and after its end as well.
    total = np.zeros(before + 1 + n + after)
    np.cumsum(values, dtype=np.float64, out=total[before + 1 : before + 1 + n])
    total[before + 1 + n :] = total[before + n]
    return (total[before + 1 + after :] - total[:n]).astype(np.float32)


def distinct(values: Ints) -> Ints:
    """The distinct values, ascending; sorting beats hashing for the few thousand words of a page."""
    ordered = np.sort(values)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(ordered) else ordered


def ratio(part: npt.NDArray[np.generic], whole: npt.NDArray[np.generic]) -> Floats:
    """`part / whole`, 0 where `whole` is 0."""
    out = np.zeros(np.shape(part), np.float32)
    np.divide(part, whole, out=out, where=np.asarray(whole) > 0, dtype=np.float32, casting="unsafe")
    return out
