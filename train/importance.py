"""What the features tell: what is lost on unseen pages where their values are shuffled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from classifier.features.arrays import Floats
from classifier.features.matrix import FAMILIES, column_families, column_names
from train.ablate import page_scores, small_forest
from train.ensemble import fit_ensemble
from train.errors import CorpusError
from train.fit import FitConfig, OutOfFold
from train.forest import as_forest
from train.metrics import average_precision, bootstrap_interval
from train.table import Table

__all__ = ["Importance", "permutation_importance"]

REPEATS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """What shuffling costs."""

    pages: int
    """How many were judged."""
    f1: float
    """Mean word F1 of these pages with nothing shuffled."""
    average_precision: float
    """Of their blocks, weighted by words, with nothing shuffled."""
    families: pd.DataFrame
    """One row a family, indexed by it, the largest loss first: `loss` in mean word F1 where all its columns
    are shuffled together, with its 95 % bootstrap interval over pages, `loss_low` and `loss_high`."""
    features: pd.DataFrame
    """One row a feature, indexed by it, the largest loss first: its `family`, and the `loss` in average
    precision where it alone is shuffled, the mean over repeats, with the least and the most of them,
    `loss_low` and `loss_high`."""


def permutation_importance(
    table: Table,
    judged: Sequence[int],
    *,
    fold: int = 0,
    repeats: int = REPEATS,
    seed: int = 0,
    progress: bool = True,
) -> Importance:
    """Shuffle families and features among the blocks of pages that were not learnt from.

    Source: Breiman 2001, "Random Forests", section 10. What is judged are the trees of
    `train.ablate.small_forest`, fitted once without the fold. Features that say nearly the same stand in
    for one another, so that each of them seems to matter little; their family is shuffled as a whole.

    Args:
        table: at least five sites.
        judged: indices of the pages that may be judged.
        fold: the one whose pages are judged.
        repeats: how often each is shuffled.
        seed: draws the folds and the orders.
        progress: show a bar.

    Raises:
        CorpusError: too few pages to learn from.
    """
    case = _fitted(table, judged, fold, seed)
    by_family, by_feature = _losses(case, repeats, progress)
    return Importance(
        pages=len(case.at),
        f1=float(case.f1.mean()),
        average_precision=case.average_precision,
        families=_sorted(by_family, "family"),
        features=_sorted(by_feature, "feature"),
    )


def _losses(case: "_Case", repeats: int, progress: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    kind = case.table.kind
    families = np.array(list(column_families(kind).values()))
    bar = tqdm(
        desc=f"importance {kind}",
        total=len(FAMILIES[kind]) + len(families),
        unit=" features",
        disable=not progress,
    )
    with bar:
        by_family = {}
        for name in FAMILIES[kind]:
            by_family[name] = _loss_of_f1(case, np.flatnonzero(families == name), repeats)
            bar.update()
        by_feature = {}
        for column, name in enumerate(column_names(kind)):
            loss = _loss_of_precision(case, column, repeats)
            by_feature[name] = {"family": families[column], **loss}
            bar.update()
    return by_family, by_feature


def _loss_of_f1(case: "_Case", columns: npt.NDArray[np.int64], repeats: int) -> dict[str, float]:
    losses = [case.f1 - case.f1_of(rows) for rows in case.shuffled(columns, repeats)]
    mean = np.mean(losses, axis=0).astype(np.float64)
    low, high = bootstrap_interval(mean, case.seed)
    return {"loss": float(mean.mean()), "loss_low": low, "loss_high": high}


def _loss_of_precision(case: "_Case", column: int, repeats: int) -> dict[str, float]:
    losses = [
        case.average_precision - case.average_precision_of(rows)
        for rows in case.shuffled(np.array([column]), repeats)
    ]
    return {"loss": float(np.mean(losses)), "loss_low": min(losses), "loss_high": max(losses)}


def _sorted(rows: dict[str, dict[str, Any]], name: str) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis(name)
    return frame.sort_values("loss", ascending=False, kind="stable")


@dataclass(frozen=True)
class _Case:
    """Pages of one fold, and trees that have not seen it."""

    table: Table
    trees: Any
    at: list[int]
    """Indices of the pages, those without blocks left out."""
    rows: Floats
    """Features of all their blocks; shape (blocks, columns)."""
    seed: int

    @cached_property
    def f1(self) -> Floats:
        """Of each page as it is; shape (pages,)."""
        return self.f1_of(self.rows)

    @cached_property
    def average_precision(self) -> float:
        """Of the blocks as they are."""
        return self.average_precision_of(self.rows)

    def shuffled(self, columns: npt.NDArray[np.int64], repeats: int) -> Iterator[Floats]:
        """The rows with these columns of other blocks, in one order for all of them."""
        for repeat in range(repeats):
            order = np.random.default_rng([self.seed, repeat, int(columns[0])]).permutation(len(self.rows))
            rows = self.rows.copy()
            rows[:, columns] = self.rows[np.ix_(order, columns)]
            yield rows

    def f1_of(self, rows: Floats) -> Floats:
        """Word F1 of each page under other features; shape (pages,)."""
        ends = np.cumsum([len(self.table.pages[i].texts) for i in self.at])
        p = np.split(self._p(rows), ends[:-1])
        return page_scores(self.table, self.at, dict(zip(self.at, p, strict=True)))

    def average_precision_of(self, rows: Floats) -> float:
        """Of all blocks under other features, weighted by words."""
        pages = [self.table.pages[i] for i in self.at]
        labels, words = ([getattr(page, name) for page in pages] for name in ("label", "words"))
        return average_precision(self._p(rows), np.concatenate(labels), np.concatenate(words))

    def _p(self, rows: Floats) -> Floats:
        p: Floats = self.trees.predict_proba(rows)[:, 1].astype(np.float32)
        return p


def _fitted(table: Table, judged: Sequence[int], fold: int, seed: int) -> _Case:
    parts = OutOfFold(table, FitConfig(network=False, seed=seed, progress=False))
    matrices, pages = parts.lessons(frozenset({fold}))
    trees = fit_ensemble(small_forest(seed), matrices, pages, network=False, seed=seed).trees
    among = set(judged)
    held = [(i, matrix) for i, matrix in zip(*parts.judged(fold), strict=True) if i in among]
    if not held:
        raise CorpusError(f"no page of fold {fold} has blocks: there is nothing to judge")
    return _Case(
        table, as_forest(trees) or trees, [i for i, _ in held], np.concatenate([m for _, m in held]), seed
    )
