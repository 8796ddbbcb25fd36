"""What holds of every page: tag soup, this project's own pages after mutation, and any text."""

import json
import random
import re
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from classifier import classify
from classifier.page import Label
from classifier.parser import Element, Node, Text, parse
from classifier.render import render_html, render_markdown, render_text
from classifier.segment import Source, segment_html, segment_text
from classifier.segment.html import SKIPPED_TAGS
from classifier.segment.whitespace import drop_invisible
from train.fuzz.mutation import PAGE_WORDS, Mutator
from train.fuzz.oracle import markdown_to_html, unsafe_parts

# The same pages at every run: what is new is for `python -m train fuzz` to find.
every = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

_OWN: Final = [path.read_bytes() for path in sorted(Path(__file__).parents[1].glob("data/pages/*/page.*"))]
_MUTATOR: Final = Mutator(_OWN)
_WORDS: Final = sorted({word.decode("utf-8", "ignore") for word in PAGE_WORDS} - {""})
_NOTE: Final = re.compile(r"^(\W*)\[\^\w+\]: ", re.MULTILINE)
_TEXT: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def tag_soup() -> st.SearchStrategy[str]:
    """Tags, attributes, entities and text in no order."""
    return st.lists(st.one_of(st.sampled_from(_WORDS), _TEXT), max_size=40).map("".join)


def mutated_pages() -> st.SearchStrategy[str]:
    """Pieces of this project's own pages with changes that a fuzzer makes."""
    seeds = st.integers(0, 2**32)
    return seeds.map(lambda seed: _MUTATOR.make(random.Random(seed)).decode("utf-8", "replace"))


def pages() -> st.SearchStrategy[str]:
    """Pages of all kinds."""
    return st.one_of(tag_soup(), mutated_pages(), st.text(max_size=200))


def plain_texts() -> st.SearchStrategy[str]:
    """Texts of several lines."""
    line = st.one_of(
        _TEXT, st.sampled_from(["- a", "* b", "1. c", "> d", "# e", "```", "| f | g |", "word " * 14])
    )
    return st.one_of(st.lists(line, max_size=25).map("\n".join), pages())


def letters(text: str) -> str:
    """The text without white space and signs that are never shown."""
    return "".join(drop_invisible(text).replace("\0", "").split())


def words(text: str) -> str:
    """The letters and digits of the text, one after the other."""
    return "".join(filter(str.isalnum, text))


def shown(html: str) -> str:
    """The letters of the parser's own text, but of elements whose text no reader sees."""
    return letters(text_of(parse(html)))


def text_of(root: Node) -> str:
    """The parser's own text, but of elements whose text no reader sees."""
    pieces: list[str] = []
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Text):
            pieces.append(node.data)
        elif not isinstance(node, Element) or node.tag not in SKIPPED_TAGS:
            stack.extend(reversed(list(node.children)))
    return "".join(pieces)


def mask(size: int, choice: int) -> list[bool]:
    return [(7 * index + choice) % 4 != 0 for index in range(size)]


# -- blocks ---------------------------------------------------------------------------------------


@every
@given(pages())
def test_the_blocks_of_a_page_hold_all_its_visible_text_once(page: str) -> None:
    # An iframe left open in noscript is dropped before the parse, so that it does not swallow the page.
    assume("noscript" not in page.lower() or "iframe" not in page.lower())
    segments = segment_html(page)
    embedded = {int(Source.JSON_LD), int(Source.STATE)}
    pairs = zip(segments.texts, segments.source, strict=True)
    assert letters("".join(text for text, source in pairs if source not in embedded)) == shown(page)


@every
@given(plain_texts())
def test_the_blocks_of_a_text_hold_all_its_letters_once(text: str) -> None:
    found = letters("".join(segment_text(text).texts))
    # Where a wrapped quotation is joined, the signs at the starts of its lines go.
    assert found.replace(">", "") == letters(text.replace("\0", "")).replace(">", "")


# -- decisions ------------------------------------------------------------------------------------


@every
@given(pages(), st.sampled_from(["balance", "precision", "recall"]))
def test_a_decision_agrees_with_its_labels_and_probabilities(page: str, favor: str) -> None:
    found = classify(page, favor=favor)
    assert len(found.blocks) == len(found.probabilities) == len(found.keep)
    kept = [block for block in found.blocks if block.is_content]
    cut = [block for block in found.blocks if block.label is Label.CLUTTER]
    assert len(kept) == found.keep.sum() and len(kept) + len(cut) == len(found)
    assert all(0 <= block.probability <= 1 for block in found.blocks) and 0 <= found.confidence <= 1
    if kept and cut:
        assert min(block.probability for block in kept) >= max(block.probability for block in cut)
    again = classify(page, favor=favor)
    assert json.dumps(again.to_dict()) == json.dumps(found.to_dict())
    assert (again.markdown, again.html) == (found.markdown, found.html)


@every
@given(pages(), st.floats(0, 1))
def test_a_fixed_bar_keeps_the_blocks_of_at_least_that_probability(page: str, bar: float) -> None:
    found = classify(page, threshold=bar)
    assert found.keep.tolist() == [bool(p >= bar) for p in found.probabilities]


# -- what is written ------------------------------------------------------------------------------


@every
@given(pages(), st.integers(0, 3))
def test_the_text_of_kept_blocks_stands_in_the_output_in_order(page: str, choice: int) -> None:
    segments = segment_html(page)
    keep = mask(len(segments), choice)
    kept = [text for text, is_kept in zip(segments.texts, keep, strict=True) if is_kept]
    assert [line for line in render_text(segments, keep).split("\n") if line] == [
        line for text in kept for line in text.split("\n") if line
    ]
    html = render_html(segments, keep, page)
    assert letters("".join(segment_html(html).texts)) == letters("".join(kept))


@every
@given(pages(), st.integers(0, 3), st.booleans())
def test_markdown_keeps_the_words_of_the_kept_blocks_in_order(page: str, choice: int, links: bool) -> None:
    segments = segment_html(page)
    keep = mask(len(segments), choice)
    kept = "".join(text for text, is_kept in zip(segments.texts, keep, strict=True) if is_kept)
    markdown = render_markdown(segments, keep, page, links=links)
    # The label of a note stands for the number of an item, which is no word of the page, or for its own.
    found = (words(text_of(parse(markdown_to_html(text)))) for text in (markdown, _NOTE.sub(r"\1", markdown)))
    assert words(kept) in found


@every
@given(pages(), st.integers(0, 3))
def test_rendered_html_and_markdown_are_safe_to_show(page: str, choice: int) -> None:
    for segments in (segment_html(page), segment_text(page)):
        keep = mask(len(segments), choice)
        assert unsafe_parts(render_html(segments, keep, page)) == []
        assert unsafe_parts(markdown_to_html(render_markdown(segments, keep, page))) == []
