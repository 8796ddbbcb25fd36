from dataclasses import FrozenInstanceError
from itertools import combinations
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.decide import BETAS, NOTHING_BELOW, Decision, Favor, Policy, decide

blocks = st.lists(st.tuples(st.floats(0, 1, width=32), st.integers(0, 60)), min_size=1, max_size=8)
BALANCE = Policy()
favors = st.sampled_from(list(BETAS))


def choose(pairs: list[tuple[float, int]], policy: Policy = BALANCE) -> Decision:
    probabilities = np.array([p for p, _ in pairs], np.float32)
    words = np.array([w for _, w in pairs], np.int64)
    return decide(probabilities, words, policy)


def expected_f(pairs: list[tuple[float, int]], kept: tuple[int, ...], beta: float) -> float:
    """Ratio of expectations: (1 + b^2) E[hit words] / (words kept + b^2 E[content words])."""
    weight = [max(1, w) for _, w in pairs]
    likely = [float(np.float32(p)) * w for (p, _), w in zip(pairs, weight, strict=True)]
    below = sum(weight[i] for i in kept) + beta**2 * sum(likely)
    return (1 + beta**2) * sum(likely[i] for i in kept) / below if kept else 0.0


def best_of_all_subsets(pairs: list[tuple[float, int]], beta: float) -> float:
    index = range(len(pairs))
    subsets = (kept for size in range(len(pairs) + 1) for kept in combinations(index, size))
    return max(expected_f(pairs, kept, beta) for kept in subsets)


@given(blocks, favors)
def test_no_subset_of_the_blocks_has_a_higher_expected_f(
    pairs: list[tuple[float, int]], favor: Favor
) -> None:
    decision = choose(pairs, Policy(favor))
    kept = tuple(np.flatnonzero(decision.keep).tolist())
    best = best_of_all_subsets(pairs, BETAS[favor])
    if kept or favor == "recall":
        assert expected_f(pairs, kept, BETAS[favor]) == pytest.approx(best, abs=1e-6)
    else:
        assert decision.confidence < NOTHING_BELOW


def test_nothing_is_kept_of_a_page_that_most_likely_has_no_content() -> None:
    doubtful = [(0.1, 30), (0.05, 40)]
    assert not choose(doubtful).keep.any()
    assert 0 < choose(doubtful).confidence < NOTHING_BELOW
    assert choose(doubtful, Policy("recall")).keep.any()


@given(blocks)
def test_precision_keeps_a_subset_of_balance_and_balance_one_of_recall(
    pairs: list[tuple[float, int]],
) -> None:
    precision, balance, recall = (
        choose(pairs, Policy(favor)).keep for favor in ("precision", "balance", "recall")
    )
    assert not (precision & ~balance).any()
    assert not (balance & ~recall).any()


@given(blocks, favors)
def test_the_confidence_is_the_expected_f1_of_the_kept_blocks(
    pairs: list[tuple[float, int]], favor: Favor
) -> None:
    decision = choose(pairs, Policy(favor))
    kept = tuple(np.flatnonzero(decision.keep).tolist())
    if kept:
        assert decision.confidence == pytest.approx(expected_f(pairs, kept, 1.0), abs=1e-6)
    assert 0 <= decision.confidence <= 1 + 1e-9


@given(blocks)
def test_every_kept_block_is_at_least_as_likely_as_every_cut_one(
    pairs: list[tuple[float, int]],
) -> None:
    keep = choose(pairs).keep
    probabilities = np.array([p for p, _ in pairs], np.float32)
    if keep.any() and not keep.all():
        assert probabilities[keep].min() >= probabilities[~keep].max()


@given(blocks, st.floats(0, 1, width=32))
def test_a_threshold_keeps_exactly_the_blocks_that_reach_it(
    pairs: list[tuple[float, int]], threshold: float
) -> None:
    keep = choose(pairs, Policy(threshold=threshold)).keep
    assert keep.tolist() == [p >= threshold for p, _ in pairs]


def test_a_long_likely_block_is_kept_and_a_long_unlikely_one_cut() -> None:
    assert choose([(0.9, 100), (0.1, 100)]).keep.tolist() == [True, False]


def test_by_hand_a_middling_block_is_kept_when_that_raises_the_expected_f1() -> None:
    # Kept alone, the first has 2*10/(10+16) = 0.77; both have 2*16/(20+16) = 0.89.
    decision = choose([(1.0, 10), (0.6, 10)])
    assert decision.keep.tolist() == [True, True]
    assert decision.confidence == pytest.approx(32 / 36)


def test_a_block_without_words_counts_as_one_word() -> None:
    assert choose([(1.0, 0)]).confidence == pytest.approx(1.0)


def test_sure_content_gives_a_confidence_of_one() -> None:
    assert choose([(1.0, 30), (0.0, 500)]).confidence == pytest.approx(1.0)


@pytest.mark.parametrize("favor", list(BETAS))
def test_where_nothing_can_be_content_nothing_is_kept(favor: Favor) -> None:
    decision = choose([(0.0, 5), (0.0, 9)], Policy(favor))
    assert not decision.keep.any()
    assert decision.confidence == 0


def test_a_threshold_that_no_block_reaches_keeps_nothing() -> None:
    decision = choose([(0.4, 5), (0.3, 9)], Policy(threshold=0.5))
    assert not decision.keep.any()
    assert decision.confidence == 0


def test_a_threshold_of_zero_keeps_everything() -> None:
    assert choose([(0.0, 5), (0.3, 9)], Policy(threshold=0.0)).keep.all()


def test_a_page_without_blocks_has_nothing_to_keep_and_no_confidence() -> None:
    decision = choose([])
    assert decision.keep.shape == (0,)
    assert decision.confidence == 0


def test_equal_probabilities_are_taken_in_the_order_of_the_page() -> None:
    first, again = (choose([(0.5, 3)] * 4).keep.tolist() for _ in range(2))
    assert first == again == sorted(first, reverse=True)


def test_a_threshold_of_one_keeps_what_is_certain() -> None:
    assert choose([(1.0, 5), (0.99, 9)], Policy(threshold=1)).keep.tolist() == [True, False]


@pytest.mark.parametrize("threshold", ["0.5", [0.5], 1j])
def test_a_threshold_that_is_no_number_is_a_type_error(threshold: object) -> None:
    with pytest.raises(TypeError, match="threshold is a number"):
        Policy(threshold=threshold)  # type: ignore[arg-type]


@pytest.mark.parametrize("threshold", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_threshold_outside_zero_to_one_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Policy(threshold=threshold)


def test_an_unknown_favor_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(ValueError, match=r"'speed'.*balance, precision, recall"):
        Policy(cast(Favor, "speed"))


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Policy().favor = "recall"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("favor", "cut", "kept"), [("precision", 0.69, 0.71), ("balance", 0.45, 0.47), ("recall", 0.17, 0.18)]
)
def test_a_block_beside_a_sure_one_is_kept_from_the_probability_that_the_beta_gives(
    favor: Favor, cut: float, kept: float
) -> None:
    # Of equal length, it is kept where q + b^2 q + b^2 q^2 > 1.
    assert choose([(1.0, 10), (cut, 10)], Policy(favor)).keep.tolist() == [True, False]
    assert choose([(1.0, 10), (kept, 10)], Policy(favor)).keep.all()


def test_one_block_is_kept_from_a_probability_of_a_ninth() -> None:
    # Its expected F1 is 2p / (1 + p), which is 0.2 at p = 1/9.
    assert not choose([(0.108, 10)]).keep.any()
    assert choose([(0.114, 10)]).keep.all()
