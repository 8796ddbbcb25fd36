import numpy as np
import pytest

from classifier.segment import segment_html
from train.compare import OWN_NAME
from train.corpus import GoldPage
from train.structure import GOLD_NAME, KINDS, compare_structure, structure


def found(markup: str, *dropped: str) -> dict[str, list[str]]:
    """The pieces of a page by kind, in order."""
    segments = segment_html(markup)
    keep = np.array([text not in dropped for text in segments.texts], bool)
    pieces: dict[str, list[str]] = {}
    for kind, key in structure(segments, markup, keep).elements():
        pieces.setdefault(kind, []).append(key)
    return pieces


def test_headings_count_with_their_letters_and_digits() -> None:
    assert found("<h2>A <b>b</b>!</h2><p>c<h3>...</h3>") == {"headings": ["ab"]}


def test_items_are_told_by_their_first_blocks_their_numbers_and_their_nesting() -> None:
    assert found("<ol><li><p>a</p><p>b</p><ul><li>c</ul></ol>") == {
        "list items": ["a", "c"],
        "numbered items": ["a"],
        "nested items": ["c"],
    }


def test_rows_of_data_tables_count_and_those_of_layout_tables_do_not() -> None:
    assert found("<table><tr><th>a<th>b<tr><td>1<td>2</table><table><tr><td>x<tr><td>y</table>") == {
        "table rows": ["ab", "12"],
        "table headers": ["ab"],
    }


def test_code_counts_with_its_language_wherever_its_class_stands() -> None:
    page = "<pre><code class=language-js>a()</code></pre><div class=lang-py><div><pre>b</pre></div></div>"
    page += "<pre class=language-plaintext>c</pre><textarea>d</textarea>"
    assert found(page) == {"code": ["a", "b", "c"], "code languages": ["jsa", "pyb"]}


def test_each_paragraph_of_a_quotation_counts() -> None:
    assert found("<blockquote><p>a<p>b</blockquote>") == {"quotes": ["a", "b"]}


def test_links_count_but_not_those_within_the_page() -> None:
    page = "<p><a href=/x>a <b>b</b></a> <a href=#y>c</a> <a>d</a><a href=/z></a><p><a href=/q>e</a>"
    assert found(page) == {"links": ["ab", "e"]}


def test_what_is_not_kept_does_not_count() -> None:
    page = "<h2>a</h2><ul><li>b<li><a href=/x>c</a></ul><table><tr><td>d<td>e<tr><td>f<td>g</table>"
    assert found(page, "a", "c", "d\te") == {"list items": ["b"], "table rows": ["fg"]}


PAGE = (
    "<body><nav><a href=/>Home</a> <a href=/b>Blog</a></nav><main><h1>How to keep bees</h1>"
    "<p>Bees are kept in hives, and each hive has one queen, some drones and many workers.</p>"
    "<h2>What you need</h2><ul><li>A hive with frames<li>A smoker and a veil</ul>"
    "<p>Set the hive on dry ground, in the morning sun, away from the path and the wind.</p></main></body>"
)
GOLD = (
    "How to keep bees\nBees are kept in hives, and each hive has one queen, some drones and many workers.\n"
    "What you need\nA hive with frames\nA smoker and a veil\n"
    "Set the hive on dry ground, in the morning sun, away from the path and the wind."
)


def test_the_markdown_of_the_gold_blocks_keeps_all_structure() -> None:
    pages = [GoldPage(id="a", dataset="d", page=PAGE.encode(), gold=GOLD, site="s")]
    table, counts = compare_structure(pages)
    assert list(table.columns) == list(KINDS) and OWN_NAME in table.index.unique("extractor")
    assert counts[["headings", "list items", "links"]].tolist() == [2, 2, 0]
    for measure in ("kept", "of text kept", "right"):
        assert table.loc[(GOLD_NAME, measure), ["headings", "list items"]].tolist() == [1, 1]


def test_an_extractor_that_fails_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(html: str) -> str:
        raise ValueError("no")

    monkeypatch.setattr("train.structure._own", fail)
    table, _ = compare_structure([GoldPage(id="a", dataset="d", page=PAGE.encode(), gold=GOLD, site="s")])
    assert table.loc[(OWN_NAME, "kept"), "headings"] == 0
