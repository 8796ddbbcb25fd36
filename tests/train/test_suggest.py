from collections.abc import Mapping
from pathlib import Path

import pytest

from classifier import Page, classify
from train.adapt import adapt
from train.corpus import read
from train.metrics import score
from train.suggest import suggest, suggestions_report
from train.table import build_table

OWN_SITE = Path(__file__).parents[2] / "data" / "own-site"
# Pages of data/own-site that have the older layout.
OLD = {f"record-{number:02d}" for number in range(1, 20, 3)}


@pytest.fixture(scope="module")
def site() -> Mapping[str, Page]:
    return {page.id: classify(page.page) for page in read("pages", OWN_SITE)}


def names(site: Mapping[str, Page], **options: object) -> list[str]:
    return [one.name for one in suggest(site, **options)]  # type: ignore[arg-type]


def test_every_page_is_suggested_once(site: Mapping[str, Page]) -> None:
    assert sorted(names(site)) == sorted(site)


def test_both_layouts_of_a_site_come_first(site: Mapping[str, Page]) -> None:
    first = names(site, most=2)
    assert len(OLD & set(first)) == 1


def test_pages_like_those_that_are_labelled_come_last(site: Mapping[str, Page]) -> None:
    labelled = [site[name] for name in sorted(OLD)[:3]]
    left = {name: page for name, page in site.items() if page not in labelled}
    first = names(left, labelled=labelled, most=3)
    assert not OLD & set(first)


def test_the_worth_of_pages_falls(site: Mapping[str, Page]) -> None:
    worth = [one.worth for one in suggest(site)]
    assert worth == sorted(worth, reverse=True) and 0 < worth[-1] < worth[0] <= 1


def test_the_blocks_pointed_out_are_the_most_uncertain_ones_of_many_words() -> None:
    page = classify("<p>Short<p>" + "The river was high, and the ferry did not run. " * 3)
    (one,) = suggest({"a": page}, blocks=1)
    assert len(one.blocks) == 1 and one.blocks[0] == 1


def test_a_text_that_many_pages_have_is_pointed_out_once() -> None:
    notice = (
        "<p>Prices and dates are given without warranty and may change.<p>Ask at the counter for details."
    )
    pages = {
        name: classify(f"<p>The {name} was high, and the ferry did not run.{notice}{notice}")
        for name in ("river", "lake", "sea")
    }
    found = suggest(pages, blocks=9)
    told = [pages[one.name].segments.texts[block] for one in found for block in one.blocks]
    assert sorted(told) == sorted({text for page in pages.values() for text in page.segments.texts})


def test_a_page_without_blocks_is_worth_nothing() -> None:
    pages = {"empty": classify("<p></p>"), "full": classify("<p>The river was high today.")}
    assert [(one.name, one.worth > 0) for one in suggest(pages)] == [("full", True), ("empty", False)]


def test_five_pages_that_are_suggested_teach_more_than_the_five_least_sure(
    site: Mapping[str, Page],
) -> None:
    table = build_table(read("pages", OWN_SITE), workers=1, progress=False)
    by_id = {page.id: page for page in table.pages}

    def f1_of_others(chosen: list[str]) -> float:
        model = adapt(type(table)("html", [by_id[name] for name in chosen])).model
        from classifier import Classifier

        texts = {name: Classifier([model]).extract(page.markup) for name, page in site.items()}
        left = [score(texts[name], by_id[name].gold).f1 for name in site if name not in chosen]
        return sum(left) / len(left)

    unsure = sorted(site, key=lambda name: site[name].confidence)[:5]
    assert f1_of_others(names(site, most=5)) > f1_of_others(unsure) + 0.1


def test_the_report_shows_pages_and_blocks(site: Mapping[str, Page]) -> None:
    text = suggestions_report(suggest(site, most=1, blocks=2), site)
    first, *rest = text.splitlines()
    assert first.startswith("1. record-") and "confidence" in first
    assert len(rest) == 2
