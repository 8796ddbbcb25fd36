"""The trainer as scikit-learn knows estimators: `clone`, `Pipeline` and `GridSearchCV` work with it.

A sample is a page of a table, `X = table.pages`, because that is what a model judges and what F1 is of:

    search = GridSearchCV(PageClassifier(network=False), grid, cv=SiteFolds(), scoring=word_f1)
    search.fit(table.pages, groups=table.sites)

For classifiers that take a row a block there is `X, y, groups = table.blocks()`, without the wording
features, which have to be learnt from the pages that are trained on.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from classifier.features.arrays import Floats
from train.evaluate import evaluate_probabilities
from train.fit import FitConfig, fit
from train.folds import folds
from train.metrics import average_precision
from train.table import LabelledPage, Table

__all__ = ["PageClassifier", "SiteFolds", "block_average_precision", "word_f1"]


class PageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """`train.fit.fit` as an estimator. Parameters are those of `FitConfig`.

    It fits six models, five of them for the calibration, so `network=False` or a small `estimator` keeps a
    search short. Fitted, it has `model_` for `Classifier([model_])`, `validation_` with the out-of-fold
    probabilities of the pages that it was fitted on, and `classes_`.
    """

    def __init__(
        self,
        estimator: Any = None,
        network: bool = True,
        phrases: bool = True,
        foreign_share: float = 0.25,
        seed: int = 0,
    ) -> None:
        self.estimator = estimator
        self.network = network
        self.phrases = phrases
        self.foreign_share = foreign_share
        self.seed = seed

    def fit(self, X: Sequence[LabelledPage], y: object = None) -> "PageClassifier":
        """Fit on the pages of a table, whose labels they bring along; `y` is not looked at.

        Raises:
            CorpusError: pages of fewer than five sites, or blocks of one label only.
            ValueError: there is no page.
        """
        if not len(X):
            raise ValueError("there is no page to fit on")
        found = fit(_table(X), FitConfig(**self.get_params(deep=False), progress=False))
        self.model_, self.validation_ = found.model, found.validation
        self.classes_ = np.array([False, True])
        return self

    def predict_proba(self, X: Sequence[LabelledPage]) -> list[npt.NDArray[np.floating]]:
        """Calibrated probabilities of clutter and content of the blocks; an array of shape (blocks, 2) a
        page.

        Raises:
            NotFittedError: it was not fitted.
        """
        check_is_fitted(self, "model_")
        return [np.stack((1 - p, p), axis=1) for p in map(self._probabilities, X)]

    def predict(self, X: Sequence[LabelledPage]) -> list[npt.NDArray[np.bool_]]:
        """Whether each block is rather content than clutter; an array of shape (blocks,) a page."""
        return [p[:, 1] >= 0.5 for p in self.predict_proba(X)]

    def score(self, X: Sequence[LabelledPage], y: object = None) -> float:
        """Mean word F1 of the pages."""
        return word_f1(self, X)

    def _probabilities(self, page: LabelledPage) -> Floats:
        if not page.texts:
            return np.zeros(0, np.float32)
        return self.model_.probabilities(page.measured, self.model_.matrix(page.measured))


class SiteFolds:
    """Splits by site, as `cv` of `GridSearchCV` and the like: no site is on both sides of a split."""

    def __init__(self, n_splits: int = 5, seed: int = 0) -> None:
        self.n_splits = n_splits
        self.seed = seed

    def split(
        self, X: Sequence[object], y: object = None, groups: Sequence[str] | None = None
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Indices to train on and to judge on, split by split.

        Args:
            groups: the site of each sample, `table.sites`; shape (samples,).

        Raises:
            ValueError: there are no groups, or fewer sites than splits.
        """
        if groups is None:
            raise ValueError("SiteFolds needs the site of each sample: pass groups=table.sites")
        fold = folds(list(groups), self.n_splits, self.seed)
        for k in range(self.n_splits):
            yield np.flatnonzero(fold != k), np.flatnonzero(fold == k)

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """How many splits there are."""
        return self.n_splits


def word_f1(estimator: Any, X: Sequence[LabelledPage], y: object = None) -> float:
    """Scorer: mean word F1 of the pages, decided as `classify` does.

    Args:
        estimator: fitted, with a `predict_proba` like that of `PageClassifier`.
        X: pages of a table, which bring their labels along.
        y: not looked at.
    """
    return evaluate_probabilities(_table(X), _content(estimator, X)).f1


def block_average_precision(estimator: Any, X: Sequence[LabelledPage], y: object = None) -> float:
    """Scorer: area under the precision-recall curve of all blocks, each weighed by its words.

    Args:
        estimator: fitted, with a `predict_proba` like that of `PageClassifier`.
        X: pages of a table, which bring their labels along.
        y: not looked at.
    """
    labels, words = (np.concatenate([getattr(page, name) for page in X]) for name in ("label", "words"))
    return average_precision(np.concatenate(_content(estimator, X)), labels, words)


def _content(estimator: Any, X: Sequence[LabelledPage]) -> list[Floats]:
    return [p[:, 1] for p in estimator.predict_proba(X)]


def _table(X: Sequence[LabelledPage]) -> Table:
    return Table("html" if X[0].rendering == "html" else "text", list(X))
