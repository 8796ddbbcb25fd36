"""The compiled kernel gives what the Python code gives."""

import os
import sys
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.decode import decode
from classifier.kernel import SWITCH, native
from classifier.limits import Limits
from classifier.segment import html as segment
from classifier.segment.html import _Walked
from train.corpus import read

# A kernel that is built but cannot be imported fails these tests.
BUILT: Final = any(
    one.suffix in (".so", ".pyd") for one in Path(segment.__file__).parents[1].glob("_native*")
)
pytestmark = [
    pytest.mark.skipif(not BUILT, reason="the kernel is not built here: pip install needs a C++ compiler"),
    pytest.mark.skipif(os.environ.get(SWITCH) == "off", reason=f"{SWITCH}=off leaves the kernel out"),
]

PAGES: Final = {
    f"{name}/{page.id}": page.page
    for name in ("pages", "lessons")
    for page in read(name)
    if page.kind == "html"
}
SPACES: Final = "".join(filter(str.isspace, map(chr, range(sys.maxunicode + 1))))


def walked(html: str, *, kernel: bool, limits: Limits) -> _Walked:
    assert native is not None
    with patch.object(segment, "native", native if kernel else None):
        return segment._walked(html, limits)


def assert_same(html: str, limits: Limits = Limits()) -> None:  # noqa: B008
    ours = walked(html, kernel=True, limits=limits)
    python = walked(html, kernel=False, limits=limits)
    assert ours == python
    # Nor do they differ in what compares equal: True and 1, an integer and a member of an enumeration.
    assert repr(ours) == repr(python)


# -- blocks ---------------------------------------------------------------------------------------


def test_the_kernel_is_what_segments_a_page() -> None:
    assert native is not None
    with patch.object(segment.BlockHandler, "start_element", side_effect=AssertionError):
        assert segment.segment_html("<p>a").texts == ["a"]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_our_pages_are_cut_alike(page: bytes) -> None:
    assert_same(decode(page))


@pytest.mark.parametrize("bound", [1, 7, 50, 333])
@pytest.mark.parametrize("page", list(PAGES.values())[:8], ids=list(PAGES)[:8])
def test_our_pages_are_cut_short_alike(page: bytes, bound: int) -> None:
    for name in ("max_nodes", "max_blocks", "max_depth"):
        assert_same(decode(page), Limits(**{name: bound}))


ODDITIES: Final = {
    "nothing": "",
    "pre": "<pre>\n\n a\n  <b>b</b>\n\n</pre><pre><div>x</div>\n<div> y</div></pre>z<pre> \n </pre>",
    "pre in pre": "<pre>a<textarea>b\n<listing>c</textarea><xmp>d<p></xmp>e<br><br>f</pre>g<plaintext>h<p>",
    "pre in a cell": "<table><tr><td>a<pre>b<td>c</pre><td>d<br><br>e</table>",
    "breaks": "<p>a<br>b<br><br>c<br> <br>d<br>&shy;<br>e<br>&shy;\t<br>f<br>\t<br>g<br>",
    "links": "<a href=x>a<a href=y>b</a>c</a><a href>d</a><a>e</a> <a href=z>f</a><i><a href=z>g</a></i>",
    "nested links": "<a href=x>a<table><tr><td><a href=y>b</a>c</table>d</a>e",
    "cells": f"<table><tr><td><td>a<th>b<td>{'c' * 130}<td>d<tr><td><p>e<td>f<td><br>g<td>&nbsp;</table>",
    "a table in a cell": "<table><tr><td>a<table><tr><td>b<td>c</table>d<td>e</table>",
    "noscript": "<noscript><p>a<img></noscript>b<noscript>c<noscript>d</noscript><iframe></noscript>e",
    "hidden": "<p hidden>a</p><p style='DISPLAY :\u3000none'>b</p>c<i hidden>d</i>"
    "<b style=visibility:hidden>e</b>",
    "nested hidden": "<div hidden><p hidden>a</p>b</div>c<div id=S:1 hidden>d<p hidden>e</div>f",
    "no style": "<p style>a</p><p style=''>b</p><p style='DİSPLAY:none'>c</p><p style='dis play:none'>d</p>",
    "templates": "a<template>b<template>c</template><p>d</template>e<svg><title>f</title><p>g</svg>h",
    "foreign": "<svg><g/><desc><p>a</svg>b<math><mi>c<annotation-xml><p>d</math>e<svg>f<td>g",
    "controls": "<select><option>a<option>\t<option>b<optgroup><option>c</select><input><button>d</button>",
    "options": "<option><option>a<option>b<p><option>c",
    "images": "<img>a<picture><img></picture><p>b<image><p><img>",
    "identity": "<p class>a<p class='' id=b role=c>d<p itemprop=e itemtype=f aria-label=g data-testid=h>i"
    "<p aria-hidden=true class='é\u00ad \n'>j<p class='a b'>k<p class='a b'>l<p id=a class=b>m"
    "<p id=b class=a>n",
    "custom elements": "<x-y>a<x-y>b</x-y>c</x-y><a-very-long-name-of-an-element>d<font-face>e",
    "titles": "<title></title><title>a</title><title>b</title><meta property=og:title content='c d'><title>e",
    "social titles": "<meta property=og:title><meta property=og:title content=a><meta content=b>c",
    "scripts": "<script>a</script><script type=LD+JSON>b</script><script type>c</script>" * 30,
    "emphasis": "<b>a<i> b </b>c</i><em> d\u2003e </em><u>\u00ad</u><strong>\u3000</strong>",
    "NUL": "a\0b<p>\0<pre>\0c</pre>",
    "surrogates": "<p>\ud83d \ude00<p>\udfff<b>\ud800</b><title>\ud800</title>",
    "astral": "<p>😀 𝒳\U000e0020<b>𐍈</b><p class=😀 id=𝒳>a<p class=😀>b",
    "invisible": "<p>\u00ad<p>a\u00ad\u200bb\u2060\ufeffc<pre>\u00ad d\u200b \n\u00ad</pre><p>\u200b \u200b",
    "ends without a start": "</p></td></a></br></x-y></b>a</pre></table></svg>b</body></html>c",
    "misnested": "<b><p>a</b>b</p><a href=x><div>c</a>d<table>e<tr>f<td>g</table>h<p><table><caption>i",
    "open iframes": "<head><noscript><iframe src=a></noscript><body>b<noscript><iframe>\n\t </noscript><p>c",
    "no open iframes": "a<iframe></noscrip</iframe>b<style></noscript></style>d<iframe>\u2003</noscript",
    "frames": "<frameset><frame><noframes>a</noframes></frameset>b",
    "a document": "<!doctype html><?xml a?><!--a--><html class=b><head class=c><body id=d>e<!--f-->g",
}


@pytest.mark.parametrize("html", ODDITIES.values(), ids=ODDITIES)
def test_an_odd_page_is_cut_alike(html: str) -> None:
    assert_same(html)


def test_white_space_is_the_same_everywhere() -> None:
    assert len(SPACES) > 20
    assert_same("".join(f"<p>a{one}b{one}{one}c{one}<b>{one}</b><i>{one}d{one}</i>" for one in SPACES))
    assert_same("".join(f"<pre>{one}a{one}b{one}</pre><p style='display{one}:none'>c" for one in SPACES))


def test_no_other_character_is_white_space() -> None:
    # All of Unicode, some hundred characters a paragraph; in emphasis their number counts without spaces.
    step = 256
    for plane in range(0, sys.maxunicode + 1, 1 << 16):
        ranges = range(plane, plane + (1 << 16), step)
        signs = [
            "".join(chr(one) for one in range(at, at + step) if chr(one) not in "<>&\0\r") for at in ranges
        ]
        assert_same("".join(f"<p><b>{text}</b>" for text in signs))
    for one in (0x1F, 0x85, 0xAD, 0x180E, 0x200B, 0x200F, 0x2027, 0x202A, 0x2060, 0x3001, 0xFEFF, 0x10FFFF):
        assert_same(f"<p>{chr(one)}<p>{chr(one)} a {chr(one)}<pre>{chr(one)}\n</pre>")


SOUP: Final = [
    *("<p>", "</p>", "<div>", "</div>", "<table>", "</table>", "<tr>", "<td>", "<th>", "</td>", "<caption>"),
    *("<pre>", "</pre>", "<textarea>", "</textarea>", "<br>", "<hr>", "<b>", "</b>", "<i>", "</i>", "<li>"),
    *("<a href=x>", "<a>", "</a>", "<select>", "<option>", "</select>", "<button>", "<img>", "<input>"),
    *("<svg>", "</svg>", "<template>", "</template>", "<noscript>", "</noscript>", "<iframe>", "</iframe>"),
    *("<p hidden>", "<i style='display:none'>", "<div id=S:0 hidden>", "<b class='a b'>", "<x-y role=c>"),
    *("<title>", "</title>", "<script>", "</script>", "<meta property=og:title content=a>", "<!---->"),
    *(
        " ",
        "\n",
        "\t",
        "\u00a0",
        "\u00ad",
        "\u3000",
        "\u200b",
        "\0",
        "a",
        "bc",
        "é",
        "語",
        "😀",
        "a b",
        "x" * 121,
    ),
]
soup = st.lists(st.one_of(st.sampled_from(SOUP), st.text(max_size=3)), max_size=60).map("".join)
bounds = st.integers(1, 40)


@given(soup)
def test_tag_soup_is_cut_alike(html: str) -> None:
    assert_same(html)


@given(soup, bounds, bounds, bounds)
def test_tag_soup_is_cut_short_alike(html: str, nodes: int, depth: int, blocks: int) -> None:
    assert_same(html, Limits(max_nodes=nodes, max_depth=depth, max_blocks=blocks))


def test_equal_names_are_one_string() -> None:
    # Once from the few names at hand, once after many others.
    html = (
        "<p class='tea cup'>" * 2
        + "".join(f"<p class=c{one}>" for one in range(2_000))
        + "<p class='tea cup'>"
    )
    for kernel in (True, False):
        elements = walked(html, kernel=kernel, limits=Limits()).elements
        assert len({id(name) for name in elements.identity if name == "tea cup"}) == 1


class Stop(Exception):
    pass


def handler(deadline: float | None = None) -> "segment.SaxHandler":
    assert native is not None
    return native.Handler(segment.TAG_KINDS, 120, 64, 1_000, 1_000, 1_000, deadline, Stop, True)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("start_element", ()),
        ("start_element", ("p",)),
        ("start_element", (None, ())),
        ("start_element", (b"p", ())),
        ("start_element", ("p", None)),
        ("start_element", ("p", [("class", "a")])),
        ("start_element", ("p", (None,))),
        ("start_element", ("p", ((),))),
        ("start_element", ("p", (("class",),))),
        ("start_element", ("p", ((None, "a"),))),
        ("start_element", ("p", (("class", 1),))),
        ("end_element", (1,)),
        ("characters", (None,)),
    ],
)
def test_an_argument_of_the_wrong_type_is_a_type_error(method: str, arguments: tuple[object, ...]) -> None:
    one = handler()
    with pytest.raises(TypeError):
        getattr(one, method)(*arguments)
    one.start_element("p", ())
    assert "p" in one.finish()[1][0]


def test_tags_that_begin_alike_stay_apart() -> None:
    one = handler()
    tags = ["p", "p\0", "p\0\0", "blockquo", "blockquote", "p"]
    for tag in tags:
        one.start_element(tag, ())
    assert one.finish()[1][0] == tags


def test_an_end_without_a_start_and_text_outside_of_all_are_value_errors() -> None:
    one = handler()
    with pytest.raises(ValueError, match="never started"):
        one.end_element("p")
    with pytest.raises(ValueError, match="outside"):
        one.characters("a")
    assert one.finish() == (([], [], *[b""] * 8), ([], b"", b"", [], b"", b""), [], [], "")


def test_a_handler_called_from_within_its_calls_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    one = None

    def clock() -> float:
        assert one is not None
        one.start_element("p", ())
        return 0.0

    monkeypatch.setattr("time.monotonic", clock)
    one = handler(5.0)
    with pytest.raises(RuntimeError, match="from within"):
        one.start_element("p", ())
