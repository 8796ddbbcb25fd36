"""Fit the two stages and their lexicon, and cross-validate them with nothing seen that is judged.

All that is fitted is fitted out of fold: a page's lexical features never come from a lexicon that
counted its site, and the second stage never sees a first-stage probability of a model that was
trained on the page's site (Wolpert 1992, "Stacked generalization").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from classifier.features.arrays import Floats
from classifier.features.lexical import Lexicon
from classifier.model import Model, calibrate, second_stage_matrix
from train.errors import CorpusError
from train.folds import folds
from train.lexicon import Sample, fit_lexicon, sample_page
from train.table import LabelledPage, Table

__all__ = ["CrossValidation", "Fit", "FitConfig", "cross_validate", "fit"]

N_FOLDS: Final = 5
WORKERS: Final = 2
# Every page weighs the same, and within it a block by this power of its words: plain counts let
# one long paragraph decide, equal weights let the menus.
WORD_POWER: Final = 0.5


def _forest(seed: int, leaves: int, rounds: int, rate: float) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=40,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How to fit. The defaults were chosen by grouped cross-validation on WCXB.

    Any scikit-learn classifier with `predict_proba` and `sample_weight`, or a pipeline that ends in
    one, can take either stage.
    """

    first: ClassifierMixin | None = None
    """Estimator of the first stage; None: gradient boosting (`HistGradientBoostingClassifier`)."""
    second: ClassifierMixin | None = None
    two_stages: bool = False
    seed: int = 0
    progress: bool = True

    def estimator(self, stage: int) -> Any:
        """A fresh, unfitted estimator of the first (1) or the second (2) stage."""
        chosen = self.first if stage == 1 else self.second
        if chosen is not None:
            return clone(chosen)
        if stage == 1:
            return _forest(self.seed, leaves=31, rounds=300, rate=0.05)
        return _forest(self.seed + 1, leaves=15, rounds=100, rate=0.05)


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """Out-of-fold probabilities of every page of a table."""

    fold: npt.NDArray[np.int64]
    """Fold of each page; shape (pages,)."""
    probabilities: list[Floats]
    """Calibrated probability of each block, an array a page."""
    first: list[Floats] = field(default_factory=list)
    """The same of the first stage alone, not calibrated."""


Key = frozenset[int]


class _Folds:
    """Lexicons and first stages fitted without some folds, each once."""

    def __init__(self, table: Table, config: FitConfig) -> None:
        try:
            self.fold = folds(table.sites, N_FOLDS, config.seed)
        except ValueError as error:
            raise CorpusError(
                f"the table has too few sites, out-of-fold training needs {N_FOLDS} at least: {error}"
            ) from error
        self.table = table
        self.config = config
        self.samples: dict[int, Sample] = {
            i: sample_page(page.measured.evidence, page.share, page.label, page_weights(page))
            for i, page in enumerate(table.pages)
            if page.trainable
        }
        self._lexicons: dict[Key, Lexicon] = {}
        self._first: dict[Key, Any] = {}
        self.bar = tqdm(desc=f"fit {table.kind}", unit=" models", disable=not config.progress)

    def pages(self, without: Key) -> list[int]:
        """Pages to train on in none of the folds `without`."""
        chosen = [i for i in self.samples if self.fold[i] not in without]
        if not chosen:
            raise CorpusError("no page to train on is left: too few pages have their gold text on them")
        return chosen

    def lexicon(self, without: Key) -> Lexicon:
        """The lexicon of the trainable pages in none of the folds."""
        if without not in self._lexicons:
            self._lexicons[without] = self._fit_lexicon(without)
        return self._lexicons[without]

    def prepare(self) -> None:
        """Fit all lexicons and first stages that cross-validation and the final model need.

        Two at a time, each on one core: that takes half the time of one at a time on both, whose
        threads wait for each other after every split.
        """
        keys = [frozenset(some) for size in (0, 1, 2) for some in combinations(range(N_FOLDS), size)]
        lexicons = Parallel(n_jobs=WORKERS, prefer="threads")(delayed(self._fit_lexicon)(key) for key in keys)
        self._lexicons.update(zip(keys, lexicons, strict=True))
        singles = [key for key in keys if len(key) < 2]
        Parallel(n_jobs=WORKERS, prefer="threads")(delayed(self._first_on_one_core)(key) for key in singles)

    def _first_on_one_core(self, without: Key) -> None:
        with threadpool_limits(limits=1, user_api="openmp"):
            self.first(without)

    def _fit_lexicon(self, without: Key) -> Lexicon:
        return fit_lexicon([self.samples[i] for i in self.pages(without)], self.config.seed)

    def matrix(self, page: int, without: Key) -> Floats:
        """Features of a page in the eyes of models fitted without some folds and its own."""
        lexicon = self.lexicon(without | {int(self.fold[page])})
        measured = self.table.pages[page].measured
        return np.concatenate((measured.base, lexicon.columns(measured.evidence)), axis=1)

    def first(self, without: Key) -> Any:
        """The first stage fitted without some folds."""
        if without not in self._first:
            self._first[without] = self._fit(
                1, without, lambda pages: [self.matrix(page, without) for page in pages]
            )
        return self._first[without]

    def first_p(self, pages: Sequence[int], without: Key) -> dict[int, Floats]:
        """First-stage probabilities of pages, each by a model fitted without its fold as well."""
        out: dict[int, Floats] = {}
        for fold in range(N_FOLDS):
            chosen = [page for page in pages if self.fold[page] == fold]
            if chosen:
                seen_by = without | {fold}
                out |= self._predict(
                    self.first(seen_by), chosen, [self.matrix(page, seen_by) for page in chosen]
                )
        return out

    def second_matrices(self, pages: Sequence[int], without: Key) -> list[Floats]:
        """Features and surroundings of pages for the second stage."""
        first = self.first_p(pages, without)
        measured = [self.table.pages[page].measured for page in pages]
        return [
            second_stage_matrix(seen, self.matrix(page, without), first[page])
            for page, seen in zip(pages, measured, strict=True)
        ]

    def second(self, without: Key) -> Any:
        """The second stage fitted without some folds, on out-of-fold first-stage probabilities."""
        return self._fit(2, without, lambda pages: self.second_matrices(pages, without))

    def last_p(self, fold: int) -> tuple[dict[int, Floats], dict[int, Floats]]:
        """Probabilities of the first and of the last stage for the pages of a fold, unseen by both."""
        without = frozenset({fold})
        at = [i for i in np.flatnonzero(self.fold == fold).tolist() if self.table.pages[i].texts]
        first = self.first_p(at, without)
        if not self.config.two_stages:
            return first, first
        return first, self._predict(self.second(without), at, self.second_matrices(at, without))

    def _predict(self, model: Any, pages: Sequence[int], matrices: Sequence[Floats]) -> dict[int, Floats]:
        """Probabilities of several pages at once: an ensemble of many trees costs much a call."""
        if not pages:
            return {}
        p = model.predict_proba(np.concatenate(matrices))[:, 1].astype(np.float32)
        ends = np.cumsum([len(matrix) for matrix in matrices])
        return dict(zip(pages, np.split(p, ends[:-1]), strict=True))

    def _fit(self, stage: int, without: Key, matrices: Callable[[Sequence[int]], Sequence[Floats]]) -> Any:
        chosen = self.pages(without)
        pages = [self.table.pages[i] for i in chosen]
        X = np.concatenate(matrices(chosen))
        y = np.concatenate([page.label for page in pages])
        if y.all() or not y.any():
            raise CorpusError("all blocks have the same label: there is nothing to learn")
        estimator = self.config.estimator(stage)
        estimator.fit(X, y, **{_weight_name(estimator): block_weights(pages)})
        self.bar.update()
        return estimator


def _weight_name(estimator: Any) -> str:
    """How `fit` takes the weights: a pipeline hands them to its last step, under that step's name."""
    return f"{estimator.steps[-1][0]}__sample_weight" if isinstance(estimator, Pipeline) else "sample_weight"


def page_weights(page: LabelledPage) -> npt.NDArray[np.float64]:
    """Weight of each block, 1 together, so that all pages weigh the same; shape (blocks,)."""
    weight = np.maximum(page.words, 0.5) ** WORD_POWER
    weights: npt.NDArray[np.float64] = weight / weight.sum()
    return weights


def block_weights(pages: Sequence[LabelledPage]) -> npt.NDArray[np.float64]:
    """Weight of each block of several pages, 1 in the mean; shape (blocks of all pages,)."""
    weights = np.concatenate([page_weights(page) for page in pages])
    return weights * (len(weights) / len(pages))


def cross_validate(table: Table, config: FitConfig | None = None) -> CrossValidation:
    """Probabilities for each page by models that saw nothing of its site, not even indirectly.

    Only the two numbers of the calibration curve come from the other folds' probabilities, which are
    those of models that did see the site.

    Raises:
        CorpusError: pages of fewer than five sites, or blocks of one label only.
    """
    parts = _Folds(table, config or FitConfig())
    return _cross_validate(parts)[0]


def _cross_validate(parts: _Folds) -> tuple[CrossValidation, tuple[float, float]]:
    raw: list[Floats] = [np.zeros(0, np.float32)] * len(parts.table)
    first = list(raw)
    parts.prepare()
    for fold in range(N_FOLDS):
        of_first, of_last = parts.last_p(fold)
        for page, p in of_last.items():
            first[page], raw[page] = of_first[page], p
    pages = parts.table.pages
    calibrated: list[Floats] = list(raw)
    for k in range(N_FOLDS):
        others = [i for i in range(len(pages)) if parts.fold[i] != k]
        curve = _fit_calibration([raw[i] for i in others], [pages[i] for i in others])
        for page in np.flatnonzero(parts.fold == k).tolist():
            calibrated[page] = calibrate(raw[page], curve)
    whole = _fit_calibration(raw, pages)
    return CrossValidation(parts.fold, calibrated, first), whole


def _fit_calibration(probabilities: Sequence[Floats], pages: Sequence[LabelledPage]) -> tuple[float, float]:
    """Slope and intercept on the logit under which blocks, each counted once, are calibrated."""
    chosen = [i for i, page in enumerate(pages) if page.trainable]
    p = np.clip(np.concatenate([probabilities[i] for i in chosen]), 1e-6, 1 - 1e-6)
    y = np.concatenate([pages[i].label for i in chosen])
    logit = np.log(p) - np.log1p(-p)
    curve = LogisticRegression(C=1e6).fit(logit[:, None], y)
    return float(curve.coef_[0, 0]), float(curve.intercept_[0])


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted model and the cross-validation that its calibration and figures come from."""

    model: Model
    """Ready for `Classifier([model])` and `train.export`."""
    validation: CrossValidation
    seed: int


def fit(table: Table, config: FitConfig | None = None) -> Fit:
    """Fit a model on all pages of a table, and cross-validate it on the way.

    Raises:
        CorpusError: pages of fewer than five sites, or blocks of one label only.
    """
    config = config or FitConfig()
    parts = _Folds(table, config)
    validation, calibration = _cross_validate(parts)
    nothing: Key = frozenset()
    model = Model(
        kind=table.kind,
        lexicon=parts.lexicon(nothing),
        first=parts.first(nothing),
        second=parts.second(nothing) if config.two_stages else None,
        calibration=calibration,
    )
    parts.bar.close()
    return Fit(model, validation, config.seed)
