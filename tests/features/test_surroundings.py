import numpy as np
import pytest

from classifier.features.matrix import measure_page
from classifier.features.surroundings import COLUMNS, TREE_COLUMNS, compute
from classifier.segment import segment_html, segment_text

TEXT = segment_text("a b\nc\nd e f\ng")  # weights 2.5, 1.5, 3.5, 1.5
P = [0.2, 0.9, 0.6, 0.1]
LIKELY = [0.5, 1.35, 2.1, 0.15]


def columns(p: list[float] = P, source: str | None = None) -> dict[str, list[float]]:
    measured = measure_page(TEXT if source is None else segment_html(source))
    values = compute(np.array(p, np.float32), measured.evidence.words, measured.path, measured.level)
    names = [name for name, _ in (*COLUMNS, *TREE_COLUMNS)]
    assert values.dtype == np.float32
    assert values.shape == (len(p), len(COLUMNS) if source is None else len(names))
    return {name: values[:, at].tolist() for at, name in enumerate(names[: values.shape[1]])}


def near(*values: float) -> object:
    return pytest.approx(list(values), abs=1e-5)


def test_names_of_columns_are_unique_and_documented() -> None:
    names = [name for name, _ in (*COLUMNS, *TREE_COLUMNS)]
    assert len(set(names)) == len(names)
    assert all(doc for _, doc in (*COLUMNS, *TREE_COLUMNS))


def test_the_probabilities_of_a_block_and_its_neighbours_are_there() -> None:
    found = columns()
    assert found["first_p"] == near(*P)
    assert found["first_p_-1"] == near(0, 0.2, 0.9, 0.6)
    assert found["first_p_+2"] == near(0.6, 0.1, 0, 0)


def test_the_mean_of_a_window_weighs_blocks_by_their_words() -> None:
    assert columns()["first_p_10_to_0"] == near(0.2, 1.85 / 4, 3.95 / 7.5, 4.1 / 9)
    assert columns()["first_p_2_to_2"] == near(3.95 / 7.5, 4.1 / 9, 4.1 / 9, 3.6 / 6.5)


def test_figures_of_the_page_are_the_same_for_every_block() -> None:
    assert columns()["first_p_page"] == near(*[4.1 / 9] * 4)
    assert columns()["first_p_best"] == near(*[0.9] * 4)


def test_the_rank_is_the_share_of_words_in_less_likely_blocks() -> None:
    assert columns()["first_p_rank"] == near(1.5 / 9, 7.5 / 9, 4 / 9, 0)


def test_expected_content_before_and_after_leaves_the_block_out() -> None:
    assert columns()["likely_before"] == near(0, 0.5 / 4.1, 1.85 / 4.1, 3.95 / 4.1)
    assert columns()["likely_after"] == near(3.6 / 4.1, 2.25 / 4.1, 0.15 / 4.1, 0)


def test_words_since_and_until_likely_content_leave_the_block_out() -> None:
    far = np.log1p(9)  # where there is none
    assert columns()["since_likely"] == near(far, far, 0, 0)
    assert columns()["until_likely"] == near(0, 0, far, far)


def test_blocks_with_the_same_path_share_their_mean() -> None:
    found = columns([0.2, 0.8, 0.4], "<p>a<p>b<div>c</div>")
    assert found["first_p_path"] == near(0.5, 0.5, 0.4)


def test_the_enclosing_subtrees_have_a_mean_and_a_share() -> None:
    found = columns([0.2, 0.8, 0.5], "<main><p>a<p>b</main><p>c")
    assert found["first_p_subtree_0"] == near(0.2, 0.8, 0.5)
    assert found["first_p_subtree_1"] == near(0.5, 0.5, 0.5)
    assert found["likely_share_1"] == near(1 / 1.5, 1 / 1.5, 1)


@pytest.mark.parametrize("p", [[0.0] * 4, [1.0] * 4])
def test_every_value_is_finite_when_all_blocks_are_alike(p: list[float]) -> None:
    assert all(np.isfinite(column).all() for column in columns(p).values())


def test_every_value_is_finite_on_odd_pages(odd_page: str) -> None:
    n = len(segment_html(odd_page))
    for p in (0.0, 0.5, 1.0):
        assert all(np.isfinite(column).all() for column in columns([p] * n, odd_page).values())
