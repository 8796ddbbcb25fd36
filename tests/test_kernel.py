"""The compiled handler cuts a page exactly as the Python one does."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import kernel
from classifier.limits import Limits
from classifier.segment import Segments
from classifier.segment import html as segmentation
from train.corpus import GoldPage, read

needs_kernel = pytest.mark.skipif(
    kernel.native is None, reason="the kernel was not built, or is switched off"
)

TAGS = (
    "p div span a b i li ul ol dl dt dd h1 h2 table tr td th tbody caption pre textarea br hr img picture "
    "input select option button nav main article header footer noscript script style svg template iframe "
    "title meta form label blockquote x-part object video math ruby rt rp details summary center body html "
    "head"
).split()
ATTRIBUTES = (
    "", " class='a b'", " class=''", " id=top", " href=/x", " hidden", " style='display: none'", " role=main",
    " style='visibility:hidden' id=S:1", " aria-hidden=true", " class=a id=b itemprop=c",
    " property=og:title content=T", " type=application/ld+json", " class='\u00e9t\u00e9'", " data-x",
    " class=\U0001f600",
)  # fmt: skip
TEXTS = (
    "word", " ", "\n", "\t", "two words", " spaced ", "\u00a0", "\u3000", "\u2028", "\x1c", "\x85", "\u00ad",
    "\u200b", "\ufeff", "\U0001f600", "\u4f60\u597d", "\x00", "&nbsp;", "&shy;", "a\u200bb", "x" * 130,
    "\u0300", "\r\n",
    '{"articleBody": "' + "A text of forty characters and some more. " * 2 + '"}', "\ud800",
)  # fmt: skip


def pieces() -> st.SearchStrategy[str]:
    starts = st.tuples(st.sampled_from(TAGS), st.sampled_from(ATTRIBUTES)).map(lambda t: f"<{t[0]}{t[1]}>")
    ends = st.sampled_from(TAGS).map(lambda tag: f"</{tag}>")
    return st.one_of(starts, ends, st.sampled_from(TEXTS), st.just("<!-- -->"), st.text(max_size=8))


def both(page: str, limits: Limits) -> tuple[Segments, Segments]:
    """What the kernel and what the Python code makes of a page."""
    compiled = segmentation.segment_html(page, limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmentation, "native", None)
        return compiled, segmentation.segment_html(page, limits)


@needs_kernel
@pytest.mark.parametrize("page", read("pages"), ids=lambda page: page.id)
def test_pages_of_our_own_are_cut_alike(page: GoldPage) -> None:
    compiled, python = both(page.page.decode("utf-8", "replace"), Limits())
    assert compiled == python


@needs_kernel
@settings(max_examples=600, deadline=None)
@given(st.lists(pieces(), max_size=40).map("".join))
def test_tag_soup_is_cut_alike(page: str) -> None:
    try:
        compiled, python = both(page, Limits())
    except UnicodeError:  # a lone surrogate in a name, which classify takes away before
        return
    assert compiled == python


@needs_kernel
@settings(max_examples=150, deadline=None)
@given(
    st.lists(pieces(), max_size=40).map("".join),
    st.builds(
        Limits, max_nodes=st.integers(1, 30), max_depth=st.integers(1, 9), max_blocks=st.integers(1, 9)
    ),
)
def test_limits_end_both_at_the_same_place(page: str, limits: Limits) -> None:
    try:
        compiled, python = both(page, limits)
    except UnicodeError:
        return
    assert compiled == python


def white_space() -> Iterator[str]:
    return (chr(point) for point in range(sys.maxunicode + 1) if chr(point).isspace())


@needs_kernel
@pytest.mark.parametrize("sign", white_space(), ids=ascii)
def test_all_white_space_counts_as_such(sign: str) -> None:
    compiled, python = both(
        f"<p>{sign}a{sign}{sign}b{sign}<b>{sign}</b>c</p><pre>x{sign}{sign}y{sign}</pre>", Limits()
    )
    assert compiled == python
    assert compiled.texts[0] == "a b c"


@needs_kernel
def test_a_deadline_in_the_past_ends_both() -> None:
    compiled, python = both("<p>a" * 9000, Limits(seconds=1e-9))
    assert compiled.truncated and python.truncated
    assert len(compiled) < 9000 and len(python) < 9000


@needs_kernel
@pytest.mark.parametrize("arguments", [(), ({},), (1, 2, 3, 4, 5, 6, None, ValueError)], ids=str)
def test_a_handler_refuses_what_it_cannot_use(arguments: tuple[object, ...]) -> None:
    assert kernel.native is not None
    with pytest.raises(TypeError):
        kernel.native.Handler(*arguments)


@needs_kernel
def test_a_handler_survives_events_that_no_parser_sends() -> None:
    assert kernel.native is not None
    handler = kernel.native.Handler(segmentation.TAG_KINDS, 120, 64, 100, 100, 100, None, ValueError)
    for call, given_ in [
        (handler.end_element, ("p",)),
        (handler.start_element, ("p",)),
        (handler.start_element, (1, ())),
        (handler.start_element, ("p", [("class",)])),
        (handler.start_element, ("p", ((1, 2),))),
        (handler.characters, (b"bytes",)),
    ]:
        try:
            call(*given_)
        except (TypeError, ValueError, RuntimeError, IndexError):
            continue
    handler.characters("text")
    assert handler.finish()[0][0] in ([], ["text"])


def test_the_kernel_can_be_switched_off() -> None:
    code = "from classifier import extract, kernel; print(kernel.native, extract('<p>text', threshold=0))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, kernel.SWITCH: "off"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split(maxsplit=1) == ["None", "text\n"]
