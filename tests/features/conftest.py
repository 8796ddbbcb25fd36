from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np
import pytest

from classifier.features.arrays import Arrays, measure
from classifier.features.tree import build_tree
from classifier.segment import Segments, segment_html

Columns = dict[str, list[float]]
Compute = Callable[[ModuleType, Sequence[str] | str], Columns]


def text_blocks(texts: Sequence[str]) -> Segments:
    """Blocks of plain text; a family for HTML finds no links and no elements on them."""
    n = len(texts)
    zeros = [0] * n
    return Segments("text", "", list(texts), ["p"] * n, link_chars=zeros, links=zeros, emphasis_chars=zeros)


def arrays(source: Sequence[str] | str) -> Arrays:
    return measure(segment_html(source) if isinstance(source, str) else text_blocks(source))


@pytest.fixture(name="arrays")
def _arrays() -> Callable[[Sequence[str] | str], Arrays]:
    """Arrays of a page: of HTML for a string, of blocks of plain text for a list of strings."""
    return arrays


@pytest.fixture
def compute() -> Compute:
    """The columns of a family by name, rounded to five places."""

    def columns(family: ModuleType, source: Sequence[str] | str) -> Columns:
        page = arrays(source)
        tree = [build_tree(page)] if family.__name__.endswith("structure") else []
        values = family.compute(page, *tree)
        assert values.dtype == np.float32
        assert values.shape == (page.n, len(family.COLUMNS))
        names = [name for name, _ in family.COLUMNS]
        return {name: [round(float(value), 5) for value in values[:, at]] for at, name in enumerate(names)}

    return columns


ODD_PAGES: dict[str, str] = {
    "one letter": "x",
    "signs only": "<p>...<p>|||<p>€€€",
    "digits only": "<p>123<p>4 5 6",
    "one word often": "<p>same" * 50,
    "emoji": "<p>\U0001f600\U0001f600<p>\U0001f600",
    "rare Han": "<p>\U00020000\U00020001",
    "marks without letters": "<p>\u0301\u0301<p>\u200d",
    "lone surrogates": "<p>\ud800<p>\udfff word",
    "controls": "<p>\x01\x02<p>\x7f",
    "capitals that lower to two characters": "<p>İİİ WORD<p>İ",
    "hidden only": "<div hidden><p>a<p>b</div>",
    "links only": "<a href=x>a</a><p><a href=y>b</a>",
    "a row": "<table><tr><td>a<td>b</table>",
    "headings only": "<h1>a</h1><h2>b</h2>",
    "noscript only": "<body><noscript><p>a</noscript>",
    "long": "<p>" + "word " * 5_000 + "<p>b",
    "deep": "<div>" * 300 + "<p>a<p>b",
    "embedded only": '<script type="application/ld+json">{"text": "' + "some words " * 9 + '"}</script>',
    "embedded beside": '<p>a<script type="application/ld+json">{"text": "'
    + "some words " * 9
    + '"}</script>',
    "preformatted": "<pre>a\n\tb\n\n c</pre>",
    "many names": "".join(f'<div class="c{i} PostBody-{i}">x{i}</div>' for i in range(30)),
    "title": "<title>a b</title><p>a b<p>c",
    "title of signs": "<title>...</title><p>a",
    "letters of many scripts": "<p>привет мир<p>سلام دنیا<p>สวัสดีชาวโลก<p>नमस्ते दुनिया<p>你好世界",
}


@pytest.fixture(params=list(ODD_PAGES.values()), ids=list(ODD_PAGES))
def odd_page(request: pytest.FixtureRequest) -> str:
    """One HTML page after another that families may stumble over."""
    page: str = request.param
    return page
