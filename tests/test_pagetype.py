import numpy as np
import pytest

from classifier.features.arrays import Floats
from classifier.pagetype import PageTypes, page_vector, shapes

MATRIX = np.array([[1, 0], [3, 4]], np.float32)
WORDS = np.array([1, 9])


def types(weight: list[list[float]], bias: tuple[float, ...] = (0.0, 0.0)) -> PageTypes:
    return PageTypes(("article", "forum"), np.array(weight, np.float32), np.array(bias, np.float32))


def p(*values: float) -> Floats:
    return np.array(values, np.float32)


def test_a_page_is_the_mean_of_its_blocks_and_of_its_likely_content() -> None:
    assert page_vector(MATRIX, p(1, 0), WORDS).tolist() == [2, 2, 1, 0]
    assert page_vector(MATRIX, p(0, 1), WORDS).tolist() == pytest.approx([2, 2, 3, 4])


def test_a_block_of_more_words_is_more_of_the_content() -> None:
    assert page_vector(MATRIX, p(0.5, 0.5), WORDS)[2:].tolist() == pytest.approx([2.5, 3])


def test_a_page_without_likely_content_has_a_finite_vector() -> None:
    assert np.isfinite(page_vector(MATRIX, p(0, 0), WORDS)).all()


def test_a_page_without_blocks_is_a_vector_of_zeros() -> None:
    assert page_vector(MATRIX[:0], p(), WORDS[:0]).tolist() == [0] * 4


def test_the_vector_is_as_long_as_the_weights() -> None:
    assert shapes(2, 7) == {"weight": (4, 7), "bias": (7,)}
    assert page_vector(MATRIX, p(1, 1), WORDS).shape == shapes(2, 7)["weight"][:1]


def test_the_most_likely_type_is_told_with_its_probability() -> None:
    of_content = types([[0, 0], [0, 0], [0, 1], [0, 0]])  # the first column, over likely content
    name, sure = of_content.most_likely(MATRIX, p(0, 1), WORDS)
    assert name == "forum"
    assert sure == pytest.approx(1 / (1 + np.exp(-3)))


def test_the_probability_of_the_most_likely_type_is_never_below_its_share() -> None:
    assert types([[0, 0]] * 4).most_likely(MATRIX, p(0, 1), WORDS) == ("article", 0.5)


def test_the_bias_counts_where_the_page_says_nothing() -> None:
    assert types([[0, 0]] * 4, (0.0, 2.0)).most_likely(MATRIX, p(0, 1), WORDS)[0] == "forum"


def test_scores_far_from_zero_are_no_overflow() -> None:
    assert types([[1e6, -1e6]] * 4).most_likely(MATRIX, p(0, 1), WORDS) == ("article", 1.0)


def test_a_page_without_blocks_has_no_type() -> None:
    assert types([[0, 0]] * 4).most_likely(MATRIX[:0], p(), WORDS[:0]) == ("", 0.0)
