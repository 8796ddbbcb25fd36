"""A forest of small trees, all of whose splits are looked at at once.

Each split that a block fails strikes the leaves on its left from a set of bits, one set a tree; the lowest
bit left is the leaf that the block falls into (QuickScorer: Lucchese et al. 2015, "QuickScorer: a fast
algorithm to rank documents with additive ensembles of regression trees"). No branch depends on the data,
so NumPy can do it, and a compiler makes vector instructions of it.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Floats
from classifier.kernel import native

__all__ = ["DTYPES", "MAX_LEAVES", "Forest"]

# A tree's leaves are the bits of a machine word.
MAX_LEAVES: Final = 64
# The arrays that a forest is made from, in order.
DTYPES: Final = {
    "feature": np.dtype(np.int32),
    "threshold": np.dtype(np.float32),
    "left": np.dtype(np.int32),
    "splits": np.dtype(np.int32),
    "value": np.dtype(np.float32),
    "baseline": np.dtype(np.float64),
}
# Rows looked at together: their splits take a few megabytes.
_ROWS: Final = 128


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees over float32 features whose leaves' values add up to the log-odds of content."""

    feature: npt.NDArray[np.int32]
    """Column that each split looks at; shape (splits,), one tree after the other."""
    threshold: npt.NDArray[np.float32]
    """A block with at most this value goes to the left; shape (splits,)."""
    left: npt.NDArray[np.int32]
    """First leaf of the split's left side, and the one after its last, from the tree's first leaf on;
    shape (splits, 2)."""
    splits: npt.NDArray[np.int32]
    """Splits of each tree, at least one; shape (trees,)."""
    value: npt.NDArray[np.float32]
    """Log-odds of each leaf, one tree after the other; shape (splits + trees,)."""
    baseline: npt.NDArray[np.float64]
    """Log-odds before any tree; shape (1,)."""
    keep: npt.NDArray[np.unsignedinteger] = field(init=False)
    """Leaves that stay when a block fails the split; shape (splits,), uint32 where it suffices."""

    def __post_init__(self) -> None:
        self._check()
        bits = np.uint64(1) << self.left.astype(np.uint64)
        # Bits from the first leaf to the last are a difference of two powers of two.
        keep = ~(bits[:, 1] - bits[:, 0])
        small = int(self.splits.max()) < 32
        object.__setattr__(self, "keep", keep.astype(np.uint32) if small else keep)

    def _check(self) -> None:
        """Raise ValueError unless every block falls into a leaf of every tree."""
        for name, dtype in DTYPES.items():
            if getattr(self, name).dtype != dtype:
                raise ValueError(f"{name} of a forest is of {getattr(self, name).dtype}, not {dtype}")
        if not len(self.splits) or self.splits.min() < 1 or self.splits.max() >= MAX_LEAVES:
            raise ValueError(f"a forest has trees of 1 to {MAX_LEAVES - 1} splits each")
        n = int(self.splits.sum())
        shapes = {"feature": (n,), "threshold": (n,), "left": (n, 2), "value": (n + len(self.splits),)}
        for name, shape in {**shapes, "baseline": (1,)}.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} of a forest has the shape {getattr(self, name).shape}, not {shape}")
        if not all(np.isfinite(array).all() for array in (self.threshold, self.value, self.baseline)):
            raise ValueError("a forest holds what is no finite number")
        if self.feature.min() < 0:
            raise ValueError("a split of a forest looks at no column")
        last = np.repeat(self.splits, self.splits)
        first, end = self.left.T
        # The last leaf is on no split's left, so that no tree is ever left without a leaf.
        if (first < 0).any() or (end <= first).any() or (end > last).any():
            raise ValueError("a split of a forest has no leaf of its tree on its left, or all of them")

    @property
    def width(self) -> int:
        """Columns that a matrix needs to have at least."""
        return int(self.feature.max()) + 1

    def predict_proba(self, X: Floats, /) -> Floats:
        """Probabilities of clutter and content; shape (rows, 2), float32."""
        X = np.ascontiguousarray(X, np.float32)
        if X.shape[1] < self.width:
            raise ValueError(f"the forest needs {self.width} columns, there are {X.shape[1]}")
        if native is None:
            logit = self._logits(X)
        else:
            parts = (self.feature, self.threshold, self.keep, self.splits, self.value)
            logit = np.frombuffer(native.forest(X, *X.shape, *parts, self.keep.itemsize), np.float64)
        content = 1 / (1 + np.exp(-(logit + self.baseline)))
        return np.stack((1 - content, content), axis=1).astype(np.float32)

    def _logits(self, X: Floats) -> npt.NDArray[np.float64]:
        """Sum of the leaves' values for each row; shape (rows,)."""
        start = np.cumsum(self.splits) - self.splits
        leaf = start + np.arange(len(self.splits))
        every = ~self.keep.dtype.type(0)
        out = np.empty(len(X))
        for row in range(0, len(X), _ROWS):
            fails = X[row : row + _ROWS, self.feature] > self.threshold
            left = np.bitwise_and.reduceat(np.where(fails, self.keep, every), start, axis=1)
            # The lowest bit alone is a power of two, whose exponent is the leaf.
            _, exponent = np.frexp((left & (~left + left.dtype.type(1))).astype(np.float64))
            out[row : row + _ROWS] = self.value[leaf + exponent - 1].sum(axis=1, dtype=np.float64)
        return out
