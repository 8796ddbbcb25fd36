"""Trees and, where wanted, a network, fitted on the same pages: what gives a block its probability."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from classifier.features.arrays import Floats
from classifier.model import combine
from classifier.network import Network
from train.errors import CorpusError
from train.network import Lesson, fit_network
from train.table import LabelledPage
from train.weights import block_weights, page_weights

__all__ = ["Ensemble", "fit_ensemble"]


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """A fitted estimator and the network beside it."""

    trees: Any
    network: Network | None

    def probabilities(self, matrices: Sequence[Floats], pages: Sequence[LabelledPage]) -> list[Floats]:
        """Probabilities of content, not calibrated, an array a page.

        Args:
            matrices: features of each page, shape (blocks, columns).
            pages: the pages, none of them without blocks.
        """
        if not matrices:
            return []
        # All pages at once: an ensemble of many trees costs much a call.
        p = self.trees.predict_proba(np.concatenate(matrices))[:, 1]
        ends = np.cumsum([len(matrix) for matrix in matrices])
        return [
            combine(mine, matrix, page.measured.evidence.words, self.network)
            for mine, matrix, page in zip(np.split(p, ends[:-1]), matrices, pages, strict=True)
        ]


def fit_ensemble(
    estimator: Any, matrices: Sequence[Floats], pages: Sequence[LabelledPage], *, network: bool, seed: int
) -> Ensemble:
    """Fit an estimator on the blocks of pages, and if wanted a network; the estimator on one core.

    Raises:
        CorpusError: the blocks have one label only.
    """
    y = np.concatenate([page.label for page in pages])
    if y.all() or not y.any():
        raise CorpusError("all blocks have the same label: there is nothing to learn")
    weights = {_weight_name(estimator): block_weights(pages)}
    with threadpool_limits(limits=1, user_api="openmp"):
        estimator.fit(np.concatenate(matrices), y, **weights)
    if not network:
        return Ensemble(estimator, None)
    lessons = [
        Lesson(matrix, page.label, page_weights(page), page.words)
        for matrix, page in zip(matrices, pages, strict=True)
    ]
    return Ensemble(estimator, fit_network(lessons, seed))


def _weight_name(estimator: Any) -> str:
    """How `fit` takes the weights: a pipeline hands them to its last step, under that step's name."""
    return f"{estimator.steps[-1][0]}__sample_weight" if isinstance(estimator, Pipeline) else "sample_weight"
