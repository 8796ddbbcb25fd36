import numpy as np

from classifier.features.plain import COLUMNS, compute
from classifier.segment import segment_text


def columns(text: str) -> dict[str, list[float]]:
    values = compute(segment_text(text))
    return {name: values[:, index].tolist() for index, (name, _) in enumerate(COLUMNS)}


def test_blank_lines_before_and_after_are_counted_up_to_three() -> None:
    found = columns("one\n\ntwo\nthree\n\n\n\n\n\nfour")
    assert found["blank_before"] == [0, 1, 0, 3]
    assert found["blank_after"] == [1, 0, 3, 0]


def test_the_page_knows_how_many_of_its_lines_stand_apart() -> None:
    assert columns("one\n\ntwo\nthree\nfour")["page_blank_share"] == [0.25] * 4


def test_marks_tell_bullets_headings_and_quotations() -> None:
    assert columns("text\n- item\n# heading\n> quoted")["mark"] == [0, 1, 2, 3]


def test_a_single_line_has_no_neighbours() -> None:
    assert np.asarray(list(columns("alone").values())).tolist() == [[0], [0], [0], [0]]
