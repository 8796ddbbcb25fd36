from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from classifier.features.lexical import TABLES, Evidence, Lexicon
from classifier.features.matrix import measure_page
from classifier.segment import segment_text
from train import phrases as module
from train.errors import CorpusError
from train.lexicon import Sample, fit_lexicon
from train.phrases import PAGES, Phrases, phrase_samples, read_phrases

LANGUAGES = sorted(path.stem for path in Path(module.__file__).parent.glob("*.tsv"))
each_language = pytest.mark.parametrize("language", LANGUAGES)

Put = Callable[..., None]


@cache
def shipped() -> dict[str, Phrases]:
    return {phrases.language: phrases for phrases in read_phrases()}


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Put files in the place of those that come with the package."""
    monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)

    def write(**files: str) -> None:
        for name, content in files.items():
            (tmp_path / f"{name}.tsv").write_text(content, encoding="utf-8")

    return write


def evidence(text: str) -> Evidence:
    return measure_page(segment_text(text)).evidence


# -- the files that come with the package ---------------------------------------------------------


def test_every_file_is_read_and_they_come_in_the_order_of_their_names() -> None:
    assert list(shipped()) == LANGUAGES
    assert len(LANGUAGES) >= 30


@each_language
def test_a_language_has_phrases_of_both_labels(language: str) -> None:
    label = shipped()[language].label
    assert label.dtype == np.bool_
    assert label.sum() >= 20
    assert (~label).sum() >= 50


@each_language
def test_no_phrase_stands_twice_in_a_language(language: str) -> None:
    texts = shipped()[language].texts
    assert sorted(texts) == sorted(set(texts))


@each_language
def test_every_phrase_has_words_with_one_space_between_them(language: str) -> None:
    texts = shipped()[language].texts
    assert [text for text in texts if text != " ".join(text.split()) or not evidence(text).words.any()] == []


# -- reading --------------------------------------------------------------------------------------


def test_a_file_is_a_label_a_tab_and_a_text_a_line(put: Put) -> None:
    put(en="clutter\tLog in\ncontent\tThe weir was mended.\n", de="clutter\tAnmelden\n")
    german, english = read_phrases()
    assert (german.language, english.language) == ("de", "en")
    assert english.texts == ("Log in", "The weir was mended.")
    assert english.label.tolist() == [False, True]


@pytest.mark.parametrize(
    "line", ["Log in", "clutter Log in", "menu\tLog in", "clutter\t ", "clutter\tLog\tin", "\tLog in", ""]
)
def test_a_bad_line_is_refused_with_its_file_and_number(put: Put, line: str) -> None:
    put(en=f"clutter\tMenu\n{line}\nclutter\tHome\n")
    with pytest.raises(CorpusError, match=r"en\.tsv, line 2"):
        list(read_phrases())


def test_other_files_are_no_phrases(put: Put, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("About")
    put(en="clutter\tMenu\n")
    assert [phrases.language for phrases in read_phrases()] == ["en"]


# -- what a lexicon learns ------------------------------------------------------------------------


def samples(put: Put, pages: float = PAGES) -> list[Sample]:
    put(en="clutter\tlog in\nclutter\tshow more\ncontent\tthe weir was mended\n")
    return phrase_samples(pages)


def odds(lexicon: Lexicon, kind: str, text: str) -> float:
    rows = getattr(evidence(text), kind)
    return float(getattr(lexicon, kind)[rows].mean())


def test_a_language_is_a_sample_that_counts_for_several_pages(put: Put) -> None:
    (sample,) = samples(put)
    assert sample.pages == PAGES
    assert sample.weight.sum() == pytest.approx(PAGES)
    assert sample.names is None


def test_content_and_clutter_of_a_language_weigh_the_same(put: Put) -> None:
    (sample,) = samples(put)
    assert sample.weight[sample.label].sum() == pytest.approx(sample.weight[~sample.label].sum())


@pytest.mark.parametrize("label", ["content", "clutter"])
def test_a_language_of_one_label_has_finite_weights(put: Put, label: str) -> None:
    put(en=f"{label}\tlog in\n")
    (sample,) = phrase_samples()
    assert np.isfinite(sample.weight).all()


def test_a_clutter_phrase_lowers_the_log_odds_of_its_words_pairs_and_whole() -> None:
    without = fit_lexicon([module._sample(Phrases("en", ("a weir", "tea"), np.array([True, False])), PAGES)])
    texts = ("a weir", "tea", "log in")
    phrases = Phrases("en", texts, np.array([True, False, False]))
    lexicon = fit_lexicon([module._sample(phrases, PAGES)])
    for kind in ("word", "pair", "phrase"):
        assert odds(lexicon, kind, "log in") < odds(without, kind, "log in") == 0


def test_a_phrase_is_known_in_the_language_that_says_it() -> None:
    lexicon = fit_lexicon([module._sample(shipped()["de"], PAGES), module._sample(shipped()["ja"], PAGES)])
    for language in ("de", "ja"):
        one = shipped()[language]
        clutter = [text for text, content in zip(one.texts, one.label, strict=True) if not content]
        assert np.mean([odds(lexicon, "phrase", text) < 0 for text in clutter]) > 0.95


def test_the_more_pages_a_language_counts_for_the_stronger_its_odds(put: Put) -> None:
    few, many = (odds(fit_lexicon(samples(put, pages)), "phrase", "log in") for pages in (1.0, 12.0))
    assert many < few < 0


def test_rows_lie_within_their_tables() -> None:
    sample = module._sample(shipped()["zh-Hans"], PAGES)
    assert set(sample.rows) == {"word", "pair", "phrase"}
    assert all(rows.min() >= 0 and rows.max() < 1 << TABLES[kind] for kind, rows in sample.rows.items())
