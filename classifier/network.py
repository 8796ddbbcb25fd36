"""A small network over the sequence of a page's blocks: what stands around a block, learned.

Trees see a block through the features made for it; the network sees all blocks of a page in order, at
distances that double from layer to layer (dilated convolutions: Yu and Koltun 2016), and the page as a
whole. It runs in NumPy: a page of 300 blocks costs some 20 million multiplications.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Floats

__all__ = ["DILATIONS", "HIDDEN", "POOLED_AFTER", "Network", "Pages", "neighbourhood", "shapes"]

# Distances at which the layers look to both sides: together 31 blocks each way.
DILATIONS: Final = (1, 2, 4, 8, 16)
HIDDEN: Final = 64
# Layers after which each block is told what the page holds in the mean.
POOLED_AFTER: Final = (1, 3)
# Standardised features beyond this many deviations are outliers.
CLIP: Final = 4.0


def shapes(columns: int) -> dict[str, tuple[int, ...]]:
    """Shape of every array of a network for a matrix of `columns` features."""
    layers, pools, h = len(DILATIONS), len(POOLED_AFTER), HIDDEN
    return {
        "centre": (columns,),
        "scale": (columns,),
        "input": (columns, h),
        "input_bias": (h,),
        "convolution": (layers, 3 * h, h),
        "convolution_bias": (layers, h),
        "pool": (pools, 2 * h, h),
        "pool_bias": (pools, h),
        "output": (h,),
        "output_bias": (1,),
    }


@dataclass(frozen=True, slots=True)
class Pages:
    """Where pages lie in an array of blocks: one after the other, with empty rows between them."""

    start: npt.NDArray[np.int64]
    """First row of each page; shape (pages,)."""
    size: npt.NDArray[np.int64]
    """Blocks of each page; shape (pages,)."""
    inside: Floats
    """1 for rows of a page, 0 for the rows between; shape (rows, 1)."""
    weight: Floats
    """Weight of each block in the second of the two means over its page; sums to 1; shape (rows, 1)."""

    @classmethod
    def lay(cls, words: list[npt.NDArray[np.integer]]) -> "Pages":
        """Room for pages with these words a block, so far apart that no layer looks across."""
        size = np.array([len(page) for page in words], np.int64)
        room = size + max(DILATIONS)
        start = np.cumsum(room) - room
        rows = int(room.sum())
        inside, weight = np.zeros((rows, 1), np.float32), np.zeros((rows, 1), np.float32)
        for first, page in zip(start, words, strict=True):
            power = np.sqrt(np.maximum(page, 1)).astype(np.float32)
            inside[first : first + len(page), 0] = 1
            weight[first : first + len(page), 0] = power / power.sum()
        return cls(start, size, inside, weight)

    def place(self, matrices: list[Floats]) -> Floats:
        """The pages' rows, zeros between; shape (rows, columns)."""
        out = np.zeros((len(self.inside), matrices[0].shape[1]), np.float32)
        for first, matrix in zip(self.start, matrices, strict=True):
            out[first : first + len(matrix)] = matrix
        return out

    def means(self, z: Floats) -> Floats:
        """Mean and weighted mean of each page's rows; shape (pages, 2 * columns)."""
        sums = np.add.reduceat(np.concatenate((z, z * self.weight), axis=1), self.start)
        sums[:, : z.shape[1]] /= self.size[:, None]
        return sums

    def spread(self, per_page: Floats) -> Floats:
        """A row a page -> the same row for each of its rows, the empty ones included."""
        rows = np.diff(np.append(self.start, len(self.inside)))
        return np.repeat(per_page, rows, axis=0)


@dataclass(frozen=True, slots=True)
class Network:
    """Arrays of a trained network, float32, with the shapes of `shapes(columns)`."""

    centre: Floats
    """Subtracted from the features, then they are divided by `scale`."""
    scale: Floats
    input: Floats
    input_bias: Floats
    convolution: Floats
    convolution_bias: Floats
    pool: Floats
    pool_bias: Floats
    output: Floats
    output_bias: Floats

    def arrays(self) -> Iterator[tuple[str, Floats]]:
        """Names and arrays, in order."""
        for field in fields(self):
            yield field.name, getattr(self, field.name)

    def standardise(self, matrix: Floats) -> Floats:
        """Features as the network takes them; shape as `matrix`, float32."""
        scaled = (matrix - self.centre) / self.scale
        out: Floats = np.clip(scaled, -CLIP, CLIP).astype(np.float32)
        return out

    def logits(self, matrix: Floats, words: npt.NDArray[np.integer]) -> Floats:
        """Log-odds of content of the blocks of one page; shape (blocks,).

        Args:
            matrix: features, shape (blocks, columns).
            words: words of each block, shape (blocks,).
        """
        if not len(matrix):
            return np.zeros(0, np.float32)
        pages = Pages.lay([words])
        z = pages.place([np.maximum(self.standardise(matrix) @ self.input + self.input_bias, 0)])
        for layer, dilation in enumerate(DILATIONS):
            seen = neighbourhood(z, dilation) @ self.convolution[layer] + self.convolution_bias[layer]
            z = z + np.maximum(seen, 0) * pages.inside
            if layer in POOLED_AFTER:
                at = POOLED_AFTER.index(layer)
                page = pages.means(z) @ self.pool[at] + self.pool_bias[at]
                z = z + pages.spread(page) * pages.inside
        out: Floats = (z @ self.output + self.output_bias)[: len(matrix)]
        return out


def neighbourhood(z: Floats, dilation: int) -> Floats:
    """Each row beside those `dilation` rows before and after it, zeros beyond; shape (rows, 3 * columns)."""
    rows, columns = z.shape
    out = np.zeros((rows, 3 * columns), np.float32)
    out[dilation:, :columns] = z[: rows - dilation] if rows > dilation else 0
    out[:, columns : 2 * columns] = z
    out[: max(0, rows - dilation), 2 * columns :] = z[dilation:]
    return out
