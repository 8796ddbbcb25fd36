import codecs
import gzip
import json
import os
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from train.corpus import READERS, GoldPage, data_root, read
from train.errors import CorpusError

needs_data = pytest.mark.skipif(not os.environ.get("CLASSIFIER_DATA"), reason="no data sets here")


def put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def put_wcxb(root: Path, page_id: str, truth: dict[str, Any] | None = None, split: str = "dev") -> None:
    index = root / "wcxb" / "metadata.json"
    files = json.loads(index.read_bytes())["files"] if index.exists() else {}
    files[page_id] = {"split": split, "page_type": "forum", "domain": "shop.example.com"}
    put(index, json.dumps({"files": files}))
    put(root / "wcxb" / "dev" / "html" / f"{page_id}.html", f"<p>page {page_id}</p>")
    answer = {
        "url": "https://a.example.co.uk/x",
        "ground_truth": {"main_content": "tea"} | (truth or {}),
    }
    put(root / "wcxb" / "dev" / "ground-truth" / f"{page_id}.json", json.dumps(answer))


def only(name: str, root: Path) -> GoldPage:
    (page,) = read(name, root)
    return page


def test_a_wcxb_page_has_its_gold_text_type_site_and_snippets(tmp_path: Path) -> None:
    put_wcxb(tmp_path, "0001", {"with": ["tea"], "without": ["menu"]})
    page = only("wcxb", tmp_path)
    assert (page.id, page.gold, page.page_type, page.site) == (
        "0001",
        "tea",
        "forum",
        "example.co.uk",
    )
    assert (page.with_snippets, page.without_snippets) == (("tea",), ("menu",))
    assert page.page == b"<p>page 0001</p>"


def test_a_page_counted_as_test_in_the_metadata_is_dropped(tmp_path: Path) -> None:
    put_wcxb(tmp_path, "0001")
    put_wcxb(tmp_path, "0002", split="test")
    assert only("wcxb", tmp_path).id == "0001"


def test_a_wcxb_page_without_main_content_has_no_gold_text(tmp_path: Path) -> None:
    put_wcxb(tmp_path, "0001", {"main_content": None})
    assert only("wcxb", tmp_path).gold is None


def test_an_empty_main_content_is_an_answer(tmp_path: Path) -> None:
    put_wcxb(tmp_path, "0001", {"main_content": ""})
    assert only("wcxb", tmp_path).gold == ""


def test_a_gzipped_file_is_read_like_a_plain_one(tmp_path: Path) -> None:
    put_wcxb(tmp_path, "0001")
    plain = tmp_path / "wcxb" / "dev" / "html" / "0001.html"
    put(plain.with_name("0001.html.gz"), gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert only("wcxb", tmp_path).page == b"<p>page 0001</p>"


def test_a_page_the_metadata_names_but_nobody_has_is_an_error(tmp_path: Path) -> None:
    put_wcxb(tmp_path, "0001")
    (tmp_path / "wcxb" / "dev" / "html" / "0001.html").unlink()
    with pytest.raises(CorpusError, match=r"0001\.html is missing"):
        list(read("wcxb", tmp_path))


def test_readability_gold_has_a_line_a_block(tmp_path: Path) -> None:
    folder = tmp_path / "readability" / "inn-2"
    put(folder / "source.html", "<p>source</p>")
    put(folder / "expected.html", "<div><h2>The\ninn</h2><p>Beds <b>and</b><br>soup</p></div>")
    put(folder / "expected-metadata.json", '{"lang": "en"}')
    page = only("readability", tmp_path)
    assert page.gold == "The inn\nBeds and\nsoup"
    assert (page.language, page.site) == ("en", "inn")


def test_a_canonical_link_tells_the_site_of_a_readability_page(tmp_path: Path) -> None:
    folder = tmp_path / "readability" / "inn-2"
    put(folder / "source.html", '<link rel="canonical" href="https://www.inn.example.org/a">')
    put(folder / "expected.html", "")
    put(folder / "expected-metadata.json", "{}")
    assert only("readability", tmp_path).site == "example.org"


def test_trafilatura_pages_have_snippets_and_no_gold_text(tmp_path: Path) -> None:
    root = tmp_path / "trafilatura-eval"
    entry = {"file": "a.html", "with": ["soup"], "without": ["menu", "login"]}
    put(root / "evaldata.json", json.dumps({"https://inn.example.de/a": entry}))
    put(root / "html" / "a.html", "<p>soup</p>")
    page = only("trafilatura-eval", tmp_path)
    assert page.gold is None
    assert (page.with_snippets, page.without_snippets) == (("soup",), ("menu", "login"))
    assert (page.url, page.site) == ("https://inn.example.de/a", "example.de")


def put_l3s(root: Path, gold: str, page: bytes = b"<p>page</p>") -> None:
    put(root / "l3s-gn1" / "input" / "a.html", page)
    put(root / "l3s-gn1" / "GoldStandard" / "a.txt", gold)


def test_l3s_gold_is_headline_full_text_and_supplement(tmp_path: Path) -> None:
    kinds = ("nothing", "headline", "text", "caption", "related", "comment")
    marked = (f'<p><span class="x-nc-sel{n}">{kind}</span></p>' for n, kind in enumerate(kinds))
    put_l3s(tmp_path, "<body>" + "".join(marked) + "<p>unmarked</p></body>")
    assert only("l3s-gn1", tmp_path).gold == "headline\ntext\ncaption"


def test_the_innermost_l3s_mark_decides(tmp_path: Path) -> None:
    put_l3s(
        tmp_path,
        '<p class="x-nc-sel2">kept<b class="x-nc-sel0">cut<i class="x-nc-sel3">back</i></b></p>',
    )
    assert only("l3s-gn1", tmp_path).gold == "kept back"


def test_an_l3s_page_stored_as_utf8_says_so_whatever_it_declares(tmp_path: Path) -> None:
    put_l3s(tmp_path, "", page='<meta charset="iso-8859-1"><p>für</p>'.encode())
    assert only("l3s-gn1", tmp_path).page.startswith(codecs.BOM_UTF8)


def put_cleaneval(root: Path, gold: str | bytes, page: str = "<p>page</p>") -> GoldPage:
    put(root / "cleaneval-dev" / "input" / "1.html", page)
    put(root / "cleaneval-dev" / "GoldStandard" / "1.txt", gold)
    return only("cleaneval-dev", root)


def test_cleaneval_gold_loses_its_url_line_and_marks(tmp_path: Path) -> None:
    gold = "URL: http://www.inn.example.com/a\n\n<h>The inn\n\n  <p>Soup\nand <b>\n<l> a<l>b</p>\n"
    page = put_cleaneval(tmp_path, gold)
    assert page.gold == "The inn\nSoup\nand <b>\na\nb"
    assert (page.url, page.site) == ("http://www.inn.example.com/a", "example.com")


def test_a_cleaneval_mark_may_lack_its_bracket_at_the_start_of_a_line(tmp_path: Path) -> None:
    assert put_cleaneval(tmp_path, "<pIn winter\n<h>Soup <- hot").gold == "In winter\nSoup <- hot"


def test_cleaneval_entities_are_resolved_and_comments_dropped(tmp_path: Path) -> None:
    assert put_cleaneval(tmp_path, "<p>it&#228;s &lt;p&gt;\n<!-- no\narticle -->").gold == "itäs <p>"


def test_a_cleaneval_page_without_article_has_an_empty_gold_text(tmp_path: Path) -> None:
    assert put_cleaneval(tmp_path, "URL: http://example.com/\n").gold == ""


def test_cleaneval_gold_saved_on_windows_is_read(tmp_path: Path) -> None:
    assert put_cleaneval(tmp_path, "<p>caf\xe9\r\n<p>tea".encode("cp1252")).gold == "café\ntea"


def test_the_wrapper_of_the_collectors_is_no_part_of_a_cleaneval_page(tmp_path: Path) -> None:
    wrapped = '<text id="http://inn.example.com/" encoding="unset">\n<html><p>a</p></html>\n</text>\n'
    page = put_cleaneval(tmp_path, "<p>a", wrapped)
    assert page.page == b"<html><p>a</p></html>"
    assert page.url == "http://inn.example.com/"


def test_cleanportaleval_is_read_like_cleaneval(tmp_path: Path) -> None:
    put(tmp_path / "cleanportaleval" / "input" / "inn_01.html", "<p>page</p>")
    put(tmp_path / "cleanportaleval" / "GoldStandard" / "inn_01.txt", "URL: http://inn.org/\n<p>a")
    page = only("cleanportaleval", tmp_path)
    assert (page.dataset, page.gold, page.site) == ("cleanportaleval", "a", "inn.org")


MARKED = (
    '<html><head><style id="cc-extraStyle" name="cc">.x{}</style></head><body>'
    '<nav data-anno-uid="u0" style="">Menu</nav>'
    '<p class="big mark-selected" data-anno-uid="u1" style="" cc-select="true">Soup <b>hot</b></p>'
    '<div data-anno-uid="u2"><marked-text class="mark-selected" cc-select="true">Bread'
    "</marked-text><i>aside</i></div></body></html>"
)


def put_webmainbench(root: Path, *records: dict[str, Any]) -> None:
    lines = "\n".join(json.dumps(record) for record in records)
    put(root / "webmainbench-sample" / "part.jsonl.gz", gzip.compress(lines.encode()))


def test_webmainbench_gold_is_the_text_of_the_marked_elements(tmp_path: Path) -> None:
    meta = {"language": "fr", "style": "article"}
    url = "https://inn.example.fr/a"
    put_webmainbench(tmp_path, {"track_id": "t", "html": MARKED, "url": url, "meta": meta})
    page = only("webmainbench-sample", tmp_path)
    assert page.gold == "Soup hot\nBread"
    assert (page.site, page.language, page.page_type) == ("example.fr", "fr", "article")


def test_a_webmainbench_page_shows_no_trace_of_its_marks(tmp_path: Path) -> None:
    put_webmainbench(tmp_path, {"track_id": "t", "html": MARKED})
    assert only("webmainbench-sample", tmp_path).page.decode() == (
        '<html><head></head><body><nav style="">Menu</nav><p class="big">Soup <b>hot</b></p>'
        "<div>Bread<i>aside</i></div></body></html>"
    )


def test_a_webmainbench_record_without_marks_has_no_gold_text(tmp_path: Path) -> None:
    put_webmainbench(tmp_path, {"track_id": "t", "html": "<p>a</p>"})
    assert only("webmainbench-sample", tmp_path).gold is None


def test_a_webmainbench_page_that_is_published_twice_is_read_once(tmp_path: Path) -> None:
    record = {"track_id": "t", "html": MARKED}
    put_webmainbench(tmp_path, record, record)
    assert only("webmainbench-sample", tmp_path).id == "t"


def test_a_broken_webmainbench_line_is_named(tmp_path: Path) -> None:
    put(tmp_path / "webmainbench-sample" / "part.jsonl", '{"track_id": "t", "html": ""}\n{')
    with pytest.raises(CorpusError, match="line 2"):
        list(read("webmainbench-sample", tmp_path))


def test_the_seed_page_has_a_label_a_line(tmp_path: Path) -> None:
    put(tmp_path / "seed" / "news-article.txt", "Menu\nSoup is hot.\nA bowl\n")
    rows = [("Menu", "clutter"), ("Soup is hot.", "content"), ("A bowl", "either")]
    labels = [{"line": i, "text": t, "label": x} for i, (t, x) in enumerate(rows, start=1)]
    put(tmp_path / "seed" / "news-article.labels.json", json.dumps(labels))
    page = only("seed", tmp_path)
    assert (page.kind, page.gold) == ("text", "Soup is hot.")
    assert page.lines is not None
    assert page.lines[2] == (3, "A bowl", "either")


own = pytest.mark.parametrize("name", ["pages", "lessons"])


@own
@pytest.mark.parametrize(("kind", "file"), [("html", "page.html"), ("text", "page.txt")])
def test_own_pages_are_read_with_their_metadata(tmp_path: Path, name: str, kind: str, file: str) -> None:
    folder = tmp_path / name / "inn"
    put(folder / file, "Soup")
    put(folder / "gold.txt", "Soup\n")
    put(folder / "meta.json", json.dumps({"type": "forum", "language": "en", "kind": kind}))
    page = only(name, tmp_path)
    assert (page.dataset, page.id) == (name, "inn")
    assert (page.kind, page.page, page.gold, page.site) == (kind, b"Soup", "Soup", "inn")
    assert (page.page_type, page.language) == ("forum", "en")


@own
def test_an_own_page_of_an_unknown_kind_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path / name / "inn" / "meta.json", '{"kind": "pdf"}')
    with pytest.raises(CorpusError, match="pdf"):
        list(read(name, tmp_path))


def test_own_data_sets_are_there_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLASSIFIER_DATA", raising=False)
    own = [name for name, known in READERS.items() if known.own]
    assert sorted(own) == ["lessons", "pages"]
    assert all(next(read(name)).dataset == name for name in own)


def test_pages_to_learn_from_may_be_trained_on_and_are_not_judged_by() -> None:
    assert all(READERS[name].trainable for name, known in READERS.items() if known.auxiliary)
    assert READERS["lessons"].auxiliary
    assert not READERS["pages"].auxiliary


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLASSIFIER_DATA", raising=False)
    with pytest.raises(CorpusError, match="set CLASSIFIER_DATA"):
        data_root()


def test_a_variable_that_names_no_folder_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLASSIFIER_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(CorpusError, match="no folder"):
        data_root()


def test_a_missing_data_set_is_named_before_the_first_page(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"'wcxb'.*CLASSIFIER_DATA"):
        read("wcxb", tmp_path)


def test_an_unknown_data_set_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="known: wcxb"):
        read("wxcb", tmp_path)


def test_data_for_research_only_is_never_trainable() -> None:
    assert not any(one.trainable for one in READERS.values() if one.licence == "research use")


@needs_data
def test_wcxb_has_its_1358_development_pages_of_which_the_first_have_gold_text() -> None:
    files = json.loads((data_root() / "wcxb" / "metadata.json").read_bytes())["files"]
    assert sum(entry["split"] == "dev" for entry in files.values()) == 1358
    assert all(page.gold for page in islice(read("wcxb"), 20))


@needs_data
@pytest.mark.parametrize("name", [name for name, known in READERS.items() if not known.own])
def test_the_first_pages_of_a_data_set_are_whole(name: str) -> None:
    if not (data_root() / READERS[name].folder).is_dir():
        pytest.skip(f"{name} is not here")
    pages = list(islice(read(name), 5))
    assert all(page.page and page.id and page.site and page.dataset == name for page in pages)
    assert any(page.gold or page.with_snippets for page in pages)
