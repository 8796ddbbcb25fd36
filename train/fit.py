"""Fit the parts of a model, and cross-validate them with nothing seen that is judged.

A model is a lexicon, an ensemble of trees, a network over the sequence of blocks, and a page-type model.
All are fitted out of fold: a page's lexical features never come from a lexicon that counted its site,
and no part that judges a page has seen a page of its site.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from classifier.features.arrays import Floats
from classifier.features.lexical import Lexicon
from classifier.model import Model, calibrate, logit
from classifier.pagetype import PageTypes
from classifier.segment import Kind
from train.ensemble import Ensemble, fit_ensemble
from train.errors import CorpusError
from train.folds import folds
from train.lexicon import Sample, fit_lexicon, foreign_evidence, sample_page
from train.pagetype import TypedPage, fit_page_types
from train.phrases import phrase_samples
from train.table import LabelledPage, Table
from train.weights import page_weights

__all__ = ["CrossValidation", "Fit", "FitConfig", "OutOfFold", "cross_validate", "fit"]

N_FOLDS: Final = 5
WORKERS: Final = 2


# Rounds, learning rate and leaves, by grouped cross-validation on WCXB. On HTML, slower learning over twice
# the rounds gains nothing (word F1 0.8753 against 0.8774, a difference of three pages) and costs twice the
# time on every page. On plain text 120 rounds did as well in the mean (0.8415 against 0.8405), yet cut a
# paragraph of the seed page.
_BOOSTING: Final[dict[Kind, dict[str, float]]] = {
    "html": {"max_iter": 150, "learning_rate": 0.1, "max_leaf_nodes": 31},
    "text": {"max_iter": 300, "learning_rate": 0.05, "max_leaf_nodes": 31},
}


def _forest(kind: Kind, seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        **_BOOSTING[kind],
        min_samples_leaf=40,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How to fit. The estimators were chosen by grouped cross-validation on WCXB; phrases and strange
    languages are there for other languages than WCXB's, and cost nothing on it."""

    estimator: ClassifierMixin | None = None
    """Any scikit-learn classifier with `predict_proba` and `sample_weight`, or a pipeline that ends in
    one; None: gradient boosting (`HistGradientBoostingClassifier`)."""
    network: bool = True
    """Whether a network over the sequence of blocks has half of the say."""
    phrases: bool = True
    """Whether the lexicon learns the phrases of many languages that come with this package."""
    foreign_share: float = 0.25
    """Share of the pages that are learnt from a second time as if in a language never seen."""
    seed: int = 0
    progress: bool = True

    def fresh(self, kind: Kind) -> Any:
        """A fresh, unfitted estimator for a kind of page."""
        return _forest(kind, self.seed) if self.estimator is None else clone(self.estimator)


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """Out-of-fold answers for every page of a table."""

    fold: npt.NDArray[np.int64]
    """Fold of each page; shape (pages,)."""
    probabilities: list[Floats]
    """Calibrated probability of each block, an array a page."""
    types: list[str]
    """Most likely type of each page; empty where no type is known."""


Key = frozenset[int]
NOTHING: Final[Key] = frozenset()
EACH_FOLD: Final[tuple[Key, ...]] = tuple(frozenset({fold}) for fold in range(N_FOLDS))


class OutOfFold:
    """Lexicons and ensembles fitted without some folds, each once.

    Of the pages whose labels hold it learns from all, or from those whose indices `only` holds.
    """

    def __init__(self, table: Table, config: FitConfig, only: Collection[int] | None = None) -> None:
        try:
            self.fold = folds(table.sites, N_FOLDS, config.seed)
        except ValueError as error:
            raise CorpusError(
                f"the table has too few sites, out-of-fold training needs {N_FOLDS} at least: {error}"
            ) from error
        self.table = table
        self.config = config
        self.samples: dict[int, Sample] = {
            i: sample_page(page.measured.evidence, page.share, page.label, page_weights(page), page.weight)
            for i, page in enumerate(table.pages)
            if page.trainable and (only is None or i in only)
        }
        self.phrases = phrase_samples() if config.phrases else []
        draw = np.random.default_rng(config.seed).random(len(table))
        self.foreign = {i for i in self.samples if draw[i] < config.foreign_share}
        self._lexicons: dict[Key, Lexicon] = {}
        self.ensembles: dict[Key, Ensemble] = {}

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

    def prepare(self, keys: Sequence[Key]) -> None:
        """Fit all lexicons, and the ensembles without some folds.

        Two at a time, each on one core: that takes half the time of one at a time on both, whose
        threads wait for each other after every split.
        """
        self.prepare_lexicons()
        bar = tqdm(
            total=len(keys), desc=f"fit {self.table.kind}", unit=" models", disable=not self.config.progress
        )
        with bar, threadpool_limits(limits=1, user_api="blas"):
            found = Parallel(n_jobs=WORKERS, prefer="threads")(
                delayed(self._fit_ensemble)(key, bar) for key in keys
            )
        self.ensembles.update(zip(keys, found, strict=True))

    def prepare_lexicons(self) -> None:
        """Fit the lexicons without no fold, one fold, and two folds."""
        keys = [frozenset(some) for size in (0, 1, 2) for some in combinations(range(N_FOLDS), size)]
        lexicons = Parallel(n_jobs=WORKERS, prefer="threads")(delayed(self._fit_lexicon)(key) for key in keys)
        self._lexicons.update(zip(keys, lexicons, strict=True))

    def _fit_ensemble(self, without: Key, bar: "tqdm[NoReturn]") -> Ensemble:
        matrices, pages = self.lessons(without)
        config = self.config
        forest = config.fresh(self.table.kind)
        found = fit_ensemble(forest, matrices, pages, network=config.network, seed=config.seed)
        bar.update()
        return found

    def lessons(self, without: Key) -> tuple[list[Floats], list[LabelledPage]]:
        """Pages to learn from and their features; some come a second time, as in a strange language."""
        chosen = self.pages(without)
        foreign = [page for page in chosen if page in self.foreign]
        matrices = [self.matrix(page, without) for page in chosen]
        matrices += [self.matrix(page, without, foreign=True) for page in foreign]
        return matrices, [self.table.pages[i] for i in chosen + foreign]

    def _fit_lexicon(self, without: Key) -> Lexicon:
        pages = [self.samples[i] for i in self.pages(without)]
        return fit_lexicon([*pages, *self.phrases], self.config.seed)

    def matrix(self, page: int, without: Key, *, foreign: bool = False) -> Floats:
        """Features of a page in the eyes of models fitted without some folds and its own."""
        lexicon = self.lexicon(without | {int(self.fold[page])})
        measured = self.table.pages[page].measured
        evidence = foreign_evidence(measured.evidence, page) if foreign else measured.evidence
        return np.concatenate((measured.base, lexicon.columns(evidence)), axis=1)

    def medians(self) -> Floats:
        """Median of each feature over the blocks that models are fitted on; shape (columns,).

        The lower one of two in the middle, so that a tag's code is that of a tag.
        """
        seen = np.concatenate([self.matrix(page, NOTHING) for page in self.pages(NOTHING)])
        found: Floats = np.percentile(seen, 50, axis=0, method="lower", overwrite_input=True)
        return found.astype(np.float32)

    def judged(self, fold: int) -> tuple[list[int], list[Floats]]:
        """The pages of a fold that have blocks, and their features in the eyes of models without it."""
        at = [i for i in np.flatnonzero(self.fold == fold).tolist() if self.table.pages[i].texts]
        return at, [self.matrix(page, frozenset({fold})) for page in at]

    def unseen(self, fold: int) -> dict[int, Floats]:
        """Probabilities, not calibrated, for the pages of a fold by an ensemble fitted without it."""
        at, matrices = self.judged(fold)
        ensemble = self.ensembles[frozenset({fold})]
        found = ensemble.probabilities(matrices, [self.table.pages[i] for i in at])
        return dict(zip(at, found, strict=True))

    def typed(self, page: int, p: Floats, without: Key) -> TypedPage:
        """A page as the page-type model sees it."""
        one = self.table.pages[page]
        return TypedPage(one.page_type, self.matrix(page, without), p, one.measured.evidence.words)


def cross_validate(table: Table, config: FitConfig | None = None) -> CrossValidation:
    """Probabilities for each page by models that saw nothing of its site, not even indirectly.

    Only the two numbers of the calibration curve, and what the page-type model is told of the other
    pages' content, come from the other folds' probabilities, whose models did see the site.

    Args:
        table: labelled pages of one kind.
        config: how to fit; the default if left out.

    Raises:
        CorpusError: pages of fewer than five sites, or blocks of one label only.
    """
    parts = OutOfFold(table, config or FitConfig())
    parts.prepare(EACH_FOLD)
    return _cross_validate(parts)[0]


def _cross_validate(parts: OutOfFold) -> tuple[CrossValidation, tuple[float, float]]:
    raw: list[Floats] = [np.zeros(0, np.float32)] * len(parts.table)
    for fold in range(N_FOLDS):
        for page, p in parts.unseen(fold).items():
            raw[page] = p
    pages = parts.table.pages
    calibrated: list[Floats] = list(raw)
    for k in range(N_FOLDS):
        others = [i for i in range(len(pages)) if parts.fold[i] != k]
        curve = _fit_calibration([raw[i] for i in others], [pages[i] for i in others])
        for page in np.flatnonzero(parts.fold == k).tolist():
            calibrated[page] = calibrate(raw[page], curve)
    whole = _fit_calibration(raw, pages)
    return CrossValidation(parts.fold, calibrated, _unseen_types(parts, calibrated)), whole


def _fit_types(parts: OutOfFold, p: Sequence[Floats], without: Key) -> PageTypes | None:
    """The page-type model of the pages in none of the folds."""
    return fit_page_types([parts.typed(i, p[i], without) for i in parts.pages(without)])


def _unseen_types(parts: OutOfFold, p: Sequence[Floats]) -> list[str]:
    """Most likely type of each page, by a model that saw no page of its site."""
    found = [""] * len(parts.table)
    for k in range(N_FOLDS):
        without = frozenset({k})
        types = _fit_types(parts, p, without)
        if types is None:
            continue
        for page in np.flatnonzero(parts.fold == k).tolist():
            one = parts.typed(page, p[page], without)
            found[page] = types.most_likely(one.matrix, one.p, one.words)[0]
    return found


def _fit_calibration(probabilities: Sequence[Floats], pages: Sequence[LabelledPage]) -> tuple[float, float]:
    """Slope and intercept on the logit under which blocks, each counted once, are calibrated."""
    chosen = [i for i, page in enumerate(pages) if page.trainable]
    odds = logit(np.concatenate([probabilities[i] for i in chosen]))
    y = np.concatenate([pages[i].label for i in chosen])
    curve = LogisticRegression(C=1e6).fit(odds[:, None], y)
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

    Args:
        table: labelled pages of one kind.
        config: how to fit; the default if left out.

    Returns:
        The model, and the out-of-fold probabilities that its calibration comes from.

    Raises:
        CorpusError: pages of fewer than five sites, or blocks of one label only.
    """
    config = config or FitConfig()
    parts = OutOfFold(table, config)
    parts.prepare([NOTHING, *EACH_FOLD])
    validation, calibration = _cross_validate(parts)
    model = Model(
        kind=table.kind,
        lexicon=parts.lexicon(NOTHING),
        trees=parts.ensembles[NOTHING].trees,
        network=parts.ensembles[NOTHING].network,
        calibration=calibration,
        types=_fit_types(parts, validation.probabilities, NOTHING),
        medians=parts.medians(),
    )
    return Fit(model, validation, config.seed)
