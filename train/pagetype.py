"""Fit the page-type model: multinomial logistic regression over what a page holds in the mean."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from classifier.features.arrays import Floats
from classifier.pagetype import PageTypes, page_vector

__all__ = ["TypedPage", "fit_page_types"]

# Strength of the regularisation, by grouped cross-validation on WCXB.
C: Final = 0.01
# A type of fewer pages cannot be learnt.
MIN_PAGES: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class TypedPage:
    """A page and its type."""

    page_type: str
    matrix: Floats
    """Features; shape (blocks, columns)."""
    p: Floats
    """Calibrated probabilities of content; shape (blocks,)."""
    words: npt.NDArray[np.integer]
    """Words of each block; shape (blocks,)."""


def fit_page_types(pages: Sequence[TypedPage]) -> PageTypes | None:
    """Fit on the pages whose type is known and not rare; None if there are not two such types."""
    counts = Counter(page.page_type for page in pages if len(page.matrix))
    known = {name for name, n in counts.items() if name not in ("", "unknown") and n >= MIN_PAGES}
    chosen = [page for page in pages if page.page_type in known and len(page.matrix)]
    if len(known) < 2:
        return None
    scaler = StandardScaler()
    X = scaler.fit_transform(np.array([page_vector(page.matrix, page.p, page.words) for page in chosen]))
    model = LogisticRegression(C=C, max_iter=500).fit(X, [page.page_type for page in chosen])
    slopes, intercepts = model.coef_, model.intercept_
    if len(known) == 2:  # one row stands for both types
        slopes, intercepts = (
            np.concatenate((-slopes, slopes)) / 2,
            np.concatenate((-intercepts, intercepts)) / 2,
        )
    weight = (slopes / scaler.scale_).T
    bias = intercepts - scaler.mean_ @ weight
    return PageTypes(tuple(map(str, model.classes_)), weight.astype(np.float32), bias.astype(np.float32))
