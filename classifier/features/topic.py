"""Topic: whether a block speaks of the same things as the paragraphs of the page.

Long words say what a text is about in any language that has spaces, single characters do so in scripts
without; a teaser for another page shares few of them.
"""

from typing import Final

import numpy as np

from classifier.features.arrays import Arrays, Char, Column, Floats, distinct, ratio, shift, stack, window_sum
from classifier.features.position import LONG_WORDS

__all__ = ["COLUMNS", "compute"]

# A word of so many letters seldom is an article, a preposition or a conjunction.
TOPIC_LETTERS: Final = 5

COLUMNS: Final[tuple[Column, ...]] = (
    ("topic_words", "log(1 + distinct long words of the block)"),
    ("topic_share", "share of the block's long words that recur in the page's other paragraphs"),
    ("topic_share_previous", "topic_share of the block before"),
    ("topic_share_next", "topic_share of the block after"),
    ("topic_window_5", "the same over the long words of 5 blocks before to 5 after"),
    ("topic_weight", "mean share of the page's paragraphs that hold each of the block's long words"),
    ("topic_relative", "topic_weight, relative to the highest of a paragraph on the page"),
)


def compute(page: Arrays) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    is_long = page.words >= LONG_WORDS
    total, recurring, weight = _topic(page)
    share = ratio(recurring, total)
    mean = ratio(weight, total)
    highest = float(mean[is_long].max()) if is_long.any() else 0.0
    return stack(
        (
            np.log1p(total),
            share,
            shift(share, -1),
            shift(share, 1),
            ratio(window_sum(recurring, 5, 5), window_sum(total, 5, 5)),
            mean,
            mean / highest if highest else mean,
        ),
        page.n,
    )


def _topic(page: Arrays) -> tuple[Floats, Floats, Floats]:
    """Per block: its distinct long words, those that other paragraphs hold, and by what share of them."""
    n = page.n
    chosen = (page.token_chars >= TOPIC_LETTERS) | _unspaced(page)
    none = np.zeros(n, np.float32)
    if not chosen.any():
        return none, none, none
    _, word = np.unique(page.token_hash[chosen], return_inverse=True)
    pairs = distinct(word * n + page.token_block[chosen])
    word, block = pairs // n, pairs % n
    is_long = page.words >= LONG_WORDS
    holders = np.bincount(word[is_long[block]], minlength=int(word.max()) + 1)[word] - is_long[block]
    others = np.maximum(int(is_long.sum()) - is_long[block], 1)
    return (
        np.bincount(block, minlength=n).astype(np.float32),
        np.bincount(block, weights=holders > 0, minlength=n).astype(np.float32),
        np.bincount(block, weights=holders / others, minlength=n).astype(np.float32),
    )


def _unspaced(page: Arrays) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tokens of blocks that are mostly in a script without spaces between words."""
    mostly: np.ndarray[tuple[int], np.dtype[np.bool_]] = page.counts[:, Char.UNSPACED] * 2 > page.chars
    return mostly[page.token_block]
