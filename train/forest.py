"""scikit-learn's gradient-boosted trees as a `Forest`, which needs no scikit-learn."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from classifier.forest import MAX_LEAVES, Forest
from classifier.model import Predictor

__all__ = ["as_forest"]

Nodes = npt.NDArray[Any]


def as_forest(estimator: Predictor) -> Forest | None:
    """The estimator as a forest; None if it is anything but gradient boosting with small trees."""
    if isinstance(estimator, Forest):
        return estimator
    if not isinstance(estimator, HistGradientBoostingClassifier) or len(estimator.classes_) != 2:
        return None
    trees: list[Nodes] = [iteration[0].nodes for iteration in estimator._predictors]
    if any(nodes["is_categorical"].any() or nodes["is_leaf"].sum() > MAX_LEAVES for nodes in trees):
        return None
    # A tree of one leaf says the same of every block.
    baseline = float(np.ravel(estimator._baseline_prediction)[0])
    baseline += sum(float(nodes["value"][0]) for nodes in trees if len(nodes) == 1)
    trees = [nodes for nodes in trees if len(nodes) > 1]
    if not trees:
        return None
    parts = [_parts(nodes) for nodes in trees]
    feature, threshold, left, value = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Forest(
        feature=feature.astype(np.int32),
        threshold=_rounded_down(threshold),
        left=left.astype(np.int32),
        splits=np.array([len(one[0]) for one in parts], np.int32),
        value=value.astype(np.float32),
        baseline=np.array([baseline]),
    )


def _parts(nodes: Nodes) -> tuple[Nodes, Nodes, Nodes, Nodes]:
    """Of one tree's splits the columns, thresholds and ranges of leaves; the values of its leaves."""
    ranges = _in_order(nodes)
    is_leaf = nodes["is_leaf"].astype(bool)
    splits = nodes[~is_leaf]
    leaves = np.argsort(ranges[is_leaf, 0])
    return splits["feature_idx"], splits["num_threshold"], ranges[~is_leaf], nodes["value"][is_leaf][leaves]


def _in_order(nodes: Nodes) -> npt.NDArray[np.int64]:
    """Of each split the leaves on its left, as first and end; of each leaf its place; from left to right."""
    ranges = np.zeros((len(nodes), 2), np.int64)
    leaves = 0
    # Each node is met twice: before what is on its left, and after it.
    waiting = [(0, False)]
    while waiting:
        at, left_is_done = waiting.pop()
        if nodes["is_leaf"][at]:
            ranges[at] = leaves
            leaves += 1
        elif left_is_done:
            ranges[at, 1] = leaves
            waiting.append((int(nodes["right"][at]), False))
        else:
            ranges[at, 0] = leaves
            waiting += [(at, True), (int(nodes["left"][at]), False)]
    return ranges


def _rounded_down(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest float32 values that are not above; no float32 lies between, so no split changes."""
    rounded = thresholds.astype(np.float32)
    above = rounded.astype(np.float64) > thresholds
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded
