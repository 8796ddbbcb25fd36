"""The weights of what a site's other pages say, and how they are judged."""

from collections.abc import Sequence

import numpy as np
import pytest

from classifier import Classifier
from train.corpus import GoldPage
from train.errors import CorpusError
from train.site import compare_sites, fit_weights, judge_sites, report, site_pages
from train.table import LabelledPage, build_table

FOOTER = "All our prices include the tax and delivery within the country takes three days"


def gold(site: str, number: int) -> GoldPage:
    letter = "xyz"[number]
    text = f"{site} {letter}: " + " ".join(f"{site}{letter}{word}" for word in "abcdefghijkl")
    html = f"<main><p>{text}</p></main><div><p>{FOOTER}</p></div>"
    return GoldPage(f"{site}-{number}", "pages", html.encode(), text, f"{site}.example")


def labelled(pages: Sequence[GoldPage]) -> list[LabelledPage]:
    return build_table(pages, "html", workers=1, progress=False).pages


@pytest.fixture
def pages() -> list[GoldPage]:
    return [gold(site, number) for site in ("oak", "elm", "ash") for number in range(3)] + [gold("fir", 0)]


def unsure(pages: Sequence[LabelledPage]) -> list[tuple[LabelledPage, np.ndarray]]:
    return [(page, np.full(len(page.texts), 0.6, np.float32)) for page in pages]


def sources(pages: Sequence[GoldPage]) -> dict[tuple[str, str], bytes]:
    return {(page.dataset, page.id): page.page for page in pages}


def test_only_sites_of_several_pages_are_learned_from(pages: list[GoldPage]) -> None:
    found = site_pages(unsure(labelled(pages)), sources(pages))
    assert {one.page.site for one in found} == {"oak.example", "elm.example", "ash.example"}
    assert [one.found.pages for one in found] == [2] * 9
    assert found[0].found.repeats.tolist() == [0, 2]


def test_what_repeats_and_is_clutter_gets_a_negative_weight(pages: list[GoldPage]) -> None:
    assert fit_weights(site_pages(unsure(labelled(pages)), sources(pages))).repeated < -0.3


def test_a_site_is_judged_under_weights_of_the_others(pages: list[GoldPage]) -> None:
    frame = judge_sites(site_pages(unsure(labelled(pages)), sources(pages)))
    assert len(frame) == 9
    assert (frame["with_site"] == 1).all()
    assert (frame["alone"] < 1).all()


def test_no_site_of_several_pages_is_an_error() -> None:
    with pytest.raises(CorpusError, match="no site has two pages"):
        fit_weights([])


def test_sites_are_compared_as_users_call_for_them(pages: list[GoldPage]) -> None:
    frame = compare_sites(pages, Classifier())
    assert frame["pages"].tolist() == [3] * 9 + [1]
    alone = frame[frame["pages"] == 1]
    assert (alone["alone"] == alone["with_site"]).all()
    assert "10 pages of 4 sites" in report(frame, "title")
