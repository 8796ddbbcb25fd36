from dataclasses import replace

import numpy as np
import pytest

import classifier.network as network_module
from classifier.features.arrays import Floats
from classifier.network import CLIP, DILATIONS, HIDDEN, Network, shapes

COLUMNS = 5
REACH = sum(DILATIONS)


def network(seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    arrays = {
        name: (rng.normal(size=shape) / np.sqrt(3 * HIDDEN)).astype(np.float32)
        for name, shape in shapes(COLUMNS).items()
    }
    return Network(
        **arrays | {"centre": np.zeros(COLUMNS, np.float32), "scale": np.ones(COLUMNS, np.float32)}
    )


def deaf(seed: int = 0) -> Network:
    """A network whose blocks are told nothing of the page as a whole."""
    one = network(seed)
    return replace(one, pool=np.zeros_like(one.pool))


def page(n: int, seed: int = 1) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Features and words of a page of n blocks."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, COLUMNS)).astype(np.float32), rng.integers(0, 30, n)


def touched(one: Network, n: int, block: int) -> list[int]:
    """Blocks whose logits change when a block of a page of n blocks does."""
    matrix, words = page(n)
    before = one.logits(matrix, words)
    matrix[block] += 1
    return np.flatnonzero(one.logits(matrix, words) != before).tolist()


def test_every_array_of_a_network_has_a_shape() -> None:
    assert list(shapes(COLUMNS)) == [name for name, _ in network().arrays()]
    assert {name: array.shape for name, array in network().arrays()} == shapes(COLUMNS)


def test_only_what_meets_the_features_depends_on_their_number() -> None:
    few, many = shapes(3), shapes(300)
    assert {name for name in few if few[name] != many[name]} == {"centre", "scale", "input"}


@pytest.mark.parametrize("n", [0, 1, 2, 40])
def test_a_page_has_a_finite_float32_logit_a_block(n: int) -> None:
    found = network().logits(*page(n))
    assert found.shape == (n,)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_a_page_of_blocks_without_words_has_finite_logits() -> None:
    matrix, _ = page(3)
    assert np.isfinite(network().logits(matrix, np.zeros(3, np.int64))).all()


def test_features_far_out_count_as_outliers_alike() -> None:
    matrix, words = page(4)
    far, farther = matrix.copy(), matrix.copy()
    far[:, 0], farther[:, 0] = 2 * CLIP, 1e9
    assert np.array_equal(network().logits(far, words), network().logits(farther, words))


def test_a_feature_is_centred_and_scaled_before_anything_else() -> None:
    matrix, words = page(6)
    moved = replace(network(), centre=np.full(COLUMNS, 3, np.float32), scale=np.full(COLUMNS, 2, np.float32))
    assert moved.logits(2 * matrix + 3, words) == pytest.approx(network().logits(matrix, words), abs=1e-4)


def test_a_block_is_touched_by_those_within_reach_alone_but_for_the_means_of_the_page() -> None:
    found = touched(deaf(), 3 * REACH, REACH + 5)
    assert found[0] >= 5
    assert found[-1] <= 2 * REACH + 5
    assert {5, REACH + 5, 2 * REACH + 5} <= set(found)


def test_the_means_of_the_page_tell_every_block_of_every_other() -> None:
    assert touched(network(), 3 * REACH, 0) == list(range(3 * REACH))


def test_a_block_tells_those_before_it_from_those_after_it() -> None:
    matrix, words = page(9)
    backwards = deaf().logits(matrix[::-1], words[::-1])[::-1]
    assert not np.allclose(backwards, deaf().logits(matrix, words), atol=1e-3)


def test_words_weigh_a_block_in_the_means_of_the_page() -> None:
    matrix, words = page(9)
    other = words.copy()
    other[0] += 500
    assert not np.allclose(network().logits(matrix, other), network().logits(matrix, words), atol=1e-3)
    assert np.array_equal(deaf().logits(matrix, other), deaf().logits(matrix, words))


def test_a_network_without_units_which_a_strangers_file_may_hold_gives_logits() -> None:
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes(COLUMNS, 0).items()}
    empty = Network(**arrays | {"scale": np.ones(COLUMNS, np.float32)})
    assert empty.logits(*page(70)).tolist() == [0] * 70


@pytest.mark.parametrize("n", [1, 15, 16, 63, 64, 65, 700, 3000])
def test_a_product_in_pieces_is_the_product(n: int) -> None:
    rng = np.random.default_rng(n)
    for k in (COLUMNS, HIDDEN, 222, 5000):
        matrix, weights = (rng.normal(size=shape).astype(np.float32) for shape in ((n, k), (k, HIDDEN)))
        assert network_module._product(matrix, weights) == pytest.approx(matrix @ weights, abs=1e-3, rel=1e-3)


def test_no_product_is_so_large_that_blas_would_start_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    matmul = np.matmul

    def watched(a: Floats, b: Floats, out: Floats) -> Floats:
        sizes.append(a.shape[-2] * b.size)
        return matmul(a, b, out=out)

    monkeypatch.setattr(network_module.np, "matmul", watched)
    network().logits(*page(5000))
    assert 0 < max(sizes) <= 64**3
