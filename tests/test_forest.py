from dataclasses import replace

import numpy as np
import pytest

from classifier import forest as forest_module
from classifier.forest import MAX_LEAVES, Forest


def random_forest(seed: int, splits: int, trees: int = 9, columns: int = 7) -> tuple[Forest, list[object]]:
    """A forest, and the same trees nested: a leaf is a float, a split (column, threshold, left, right)."""
    rng = np.random.default_rng(seed)
    feature: list[int] = []
    threshold: list[float] = []
    left: list[tuple[int, int]] = []
    value: list[float] = []

    def grow(first: int, leaves: int) -> object:
        if leaves == 1:
            value.append(float(np.float32(rng.normal())))
            return value[-1]
        on_left = int(rng.integers(1, leaves))
        column, at_most = int(rng.integers(columns)), float(np.float32(rng.normal()))
        feature.append(column)
        threshold.append(at_most)
        left.append((first, first + on_left))
        return column, at_most, grow(first, on_left), grow(first + on_left, leaves - on_left)

    nested = [grow(0, splits + 1) for _ in range(trees)]
    return (
        Forest(
            feature=np.array(feature, np.int32),
            threshold=np.array(threshold, np.float32),
            left=np.array(left, np.int32),
            splits=np.full(trees, splits, np.int32),
            value=np.array(value, np.float32),
            baseline=np.array([0.25]),
        ),
        nested,
    )


def walked(node: object, row: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
    while isinstance(node, tuple):
        column, threshold, left, right = node
        node = left if row[column] <= threshold else right
    assert isinstance(node, float)
    return node


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "python"])
@pytest.mark.parametrize("splits", [1, 2, 30, 31, 32, 62, MAX_LEAVES - 1])
def test_a_row_falls_where_a_walk_from_the_root_ends(
    splits: int, kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kernel:
        monkeypatch.setattr(forest_module, "native", None)
    elif forest_module.native is None:
        pytest.skip("the kernel was not built, or is switched off")
    forest, trees = random_forest(splits, splits)
    X = np.random.default_rng(0).normal(size=(301, 7)).astype(np.float32)
    X[:50, forest.feature[:1]] = forest.threshold[0]  # on the threshold is on the left
    logit = np.array([0.25 + sum(walked(tree, row) for tree in trees) for row in X])
    probabilities = forest.predict_proba(X)
    assert probabilities.dtype == np.float32 and probabilities.shape == (301, 2)
    assert np.allclose(probabilities[:, 1], 1 / (1 + np.exp(-logit)), atol=1e-6)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("rows", [0, 1, 31, 32, 33])
def test_any_number_of_rows_in_any_order_of_memory(rows: int) -> None:
    forest, _ = random_forest(1, 30)
    X = np.random.default_rng(rows).normal(size=(40, 7)).astype(np.float32)
    expected = forest.predict_proba(X)[:rows]
    assert np.array_equal(forest.predict_proba(np.asfortranarray(X[:rows])), expected)


def test_too_few_columns_are_refused() -> None:
    forest, _ = random_forest(0, 5)
    with pytest.raises(ValueError, match="columns"):
        forest.predict_proba(np.zeros((3, forest.width - 1), np.float32))


@pytest.mark.parametrize(
    "change",
    [
        {"splits": np.zeros(9, np.int32)},
        {"splits": np.full(9, MAX_LEAVES, np.int32)},
        {"splits": np.zeros(0, np.int32)},
        {"value": np.zeros(3, np.float32)},
        {"threshold": np.zeros(3, np.float32)},
        {"feature": np.full(45, -1, np.int32)},
        {"left": np.full((45, 2), 2, np.int32)},
        {"left": np.tile(np.array([-1, 1], np.int32), (45, 1))},
        {"left": np.tile(np.array([0, 6], np.int32), (45, 1))},
        {"baseline": np.zeros(2)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_no_forest_is_refused(
    change: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]],
) -> None:
    forest, _ = random_forest(0, 5)
    with pytest.raises(ValueError):
        replace(forest, **change)
