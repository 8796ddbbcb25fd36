"""Adapt a model to one's own pages: keep what it knows, and learn a small correction on top.

Five labelled pages are too few to learn from what content is, but enough to learn where a model that knows
goes wrong on them. So its log-odds stand, and a logistic regression learns what to add to them (an offset,
in the words of generalised linear models: McCullagh and Nelder 1989) from the names of the elements around
a block and from its words. An L2 penalty draws it to zero, which is the model as it was; only what stands
on two of the pages gets a weight, because nothing is known of how the rest goes from page to page.

How strong the penalty is, and whether there is a correction at all, cross-validation over the own pages
says: the model stays as it was unless a correction makes pages that it has not seen better in the mean and
none of them worse. A mean alone does not tell: over five pages it hangs on one or two long blocks.

The constants below were chosen on half of WCXB's sites of six pages and more, on its sites of four or five,
and on collections of five pages of a type from as many sites (350 draws of the pages that are labelled).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from classifier.decide import Policy, decide
from classifier.features.lexical import SHAPES, LinearWording
from classifier.model import Model, logit, shipped_model
from train.errors import CorpusError
from train.export import Provenance, export
from train.lexicon import linear_tables, name_matrix, word_matrix
from train.metrics import score
from train.table import LabelledPage, Table
from train.weights import page_weights

__all__ = ["Adapted", "adapt"]

Floats = npt.NDArray[np.float64]
Pages = Sequence[int]

MIN_PAGES: Final = 4
N_FOLDS: Final = 5
PENALTIES: Final = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
# What a correction must gain on pages that it has not seen, in mean F1.
LEAST_GAIN: Final = 0.02
# What none of these pages, or one in ten, may lose: F1, and cross-entropy of its words. Without these limits
# the other pages of a site lost up to 0.27 F1 by a correction; with them, up to 0.03.
MOST_LOST: Final = 0.01
MOST_ENTROPY: Final = 0.02
PAGES_THAT_MAY_LOSE: Final = 0.1
# Pages on which a name or word must stand to get a weight.
LEAST_PAGES: Final = 2
_ITERATIONS: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """A model adapted to pages, and what that is worth on them."""

    model: Model
    """With a correction, or as it was if none helps."""
    penalty: float | None
    """Strength of the regularisation; None: there is no correction."""
    pages: pd.DataFrame
    """A row a page: `page`, its `words`, and its word F1 by the model as it was (`before`) and by one that
    was adapted to other pages (`after`): the whole procedure, the choice of the penalty included, saw
    nothing of the page that it is judged on."""

    @property
    def figures(self) -> dict[str, float]:
        """Mean F1 over the pages, cross-validated."""
        return {
            "word F1 on own pages before adapting": float(self.pages["before"].mean()),
            "word F1 on own pages, cross-validated": float(self.pages["after"].mean()),
        }

    def report(self) -> str:
        """The comparison as a table, and in one sentence what was decided."""
        total = pd.DataFrame(
            [{"page": "mean", **self.pages[["before", "after"]].mean().to_dict()}], index=[len(self.pages)]
        )
        rows = pd.concat((self.pages[["page", "before", "after"]], total))
        gain = float((self.pages["after"] - self.pages["before"]).mean())
        said = (
            "no correction helps on pages that it has not seen: the model stays as it was"
            if self.penalty is None
            else f"adapted with penalty {self.penalty:g}; on pages not seen that changes F1 by {gain:+.3f}"
        )
        return f"word F1 before, and cross-validated after\n{rows.round(3).to_string(index=False)}\n{said}"

    def save(self, folder: Path) -> Path:
        """Write the model as `html.model` or `text.model`, with its card, into a folder; `declutter --model
        FOLDER` uses it. All that the model was trained on stays credited.

        Raises:
            ModelError: the model's estimator cannot be exported.
        """
        manifest = self.model.manifest
        learnt = [str(data["name"]) for data in manifest.get("training_data", ())]
        provenance = Provenance(
            datasets=[*learnt, *([] if self.penalty is None else ["own pages"])],
            pages=int(manifest.get("training_pages", 0)),
            seed=int(manifest.get("seed", 0)),
            figures=self.figures,
            adapted_to=len(self.pages),
        )
        return export(self.model, folder / f"{self.model.kind}.model", provenance)


def adapt(table: Table, base: Model | None = None, *, cautious: bool = True) -> Adapted:
    """Adapt a model to labelled pages, if that makes it better on pages like them.

    It takes seconds for twenty pages. The same table gives the same model.

    Args:
        table: one's own pages, four at least; pages of which the gold text is not on the page are passed
            over.
        base: the model to adapt, for pages of the table's kind; the shipped one if left out. A model that
            was adapted before is adapted anew from what it was at first.
        cautious: leave the model as it was unless a correction passes every test; else the best one is taken
            in any case, which gains more where the model is poor and may harm where it is good.

    Raises:
        CorpusError: too few pages that can be learnt from.
        ValueError: the model is for another kind of page.
    """
    base = replace(base or shipped_model(table.kind), correction=None)
    if base.kind != table.kind:
        raise ValueError(f"the model is for pages of kind {base.kind}, the table holds {table.kind}")
    pages = [page for page in table.pages if page.trainable]
    if len(pages) < MIN_PAGES:
        raise CorpusError(
            f"it takes {MIN_PAGES} labelled pages of kind {table.kind} at least, and {len(pages)} can be "
            "learnt from: label more of them with declutter inspect"
        )
    odds = [logit(base.probabilities(page.measured, base.matrix(page.measured))) for page in pages]
    own = OwnPages(pages, [one.astype(np.float64) for one in odds], cautious)
    penalty = own.best_penalty(range(len(pages)))
    model = base
    if penalty is not None:
        model = replace(base, correction=own.correction(range(len(pages)), penalty))
    return Adapted(model, penalty, own.comparison())


@dataclass(frozen=True, eq=False)
class OwnPages:
    """Pages to adapt to, as the correction sees them: m columns, each on two pages at least."""

    pages: Sequence[LabelledPage]
    odds: Sequence[Floats]
    """Log-odds that the model gives each block, an array a page."""
    cautious: bool = True

    @cached_property
    def _whole(self) -> sparse.csr_matrix:
        return sparse.vstack([_matrix(page) for page in self.pages], format="csr")

    @cached_property
    def _rows(self) -> list[sparse.csr_matrix]:
        """The columns that count, a matrix a page."""
        columns = self._whole[:, self._columns]
        ends = np.cumsum([0, *(len(page.label) for page in self.pages)])
        return [columns[start:end] for start, end in pairwise(ends)]

    @cached_property
    def _columns(self) -> npt.NDArray[np.int64]:
        """Which columns of the whole matrix count."""
        seen = np.concatenate([np.unique(_matrix(page).indices) for page in self.pages])
        column, pages = np.unique(seen, return_counts=True)
        counted: npt.NDArray[np.int64] = column[pages >= LEAST_PAGES].astype(np.int64)
        return counted

    @cached_property
    def _seen(self) -> npt.NDArray[np.bool_]:
        """Which columns stand on which page; shape (pages, m)."""
        return np.stack([np.diff(rows.tocsc().indptr) > 0 for rows in self._rows])

    def weights(self, chosen: Pages, penalty: float) -> Floats:
        """The correction learnt from some pages; shape (m,)."""
        use = np.flatnonzero(self._seen[list(chosen)].sum(axis=0) >= LEAST_PAGES)
        X = sparse.vstack([self._rows[i] for i in chosen], format="csr")[:, use]
        sign = np.where(np.concatenate([self.pages[i].label for i in chosen]), 1.0, -1.0)
        offset = np.concatenate([self.odds[i] for i in chosen])
        weight = np.concatenate([page_weights(self.pages[i]) for i in chosen])

        def objective(v: Floats) -> tuple[float, Floats]:
            margin = sign * (offset + X @ v)
            loss = weight @ np.logaddexp(0, -margin) + penalty / 2 * (v @ v)
            return float(loss), X.T @ (-weight * sign * expit(-margin)) + penalty * v

        start = np.zeros(len(use))
        found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
        out = np.zeros(len(self._columns))
        out[use] = found.x
        return out

    def correction(self, chosen: Pages, penalty: float) -> LinearWording:
        """The same as a part of a model, rounded as a model file keeps it."""
        whole = np.zeros(self._whole.shape[1], np.float32)
        whole[self._columns] = self.weights(chosen, penalty)
        size = word_matrix(self.pages[0].measured.evidence).shape[1]
        tables = linear_tables(whole[:size], whole[size:] if len(whole) > size else None)
        shapes = {one.name: SHAPES[one.name] for one in fields(LinearWording)}
        return LinearWording(
            **{
                name: tables.get(name, np.zeros(shape)).reshape(shape).astype(np.float16).astype(np.float32)
                for name, shape in shapes.items()
            }
        )

    def best_penalty(self, chosen: Pages) -> float | None:
        """The penalty under which pages not seen fit best; None if that does not help."""
        before = self._measured(chosen, {i: self.odds[i] for i in chosen})
        change = {
            penalty: self._measured(chosen, self._unseen(chosen, penalty)) - before for penalty in PENALTIES
        }
        best = min(PENALTIES, key=lambda penalty: change[penalty][:, 1].mean())
        f1, entropy = change[best].T
        lost = (f1 < -MOST_LOST) | (entropy > MOST_ENTROPY)
        helps = f1.mean() >= LEAST_GAIN and entropy.mean() < 0 and lost.mean() <= PAGES_THAT_MAY_LOSE
        return best if helps or not self.cautious else None

    def _measured(self, chosen: Pages, odds: Mapping[int, Floats]) -> Floats:
        """F1 of each page if its blocks had these log-odds, and cross-entropy of its words; shape (pages,
        2)."""
        return np.array([(self.f1(i, odds[i]), self._entropy(i, odds[i])) for i in chosen])

    def _unseen(self, chosen: Pages, penalty: float) -> dict[int, Floats]:
        """Corrected log-odds of each page by what was learnt from the others."""
        found: dict[int, Floats] = {}
        for held, rest in _folds(chosen):
            weights = self.weights(rest, penalty)
            found |= {i: self.odds[i] + self._rows[i] @ weights for i in held}
        return found

    def comparison(self) -> pd.DataFrame:
        """F1 of each page before and after adapting to the others."""
        after = {}
        for held, rest in _folds(range(len(self.pages))):
            penalty = self.best_penalty(rest) if len(rest) >= LEAST_PAGES else None
            for i in held:
                learnt = 0.0 if penalty is None else self._rows[i] @ self.weights(rest, penalty)
                after[i] = self.f1(i, self.odds[i] + learnt)
        return pd.DataFrame(
            {
                "page": page.id,
                "words": int(page.words.sum()),
                "before": self.f1(i, self.odds[i]),
                "after": after[i],
            }
            for i, page in enumerate(self.pages)
        )

    def f1(self, page: int, odds: Floats) -> float:
        """Word F1 of a page if its blocks had these log-odds."""
        one = self.pages[page]
        keep = decide(expit(odds).astype(np.float32), one.measured.evidence.words, Policy()).keep
        return score(one.kept(keep), one.gold).f1

    def _entropy(self, page: int, odds: Floats) -> float:
        one = self.pages[page]
        weight = np.maximum(one.words, 1)
        return float(weight @ np.logaddexp(0, np.where(one.label, -odds, odds)) / weight.sum())


def _matrix(page: LabelledPage) -> sparse.csr_matrix:
    evidence = page.measured.evidence
    words = word_matrix(evidence)
    if not len(evidence.identity):
        return words
    return sparse.hstack((words, name_matrix(evidence)), format="csr")


def _folds(chosen: Pages) -> list[tuple[list[int], list[int]]]:
    """Some pages held out, and the others, so that each is held out once; at most `N_FOLDS` times."""
    some = min(N_FOLDS, len(chosen))
    return [
        (
            [i for at, i in enumerate(chosen) if at % some == k],
            [i for at, i in enumerate(chosen) if at % some != k],
        )
        for k in range(some)
    ]
