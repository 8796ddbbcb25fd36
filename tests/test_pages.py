import json
import os
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from classifier import classify
from classifier.decode import decode
from classifier.segment import segment_html, segment_text
from train.corpus import GoldPage, read
from train.metrics import score, words
from train.plaintext import line_text

ROOT = Path(__file__).parents[1]
# Pages to be judged by, and pages to learn from.
SETS: Final = {name: {page.id: page for page in read(name)} for name in ("pages", "lessons")}
PAGES: Final = SETS["pages"]
FOLDERS: Final = [path for name in SETS for path in sorted((ROOT / "data" / name).iterdir()) if path.is_dir()]
TYPES = {"article", "forum", "product", "collection", "listing", "documentation", "service"}
each_set = pytest.mark.parametrize("name", SETS)
each_folder = pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
each_page = pytest.mark.parametrize(
    "page",
    [page for pages in SETS.values() for page in pages.values()],
    ids=lambda page: f"{page.dataset}/{page.id}",
)
needs_data = pytest.mark.skipif(not os.environ.get("CLASSIFIER_DATA"), reason="no data sets here")


def meta(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return found


def languages(name: str) -> set[str]:
    return {(page.language or "").partition("-")[0] for page in SETS[name].values()} - {""}


@each_set
def test_there_are_two_dozen_pages_at_least(name: str) -> None:
    assert len(SETS[name]) >= 24
    assert set(SETS[name]) == {folder.name for folder in FOLDERS if folder.parent.name == name}


def test_every_type_of_page_is_there() -> None:
    assert {page.page_type for page in PAGES.values()} == TYPES


@each_folder
def test_the_type_of_a_page_is_one_of_the_known(folder: Path) -> None:
    assert meta(folder)["type"] in TYPES


@each_set
def test_there_are_eight_languages_at_least(name: str) -> None:
    assert len(languages(name)) >= 8


def test_there_are_pages_of_html_and_of_plain_text() -> None:
    kinds = Counter(page.kind for page in PAGES.values())
    assert kinds["html"] >= 20
    assert kinds["text"] >= 2


def test_no_page_to_learn_from_is_a_page_to_be_judged_by() -> None:
    assert set(SETS["pages"]) & set(SETS["lessons"]) == set()


def test_no_gold_line_of_a_page_to_be_judged_by_is_in_a_page_to_learn_from() -> None:
    """Lines of some length, that is: a heading such as "Comments" is on many pages."""
    judged, learnt = (
        {line for page in pages.values() for line in (page.gold or "").splitlines() if len(line) >= 30}
        for pages in SETS.values()
    )
    assert judged & learnt == set()


@each_folder
def test_a_page_has_its_files_and_no_others(folder: Path) -> None:
    page = "page.html" if meta(folder)["kind"] == "html" else "page.txt"
    assert {path.name for path in folder.iterdir()} == {page, "gold.txt", "meta.json"}


@each_folder
def test_the_meta_data_say_type_language_kind_and_what_the_page_tests(folder: Path) -> None:
    found = meta(folder)
    assert set(found) == {"type", "language", "kind", "description"}
    assert all(isinstance(value, str) and value for value in found.values())
    assert len(found["description"].split()) >= 5


def block_texts(page: GoldPage) -> list[str]:
    return (segment_html if page.kind == "html" else segment_text)(decode(page.page)).texts


def page_words(page: GoldPage) -> set[str]:
    """Every word on the page, whatever holds it: text, embedded data, attributes."""
    text = page.page.decode("utf-8")
    blocks = block_texts(page)
    return set(words("\n".join([text, *blocks, line_text(text) if page.kind == "html" else ""])))


@each_page
def test_the_words_of_every_gold_line_are_on_the_page(page: GoldPage) -> None:
    known = page_words(page)
    lines = (page.gold or "").splitlines()
    assert [(line, lost) for line in lines if (lost := set(words(line)) - known)] == []


@each_page
def test_every_page_has_content_and_clutter(page: GoldPage) -> None:
    gold = Counter(words(page.gold or ""))
    everything = Counter(words("\n".join(block_texts(page))))
    assert gold.total() >= 30
    assert (everything - gold).total() >= 20


@each_page
def test_no_page_names_a_real_place_on_the_web(page: GoldPage) -> None:
    assert b"http://www.google" not in page.page
    assert b"doubleclick.net" not in page.page


# -- languages ------------------------------------------------------------------------------------

# Scripts and languages that no large training set of ours holds; what their pages must reach.
FAR_LANGUAGES = ("ar", "hi", "ja", "ru", "th", "zh")
FAR_FLOOR = 0.9
FAR_PAGES = [page for page in SETS["pages"].values() if (page.language or "")[:2] in FAR_LANGUAGES]


def test_there_are_two_pages_at_least_in_each_far_language() -> None:
    counts = Counter((page.language or "")[:2] for page in FAR_PAGES)
    assert all(counts[language] >= 2 for language in FAR_LANGUAGES)


@pytest.mark.parametrize("page", FAR_PAGES, ids=lambda page: page.id)
def test_a_page_in_a_far_language_is_done_well_by_the_default_call(page: GoldPage) -> None:
    assert score(classify(page.page).text, page.gold or "").f1 >= FAR_FLOOR


# -- the page that this project was founded on ----------------------------------------------------


def founding_lines() -> list[tuple[int, str]]:
    """Number and label of each line; the texts stay in the data set, they are not ours to copy."""
    if not os.environ.get("CLASSIFIER_DATA"):
        return []
    (page,) = read("seed")
    return [(number, label) for number, _, label in page.lines or () if label != "either"]


@needs_data
@pytest.mark.parametrize(("number", "label"), founding_lines())
def test_the_founding_page_is_labelled_rightly_line_by_line(number: int, label: str) -> None:
    (page,) = read("seed")
    found = classify(page.page, kind=page.kind)
    over = [b for b in found.blocks if b.lines and b.lines[0] <= number <= b.lines[1]]
    assert over, f"line {number} is in no block"
    assert {block.label.value for block in over} == {label}


@needs_data
def test_the_founding_page_is_seen_to_be_plain_text() -> None:
    (page,) = read("seed")
    assert classify(page.page).kind == "text"
