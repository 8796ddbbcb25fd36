"""Where the rest of F1 is lost: on the page, in the order of the blocks, or in where the line is drawn."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from classifier.decide import Policy, decide
from classifier.features.arrays import Floats
from train.metrics import score, words
from train.table import LabelledPage, Table

__all__ = ["CAUSES", "losses"]

# In the order in which they are told apart; a page's losses of all causes sum to 1 - F1.
CAUSES: Final = {
    "empty gold": "the data set says that the page has no content, and something was kept",
    "not on the page": "no choice of blocks holds the gold text",
    "order": "clutter blocks are more probable than content blocks: no cut gets both right",
    "kept too much": "an earlier cut in the order of probabilities would have scored more",
    "cut too much": "a later cut would have scored more",
}


def losses(table: Table, probabilities: Sequence[Floats], policy: Policy | None = None) -> pd.DataFrame:
    """Split what each page lacks to an F1 of 1 by cause.

    Args:
        table: judged pages.
        probabilities: out-of-fold probability of each block, an array a page.
        policy: how to decide; the default if left out.

    Returns:
        One row a page: id, page_type, f1, confidence, and a column for each of `CAUSES`, in units of
        F1; a cause is 0 where it costs nothing.
    """
    chosen = policy or Policy()
    rows = [_page(page, p, chosen) for page, p in zip(table.pages, probabilities, strict=True)]
    return pd.DataFrame(rows)


def _page(page: LabelledPage, p: Floats, policy: Policy) -> dict[str, object]:
    decision = decide(p, page.measured.evidence.words, policy)
    f1 = _f1(page, decision.keep)
    row: dict[str, object] = {
        "id": page.id,
        "page_type": page.page_type,
        "f1": f1,
        "confidence": decision.confidence,
        **dict.fromkeys(CAUSES, 0.0),
    }
    if not words(page.gold):
        return row | {"empty gold": 1 - f1}
    best, size = _best_cut(page, p)
    best, possible = max(best, f1), max(_f1(page, page.label), best, f1)
    side = "kept too much" if int(decision.keep.sum()) > size else "cut too much"
    return row | {"not on the page": 1 - possible, "order": possible - best, side: best - f1}


def _best_cut(page: LabelledPage, p: Floats) -> tuple[float, int]:
    """F1 of the best of all sets that hold the k most probable blocks, and that k."""
    if not len(p):
        return 0.0, 0
    order = np.argsort(-p, kind="stable")
    found = np.cumsum((page.share * page.words)[order])
    taken = np.cumsum(page.words[order])
    size = int(np.argmax(2 * found / np.maximum(taken + len(words(page.gold)), 1))) + 1
    keep = np.zeros(len(p), bool)
    keep[order[:size]] = True
    return _f1(page, keep), size


def _f1(page: LabelledPage, keep: npt.NDArray[np.bool_]) -> float:
    return score(page.kept(keep), page.gold).f1
