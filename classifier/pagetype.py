"""What type of page a page is: article, forum, product and so on, with a probability.

A linear model over two means of the page's block features: over all blocks, and over the words that are
likely content.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Floats

__all__ = ["PageTypes", "page_vector", "shapes"]


def shapes(columns: int, types: int) -> dict[str, tuple[int, ...]]:
    """Shape of each array for a matrix of `columns` features."""
    return {"weight": (2 * columns, types), "bias": (types,)}


def page_vector(matrix: Floats, p: Floats, words: npt.NDArray[np.integer]) -> Floats:
    """Means of the columns over blocks, and over likely content; shape (2 * columns,)."""
    if not len(matrix):
        return np.zeros(2 * matrix.shape[1], np.float32)
    likely = (p * np.sqrt(np.maximum(words, 1))).astype(np.float32)
    # Not by BLAS, which would start threads (see `classifier.network`).
    content = np.einsum("n,nc->c", likely, matrix) / max(float(likely.sum()), 1e-6)
    out: Floats = np.concatenate((matrix.mean(axis=0), content)).astype(np.float32)
    return out


@dataclass(frozen=True, slots=True)
class PageTypes:
    """A multinomial logistic regression over `page_vector`."""

    names: tuple[str, ...]
    weight: Floats
    """Shape (2 * columns, types)."""
    bias: Floats
    """Shape (types,)."""

    def most_likely(self, matrix: Floats, p: Floats, words: npt.NDArray[np.integer]) -> tuple[str, float]:
        """The most likely type of a page and its probability; "" and 0 for a page without blocks.

        Args:
            matrix: features, shape (blocks, columns).
            p: calibrated probabilities of content, shape (blocks,).
            words: words of each block, shape (blocks,).
        """
        if not len(matrix):
            return "", 0.0
        score = page_vector(matrix, p, words) @ self.weight + self.bias
        odds = np.exp(score - score.max())
        best = int(np.argmax(odds))
        return self.names[best], float(odds[best] / odds.sum())
