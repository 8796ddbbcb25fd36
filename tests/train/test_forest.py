import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from train.forest import as_forest

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 12)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] + X[:, 2] > RNG.normal(size=600)).astype(int)


@pytest.mark.parametrize("leaves", [2, 8, 31, 64])
def test_a_forest_gives_the_probabilities_of_the_boosted_trees(leaves: int) -> None:
    estimator = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=leaves, min_samples_leaf=2).fit(
        X, Y
    )
    forest = as_forest(estimator)
    assert forest is not None
    assert np.abs(forest.predict_proba(X) - estimator.predict_proba(X)).max() < 1e-6


def test_a_value_between_two_floats_of_single_precision_stays_on_its_side() -> None:
    # Bins end between neighbours of single precision, where rounding to nearest would go wrong.
    column = np.nextafter(np.float32(1), np.float32([0, 2]))
    rows = np.repeat(column, 40)[:, None].astype(np.float32)
    estimator = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2).fit(
        rows, np.repeat([0, 1], 40)
    )
    forest = as_forest(estimator)
    assert forest is not None
    assert np.abs(forest.predict_proba(rows) - estimator.predict_proba(rows)).max() < 1e-6


def test_trees_of_one_leaf_count_as_well() -> None:
    estimator = HistGradientBoostingClassifier(max_iter=30, min_samples_leaf=290, learning_rate=1.0).fit(X, Y)
    forest = as_forest(estimator)
    sizes = [len(iteration[0].nodes) for iteration in estimator._predictors]
    if forest is None:
        assert set(sizes) == {1}
    else:
        assert np.abs(forest.predict_proba(X) - estimator.predict_proba(X)).max() < 1e-6


def test_other_estimators_are_no_forest() -> None:
    assert as_forest(RandomForestClassifier(n_estimators=3).fit(X, Y)) is None
    wide = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=90, min_samples_leaf=1).fit(X, Y)
    assert as_forest(wide) is None
    three = HistGradientBoostingClassifier(max_iter=2).fit(X, np.arange(600) % 3)
    assert as_forest(three) is None
