from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.features.arrays import (
    Arrays,
    Char,
    classes,
    code_points,
    measure,
    ratio,
    shift,
    window_sum,
)
from classifier.segment import Segments

Measure = Callable[[Sequence[str] | str], Arrays]
numbers = st.lists(st.integers(-50, 50), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("char", "kind"),
    [
        ("a", Char.LOWER),
        ("A", Char.UPPER),
        ("א", Char.LETTER),
        ("字", Char.UNSPACED),
        ("か", Char.UNSPACED),
        ("ก", Char.UNSPACED),
        ("한", Char.LETTER),
        ("7", Char.DIGIT),
        ("٣", Char.DIGIT),
        ("\u0301", Char.MARK),
        (".", Char.STOP),
        ("。", Char.STOP),
        ("،", Char.COMMA),
        ("(", Char.PUNCT),
        ("%", Char.PUNCT),
        ("°", Char.SYMBOL),
        ("€", Char.CURRENCY),
        ("|", Char.SEPARATOR),
        (" ", Char.SPACE),
        ("\u3000", Char.SPACE),
        ("\n", Char.SPACE),
        ("\0", Char.SPACE),
        ("\ud800", Char.SPACE),
        ("\U0001f600", Char.SYMBOL),
        ("\U00020000", Char.UNSPACED),
    ],
)
def test_every_character_has_a_class(char: str, kind: Char) -> None:
    points, _, _ = code_points([char])
    assert classes(points).tolist() == [kind]


@given(st.text(alphabet="aZ0 é’ß你ไ😀𠀀\u0301\uffff", min_size=1))
def test_a_character_has_the_same_class_in_any_company(text: str) -> None:
    points, _, _ = code_points([text])
    alone = [int(classes(code_points([char])[0])[0]) for char in text]
    assert classes(points).tolist() == alone


@given(st.lists(st.text(st.characters(), max_size=8), min_size=1, max_size=8))
def test_code_points_of_a_text_are_found_between_its_start_and_end(texts: list[str]) -> None:
    points, starts, ends = code_points(texts)
    found = ["".join(map(chr, points[a:b])) for a, b in zip(starts, ends, strict=True)]
    assert found == texts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("two words", 2),
        ("don't", 2),
        ("well-known", 2),
        ("e\u0301te\u0301", 1),
        ("h2o", 1),
        ("日本語", 3),
        ("我有2个", 4),
        ("日a", 2),
        ("한국어 문장", 2),
        ("...", 0),
    ],
)
def test_words_are_runs_of_letters_and_single_characters_where_no_spaces_are_written(
    arrays: Measure, text: str, words: int
) -> None:
    assert arrays([text]).words.tolist() == [words]


def test_no_word_spans_two_blocks(arrays: Measure) -> None:
    page = arrays(["ab", "cd"])
    assert page.words.tolist() == [1, 1]
    assert page.token_block.tolist() == [0, 1]
    assert page.token_chars.tolist() == [2, 2]


def test_counts_are_of_each_block_alone(arrays: Measure) -> None:
    page = arrays(["Ab, 1!", "€ x"])
    assert page.chars.tolist() == [5, 2]
    assert page.counts[:, Char.UPPER].tolist() == [1, 0]
    assert page.counts[:, Char.CURRENCY].tolist() == [0, 1]
    assert page.counts.sum(axis=1).tolist() == [7, 3]  # the line feed between them is the first's


def test_first_and_last_are_the_ends_of_each_block(arrays: Measure) -> None:
    page = arrays(["Ab.", "7"])
    assert page.first.tolist() == [Char.UPPER, Char.DIGIT]
    assert page.last.tolist() == [Char.STOP, Char.DIGIT]
    assert [chr(point) for point in page.last_point] == [".", "7"]


def test_capital_words_begin_with_a_capital(arrays: Measure) -> None:
    assert arrays(["The iPhone IS here"]).capital_words.tolist() == [2]


def test_words_have_one_hash_whatever_their_case(arrays: Measure) -> None:
    tokens = arrays(["Tea tea TEA milk"]).token_hash.tolist()
    assert tokens[0] == tokens[1] == tokens[2] != tokens[3]


def test_phrases_are_alike_when_letters_and_the_places_of_digits_are(arrays: Measure) -> None:
    page = arrays(["Page 12 of 20", "page 34, of 99!", "page 3 of 20", "Page a of b"])
    first, second, third, fourth = page.phrase_hash.tolist()
    assert first == second
    assert len({first, third, fourth}) == 3
    assert page.phrase_chars.tolist() == [10, 10, 9, 8]


def test_a_prefix_is_the_first_24_letters(arrays: Measure) -> None:
    start = "The ferry left the harbour at"
    page = arrays([f"{start} dawn.", f"{start} noon, with", "The ferry"])
    first, second, third = page.prefix_hash.tolist()
    assert first == second != third


def test_a_capital_that_lowers_to_two_characters_shifts_nothing(arrays: Measure) -> None:
    page = arrays(["İİ tea", "tea"])
    assert page.token_hash[1] == page.token_hash[2]
    assert page.words.tolist() == [2, 1]


@given(numbers, st.integers(-6, 6))
def test_shift_gives_the_value_that_many_blocks_further_on(values: list[int], by: int) -> None:
    n = len(values)
    found = shift(np.array(values), by, fill=99).tolist()
    assert found == [values[i + by] if 0 <= i + by < n else 99 for i in range(n)]


@given(numbers, st.integers(0, 8), st.integers(0, 8))
def test_a_window_is_cut_off_at_the_ends_of_the_page(values: list[int], before: int, after: int) -> None:
    found = window_sum(np.array(values), before, after).tolist()
    expected = [sum(values[max(0, i - before) : i + after + 1]) for i in range(len(values))]
    assert found == expected


def test_ratio_is_zero_where_the_whole_is() -> None:
    found = ratio(np.array([1, 2, 3]), np.array([2, 0, 4]))
    assert found.tolist() == [0.5, 0.0, 0.75]
    assert found.dtype == np.float32


@given(st.lists(st.text(st.characters(), min_size=1, max_size=20), min_size=1, max_size=10))
def test_figures_of_any_texts_add_up(texts: list[str]) -> None:
    page = measure(Segments("text", "", texts, ["p"] * len(texts)))
    assert page.words.sum() == len(page.token_hash)
    assert page.counts.sum() == len("\n".join(texts))
    assert np.bincount(page.token_block, minlength=page.n).tolist() == page.words.tolist()
    assert (page.token_chars > 0).all()
