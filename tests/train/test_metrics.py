import math

import numpy as np
import pytest

from train.metrics import (
    Score,
    average_precision,
    bootstrap_interval,
    calibration_bins,
    expected_calibration_error,
    mean_score,
    score,
    snippet_score,
    words,
)


def test_words_are_lower_cased_runs_of_letters_digits_and_underscores() -> None:
    assert words("Don't, Ärger_2!") == ["don", "t", "ärger_2"]


def test_two_empty_texts_agree_fully() -> None:
    assert score("", " - ") == Score(1.0, 1.0, 1.0)


def test_an_empty_extraction_of_a_page_with_content_scores_nothing() -> None:
    assert score("", "some words") == Score(0.0, 0.0, 0.0)


def test_an_extraction_from_a_page_without_content_scores_nothing() -> None:
    assert score("some words", "") == Score(0.0, 0.0, 0.0)


def test_a_word_counts_as_often_as_both_texts_have_it() -> None:
    result = score("tea tea tea", "tea tea milk milk")
    assert (result.precision, result.recall) == (2 / 3, 2 / 4)
    assert result.f1 == pytest.approx(4 / 7)


def test_the_order_of_words_does_not_count() -> None:
    assert score("b a", "a b").f1 == 1.0


def test_the_mean_weighs_each_page_alike() -> None:
    assert mean_score([Score(1, 1, 1), Score(0, 0.5, 0)]) == Score(0.5, 0.75, 0.5)


def test_a_mean_of_no_pages_is_refused() -> None:
    with pytest.raises(ValueError, match="no scores"):
        mean_score([])


def test_snippets_are_counted_as_present_and_absent() -> None:
    result = snippet_score("wanted, leaked", ["wanted", "missing"], ["leaked", "absent", "gone"])
    assert (result.found, result.missed, result.leaked, result.avoided) == (1, 1, 1, 2)
    assert result.with_share == 0.5
    assert result.without_share == pytest.approx(2 / 3)
    assert (result.precision, result.recall, result.f1, result.accuracy) == (0.5, 0.5, 0.5, 0.6)


def test_snippet_counts_add_up_over_pages() -> None:
    total = snippet_score("a", ["a"], ["b"]) + snippet_score("b", ["a"], ["b"])
    assert (total.found, total.missed, total.leaked, total.avoided) == (1, 1, 1, 1)


def test_the_bootstrap_interval_surrounds_the_mean() -> None:
    low, high = bootstrap_interval([0.0, 0.5, 1.0, 0.5], seed=1)
    assert 0.0 <= low < 0.5 < high <= 1.0


def test_the_bootstrap_interval_depends_on_nothing_but_the_seed() -> None:
    values = np.linspace(0, 1, 30)
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)


def test_the_bootstrap_of_no_values_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        bootstrap_interval([], seed=0)


def test_probabilities_that_come_true_are_calibrated() -> None:
    assert expected_calibration_error([0.5, 0.5, 1.0], [1, 0, 1]) == 0.0


def test_the_calibration_error_is_the_gap_between_claim_and_share() -> None:
    assert expected_calibration_error([0.9, 0.9], [0, 1]) == pytest.approx(0.4)


def test_bins_hold_what_falls_into_them_and_empty_ones_claim_nothing() -> None:
    held, claimed, observed = calibration_bins([0.1, 0.3, 1.0], [0, 1, 1], bins=4)
    assert held.tolist() == [1, 1, 0, 1]
    assert claimed[[0, 1, 3]].tolist() == pytest.approx([0.1, 0.3, 1.0])
    assert observed[[0, 1, 3]].tolist() == [0, 1, 1]
    assert math.isnan(claimed[2]) and math.isnan(observed[2])


def test_a_block_without_weight_has_no_say_in_the_calibration_error() -> None:
    assert expected_calibration_error([0.0, 0.9], [0, 0], weights=[1, 0]) == 0.0


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        expected_calibration_error([0.1, 0.2], [1])


def test_a_perfect_ranking_has_average_precision_one() -> None:
    assert average_precision([0.9, 0.8, 0.1], [1, 1, 0]) == 1.0


def test_blocks_of_equal_probability_enter_the_ranking_together() -> None:
    assert average_precision([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0]) == 0.25


def test_average_precision_is_the_one_of_scikit_learn() -> None:
    reference = pytest.importorskip("sklearn.metrics").average_precision_score
    generator = np.random.default_rng(0)
    guess, truth = np.round(generator.random(80), 1), generator.random(80) < 0.4
    weight = generator.integers(0, 5, 80)
    expected = reference(truth, guess, sample_weight=weight)
    assert average_precision(guess, truth, weight) == pytest.approx(expected)


def test_average_precision_without_any_content_is_not_a_number() -> None:
    assert math.isnan(average_precision([0.5], [0]))
