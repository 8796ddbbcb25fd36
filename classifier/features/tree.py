"""`Tree`: the element tree of an HTML page as arrays, with the subtrees that enclose each block."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Arrays
from classifier.features.links import link_density

__all__ = ["LEVELS", "Tree", "build_tree"]

Ints = npt.NDArray[np.int64]

# Enclosing subtrees looked at: the block's own element and the wider ones around it.
LEVELS: Final = 7
_PATH_BASE: Final = np.uint64(0xD6E8FEB86659FD93)
_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Tree:
    """Arrays over elements (m of them) and over blocks (n). Embedded blocks hang from the root."""

    tag_names: list[str]
    tag: Ints
    """Index of each element's tag in `tag_names`; shape (m,)."""
    names: list[str]
    identity: Ints
    """Index of each element's identity in `names`; shape (m,)."""
    parent: Ints
    depth: Ints
    first: Ints
    end: Ints
    path: npt.NDArray[np.uint64]
    """Hash of tags and identities from the root to the element; shape (m,)."""
    level: Ints
    """Elements around each block, each the widest with its range of blocks; shape (LEVELS, n)."""
    alike: Ints
    """Siblings of each element with its tag and identity, itself included; shape (m,)."""
    words: npt.NDArray[np.float64]
    """Cumulative words over blocks; a subtree's are `words[end] - words[first]`; shape (n + 1,)."""
    chars: npt.NDArray[np.float64]
    linked: npt.NDArray[np.float64]

    def total(self, cumulative: npt.NDArray[np.float64], element: Ints) -> npt.NDArray[np.float64]:
        """Sum of a per-block quantity over the subtrees of `element`."""
        return cumulative[self.end[element]] - cumulative[self.first[element]]


def build_tree(page: Arrays) -> Tree:
    """Arrays of an HTML page's elements."""
    elements = page.segments.elements
    parent = np.array(elements.parent or [-1], np.int64)
    first = np.array(elements.first_block or [0], np.int64)
    end = np.maximum(np.array(elements.end_block or [page.n], np.int64), first)
    end[0] = page.n
    up = np.maximum(parent, 0)
    tag_names, tag = _codes(elements.tag or ["html"])
    names, identity = _codes(elements.identity or [""])
    depth, path = _from_root(up, tag, identity)
    owner = np.maximum(np.asarray(page.segments.element, np.int64), 0)
    signature = (up * len(tag_names) + tag) * len(names) + identity
    _, inverse, count = np.unique(signature, return_inverse=True, return_counts=True)
    return Tree(
        tag_names=tag_names,
        tag=tag,
        names=names,
        identity=identity,
        parent=up,
        depth=depth,
        first=first,
        end=end,
        path=path,
        level=_levels(up, first, end, owner),
        alike=count[inverse],
        words=_cumulative(page.words),
        chars=_cumulative(page.chars),
        linked=_cumulative(link_density(page) * page.chars),
    )


def _cumulative(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))


def _codes(values: list[str]) -> tuple[list[str], Ints]:
    """Distinct values in order of appearance, and the index of each value among them."""
    distinct = list(dict.fromkeys(values))
    code = dict(zip(distinct, range(len(distinct)), strict=True))
    return distinct, np.fromiter(map(code.__getitem__, values), np.int64, len(values))


def _from_root(up: Ints, tag: Ints, identity: Ints) -> tuple[Ints, npt.NDArray[np.uint64]]:
    """Depth, and a hash of the way from the root, by pointer doubling: log2(depth) steps."""
    own = (tag.astype(np.uint64) << np.uint64(32)) + identity.astype(np.uint64) + np.uint64(1)
    path = own * np.uint64(0x9E3779B97F4A7C15)
    path ^= path >> np.uint64(29)
    path[0] = 0
    depth = np.ones(len(up), np.int64)
    depth[0] = 0
    jump = up
    factor = _PATH_BASE
    while jump.any():
        path = path + factor * path[jump]
        depth = depth + depth[jump]
        jump = jump[jump]
        factor = np.uint64(int(factor) ** 2 & _MASK)
    return depth, path


def _levels(up: Ints, first: Ints, end: Ints, owner: Ints) -> Ints:
    """For each block the elements around it that hold more and more blocks; shape (LEVELS, n)."""
    same = (first[up] == first) & (end[up] == end)
    widest = np.where(same, up, np.arange(len(up)))
    while True:
        wider = widest[widest]
        if np.array_equal(wider, widest):
            break
        widest = wider
    levels = np.empty((LEVELS, len(owner)), np.int64)
    levels[0] = widest[owner]
    for k in range(1, LEVELS):
        levels[k] = widest[up[levels[k - 1]]]
    return levels
