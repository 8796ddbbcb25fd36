"""How much each page and each of its blocks counts in training."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from train.corpus import READERS
from train.table import LabelledPage

__all__ = ["block_weights", "page_weights"]

# Every page weighs the same, and within it a block by this power of its words: plain counts let
# one long paragraph decide, equal weights let the menus.
WORD_POWER: Final = 0.5


def page_weights(page: LabelledPage) -> npt.NDArray[np.float64]:
    """Weight of each block; together 1, or what the page and its data set count for; shape (blocks,)."""
    weight = np.maximum(page.words, 0.5) ** WORD_POWER
    counts = READERS[page.dataset].weight if page.dataset in READERS else 1.0
    weights: npt.NDArray[np.float64] = weight * (counts * page.weight / weight.sum())
    return weights


def block_weights(pages: Sequence[LabelledPage]) -> npt.NDArray[np.float64]:
    """Weight of each block of several pages, 1 in the mean; shape (blocks of all pages,)."""
    weights = np.concatenate([page_weights(page) for page in pages])
    out: npt.NDArray[np.float64] = weights / weights.mean()
    return out
