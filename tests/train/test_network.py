from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from classifier.features.arrays import Floats
from classifier.network import DILATIONS, Network
from train import network as training
from train.network import Lesson, Pages, fit_network, neighbourhood

COLUMNS = 4
MARKER = 3  # the column that is high in a block after which content comes


def lesson(n: int, seed: int) -> Lesson:
    """A page of noise on which a block is content if the block before it is a marker."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n, COLUMNS)).astype(np.float32)
    matrix[:, MARKER] = rng.random(n) < 0.3
    label = np.concatenate(([False], matrix[:-1, MARKER] > 0.5))
    return Lesson(matrix, label, np.full(n, 1 / n), rng.integers(1, 30, n))


def lessons(count: int = 24, n: int = 15) -> list[Lesson]:
    return [lesson(n + seed % 5, seed) for seed in range(count)]


def same(first: Network, second: Network) -> bool:
    pairs = zip(first.arrays(), second.arrays(), strict=True)
    return all(np.array_equal(one, two) for (_, one), (_, two) in pairs)


# -- gradients ------------------------------------------------------------------------------------

Weights = dict[str, npt.NDArray[np.float64]]


def loss(weights: Weights, batch: list[Lesson]) -> float:
    """The loss as the module's docstring has it, by way of the network that is used."""
    fixed = {"centre": np.zeros(COLUMNS, np.float32), "scale": np.ones(COLUMNS, np.float32)}
    network = Network(**fixed, **weights)  # type: ignore[arg-type]
    total = 0.0
    for one in batch:
        p = 1 / (1 + np.exp(-network.logits(one.matrix, one.words).astype(np.float64)))
        words = np.maximum(one.words, 1)
        entropy = -(np.log(np.where(one.label, p, 1 - p)) * one.weight).sum()
        f1 = 2 * (p * words * one.label).sum() / ((p * words).sum() + (words * one.label).sum() + 1)
        total += entropy + training.F1_WEIGHT * (1 - f1)
    return total / len(batch)


@pytest.fixture(scope="module")
def batch() -> list[Lesson]:
    return [lesson(n, n) for n in (1, 5, 40, 12)]


@pytest.fixture(scope="module")
def weights(batch: list[Lesson]) -> Weights:
    blank = training._blank(batch, np.random.default_rng(0))
    rng = np.random.default_rng(1)  # the biases too, that all of them matter
    return {
        name: array.astype(np.float64) + 0.05 * rng.normal(size=array.shape)
        for name, array in blank.arrays()
        if name not in ("centre", "scale")
    }


@pytest.fixture
def gradients(
    batch: list[Lesson], weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> dict[str, npt.NDArray[np.floating]]:
    monkeypatch.setattr(training, "DROPOUT", 0.0)
    return dict(training._gradients(weights, batch, np.random.default_rng(0)))  # type: ignore[arg-type]


NAMES = "input input_bias convolution convolution_bias pool pool_bias output output_bias".split()


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_along_any_direction_is_the_slope_of_the_loss(
    name: str, batch: list[Lesson], weights: Weights, gradients: Weights
) -> None:
    for seed in range(3):
        direction = np.random.default_rng(seed).normal(size=weights[name].shape)
        direction /= np.linalg.norm(direction)
        step = 1e-4  # farther, hidden units pass their kink
        up, down = (
            loss(weights | {name: weights[name] + sign * step * direction}, batch) for sign in (1, -1)
        )
        assert float((gradients[name] * direction).sum()) == pytest.approx((up - down) / (2 * step), abs=1e-3)


def test_there_is_a_gradient_for_every_weight_in_its_shape(weights: Weights, gradients: Weights) -> None:
    assert set(gradients) == set(weights) == set(NAMES)
    assert all(gradients[name].shape == weights[name].shape for name in NAMES)
    assert all(np.abs(gradients[name]).max() > 1e-6 for name in NAMES)


def test_the_gradient_of_a_batch_is_the_mean_of_its_pages(
    batch: list[Lesson], weights: Weights, gradients: Weights
) -> None:
    alone = [training._gradients(weights, [one], np.random.default_rng(0)) for one in batch]  # type: ignore[arg-type]
    for name in NAMES:
        mean = np.mean([one[name] for one in alone], axis=0)
        assert gradients[name] == pytest.approx(mean, abs=1e-4), name


# -- training -------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_network() -> None:
    assert same(fit_network(lessons(6), seed=3), fit_network(lessons(6), seed=3))


def test_another_seed_gives_another_network() -> None:
    assert not same(fit_network(lessons(6), seed=3), fit_network(lessons(6), seed=4))


def test_a_rule_that_only_the_neighbourhood_shows_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "EPOCHS", 40)
    network = fit_network(lessons(40))
    for unseen in (lesson(30, seed) for seed in range(100, 105)):
        found = network.logits(unseen.matrix, unseen.words) > 0
        assert (found == unseen.label).mean() >= 0.9


def test_a_column_that_never_changes_harms_nothing() -> None:
    still = [
        Lesson(np.insert(one.matrix, 0, 7, axis=1), one.label, one.weight, one.words) for one in lessons(6)
    ]
    network = fit_network(still)
    assert np.isfinite(network.logits(still[0].matrix, still[0].words)).all()


@pytest.mark.parametrize("label", [True, False])
def test_pages_of_one_label_give_a_finite_network(label: bool) -> None:
    alike = [Lesson(one.matrix, np.full_like(one.label, label), one.weight, one.words) for one in lessons(6)]
    network = fit_network(alike)
    assert all(np.isfinite(array).all() for _, array in network.arrays())
    found = network.logits(alike[0].matrix, alike[0].words)
    assert (found.mean() > 0) == label


def cut_at(blocks: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """Have pages cut, and note the blocks of the pages that are learnt from."""
    seen: list[int] = []
    gradients = training._gradients

    def noting(weights: training.Arrays, batch: list[Lesson], rng: np.random.Generator) -> training.Arrays:
        seen.extend(len(one.matrix) for one in batch)
        return gradients(weights, batch, rng)

    monkeypatch.setattr(training, "MAX_BLOCKS", blocks)
    monkeypatch.setattr(training, "EPOCHS", 1)
    monkeypatch.setattr(training, "_gradients", noting)
    return lambda: seen


def test_a_page_is_cut_to_the_most_blocks_that_are_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = cut_at(10, monkeypatch)
    fit_network([lesson(n, n) for n in (4, 10, 11, 500)])
    assert sorted(seen()) == [4, 10, 10, 10]


def test_a_cut_page_keeps_its_first_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MAX_BLOCKS", 10)
    whole = lesson(25, 0)
    some = whole.cut()
    parts: list[tuple[Floats, Floats]] = [
        (getattr(some, name), getattr(whole, name)) for name in ("matrix", "label", "weight", "words")
    ]
    assert all(np.array_equal(mine, all_of_it[:10]) for mine, all_of_it in parts)


def test_a_page_that_fits_is_not_cut() -> None:
    whole = lesson(25, 0)
    assert whole.cut() is whole


def test_every_page_is_in_one_batch_of_a_pass() -> None:
    pages = lessons(150)
    batches = list(training._batches(pages, np.random.default_rng(0)))
    assert sorted(id(one) for batch in batches for one in batch) == sorted(map(id, pages))
    assert max(map(len, batches)) == training.BATCH


def test_the_rate_rises_to_its_peak_and_falls_to_nothing() -> None:
    rates = [training._rate(done) for done in np.linspace(0, 1, 101)]
    peak = int(np.argmax(rates))
    assert peak == round(100 * training.WARM_UP)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0)


# -- pages beside each other ----------------------------------------------------------------------


def laid() -> tuple[Pages, Floats, list[Floats]]:
    """Three pages laid out, their rows, and their matrices."""
    three = [lesson(n, n) for n in (4, 1, 7)]
    pages = Pages.lay([one.words for one in three])
    matrices = [one.matrix for one in three]
    return pages, pages.place(matrices), matrices


def test_pages_lie_so_far_apart_that_no_layer_looks_across() -> None:
    pages, rows, matrices = laid()
    for start, matrix in zip(pages.start, matrices, strict=True):
        mine = slice(start, start + len(matrix))
        for dilation in DILATIONS:
            alone = neighbourhood(matrix, dilation)
            assert np.array_equal(neighbourhood(rows, dilation)[mine], alone)


def test_the_means_of_a_page_are_of_its_own_rows() -> None:
    pages, rows, matrices = laid()
    for found, matrix in zip(pages.means(rows), matrices, strict=True):
        assert found[:COLUMNS] == pytest.approx(matrix.mean(axis=0), abs=1e-5)


def test_the_second_mean_weighs_a_block_by_the_root_of_its_words() -> None:
    pages = Pages.lay([np.array([1, 9])])
    (found,) = pages.means(pages.place([np.array([[0], [4]], np.float32)]))
    assert found == pytest.approx([2, 3])


def test_what_is_said_of_a_page_reaches_all_its_rows_and_no_others() -> None:
    pages, rows, _ = laid()
    found = pages.spread(np.array([[1.0], [2.0], [3.0]], np.float32))
    assert found.shape == (len(rows), 1)
    inside = found[pages.inside[:, 0] > 0, 0]
    assert inside.tolist() == [1.0] * 4 + [2.0] + [3.0] * 7


@pytest.mark.parametrize("dilation", [1, 2, 16])
def test_beyond_the_ends_there_is_nothing(dilation: int) -> None:
    rows = np.arange(1, 5, dtype=np.float32)[:, None]
    before, own, after = neighbourhood(rows, dilation).T
    assert own.tolist() == [1, 2, 3, 4]
    assert before.tolist() == ([0] * dilation + [1, 2, 3, 4])[:4]
    assert after.tolist() == ([1, 2, 3, 4][dilation:] + [0] * dilation)[:4]
