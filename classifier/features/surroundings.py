"""Surroundings: what a first model thinks of a block and of the blocks around it.

The second stage of the model sees, beside a block's own features, the first stage's probabilities of
its neighbours, of the blocks with the same path, and of the subtrees that enclose it (stacked
sequential learning, Cohen and Carvalho 2005).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Column, Floats, ratio, shift, stack, window_sum
from classifier.features.tree import LEVELS
from classifier.segment import Kind

__all__ = ["COLUMNS", "TREE_COLUMNS", "column_names", "compute"]

OFFSETS: Final = (-3, -2, -1, 1, 2, 3)
WINDOWS: Final = ((2, 2), (5, 5), (15, 15), (10, 0), (0, 10), (40, 0), (0, 40))
LIKELY: Final = 0.5

COLUMNS: Final[tuple[Column, ...]] = (
    ("first_p", "first-stage probability of the block"),
    *((f"first_p_{o:+d}", f"first-stage probability of the block {o:+d}") for o in OFFSETS),
    *((f"first_p_{b}_to_{a}", f"mean first-stage probability by word, {b} blocks before to {a} after")
      for b, a in WINDOWS),
    ("first_p_page", "mean first-stage probability by word over the page"),
    ("first_p_best", "highest first-stage probability on the page"),
    ("first_p_rank", "share of the page's words in blocks of lower first-stage probability"),
    ("likely_before", "share of the page's expected content words that stand before"),
    ("likely_after", "share of the page's expected content words that stand after"),
    ("since_likely", "log(1 + words since the last block that is likely content)"),
    ("until_likely", "log(1 + words until the next block that is likely content)"),
)  # fmt: skip
TREE_COLUMNS: Final[tuple[Column, ...]] = (
    ("first_p_path", "mean first-stage probability by word of the blocks with the same path"),
    *((f"first_p_subtree_{k}", f"mean first-stage probability by word in enclosing subtree {k}")
      for k in range(LEVELS)),
    *((f"likely_share_{k}", f"share of the page's expected content words in enclosing subtree {k}")
      for k in range(1, LEVELS)),
)  # fmt: skip


def column_names(kind: Kind) -> tuple[str, ...]:
    """Names of the second stage's own columns for a kind of page, in order."""
    return tuple(name for name, _ in (COLUMNS + TREE_COLUMNS if kind == "html" else COLUMNS))


def compute(
    probabilities: Floats,
    words: npt.NDArray[np.int64],
    path: npt.NDArray[np.uint64],
    level: npt.NDArray[np.int64],
) -> Floats:
    """The columns of `COLUMNS`, for HTML followed by `TREE_COLUMNS`; shape (blocks, columns).

    Args:
        probabilities: first-stage probability of each block; shape (blocks,).
        words: words of each block; shape (blocks,).
        path: hash of each block's path; shape (blocks,).
        level: first block and end block of the enclosing subtrees; shape (2 * LEVELS, blocks), or
            without rows for plain text.
    """
    p = probabilities.astype(np.float32)
    weight = words.astype(np.float64) + 0.5
    likely = weight * p.astype(np.float64)
    columns = [
        p,
        *(shift(p, o) for o in OFFSETS),
        *(ratio(window_sum(likely, b, a), window_sum(weight, b, a)) for b, a in WINDOWS),
        *_page(p, weight, likely),
    ]
    if len(level):
        _, inverse = np.unique(path, return_inverse=True)
        same = ratio(np.bincount(inverse, weights=likely), np.bincount(inverse, weights=weight))
        inside = _range_sums(likely, level)
        columns += [
            same[inverse],
            *ratio(inside, _range_sums(weight, level)),
            *(inside[1:] / max(float(likely.sum()), 1e-6)),
        ]
    return stack(columns, len(p))


def _range_sums(values: npt.NDArray[np.float64], level: npt.NDArray[np.int64]) -> Floats:
    total = np.concatenate(([0.0], np.cumsum(values)))
    half = len(level) // 2
    sums: Floats = (total[level[half:]] - total[level[:half]]).astype(np.float32)
    return sums


def _page(
    p: Floats, weight: npt.NDArray[np.float64], likely: npt.NDArray[np.float64]
) -> list[npt.NDArray[np.floating]]:
    n = len(p)
    total = max(float(likely.sum()), 1e-6)
    order = np.argsort(p, kind="stable")
    rank = np.empty(n)
    rank[order] = np.cumsum(weight[order]) - weight[order]
    before = np.cumsum(likely) - likely
    passed = np.cumsum(weight) - weight
    chosen = p >= LIKELY
    end = np.where(chosen, passed + weight, -np.inf)
    last = np.concatenate(([-np.inf], np.maximum.accumulate(end)[:-1]))
    start = np.where(chosen, passed, np.inf)[::-1]
    following = np.concatenate((np.minimum.accumulate(start)[::-1][1:], [np.inf]))
    far = float(weight.sum())
    return [
        np.full(n, likely.sum() / weight.sum()),
        np.full(n, p.max()),
        rank / weight.sum(),
        before / total,
        1 - (before + likely) / total,
        np.log1p(np.minimum(passed - last, far)),
        np.log1p(np.minimum(following - passed - weight, far)),
    ]
