"""Context: what kind of page it is; the same value for every block of the page."""

from typing import Final

import numpy as np

from classifier.features.arrays import Arrays, Char, Column, Floats
from classifier.features.position import LONG_WORDS

__all__ = ["COLUMNS", "compute"]

COLUMNS: Final[tuple[Column, ...]] = (
    ("page_blocks", "log(blocks)"),
    ("page_words", "log(1 + words)"),
    ("page_words_per_block", "log(1 + mean words a block)"),
    ("page_long_share", "share of the page's words that stand in paragraphs"),
    ("page_longest", "log(1 + words of the longest block)"),
    ("page_medium_share", "share of the page's words in blocks of 6 to 19 words"),
    ("page_stop_share", "sentence-ending marks a word"),
    ("page_digit_share", "digits a character"),
    ("page_repeat_share", "share of blocks whose text stands on the page more than once"),
    ("page_currency_share", "share of blocks with a currency sign"),
    ("page_unspaced_share", "share of characters of scripts without spaces"),
)


def compute(page: Arrays) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    words, counts = page.words, page.counts
    total = max(1, int(words.sum()))
    chars = max(1, int(page.chars.sum()))
    medium = (words >= 6) & (words < LONG_WORDS)
    repeats = 1 - len(np.unique(page.phrase_hash)) / page.n
    row = (
        np.log(page.n),
        np.log1p(total),
        np.log1p(total / page.n),
        words[words >= LONG_WORDS].sum() / total,
        np.log1p(words.max()),
        words[medium].sum() / total,
        counts[:, Char.STOP].sum() / total,
        counts[:, Char.DIGIT].sum() / chars,
        repeats,
        (counts[:, Char.CURRENCY] > 0).mean(),
        counts[:, Char.UNSPACED].sum() / chars,
    )
    return np.tile(np.array(row, np.float32), (page.n, 1))
