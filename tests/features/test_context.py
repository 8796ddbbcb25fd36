from collections.abc import Callable
from math import log, log1p

import pytest

from classifier.features import context

Compute = Callable[..., dict[str, list[float]]]
LONG = "word " * 20
PAGE = ["Menu", "menu", "six words are in this one.", LONG, "€ 5 日"]  # 1, 1, 6, 20, 2 words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_blocks", log(5)),
        ("page_words", log1p(30)),
        ("page_words_per_block", log1p(6)),
        ("page_long_share", 20 / 30),
        ("page_longest", log1p(20)),
        ("page_medium_share", 6 / 30),
        ("page_stop_share", 1 / 30),
        ("page_digit_share", 1 / 112),
        ("page_repeat_share", 1 / 5),
        ("page_currency_share", 1 / 5),
        ("page_unspaced_share", 1 / 112),
    ],
)
def test_a_figure_of_the_page_by_hand_is_the_same_for_all_its_blocks(
    compute: Compute, name: str, value: float
) -> None:
    assert compute(context, PAGE)[name] == [pytest.approx(value, abs=1e-4)] * 5


def test_a_page_without_words_counts_as_one_of_one_word(compute: Compute) -> None:
    columns = compute(context, ["...", "|"])
    assert columns["page_stop_share"] == [3, 3]
    assert columns["page_long_share"] == columns["page_medium_share"] == [0, 0]
