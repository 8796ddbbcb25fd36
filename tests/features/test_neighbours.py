from collections.abc import Callable
from math import log1p

import pytest

from classifier.features import neighbours
from classifier.features.arrays import Char

Compute = Callable[..., dict[str, list[float]]]
PAGE = ["a", "b c.", "d e f g?", "h"]  # 1, 2, 4, 1 words
WORDS = [1, 2, 4, 1]


def logs(*values: float) -> list[float]:
    return [round(log1p(value), 5) for value in values]


@pytest.mark.parametrize("offset", [-3, -2, -1, 1, 2, 3])
def test_the_words_of_a_neighbour_are_found_and_minus_one_beyond_the_page(
    compute: Compute, offset: int
) -> None:
    near = [WORDS[i + offset] if 0 <= i + offset < 4 else None for i in range(4)]
    expected = [-1.0 if words is None else logs(words)[0] for words in near]
    assert compute(neighbours, PAGE)[f"words_at_{offset:+d}"] == expected


def test_marks_and_last_characters_of_the_neighbours_are_found(compute: Compute) -> None:
    columns = compute(neighbours, PAGE)
    assert columns["stops_at_-1"] == [-1, 0, 1, 1]
    assert columns["stops_at_+1"] == [1, 1, 0, -1]
    assert columns["ends_at_-1"] == [-1, Char.LOWER, Char.STOP, Char.STOP]


def test_the_mean_of_a_window_divides_by_the_blocks_that_are_there(compute: Compute) -> None:
    means = compute(neighbours, PAGE)["words_window_2"]
    assert means == logs(7 / 3, 8 / 4, 8 / 4, 7 / 3)


def test_the_share_of_paragraphs_in_a_window_is_found(compute: Compute) -> None:
    page = ["word " * 20, "a", "b", "c", "d"]
    assert compute(neighbours, page)["long_window_2"] == [
        round(share, 5) for share in (1 / 3, 1 / 4, 1 / 5, 0, 0)
    ]


def test_the_ten_blocks_before_and_after_leave_the_block_itself_out(compute: Compute) -> None:
    columns = compute(neighbours, PAGE)
    assert columns["words_before_10"] == logs(0, 0.1, 0.3, 0.7)
    assert columns["words_after_10"] == logs(0.7, 0.5, 0.1, 0)


def test_neighbours_of_about_the_same_length_are_counted(compute: Compute) -> None:
    columns = compute(neighbours, ["word " * 10, "word " * 11, "word " * 40])
    assert columns["similar_length"] == [1, 1, 0]


def test_the_densest_stretch_of_the_page_has_rank_one(compute: Compute) -> None:
    ranks = compute(neighbours, ["a"] * 12 + ["word " * 50] * 12)["density_rank"]
    assert ranks[-1] == 1.0
    assert ranks[0] == round(1 / 50, 5)
    assert ranks == sorted(ranks)
