from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from train.corpus import GoldPage
from train.errors import CorpusError
from train.evaluate import Evaluation, evaluate
from train.plaintext import page_text
from train.standings import (
    declared_languages,
    evaluate_others,
    gold_pages,
    others,
    standings,
    standings_report,
)
from train.table import Table, build_table

HANG = "__import__('time').sleep(600)"


def page(name: str, text: str, gold: str | None = "tea", **more: str) -> GoldPage:
    more = {"page_type": "article", "kind": "text"} | more
    return GoldPage(id=name, dataset="invented", page=text.encode(), gold=gold, site=name, **more)  # type: ignore[arg-type]


def own_table(*pages: GoldPage) -> Table:
    return build_table(pages, "html", workers=1, progress=False)


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts pages in the place of all data sets."""

    def put(*pages: GoldPage) -> None:
        monkeypatch.setattr("train.standings.read", lambda name: iter(pages))

    return put


def test_the_pages_of_a_table_come_from_their_data_set(data: Callable[..., None]) -> None:
    known = page("a", "<p>tea", kind="html")
    data(known, page("b", "<p>rum", kind="html"))
    assert list(gold_pages(own_table(known, known))) == [known]


def test_a_page_that_its_data_set_lacks_asks_for_a_new_table(data: Callable[..., None]) -> None:
    data()
    with pytest.raises(CorpusError, match="train table"):
        list(gold_pages(own_table(page("a", "<p>tea", kind="html"))))


def test_html_pages_declare_a_language_and_plain_text_does_not() -> None:
    pages = [page("a", "<html lang=de><p>tea", kind="html"), page("b", "tea")]
    assert declared_languages(pages) == {("invented", "a"): "de"}


def test_a_page_is_given_as_the_extractor_takes_it() -> None:
    html = page("a", "<p>tea<p>rum", kind="html")
    assert page_text(html, "html") == "<p>tea<p>rum"
    assert page_text(html, "text") == "tea\nrum"
    assert page_text(page("b", "tea <3"), "text") == "tea <3"


def test_plain_text_is_compared_with_rules_and_html_with_peers() -> None:
    assert list(others("text")) == ["everything", "lines of 8+ words", "C4 line rule"]
    assert "everything" not in others("html")


def test_others_are_scored_in_the_order_of_the_pages() -> None:
    pages = [page("a", "'tea'"), page("b", "'rum'"), page("c", "'rum'", gold=None)]
    found = evaluate_others(pages, "text", {"eval": eval}, workers=2)["eval"]
    assert found.pages["id"].tolist() == ["a", "b"]
    assert found.pages["f1"].tolist() == [1, 0]
    assert found.pages["failed"].tolist() == [False, False]


def test_a_peer_over_its_deadline_is_an_error_and_an_empty_text() -> None:
    pages = [page("a", HANG), page("b", "'tea'"), page("c", HANG, gold="")]
    found = evaluate_others(pages, "text", {"slow": eval}, deadline=1.0)["slow"]
    assert found.pages["failed"].tolist() == [True, False, True]
    assert found.pages["f1"].tolist() == [0, 1, 1]
    assert standings({"slow": found}).loc["slow", "errors"] == 2


def answers(*texts: str) -> Evaluation:
    pages = [page(str(n), text, page_type="forum" if n else "article") for n, text in enumerate(texts)]
    return evaluate(pages, lambda given: given.decode())


def test_standings_go_from_the_best_with_a_column_a_page_type() -> None:
    table = standings({"worse": answers("rum", "rum", "tea"), "better": answers("tea", "tea", "rum")})
    assert table.index.tolist() == ["better", "worse"]
    assert table["pages"].tolist() == [3, 3]
    assert table["errors"].tolist() == [0, 0]
    assert [name for name in table if name.startswith("f1 ")] == ["f1 forum", "f1 article"]
    assert table.loc["better", ["f1 forum", "f1 article"]].tolist() == [0.5, 1.0]
    assert table.loc["better", "precision_low"] <= table.loc["better", "precision"]


def test_the_report_gives_each_figure_with_its_interval() -> None:
    told = standings_report("A title", standings({"x": answers("tea")})).splitlines()
    assert told[0] == "A title"
    assert told[2].split()[:7] == ["x", "1", "1.000", "(1.000", "to", "1.000)", "1.000"]


def test_a_frame_of_standings_can_be_written(tmp_path: Path) -> None:
    standings({"x": answers("tea")}).to_csv(tmp_path / "standings.csv")
    assert pd.read_csv(tmp_path / "standings.csv")["extractor"].tolist() == ["x"]
