"""Labels that a person saved with the inspector, as gold pages."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import classify
from classifier.decode import decode
from train.align import align, with_labels
from train.corpus import GoldPage, read
from train.errors import CorpusError
from train.table import build_table

# The title stands in the menu too, where it is clutter.
PAGE = "<nav><ul><li>A leak<li>Forum</ul></nav><h1>A leak</h1><p>The pump runs all night.</p>"
LABELS = [
    ("A leak", "clutter"),
    ("Forum", "clutter"),
    ("A leak", "content"),
    ("The pump runs all night.", "content"),
]


def line(source: str = PAGE, labels: Any = None, **other: Any) -> dict[str, Any]:
    kind = other.get("kind", "html")
    blocks = LABELS if labels is None else labels
    return {
        "format": "declutter-labels",
        "version": 1,
        "path": "crawl/leak.html",
        "kind": kind,
        kind: source,
        "sha256": hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest(),
        "checked": True,
        "threshold": None,
        "blocks": [
            {"index": index, "text": text, "label": label, "person": False}
            for index, (text, label) in enumerate(blocks)
        ],
    } | other


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return path


def only(path: Path) -> GoldPage:
    (page,) = read("labels", path)
    return page


def test_a_line_is_a_page_with_its_source_its_labels_and_its_gold_text(tmp_path: Path) -> None:
    page = only(write(tmp_path / "labels.jsonl", line()))
    assert (page.id, page.dataset, page.kind) == ("crawl/leak.html", "labels", "html")
    assert decode(page.page) == PAGE
    assert page.gold == "A leak\nThe pump runs all night."
    assert page.labels == (
        ("A leak", False),
        ("Forum", False),
        ("A leak", True),
        ("The pump runs all night.", True),
    )


def test_the_labels_of_the_person_are_those_of_the_table_for_equal_texts_too(tmp_path: Path) -> None:
    wanted = [True, False, False, True]
    labels = [(text, "content" if one else "clutter") for (text, _), one in zip(LABELS, wanted, strict=True)]
    path = write(tmp_path / "labels.jsonl", line(labels=labels))
    (page,) = build_table(read("labels", path), workers=1, progress=False).pages
    assert page.texts == [text for text, _ in LABELS]
    assert page.label.tolist() == wanted
    # The gold text alone does not tell which of the two is meant.
    assert align(page.texts, page.gold).labels.tolist() == [False, False, True, True]


def test_blocks_that_are_cut_otherwise_today_are_labelled_by_the_gold_text(tmp_path: Path) -> None:
    then = [("A leak", "clutter"), ("Forum", "clutter"), ("A leak", "content"), ("The pump", "content")]
    then += [("runs all night.", "content")]
    path = write(tmp_path / "labels.jsonl", line(labels=then))
    (page,) = build_table(read("labels", path), workers=1, progress=False).pages
    assert page.label.tolist() == [False, False, True, True]


def test_labels_go_with_their_blocks_where_others_have_come_between() -> None:
    texts = ["Menu", "A leak", "New block of words", "A leak"]
    labelled = with_labels(
        align(texts, "A leak"), texts, [("Menu", False), ("A leak", False), ("A leak", True)]
    )
    assert labelled.labels.tolist() == [False, False, False, True]


def test_plain_text_is_labelled_by_its_blocks_and_a_page_turned_to_text_as_well(tmp_path: Path) -> None:
    text = line("One line.\n\nOne line.\n", [("One line.", "clutter"), ("One line.", "content")], kind="text")
    path = write(tmp_path / "labels.jsonl", text, line())
    table = build_table(read("labels", path), "text", renderings=["lines"], workers=1, progress=False)
    assert [page.label.tolist() for page in table.pages] == [[False, True], [False, False, True, True]]


@given(st.text(alphabet=st.characters(), max_size=40))
def test_a_source_is_cut_into_the_blocks_that_the_person_saw(tmp_path_factory: Any, text: str) -> None:
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    source = f"\ufeff<meta charset=utf-16><p>{text}</p>"
    page = only(write(path, line(source, [])))
    seen = [block.text for block in classify(source, kind="html").blocks]
    assert [block.text for block in classify(page.page, kind="html").blocks] == seen


def test_an_ascii_page_that_declares_a_stateful_encoding_stays_as_it_was_decoded(tmp_path: Path) -> None:
    source = "<meta charset=iso-2022-jp><p>\x1b$B$3\x1b(B"
    assert decode(only(write(tmp_path / "labels.jsonl", line(source, []))).page) == source


def test_a_folder_is_all_its_files_and_the_last_labels_of_a_page_count(tmp_path: Path) -> None:
    other = "<p>Another page"
    write(tmp_path / "1.jsonl", line(), line(other, [(other[3:], "content")], path="b.html"))
    write(tmp_path / "2.jsonl", line(labels=[(text, "clutter") for text, _ in LABELS]))
    (tmp_path / "2.jsonl.gz").write_bytes(gzip.compress((tmp_path / "2.jsonl").read_bytes()))
    (tmp_path / "2.jsonl").unlink()
    (tmp_path / "notes.txt").write_text("no labels")
    assert [(page.id, page.gold) for page in read("labels", tmp_path)] == [
        ("b.html", "Another page"),
        ("crawl/leak.html", ""),
    ]


def test_the_data_root_may_hold_labels_like_any_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "labels").mkdir()
    write(tmp_path / "labels" / "mine.jsonl", line())
    monkeypatch.setenv("CLASSIFIER_DATA", str(tmp_path))
    assert [page.id for page in read("labels")] == ["crawl/leak.html"]


def test_two_pages_of_one_name_have_ids_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", line(), line("<p>changed since", []))
    ids = [page.id for page in read("labels", path)]
    assert len(set(ids)) == 2
    assert all(one.startswith("crawl/leak.html#") for one in ids)


def test_pages_are_of_one_site_by_their_address_and_of_their_own_without(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", line(url="https://a.example.co.uk/x"), line("<p>b", [], path="b"))
    assert [page.site for page in read("labels", path)] == ["example.co.uk", "labels/b"]


@pytest.mark.parametrize(
    ("source", "path", "site"),
    [
        ("<link rel=canonical href=https://www.example.org/a>", "a", "example.org"),
        ("<meta property=og:url content=https://m.example.org/a>", "a", "example.org"),
        ("<p>a", "https://example.org/a", "example.org"),
        ("<link rel=canonical href=/a>", "a", "labels/a"),
        ("\ud800<link rel=canonical href=https://example.org/a>", "a", "example.org"),
    ],
)
def test_the_address_that_a_page_names_tells_its_site(
    tmp_path: Path, source: str, path: str, site: str
) -> None:
    assert only(write(tmp_path / "labels.jsonl", line(source, [], path=path))).site == site


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "other"}, "'format' is 'other', not declutter-labels"),
        ({"version": 2}, "'version' is 2, of which this version of train knows nothing"),
        ({"version": "1"}, "'version' is a string, not a whole number"),
        ({"kind": "pdf", "pdf": ""}, "'kind' is 'pdf', not html or text"),
        ({"html": "<p>edited"}, "'sha256' is of another page than 'html'"),
        ({"html": None}, "'html' is null, not a string"),
        ({"blocks": {}}, "'blocks' is an object, not a list"),
        ({"blocks": [{"text": "a", "label": "maybe"}]}, "item 1: 'label' is 'maybe', not content or clutter"),
        ({"blocks": [{"label": "content"}]}, "item 1: 'text' is missing; labels are what 'Save labels'"),
        ({"path": 1}, "'path' is a whole number, not a string"),
    ],
)
def test_a_line_of_another_shape_is_told_with_file_and_number(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    path = write(tmp_path / "labels.jsonl", line(), line() | change)
    with pytest.raises(CorpusError) as caught:
        list(read("labels", path))
    assert told in str(caught.value)
    assert f"{path}, line 2" in str(caught.value)


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_line_that_is_no_json_object_is_told(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_bytes(b"\n" + body)
    with pytest.raises(CorpusError, match=r"labels\.jsonl, line 2.*labels are what 'Save labels'") as caught:
        list(read("labels", path))
    assert "data set" not in str(caught.value)


def test_a_missing_file_and_a_folder_without_labels_are_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"labels\.jsonl is missing"):
        list(read("labels", tmp_path / "labels.jsonl"))
    with pytest.raises(CorpusError, match="save labels there with declutter inspect"):
        list(read("labels", tmp_path))
