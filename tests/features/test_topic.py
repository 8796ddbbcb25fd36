import numpy as np

from classifier.features.arrays import measure
from classifier.features.topic import COLUMNS, compute
from classifier.segment import segment_text

RIVER = (
    "The river rises in the northern hills, passes the ancient bridge below the village, and carries "
    "its water through meadows towards the distant harbour."
)
BRIDGE = (
    "Engineers inspected the ancient bridge below the village last summer and found that the river had "
    "washed away stones which had carried its weight for years."
)
OTHER = (
    "Shares of software companies climbed again yesterday because investors expect lower interest rates "
    "during autumn, analysts at several banks said on Monday."
)


def columns(*lines: str) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float32]]]:
    values = compute(measure(segment_text("\n".join(lines))))
    return {name: values[:, index] for index, (name, _) in enumerate(COLUMNS)}


def test_a_paragraph_on_the_pages_topic_shares_more_long_words_than_one_on_another() -> None:
    share = columns(RIVER, BRIDGE, OTHER)["topic_share"]
    assert share[0] > 0.2
    assert share[1] > 0.2
    assert share[2] == 0


def test_a_paragraph_is_not_compared_with_itself() -> None:
    assert not columns(RIVER)["topic_share"].any()


def test_a_short_line_is_compared_with_the_paragraphs() -> None:
    share = columns(RIVER, BRIDGE, "Ancient bridge, modern village", "Subscribe today")["topic_share"]
    assert share[2] == 0.75
    assert share[3] == 0


def test_scripts_without_spaces_count_characters() -> None:
    found = columns("河水从北方的山上流下来，" * 4, "河水流下来，", "登录注册")
    assert found["topic_share"][1] > found["topic_share"][2]


def test_the_highest_relative_weight_of_a_paragraph_is_one() -> None:
    relative = columns(RIVER, BRIDGE, OTHER)["topic_relative"]
    assert relative.max() == 1


def test_a_page_without_long_words_has_no_topic() -> None:
    assert not any(column.any() for column in columns("a b c", "d e f").values())
