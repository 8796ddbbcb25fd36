from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classifier.errors import FeatureMismatchError
from classifier.features.lexical import Evidence
from classifier.segment import Kind
from train.corpus import GoldPage
from train.errors import CorpusError
from train.table import LabelledPage, Table, build_table, read_table
from train.weights import page_weights

HTML = "<nav class=menu><a href=/>Home</a></nav><main><h1>Mills</h1><p>The mill stood by a weir.</p></main>"
GOLD = "Mills\nThe mill stood by a weir."
KINDS: tuple[Kind, ...] = ("html", "text")


def page(
    name: str = "mill", html: str = HTML, gold: str | None = GOLD, kind: Kind = "html", site: str = ""
) -> GoldPage:
    return GoldPage(
        id=name,
        dataset="invented",
        page=html.encode(),
        gold=gold,
        site=site or f"{name}.example",
        page_type="article",
        language="en",
        kind=kind,
    )


def build(*pages: GoldPage, kind: Kind = "html", renderings: Sequence[str] = ("lines",)) -> Table:
    return build_table(pages, kind, renderings=renderings, workers=1, progress=False)


def assert_same(first: LabelledPage, second: LabelledPage) -> None:
    for name in ("id", "dataset", "site", "page_type", "language", "rendering", "gold", "missing"):
        assert getattr(first, name) == getattr(second, name), name
    assert (first.texts, first.tags) == (second.texts, second.tags)
    for name in ("share", "words", "label"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist(), name
    one, two = first.measured.base, second.measured.base
    assert one.shape == two.shape and (one == two).all()
    for field in fields(Evidence):
        one, two = (getattr(p.measured.evidence, field.name) for p in (first, second))
        assert one.shape == two.shape and (one == two).all(), field.name


def test_the_blocks_of_a_page_are_labelled_by_its_gold() -> None:
    (labelled,) = build(page()).pages
    assert labelled.texts == ["Home", "Mills", "The mill stood by a weir."]
    assert labelled.label.tolist() == [False, True, True]
    assert (labelled.missing, labelled.trainable, labelled.rendering) == (0, True, "html")


def test_what_is_known_of_the_page_is_kept() -> None:
    (labelled,) = build(page()).pages
    assert (labelled.id, labelled.dataset, labelled.site, labelled.page_type, labelled.language) == (
        "mill",
        "invented",
        "mill.example",
        "article",
        "en",
    )


def test_a_page_without_a_gold_text_is_left_out() -> None:
    assert len(build(page("a"), page("b", gold=None))) == 1


def test_plain_text_pages_are_no_part_of_the_html_table() -> None:
    assert len(build(page("a"), page("b", html="The mill.", kind="text"))) == 1


def test_the_text_table_has_a_page_a_rendering_and_plain_text_as_it_is() -> None:
    table = build(page("a"), page("b", html=GOLD, kind="text"), kind="text", renderings=("lines", "layout"))
    assert [(p.id, p.rendering) for p in table.pages] == [("a", "lines"), ("a", "layout"), ("b", "as is")]


def test_a_page_that_lacks_its_gold_is_not_trained_on_and_the_summary_names_it() -> None:
    table = build(page("good"), page("lost", gold="quite another text about something else"))
    assert [p.trainable for p in table.pages] == [True, False]
    told = table.summary()
    assert "lost (100%)" in told
    assert "good (" not in told


def test_the_summary_counts_pages_sites_blocks_and_content() -> None:
    told = build(page("a", site="one.example"), page("b", site="one.example")).summary()
    assert "2 pages of 1 sites, 6 blocks, 66.7% of them content" in told
    assert told.endswith("none")


def test_a_page_with_an_empty_gold_is_kept_but_not_trained_on() -> None:
    (labelled,) = build(page(gold="")).pages
    assert not labelled.label.any()
    assert not labelled.trainable


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_page_stays_with_no_blocks(kind: Kind) -> None:
    empty, full = build(page("empty", html="", gold=""), page("full"), kind=kind).pages
    assert (empty.texts, len(empty.label), empty.trainable) == ([], 0, False)
    assert empty.measured.base.shape == (0, full.measured.base.shape[1])


def test_the_frame_has_a_row_a_block_with_label_and_features() -> None:
    table = build(page("a"), page("b"))
    frame = table.frame()
    assert frame["page"].tolist() == ["a"] * 3 + ["b"] * 3
    assert frame["block"].tolist() == [0, 1, 2] * 2
    assert frame["label"].tolist() == [False, True, True] * 2
    assert frame["text"].tolist()[:2] == ["Home", "Mills"]
    features = frame.filter(regex="^f_")
    assert features.shape[1] == table.pages[0].measured.base.shape[1]
    assert "f_words" in features


def test_a_table_without_pages_has_an_empty_frame_and_a_summary() -> None:
    assert build().frame().empty
    assert build().summary().startswith("html: 0 pages")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_what_is_read(tmp_path: Path, kind: Kind) -> None:
    table = build(
        page("a"), page("empty", html="", gold=""), page("c", html=HTML * 3), kind=kind, renderings=("lines",)
    )
    table.write(tmp_path / "new" / "folder")
    again = read_table(tmp_path / "new" / "folder")
    assert (again.kind, len(again), again.sites) == (kind, 3, table.sites)
    for before, after in zip(table.pages, again.pages, strict=True):
        assert_same(before, after)


def test_any_text_survives_writing(tmp_path: Path) -> None:
    odd = "<p>登录 \N{GRINNING FACE} naïve 'quoted' \"twice\"</p><pre>a\n\tb</pre>"
    table = build(page(html=odd, gold="登录"))
    table.write(tmp_path)
    assert_same(table.pages[0], read_table(tmp_path).pages[0])


def test_a_folder_without_a_table_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="python -m train table"):
        read_table(tmp_path)


def test_a_table_without_pages_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no page of kind html"):
        build().write(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_table_of_another_version_names_the_features_that_differ(tmp_path: Path) -> None:
    build(page()).write(tmp_path)
    path = tmp_path / "blocks.parquet"
    blocks = pd.read_parquet(path).rename(columns={"f_words": "f_wordiness"})
    blocks.to_parquet(path)
    with pytest.raises(FeatureMismatchError, match=r"lacks words; it expects wordiness"):
        read_table(tmp_path)


def test_features_in_another_order_are_refused(tmp_path: Path) -> None:
    build(page()).write(tmp_path)
    path = tmp_path / "blocks.parquet"
    blocks = pd.read_parquet(path)
    blocks[blocks.columns[::-1]].to_parquet(path)
    with pytest.raises(FeatureMismatchError, match="another order"):
        read_table(tmp_path)


def test_two_processes_give_what_one_gives() -> None:
    pages = [page(str(number)) for number in range(3)]
    one, two = (build_table(pages, workers=workers, progress=False) for workers in (1, 2))
    for first, second in zip(one.pages, two.pages, strict=True):
        assert_same(first, second)


def test_the_features_are_those_of_the_page_itself() -> None:
    first, second = build(page("a"), page("b")).pages
    assert np.array_equal(first.measured.base, second.measured.base)


def test_two_tables_are_fitted_on_as_one_and_ones_own_pages_may_weigh_more() -> None:
    one, two = (build_table([page(name)], workers=1, progress=False) for name in ("a", "b"))
    both = one + two.weighted(3)
    assert [page.id for page in both.pages] == ["a", "b"]
    assert [page_weights(page).sum() for page in both.pages] == pytest.approx([1, 3])


def test_tables_of_two_kinds_are_not_joined() -> None:
    html = build_table([page("a")], workers=1, progress=False)
    with pytest.raises(ValueError, match="kinds html and text"):
        html + build_table([page("a")], "text", workers=1, progress=False)


@pytest.mark.parametrize("weight", [0, -1, float("nan")])
def test_a_page_weighs_more_than_nothing(weight: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        build_table([page("a")], workers=1, progress=False).weighted(weight)


def test_the_weight_of_pages_is_kept_and_that_of_an_older_table_is_1(tmp_path: Path) -> None:
    build_table([page("a")], workers=1, progress=False).weighted(2).write(tmp_path)
    assert read_table(tmp_path).pages[0].weight == 2
    rows = pd.read_parquet(tmp_path / "pages.parquet").drop(columns="weight")
    rows.to_parquet(tmp_path / "pages.parquet", index=False)
    assert read_table(tmp_path).pages[0].weight == 1
