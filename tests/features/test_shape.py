from collections.abc import Callable
from math import log, log1p

import pytest

from classifier.features import shape
from classifier.features.arrays import Char

Compute = Callable[..., dict[str, list[float]]]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("chars", "ab cd.", log1p(5)),
        ("words", "ab cd.", log1p(2)),
        ("words", "你好", log1p(2)),
        ("word_chars", "ab cdef.", 3.0),
        ("longest_word", "a four be", log1p(4)),
        ("stops", "One. Two! Three?", log1p(3)),
        ("words_per_stop", "one two three.", log1p(3 / 2)),
        ("comma_share", "a, b, c d", 0.5),
        ("punct_share", "(ab)", 0.5),
        ("separator_share", "a|b", 1 / 3),
        ("symbol_share", "a\U0001f600", 0.5),
        ("digit_share", "a1b2", 0.5),
        ("upper_share", "ABcd 12", 0.5),
        ("upper_share", "12", 0.0),
        ("capital_word_share", "The red House is", 0.5),
        ("currency", "£ 5", 1.0),
        ("currency", "5", 0.0),
        ("begins_with", "12 ab", Char.DIGIT),
        ("ends_with", "12 ab", Char.LOWER),
        ("ends_with_colon", "See also:", 1.0),
        ("ends_with_colon", "关于：", 1.0),
        ("ends_with_colon", "See: also", 0.0),
        ("ends_with_ellipsis", "more…", 1.0),
        ("ends_with_ellipsis", "more...", 1.0),
        ("ends_with_ellipsis", "more [...]", 1.0),
        ("ends_with_ellipsis", "more.", 0.0),
        ("ends_with_question", "Why?", 1.0),
        ("ends_with_question", "为什么？", 1.0),
        ("ends_with_question", "لماذا؟", 1.0),
        ("ends_with_question", "Why? No", 0.0),
        ("lines", "a", 0.0),
        ("lines", "a\nb\nc", log(3)),
        ("cells", "a\tb", log(2)),
        ("unspaced_share", "a日", 0.5),
    ],
)
def test_a_figure_of_shape_by_hand(compute: Compute, name: str, text: str, value: float) -> None:
    assert compute(shape, [text])[name] == [pytest.approx(value, abs=1e-4)]


def test_the_shape_of_a_block_does_not_depend_on_its_neighbours(compute: Compute) -> None:
    alone = compute(shape, ["Some words, and £ 5."])
    among = compute(shape, ["Other?", "Some words, and £ 5.", "12:"])
    assert {name: values[1:2] for name, values in among.items()} == alone
