"""Which pages to label first: those whose labels would teach a model most about all of them.

A block whose probability is near a half may cost its page F1, and the more the more words it has
(uncertainty sampling: Lewis and Gale 1994). A label tells most about blocks of the same path - tags and
names from the root down - on this page and on the others. So a path is worth the uncertain words of all
pages that stand under it, a page is worth its paths, and a path that stands on a labelled page is worth a
part of what it was: pages of one template come after those of templates not yet seen. This is greedy
maximisation of a submodular coverage, which comes within 1 - 1/e of the best choice (Nemhauser et al. 1978;
for active learning: Wei et al. 2015).
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.inspect.report import path_groups, word_counts
from classifier.page import Page

__all__ = ["Suggestion", "suggest", "suggestions_report"]

_SHOWN: Final = 60
# What is left of a path's worth after each page that shows it.
DISCOUNT: Final = 0.3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A page to label, and why."""

    name: str
    worth: float
    """Share of the uncertain words of all pages of which its labels tell something new, 0 to 1."""
    confidence: float
    """Word F1 to expect of the page as it is."""
    blocks: tuple[int, ...]
    """Indices of its blocks with the most uncertain words, the most first; texts that a page before it points
    out are left out."""


def suggest(
    pages: Mapping[str, Page], labelled: Iterable[Page] = (), *, most: int | None = None, blocks: int = 5
) -> list[Suggestion]:
    """Order pages by how much their labels would teach.

    Args:
        pages: without labels, by name, as classified by the model that is to learn.
        labelled: pages that have labels already, of which there is no more to learn the same.
        most: only so many, the first.
        blocks: how many blocks of each page to point out.
    """
    known: dict[tuple[int, str, str], int] = {}
    shown = [_Shown.of(page, known) for page in pages.values()]
    worth: Counter[int] = Counter()
    for one in shown:
        for path, mass in zip(one.paths, one.mass.tolist(), strict=True):
            worth[path] += mass
    total = sum(worth.values()) or 1.0
    for page in labelled:
        _cover(worth, path_groups(page.segments, known))
    names = list(pages)
    found: list[Suggestion] = []
    told: set[str] = set()

    def gain(page: int) -> float:
        return sum(worth[path] for path in set(shown[page].paths))

    # What a page is worth only falls, so one whose worth, worked out anew, is still the highest is the best.
    left = [(-gain(i), i) for i in range(len(shown))]
    heapify(left)
    while left and len(found) < (len(shown) if most is None else most):
        best = left[0][1]
        now = gain(best)
        if heapreplace(left, (-now, best)) != left[0]:
            continue
        heappop(left)
        _cover(worth, shown[best].paths)
        page = pages[names[best]]
        first = shown[best].first(blocks, page.segments.texts, told)
        told.update(page.segments.texts[block] for block in first)
        found.append(Suggestion(names[best], now / total, page.confidence, first))
    return found


def suggestions_report(found: Sequence[Suggestion], pages: Mapping[str, Page]) -> str:
    """The suggestions in words: a line a page, and beneath it a line for each of its blocks to look at."""
    lines = []
    for number, one in enumerate(found, start=1):
        lines.append(f"{number}. {one.name}: worth {_share(one.worth)}, confidence {one.confidence:.2f}")
        for block in (pages[one.name].blocks[at] for at in one.blocks):
            text = " ".join(block.text.split())
            shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
            lines.append(f"     {block.probability:.2f}  {block.tag:10}  {shown}")
    return "\n".join(lines)


def _share(worth: float) -> str:
    return f"{worth:.2f}" if worth >= 0.005 or not worth else "under 0.01"


def _cover(worth: "Counter[int]", paths: Iterable[int]) -> None:
    for path in set(paths):
        worth[path] *= DISCOUNT  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """What a page of n blocks shows."""

    paths: Sequence[int]
    mass: npt.NDArray[np.float64]
    """Uncertain words of each block as a share of the page's words; shape (n,)."""

    @classmethod
    def of(cls, page: Page, known: dict[tuple[int, str, str], int]) -> "_Shown":
        words = np.asarray(word_counts(page.segments), np.float64)
        p = page.probabilities.astype(np.float64)
        mass = 4 * p * (1 - p) * words / max(1.0, words.sum())
        return cls(path_groups(page.segments, known), mass)

    def first(self, count: int, texts: Sequence[str], told: Container[str]) -> tuple[int, ...]:
        """The blocks of the largest mass, each text once, and none that is told already."""
        order = np.argsort(-self.mass, kind="stable").tolist()
        new: dict[str, int] = {}
        for block in order:
            if len(new) < count and texts[block] not in told:
                new.setdefault(texts[block], block)
        return tuple(new.values())
