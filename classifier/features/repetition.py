"""Repetition: what stands on the page more than once, whole, in part, or cut off."""

from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import (
    PREFIX_CHARS,
    Arrays,
    Column,
    Floats,
    distinct,
    ratio,
    stack,
    token_hashes,
)
from classifier.features.position import LONG_WORDS

__all__ = ["COLUMNS", "compute"]

COLUMNS: Final[tuple[Column, ...]] = (
    ("repeats", "log(occurrences of the block's text on the page), digits taken as alike"),
    ("repeat_before", "1 if the same text stands before"),
    ("repeat_after", "1 if the same text stands after"),
    ("prefix_repeats", "log(blocks that begin with the same 24 letters)"),
    ("prefix_of_longer", "1 if a longer block begins with the same 24 letters"),
    ("prefix_of_shorter", "1 if a shorter block begins with the same 24 letters"),
    ("words_in_long", "share of the block's words that recur in the page's paragraphs"),
    ("words_elsewhere", "share of the block's words that recur in other blocks"),
    ("unique_words", "distinct words a word"),
    ("title_share", "share of the block's words that stand in the page's title"),
    ("title_cover", "share of the title's words that stand in the block"),
)


def compute(page: Arrays) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    repeats, before, after = _repeats(page.phrase_hash)
    distinct, in_long, elsewhere = _recurring(page)
    title_share, title_cover = _title(page)
    return stack(
        (
            np.log(repeats),
            before,
            after,
            *_prefixes(page),
            ratio(in_long, distinct),
            ratio(elsewhere, distinct),
            ratio(distinct, page.words),
            title_share,
            title_cover,
        ),
        page.n,
    )


def _repeats(
    hashes: npt.NDArray[np.uint64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Occurrences of each hash, and whether an equal one stands before and after."""
    _, first, inverse, count = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    index = np.arange(len(hashes))
    last = np.zeros(len(first), np.int64)
    last[inverse] = index  # the last assignment wins
    return count[inverse], index > first[inverse], index < last[inverse]


def _prefixes(page: Arrays) -> tuple[Floats, Floats, Floats]:
    """Blocks that share a beginning, and whether one of them is longer, or shorter."""
    has_prefix = page.phrase_chars >= PREFIX_CHARS
    _, inverse = np.unique(page.prefix_hash, return_inverse=True)
    groups = int(inverse.max()) + 1
    count = np.bincount(inverse, weights=has_prefix, minlength=groups)
    longest = np.zeros(groups, np.int64)
    shortest = np.full(groups, np.iinfo(np.int64).max)
    np.maximum.at(longest, inverse, page.phrase_chars)
    np.minimum.at(shortest, inverse, page.phrase_chars)
    return (
        np.where(has_prefix, np.log(np.maximum(count[inverse], 1)), 0).astype(np.float32),
        (has_prefix & (longest[inverse] > page.phrase_chars)).astype(np.float32),
        (has_prefix & (shortest[inverse] < page.phrase_chars)).astype(np.float32),
    )


def _recurring(page: Arrays) -> tuple[Floats, Floats, Floats]:
    """Per block: distinct words, those that other paragraphs hold, those that other blocks hold."""
    n = page.n
    _, word = np.unique(page.token_hash, return_inverse=True)
    pairs = distinct(word * n + page.token_block)
    word, block = pairs // n, pairs % n
    is_long = page.words >= LONG_WORDS
    size = int(word.max()) + 1 if len(word) else 1
    blocks_with = np.bincount(word, minlength=size)
    long_with = np.bincount(word[is_long[block]], minlength=size)
    in_long = (long_with[word] - is_long[block]) > 0
    elsewhere = blocks_with[word] > 1
    return (
        np.bincount(block, minlength=n).astype(np.float32),
        np.bincount(block, weights=in_long, minlength=n).astype(np.float32),
        np.bincount(block, weights=elsewhere, minlength=n).astype(np.float32),
    )


def _title(page: Arrays) -> tuple[Floats, Floats]:
    """Share of each block's words that the title has, and of the title's that the block has."""
    none = np.zeros(page.n, np.float32)
    if not page.segments.title.strip():
        return none, none
    title = np.unique(token_hashes(page.segments.title))
    if not len(title):
        return none, none
    hit = np.isin(page.token_hash, title)
    hits = np.bincount(page.token_block, weights=hit, minlength=page.n)
    return ratio(hits, page.words), np.minimum(hits / len(title), 1).astype(np.float32)
