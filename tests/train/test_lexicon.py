from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pytest

from classifier.features.lexical import SHAPES, Evidence, Lexicon
from classifier.features.matrix import measure_page
from classifier.segment import segment_html, segment_text
from train.lexicon import Sample, fit_lexicon, sample_page

CONTENT = "the weir was mended"
CLUTTER = "log in"


def evidence(page: str) -> Evidence:
    return measure_page(segment_html(page) if page.startswith("<") else segment_text(page)).evidence


def sample(page: str, *content: bool) -> Sample:
    """A page of one block a line or element, each content or not; all blocks weigh the same."""
    share = np.array(content, np.float32)
    return sample_page(evidence(page), share, share > 0, np.full(len(content), 1 / len(content)))


def pages(count: int = 6) -> list[Sample]:
    return [sample(f"{CONTENT}\n{CLUTTER}", True, False) for _ in range(count)]


def word(lexicon: Lexicon, text: str) -> float:
    """The log-odds of one word."""
    (row,) = evidence(text).word
    return float(lexicon.word[row])


def rows_of(lexicon: Lexicon, kind: str, page: str) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = getattr(lexicon, kind)[getattr(evidence(page), kind)]
    return values


def test_a_word_seen_only_in_content_has_positive_odds_and_one_seen_only_in_clutter_negative() -> None:
    lexicon = fit_lexicon(pages())
    assert word(lexicon, "weir") > 0 > word(lexicon, "log")


def test_a_word_as_common_in_content_as_in_clutter_has_odds_near_zero() -> None:
    lexicon = fit_lexicon([sample("mill tea\nmill rum", True, False) for _ in range(9)])
    assert word(lexicon, "mill") == pytest.approx(0, abs=0.01)


def test_the_more_pages_agree_on_a_word_the_stronger_its_odds() -> None:
    few, many = (word(fit_lexicon(pages(count)), "weir") for count in (2, 12))
    assert 0 < few < many


def test_a_page_counts_once_however_often_it_says_a_word() -> None:
    once = [sample("weir\nlog in", True, False), sample("mill\nlog in", True, False)]
    often = [sample("weir weir weir weir\nlog in", True, False), once[1]]
    assert word(fit_lexicon(once), "weir") == word(fit_lexicon(often), "weir")


def test_a_word_in_a_long_block_only_is_prose_and_not_counted() -> None:
    prose = "a weir " + "and so on " * 20
    lexicon = fit_lexicon([sample(f"{prose}\nmill\nlog in", True, True, False) for _ in range(5)])
    assert word(lexicon, "weir") == 0
    assert word(lexicon, "mill") > 0


def test_rows_never_seen_are_zero_in_every_table() -> None:
    lexicon = fit_lexicon(pages())
    assert word(lexicon, "unheard") == 0
    for table in fields(Lexicon):
        values = getattr(lexicon, table.name)
        assert np.count_nonzero(values) <= 20, table.name


def test_pairs_and_whole_texts_are_counted_too() -> None:
    lexicon = fit_lexicon(pages())
    assert (rows_of(lexicon, "pair", CONTENT) > 0).all()
    assert rows_of(lexicon, "phrase", CONTENT)[0] > 0 > rows_of(lexicon, "phrase", CLUTTER)[0]


def test_the_names_around_content_are_told_from_those_around_clutter() -> None:
    html = "<main class=story><p>the weir</main><div class=widget><p>log in</div>"
    lexicon = fit_lexicon([sample(html, True, False) for _ in range(6)])

    def odds(name: str) -> float:
        found = evidence(f"<p class={name}>x")
        return float(lexicon.name[found.name[found.name_index > 0]].max(initial=-9))

    assert odds("story") > 0 > odds("widget")


def test_plain_text_leaves_the_tables_of_names_and_tags_empty() -> None:
    lexicon = fit_lexicon(pages())
    assert not lexicon.name.any()
    assert not lexicon.tag.any()


def test_the_columns_of_a_content_page_say_content() -> None:
    lexicon = fit_lexicon(pages())
    content, clutter = lexicon.columns(evidence(f"{CONTENT}\n{CLUTTER}"))
    assert content[0] > clutter[0]


def test_every_table_has_its_shape_and_is_finite() -> None:
    lexicon = fit_lexicon(pages())
    for name, shape in SHAPES.items():
        values = getattr(lexicon, name)
        assert values.shape == shape
        assert values.dtype == np.float32
        assert np.isfinite(values).all()


def test_values_are_those_that_a_model_file_keeps() -> None:
    lexicon = fit_lexicon(pages())
    for table in fields(Lexicon):
        values = getattr(lexicon, table.name)
        assert np.array_equal(values, values.astype(np.float16).astype(np.float32))


def test_the_same_pages_and_seed_give_the_same_tables() -> None:
    first, again = fit_lexicon(pages(), seed=3), fit_lexicon(pages(), seed=3)
    for table in fields(Lexicon):
        assert np.array_equal(getattr(first, table.name), getattr(again, table.name)), table.name


@pytest.mark.parametrize("content", [True, False])
def test_pages_of_one_label_only_give_finite_tables(content: bool) -> None:
    lexicon = fit_lexicon([sample("mill\nweir", content, content) for _ in range(3)])
    for table in fields(Lexicon):
        assert np.isfinite(getattr(lexicon, table.name)).all()
