"""Neighbours: the text around a block, and the section that its heading opens or that it stands in."""

from typing import Final

import numpy as np

from classifier.features.arrays import Arrays, Char, Column, Floats, shift, stack, window_sum
from classifier.features.position import LONG_WORDS

__all__ = ["COLUMNS", "compute"]

OFFSETS: Final = (-3, -2, -1, 1, 2, 3)
WINDOWS: Final = (2, 5, 12, 30)

COLUMNS: Final[tuple[Column, ...]] = (
    *((f"words_at_{o:+d}", f"log(1 + words) of the block {o:+d}") for o in OFFSETS),
    *((f"stops_at_{o:+d}", f"sentence-ending marks of the block {o:+d}") for o in (-1, 1)),
    *((f"ends_at_{o:+d}", f"class of the last character of the block {o:+d}") for o in (-1, 1)),
    *((f"words_window_{w}", f"log(1 + mean words) of {w} blocks before to {w} after") for w in WINDOWS),
    *((f"long_window_{w}", f"share of paragraphs among {w} blocks before to {w} after") for w in WINDOWS),
    ("words_before_10", "log(1 + mean words) of the 10 blocks before"),
    ("words_after_10", "log(1 + mean words) of the 10 blocks after"),
    ("similar_length", "how many of the 5 blocks before and after are about as long"),
    ("density_rank", "mean words of 5 blocks before to 5 after, relative to the page's highest"),
)


def compute(page: Arrays) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    words = np.log1p(page.words).astype(np.float32)
    stops = np.minimum(page.counts[:, Char.STOP], 10)
    is_long = page.words >= LONG_WORDS
    ones = np.ones(page.n)
    sizes = {w: window_sum(ones, w, w) for w in WINDOWS}
    dense = window_sum(np.minimum(page.words, 200), 5, 5) / sizes[5]
    similar = sum((np.abs(shift(words, o, -1) - words) < 0.4) for o in (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5))
    return stack(
        (
            *(shift(words, o, -1) for o in OFFSETS),
            *(shift(stops, o, -1) for o in (-1, 1)),
            *(shift(page.last, o, -1) for o in (-1, 1)),
            *(np.log1p(window_sum(page.words, w, w) / sizes[w]) for w in WINDOWS),
            *(window_sum(is_long, w, w) / sizes[w] for w in WINDOWS),
            np.log1p((window_sum(page.words, 10, 0) - page.words) / 10),
            np.log1p((window_sum(page.words, 0, 10) - page.words) / 10),
            similar,
            dense / max(float(dense.max()), 1.0),
        ),
        page.n,
    )
