from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from classifier.features.arrays import Arrays
from classifier.features.lexical import (
    COLUMNS,
    SHAPES,
    TREE_COLUMNS,
    Evidence,
    Lexicon,
    collect,
)
from classifier.features.tree import build_tree

Measure = Callable[[Sequence[str] | str], Arrays]
Odds = dict[str, list[float]]


def evidence(page: Arrays) -> Evidence:
    return collect(page, build_tree(page) if page.segments.kind == "html" else None)


class Writer:
    """Writes log-odds into the tables of a lexicon under the rows of words, names and the like."""

    def __init__(self, arrays: Measure) -> None:
        self.arrays = arrays
        self.tables = {kind: np.zeros(shape, np.float32) for kind, shape in SHAPES.items()}

    def words(self, odds: Mapping[str, float]) -> "Writer":
        for word, value in odds.items():
            self.tables["word"][evidence(self.arrays([word])).word] = value
        return self

    def pair(self, text: str, value: float) -> "Writer":
        self.tables["pair"][evidence(self.arrays([text])).pair] = value
        return self

    def phrase(self, text: str, value: float) -> "Writer":
        self.tables["phrase"][evidence(self.arrays([text])).phrase] = value
        return self

    def name(self, name: str, value: float) -> "Writer":
        found = evidence(self.arrays(f'<p class="{name}">x'))
        self.tables["name"][found.name[found.name_index > 0]] = value
        return self

    def columns(self, source: Sequence[str] | str) -> Odds:
        values = Lexicon(**self.tables).columns(evidence(self.arrays(source)))
        names = [name for name, _ in (*COLUMNS, *TREE_COLUMNS)]
        assert values.dtype == np.float32
        assert values.shape[1] == (len(names) if isinstance(source, str) else len(COLUMNS))
        return {name: np.round(values[:, at], 5).tolist() for at, name in enumerate(names[: values.shape[1]])}


@pytest.fixture
def lexicon(arrays: Measure) -> Writer:
    return Writer(arrays)


def test_an_empty_lexicon_gives_zeros(lexicon: Writer) -> None:
    assert {value for column in lexicon.columns("<p>a b<p>c").values() for value in column} == {0}


def test_the_words_of_a_block_give_mean_lowest_highest_and_sum(lexicon: Writer) -> None:
    columns = lexicon.words({"share": -2.0, "tea": 1.0}).columns(["Share tea now", "tea", "..."])
    assert columns["word_mean"] == [pytest.approx(-1 / 3, abs=1e-4), 1, 0]
    assert columns["word_min"] == [-2, 0, 0]
    assert columns["word_max"] == [1, 1, 0]
    assert columns["word_sum"] == [-1, 1, 0]
    assert columns["word_first"] == [-2, 1, 0]


def test_the_sum_of_a_blocks_words_is_bounded(lexicon: Writer) -> None:
    assert lexicon.words({"tea": 1.0}).columns(["tea " * 90])["word_sum"] == [20]


def test_a_pair_counts_only_when_its_words_stand_side_by_side_in_one_block(
    lexicon: Writer,
) -> None:
    columns = lexicon.pair("read more", -3.0).columns(["Read more", "read", "more", "more read"])
    assert columns["pair_mean"] == columns["pair_min"] == [-3, 0, 0, 0]


def test_a_phrase_is_the_whole_text_of_a_block(lexicon: Writer) -> None:
    columns = lexicon.phrase("page 1 of 9", -1.5).columns(["Page 4 of 7!", "Page 4 of 7 here", "x"])
    assert columns["phrase"] == [-1.5, 0, 0]
    assert columns["phrase_before_5"] == [0, -1.5, -1.5]


def test_the_strongest_cue_reaches_as_far_as_its_window(lexicon: Writer) -> None:
    columns = lexicon.words({"related": -2.0}).columns(["related", *["x"] * 50])
    for window in (5, 15, 40):
        found = columns[f"cue_before_{window}"]
        assert found == [0, *[-2] * window, *[0] * (50 - window)]


def test_a_cue_after_a_block_reaches_five_blocks_back(lexicon: Writer) -> None:
    columns = lexicon.words({"related": -2.0}).columns([*["x"] * 8, "related"])
    assert columns["cue_after_5"] == [0, 0, 0, *[-2] * 5, 0]


def test_the_best_cue_reaches_fifteen_blocks_on(lexicon: Writer) -> None:
    columns = lexicon.words({"published": 2.0}).columns(["published", *["x"] * 20])
    assert columns["cue_high_before_15"] == [0, *[2] * 15, *[0] * 5]


def test_a_long_block_is_no_cue(lexicon: Writer) -> None:
    columns = lexicon.words({"related": -2.0}).columns(["related " * 15, "x"])
    assert columns["cue_before_5"] == [0, 0]


def test_the_words_of_the_neighbours_are_shifted(lexicon: Writer) -> None:
    columns = lexicon.words({"tea": 1.0}).columns(["x", "tea", "y"])
    assert columns["word_mean_previous"] == [0, 0, 1]
    assert columns["word_mean_next"] == [1, 0, 0]


def test_names_count_at_their_element_and_for_all_blocks_inside(lexicon: Writer) -> None:
    html = "<div class=sidebar><section><p>a</p></section></div><p>b</p>"
    columns = lexicon.name("sidebar", -2.0).columns(html)
    strength = round(0.7 * -2 + 0.3 * -2, 5)
    assert columns["name_min"] == [strength, 0]
    assert columns["name_sum"] == [strength, 0]
    assert [columns[f"name_{k}"][0] for k in range(4)] == [0, 0, strength, 0]


def test_a_name_is_read_whole_and_in_its_parts(lexicon: Writer) -> None:
    lexicon.name("post", 1.0)
    for name in ("post", "post-meta", "blogPost", "POST", "x post_12"):
        assert lexicon.columns(f'<p class="{name}">a')["name_0"][0] > 0, name
    assert lexicon.columns('<p class="poster">a')["name_0"] == [0]


def test_the_tag_and_the_two_around_it_count_together(lexicon: Writer, arrays: Measure) -> None:
    lexicon.tables["tag"][evidence(arrays("<ul><li>a</ul>")).tag] = -1.0
    assert lexicon.columns("<ul><li>a<li>b</ul><ol><li>c</ol>")["tag_odds"] == [-1, -1, 0]


def test_plain_text_has_no_columns_of_the_tree(lexicon: Writer) -> None:
    assert list(lexicon.columns(["a"])) == [name for name, _ in COLUMNS]


def test_the_evidence_of_plain_text_has_no_elements(arrays: Measure) -> None:
    found = evidence(arrays(["a b", "c"]))
    assert len(found.identity) == len(found.tag) == len(found.name) == 0
    assert (len(found.word), len(found.pair), len(found.phrase)) == (3, 1, 2)
