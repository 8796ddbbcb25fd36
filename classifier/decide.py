"""Probabilities -> which blocks are content, and how sure that is. The one place that decides."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Decision", "Favor", "Policy", "decide"]

Favor = Literal["balance", "precision", "recall"]

# How many times as much recall counts as precision in the F-measure that is maximised. The balance
# leans to precision: the blocks of a page are right or wrong together, which the expectation of
# independent blocks leaves out. By cross-validation on WCXB, word F1 on HTML and on plain text: 0.8730
# and 0.8341 with 1.0, 0.8744 and 0.8348 with 0.9, 0.8745 and 0.8348 with 0.85, 0.8748 and 0.8340 with 0.8.
BETAS: Final[dict[Favor, float]] = {"balance": 0.9, "precision": 0.5, "recall": 2.0}

# Where the best choice is expected to score less than this, the page most likely has no content (a
# wall of cookies, a page that needs scripts): keeping nothing scores more. By cross-validation on
# WCXB, of whose pages 1.4 % have an empty gold text: word F1 0.8716 without, 0.8742 with.
NOTHING_BELOW: Final = 0.2


@dataclass(frozen=True, slots=True)
class Policy:
    """How to decide: the set of the highest expected F-measure, or a fixed threshold."""

    favor: Favor = "balance"
    threshold: float | None = None
    """Keep every block of at least this probability; None: decide page by page."""

    def __post_init__(self) -> None:
        if self.favor not in BETAS:
            raise ValueError(f"favor is {self.favor!r}: it must be one of {', '.join(BETAS)}")
        if self.threshold is not None and not isinstance(self.threshold, (int, float)):
            raise TypeError(f"threshold is a number from 0 to 1, not {type(self.threshold).__name__}")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold is {self.threshold}: it must lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Decision:
    """Which blocks to keep, and the F1 that this is expected to have."""

    keep: npt.NDArray[np.bool_]
    """Shape (blocks,)."""
    confidence: float
    """Expected word F1 of the kept blocks against the truth, 0 to 1; where nothing is kept, of the best
    that could have been."""


def decide(
    probabilities: npt.NDArray[np.float32], words: npt.NDArray[np.integer], policy: Policy
) -> Decision:
    """Choose the blocks to keep.

    Without a threshold these are the blocks that together have the highest expected F-measure under
    the probabilities: the best such set is always one of the n that hold the k most probable blocks
    (Lewis 1995; Nan et al. 2012), so sorting and two running sums find it. Nothing is kept where even
    that is expected to score below `NOTHING_BELOW`, unless recall is favoured.

    Args:
        probabilities: of being content, a block; shape (blocks,), 0 to 1.
        words: words of each block, which weigh it; shape (blocks,).
    """
    weight = np.maximum(words, 1).astype(np.float64)
    likely = probabilities * weight
    order = np.argsort(-probabilities, kind="stable")
    hit = np.cumsum(likely[order])
    taken = np.cumsum(weight[order])
    if policy.threshold is not None:
        size = int((probabilities >= policy.threshold).sum())
    else:
        square = BETAS[policy.favor] ** 2
        expected = (1 + square) * hit / (taken + square * likely.sum())
        size = int(np.argmax(expected)) + 1 if likely.sum() > 0 else 0
    confidence = float(2 * hit[size - 1] / (taken[size - 1] + likely.sum())) if size else 0.0
    if policy.threshold is None and policy.favor != "recall" and confidence < NOTHING_BELOW:
        size = 0
    keep = np.zeros(len(probabilities), bool)
    keep[order[:size]] = True
    return Decision(keep, confidence)
