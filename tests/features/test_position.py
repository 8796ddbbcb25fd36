from collections.abc import Callable
from math import log1p

from classifier.features import position
from classifier.features.position import LONG_WORDS

Compute = Callable[..., dict[str, list[float]]]
LONG = " ".join(["word"] * LONG_WORDS)
PAGE = ["a", "b", LONG, "c d", LONG, "e"]


def logs(*values: float) -> list[float]:
    return [round(log1p(value), 5) for value in values]


def test_blocks_before_and_after_are_counted(compute: Compute) -> None:
    columns = compute(position, PAGE)
    assert columns["index"] == logs(0, 1, 2, 3, 4, 5)
    assert columns["index_from_end"] == logs(5, 4, 3, 2, 1, 0)
    assert columns["position"] == [round(k / 6, 5) for k in range(6)]


def test_words_before_are_a_share_of_the_page(compute: Compute) -> None:
    before = [0, 1, 2, 22, 24, 44]
    assert compute(position, PAGE)["word_position"] == [round(k / 45, 5) for k in before]


def test_only_words_of_paragraphs_count_for_the_long_position(compute: Compute) -> None:
    assert compute(position, PAGE)["long_position"] == [0, 0, 0, 0.5, 0.5, 1]


def test_the_last_and_the_next_paragraph_are_so_many_blocks_away(compute: Compute) -> None:
    columns = compute(position, PAGE)
    assert columns["since_long"] == logs(6, 6, 0, 1, 0, 1)  # the page's blocks where there is none
    assert columns["until_long"] == logs(2, 1, 0, 1, 0, 6)


def test_blocks_outside_the_paragraphs_are_flagged(compute: Compute) -> None:
    columns = compute(position, PAGE)
    assert columns["before_first_long"] == [1, 1, 0, 0, 0, 0]
    assert columns["after_last_long"] == [0, 0, 0, 0, 0, 1]


def test_one_word_fewer_makes_no_paragraph(compute: Compute) -> None:
    assert compute(position, [LONG.removesuffix(" word")])["before_first_long"] == [1]
