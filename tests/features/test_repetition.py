from collections.abc import Callable
from math import log

import pytest

from classifier.features import repetition
from classifier.features.position import LONG_WORDS

Compute = Callable[..., dict[str, list[float]]]
START = "The ferry left the harbour at dawn"


def test_occurrences_of_the_same_text_are_counted(compute: Compute) -> None:
    columns = compute(repetition, ["Share", "words", "share!", "SHARE"])
    assert columns["repeats"] == [round(log(3), 5), 0, round(log(3), 5), round(log(3), 5)]
    assert columns["repeat_before"] == [0, 0, 1, 1]
    assert columns["repeat_after"] == [1, 0, 1, 0]


def test_texts_that_differ_in_digits_only_are_alike(compute: Compute) -> None:
    columns = compute(repetition, ["12 comments", "34 comments", "5 comments"])
    assert columns["repeats"] == [round(log(2), 5), round(log(2), 5), 0]


def test_a_teaser_is_the_beginning_of_a_longer_block(compute: Compute) -> None:
    columns = compute(repetition, [f"{START}...", "Other", f"{START} with forty people."])
    assert columns["prefix_of_longer"] == [1, 0, 0]
    assert columns["prefix_of_shorter"] == [0, 0, 1]
    assert columns["prefix_repeats"] == [round(log(2), 5), 0, round(log(2), 5)]


def test_labels_too_short_for_a_prefix_have_none(compute: Compute) -> None:
    columns = compute(repetition, ["Home", "Home page"])
    assert columns["prefix_of_longer"] == columns["prefix_repeats"] == [0, 0]


def test_words_that_recur_in_other_blocks_are_counted(compute: Compute) -> None:
    columns = compute(repetition, ["tea milk", "tea tea cup", "salt"])
    assert columns["words_elsewhere"] == [0.5, 0.5, 0]
    assert columns["unique_words"] == [1, round(2 / 3, 5), 1]


def test_words_that_recur_in_paragraphs_are_counted_and_a_paragraphs_own_are_not(
    compute: Compute,
) -> None:
    paragraph = " ".join(f"word{chr(97 + n)}" for n in range(LONG_WORDS))
    columns = compute(repetition, ["worda menu", paragraph, paragraph + " end"])
    assert columns["words_in_long"] == [0.5, 1.0, round(20 / 21, 5)]


def test_words_of_the_title_are_found_in_the_blocks(compute: Compute) -> None:
    columns = compute(repetition, "<title>Hot tea</title><h1>Hot Tea</h1><p>tea and milk<p>salt")
    assert columns["title_share"] == [1, pytest.approx(1 / 3, abs=1e-4), 0]
    assert columns["title_cover"] == [1, 0.5, 0]


@pytest.mark.parametrize("title", ["", " ", "..."])
def test_without_words_in_the_title_nothing_stands_in_it(compute: Compute, title: str) -> None:
    columns = compute(repetition, f"<title>{title}</title><p>one<p>...")
    assert columns["title_share"] == columns["title_cover"] == [0, 0]
