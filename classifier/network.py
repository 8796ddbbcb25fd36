"""A small network over the sequence of a page's blocks: what stands around a block, learned.

Trees see a block through the features made for it; the network sees all blocks of a page in order, at
distances that double from layer to layer (dilated convolutions: Yu and Koltun 2016), and the page as a
whole. It runs in NumPy: a page of 300 blocks costs some 20 million multiplications.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Floats

__all__ = ["DILATIONS", "HIDDEN", "POOLED_AFTER", "Network", "shapes"]

# Distances at which the layers look to both sides: together 31 blocks each way.
DILATIONS: Final = (1, 2, 4, 8, 16)
HIDDEN: Final = 64
# Layers after which each block is told what the page holds in the mean.
POOLED_AFTER: Final = (1, 3)
# Standardised features beyond this many deviations are outliers.
CLIP: Final = 4.0
_ROWS: Final = 2048
# OpenBLAS, which comes with NumPy, hands products of more multiplications to threads. At this size that
# gains little, and where the processors are busy, as they are with a worker on each, threads wait for one
# another: on two busy processors whole pages took three times as long.
_MOST_ALONE: Final = 64**3
# Processors work on so many rows at a time, or on a divisor of it.
_LANES: Final = 16


def shapes(columns: int, hidden: int = HIDDEN) -> dict[str, tuple[int, ...]]:
    """Shape of every array of a network of `hidden` units for a matrix of `columns` features."""
    layers, pools, h = len(DILATIONS), len(POOLED_AFTER), hidden
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
class Network:
    """Arrays of a trained network, float32, with the shapes that `shapes` gives."""

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
    kernels: Floats = field(init=False)
    """`convolution` by the rows that its parts meet: before, there, after; shape (layers, 3, h, h)."""

    def __post_init__(self) -> None:
        layers, _, h = self.convolution.shape
        object.__setattr__(self, "kernels", self.convolution.reshape(layers, 3, h, h))

    def arrays(self) -> Iterator[tuple[str, Floats]]:
        """Names and arrays, in order."""
        for one in fields(self):
            if one.init:
                yield one.name, getattr(self, one.name)

    def standardise(self, matrix: Floats) -> Floats:
        """Features as the network takes them; shape as `matrix`, float32."""
        scaled: Floats = np.subtract(matrix, self.centre, dtype=np.float32)
        scaled /= self.scale
        np.clip(scaled, -CLIP, CLIP, out=scaled)
        return scaled

    def logits(self, matrix: Floats, words: npt.NDArray[np.integer]) -> Floats:
        """Log-odds of content of the blocks of one page; shape (blocks,).

        Args:
            matrix: features, shape (blocks, columns).
            words: words of each block, shape (blocks,).
        """
        if not len(matrix):
            return np.zeros(0, np.float32)
        power: Floats = np.sqrt(np.maximum(words, 1)).astype(np.float32)
        power /= power.sum()
        z = np.empty((len(matrix), len(self.output)), np.float32)
        for rows in _stretches(len(matrix)):
            _product(self.standardise(matrix[rows]), self.input, z[rows])
        z += self.input_bias
        np.maximum(z, 0, out=z)
        for layer, dilation in enumerate(DILATIONS):
            z += self._seen(z, layer, dilation)
            if layer in POOLED_AFTER:
                at = POOLED_AFTER.index(layer)
                means: Floats = np.concatenate((z.mean(axis=0), np.einsum("n,nh->h", power, z)))
                z += means @ self.pool[at] + self.pool_bias[at]
        out: Floats = np.einsum("nh,h->n", z, self.output) + self.output_bias
        return out

    def _seen(self, z: Floats, layer: int, dilation: int) -> Floats:
        """What a convolution makes of the rows and of those `dilation` rows before and after them."""
        n = len(z)
        seen = np.empty_like(z)
        for rows in _stretches(n):
            first, end = max(0, rows.start - dilation), min(n, rows.stop + dilation)
            before, centre, after = (_product(z[first:end], part) for part in self.kernels[layer])
            out = seen[rows]
            np.add(centre[rows.start - first : rows.stop - first], self.convolution_bias[layer], out=out)
            # The first rows of the page have none before, the last none after.
            before = before[: max(0, rows.stop - dilation - first)]
            after = after[rows.start + dilation - first :]
            if len(before):
                out[len(out) - len(before) :] += before
            if len(after):
                out[: len(after)] += after
            np.maximum(out, 0, out=out)
        return seen


def _stretches(n: int) -> Iterator[slice]:
    """All of n rows, in stretches whose intermediate results stay in the processor's cache."""
    return (slice(start, min(n, start + _ROWS)) for start in range(0, n, _ROWS))


def _product(matrix: Floats, weights: Floats, out: Floats | None = None) -> Floats:
    """The product of an (n, k) and a (k, m) matrix, in pieces that BLAS works on in the calling thread."""
    n = len(matrix)
    found = np.empty((n, weights.shape[1]), np.float32) if out is None else out
    rows = max(1, _MOST_ALONE // max(1, weights.size) // _LANES) * _LANES
    pieces = n // rows
    if whole := pieces * rows:
        # One call, in which NumPy goes through the pieces.
        shape = pieces, rows, -1
        np.matmul(matrix[:whole].reshape(shape), weights, out=found[:whole].reshape(shape))
    if whole < n:
        np.matmul(matrix[whole:], weights, out=found[whole:])
    return found
