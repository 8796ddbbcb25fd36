"""Position: where a block stands on the page and among its words."""

from typing import Final

import numpy as np

from classifier.features.arrays import Arrays, Column, Floats, stack

__all__ = ["COLUMNS", "compute"]

# A block of this many words is a paragraph; labels, titles and list links are shorter.
LONG_WORDS: Final = 20

COLUMNS: Final[tuple[Column, ...]] = (
    ("index", "log(1 + blocks before)"),
    ("index_from_end", "log(1 + blocks after)"),
    ("position", "blocks before, as a share of the page's blocks"),
    ("word_position", "words before, as a share of the page's words"),
    ("long_position", "words of paragraphs before, as a share of the page's paragraph words"),
    ("since_long", "log(1 + blocks since the last paragraph)"),
    ("until_long", "log(1 + blocks until the next paragraph)"),
    ("before_first_long", "1 if no paragraph stands before"),
    ("after_last_long", "1 if no paragraph stands after"),
)


def compute(page: Arrays) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    n = page.n
    index = np.arange(n)
    is_long = page.words >= LONG_WORDS
    long_words = np.where(is_long, page.words, 0)
    words_before = np.cumsum(page.words) - page.words
    long_before = np.cumsum(long_words) - long_words
    last = np.maximum.accumulate(np.where(is_long, index, -1))
    following = np.minimum.accumulate(np.where(is_long, index, 2 * n)[::-1])[::-1]
    return stack(
        (
            np.log1p(index),
            np.log1p(n - 1 - index),
            index / n,
            words_before / max(1, page.words.sum()),
            long_before / max(1, long_words.sum()),
            np.log1p(np.where(last < 0, n, index - last)),
            np.log1p(np.where(following >= 2 * n, n, following - index)),
            last < 0,
            following >= 2 * n,
        ),
        page.n,
    )
