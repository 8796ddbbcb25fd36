"""Why a block has its probability: what each family of features adds to that of a typical block.

A family counts as absent when the median of the training blocks stands in for each of its features, on all
blocks of the page at once, because a block is judged by its neighbours too. A page without any family is one
of typical blocks; the families are brought in one after the other, and what the probability gains with a
family is its effect in that order. The effect that is told is the mean over several orders, an estimate of
the family's Shapley value (Shapley 1953; Strumbelj and Kononenko 2014, "Explaining prediction models and
individual predictions with feature contributions"; Lundberg and Lee 2017, "A unified approach to interpreting
model predictions"). In every order the gains add up to the whole difference, so their means do.

The orders are those in which one can go round a circle of all families: from each of them, both ways. So a
family stands in each place equally often, and after any other family in half of the orders; and the families
that are present at any time are an arc of the circle, of which there are few: n (n - 1) + 2, not 2 ** n.

On pages of WCXB an effect, of 0.06 in the mean, is 0.006 (HTML) and 0.007 (plain text) off the exact Shapley
value in the mean, and a page takes as long as some 25 and 45 classifications.

What a user's own pages have taught a model (`Model.correction`) is a family of its own: absent, it corrects
nothing; present, it adds to the log-odds what it adds on the real page.

It is the model that is explained: an effect says what moved the probability, not what is true of the page.
"""

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.errors import ExplanationError
from classifier.features.arrays import Floats
from classifier.features.matrix import FAMILIES, Measured, column_names, measure_page
from classifier.features.titles import FAMILY_TITLES, in_words
from classifier.model import CORRECTION, Model, logit
from classifier.segment import Segments

__all__ = ["Evidence", "Explanation", "Influence", "explain_page"]

Gains = npt.NDArray[np.float64]

MAX_EVIDENCE: Final = 3
# An effect below this is shown as 0.00, and nobody asks what is behind it.
NOTICEABLE: Final = 0.005
# Rows that the trees are asked about together: as many floats take a few megabytes.
_ROWS: Final = 4096


@dataclass(frozen=True, slots=True)
class Evidence:
    """The value of a feature that pushes as its family does."""

    name: str
    """The feature's column, as in `Page.feature_names`."""
    value: float
    median: float
    """Median of the training blocks."""
    text: str
    """Both in plain words, such as `link density 0.92, usually 0.10`."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What a family of features does to a block's probability."""

    family: str
    """The family's name, such as `links`."""
    title: str
    """What the family looks at, in plain words."""
    effect: float
    """Change of the probability: above 0 towards content, below 0 towards clutter."""
    evidence: tuple[Evidence, ...]
    """At most three values that push the same way, the strongest first; none where the effect is tiny."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a block has its probability: `baseline` and the effects of all families add up to it."""

    probability: float
    """The block's probability of content."""
    baseline: float
    """What it would be if all features of all blocks of the page had their usual value."""
    influences: tuple[Influence, ...]
    """All families, the largest effect first, whichever way it points."""

    def __str__(self) -> str:
        return "\n".join((f"{self.probability:.2f} (a typical block: {self.baseline:.2f})", *self.lines()))

    def lines(self, most: int | None = None) -> list[str]:
        """The influences that are noticeable, a line each, and what the others amount to together.

        Args:
            most: show only so many, the strongest.
        """
        shown = [one for one in self.influences if abs(one.effect) >= NOTICEABLE][:most]
        others = math.fsum(one.effect for one in self.influences[len(shown) :])
        rows = [(one.effect, one.title, "; ".join(each.text for each in one.evidence)) for one in shown]
        if abs(others) >= NOTICEABLE:
            rows.append((others, "all others", ""))
        width = max((len(title) for _, title, _ in rows), default=0)
        return [f"{effect:+.2f}  {title:{width}}  {behind}".rstrip() for effect, title, behind in rows]


def explain_page(model: Model, segments: Segments, probabilities: Floats) -> tuple[Explanation, ...]:
    """An explanation a block.

    Args:
        model: that judged the page.
        segments: the page's blocks, at least one.
        probabilities: that the model gave them; shape (blocks,).

    Raises:
        ExplanationError: the model has no training medians, or not one a feature.
    """
    measured = measure_page(segments)
    case = _Case(model, measured, model.matrix(measured), _medians(model))
    baseline, effects = case.effects(probabilities)
    influences = case.influences(effects, case.pulls(effects))
    return tuple(map(Explanation, probabilities.tolist(), baseline.tolist(), influences))


def _medians(model: Model) -> Floats:
    width = len(column_names(model.kind))
    if model.medians is None:
        raise ExplanationError(
            "the model does not know what is usual, having no medians of its training blocks: fit it anew, "
            "or give it some (Model.medians)"
        )
    if model.medians.shape != (width,):
        raise ExplanationError(f"the model has medians of shape {model.medians.shape}, not ({width},)")
    return model.medians.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Case:
    """A page before its judge. It has n blocks, and the model f families of features."""

    model: Model
    measured: Measured
    matrix: Floats
    """Shape (n, columns)."""
    medians: Floats
    """Shape (columns,)."""

    @property
    def names(self) -> tuple[str, ...]:
        """The families, in order; the correction, if there is one, behind those of the matrix."""
        own = () if self.model.correction is None else (CORRECTION,)
        return (*FAMILIES[self.model.kind], *own)

    @property
    def family(self) -> npt.NDArray[np.int64]:
        """Index of each column's family; shape (columns,)."""
        sizes = [len(columns) for columns in FAMILIES[self.model.kind].values()]
        return np.repeat(np.arange(len(sizes)), sizes)

    def effects(self, whole: Floats) -> tuple[Gains, Gains]:
        """The blocks' baseline, shape (n,), and what each family adds to it; shape (n, f).

        Args:
            whole: probabilities of the page as it is, shape (n,).
        """
        f = len(self.names)
        nothing = self._with([])
        # Keyed by its first family and its length: an arc of the circle of families.
        arcs = {(first, 0): nothing for first in range(f)} | {
            (first, f): whole.astype(np.float64) for first in range(f)
        }
        for first, size in product(range(f), range(1, f)):
            arcs[first, size] = self._with([(first + step) % f for step in range(size)])
        gains = np.zeros((len(whole), f))
        for first, size in product(range(f), range(f)):
            longer = arcs[first, size + 1]
            # One way round its last family came in last, the other way its first one.
            gains[:, (first + size) % f] += longer - arcs[first, size]
            gains[:, first] += longer - arcs[(first + 1) % f, size]
        return nothing, gains / (2 * f)

    def _with(self, present: list[int]) -> Gains:
        """The blocks' probabilities if only some families were told; shape (n,)."""
        told = np.where(np.isin(self.family, present), self.matrix, self.medians)
        corrected = len(FAMILIES[self.model.kind]) in present
        model = self.model if corrected else replace(self.model, correction=None)
        return model.probabilities(self.measured, told).astype(np.float64)

    def pulls(self, effects: Gains) -> Floats:
        """How much each value pushes the way its family does, if that is noticeable; shape (n, columns).

        It is what the trees' log-odds lose if that value alone is replaced by its median. This only chooses
        which values are shown, so the trees answer for the whole model: to them each block is a row of its
        own, and the page need not be judged anew for every feature.
        """
        side = np.where(np.abs(effects) >= NOTICEABLE, np.sign(effects), 0)[:, self.family]
        rows, columns = np.nonzero(side * (self.matrix != self.medians))
        pulls = np.zeros(self.matrix.shape, np.float32)
        if len(rows):
            before = self._log_odds(self.matrix)
        for start in range(0, len(rows), _ROWS):
            row, column = rows[start : start + _ROWS], columns[start : start + _ROWS]
            changed = self.matrix[row]
            changed[np.arange(len(row)), column] = self.medians[column]
            pulls[row, column] = before[row] - self._log_odds(changed)
        return (pulls * side).astype(np.float32)

    def _log_odds(self, matrix: Floats) -> npt.NDArray[np.floating]:
        """What the trees alone say; shape (rows,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            p = self.model.trees.predict_proba(matrix)[:, 1]
        return logit(np.nan_to_num(p, nan=0.5))

    def influences(self, effects: Gains, pulls: Floats) -> list[tuple[Influence, ...]]:
        """The influences on each block, the largest effect first."""
        evidence = [self._strongest(pulls, index) for index in range(len(self.names))]
        found = []
        for row, gains in enumerate(effects.tolist()):
            all_of_row = [
                Influence(name, FAMILY_TITLES[name], gain, evidence[index][row])
                for index, (name, gain) in enumerate(zip(self.names, gains, strict=True))
            ]
            found.append(tuple(sorted(all_of_row, key=lambda one: -abs(one.effect))))
        return found

    def _strongest(self, pulls: Floats, family: int) -> list[tuple[Evidence, ...]]:
        """What is shown of a family, block by block: the values that pull most, if they do at all."""
        columns = np.flatnonzero(self.family == family)
        order = columns[np.argsort(-pulls[:, columns], axis=1, kind="stable")[:, :MAX_EVIDENCE]]
        pull = np.take_along_axis(pulls, order, axis=1)
        value = np.take_along_axis(self.matrix, order, axis=1)
        rows = zip(order.tolist(), pull.tolist(), value.tolist(), strict=True)
        return [
            tuple(self._evidence(one, v) for one, p, v in zip(*row, strict=True) if p > 0) for row in rows
        ]

    def _evidence(self, column: int, value: float) -> Evidence:
        kind, median = self.model.kind, float(self.medians[column])
        name = column_names(kind)[column]
        return Evidence(name, value, median, in_words(kind, name, value, median))
