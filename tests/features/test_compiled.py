"""The compiled kernel gives what the Python code gives. Without the kernel there is nothing to compare."""

from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.features import compiled
from classifier.features.lexical import SHAPES, Evidence, Lexicon
from classifier.features.matrix import column_names, measure_in_python, measure_page
from classifier.kernel import native
from classifier.segment import Kind, Segments, segment_html, segment_text
from train.corpus import read

if native is None:
    pytest.skip("the kernel was not built, or is switched off", allow_module_level=True)

LEXICON = Lexicon(
    **{
        kind: np.random.default_rng(seed).normal(size=shape).astype(np.float32)
        for seed, (kind, shape) in enumerate(SHAPES.items())
    }
)
# Pieces whose mixtures reach every rule: words, scripts, signs, marks, breaks, names and nesting.
PIECES = (
    "<p>", "</p>", "<div class='post-content mainNav x1'>", "</div>", "<ul><li>", "<a href=x>", "</a>",
    "<h1>",
    "<h2 id=Top>", "<b>", "<table><tr><td>", "<td>", "<br>", "<pre>", "</pre>", "<img>", "<input>", "<nav>",
    "<main>", "<article>", "<div hidden>", "<noscript>", "<title>", "</title>", "<x-part>", "Home", "Log in",
    "The river rises in the hills to the north, turns west and reaches the sea after forty miles. ",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen ",
    "seventeen eighteen nineteen twenty twenty-one ", "…", "[...]", "...", ":", "?", "؟", "€ 12.50",
    "| » / #",
    "你好世界。", "ไทยกำ", "ΟΔΟΣ", "İstanbul", "école", "cafe\u0301", "क्षेत्र", "😀", "\U00020000", "\t", "\n",
    "\u00a0", "\u3000", "\u200b", "ﬁ", "Ǆ", "٣٤", "1,234",
)  # fmt: skip


def assert_alike(segments: Segments) -> None:
    expected = measure_in_python(segments)
    found = measure_page(segments)
    base, evidence = found.base, found.evidence
    assert base.shape == expected.base.shape
    names = column_names(segments.kind)
    far = np.abs(base - expected.base) > 1e-5 * (1 + np.abs(expected.base))
    assert not far.any(), {names[column] for column in np.flatnonzero(far.any(axis=0))}
    for field in fields(Evidence):
        got, want = getattr(evidence, field.name), getattr(expected.evidence, field.name)
        assert got.dtype == want.dtype and got.shape == want.shape, field.name
        assert (got == want).all(), field.name
    columns = LEXICON.columns(expected.evidence)
    assert np.allclose(compiled.lexicon_columns(evidence, LEXICON), columns, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("page", read("pages"), ids=lambda page: page.id)
def test_pages_of_our_own_have_the_same_features(page: object) -> None:
    html = page.page.decode("utf-8", "replace")  # type: ignore[attr-defined]
    for segments in (segment_html(html), segment_text(html)):
        assert_alike(segments)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=60).map("".join))
def test_mixtures_have_the_same_features(markup: str) -> None:
    for segments in (segment_html(markup), segment_text(markup)):
        if len(segments):
            assert_alike(segments)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=20))
def test_any_text_has_the_same_features(texts: list[str]) -> None:
    segments = segment_text("\n\n".join(texts))
    if len(segments):
        assert_alike(segments)


def test_every_character_has_the_same_class_and_case() -> None:
    points = [chr(point) for point in range(0x20, 0x30000) if not 0xD800 <= point < 0xE000]
    rows = ["".join(points[start : start + 97]) for start in range(0, len(points), 97)]
    assert_alike(segment_text("\n\n".join(rows)))


def test_an_unknown_tag_and_a_page_without_elements_are_measured() -> None:
    assert_alike(segment_html("<blink>words that blink</blink>"))
    bare = segment_html("<p>a text")
    assert_alike(replace(bare, element=[-1], elements=type(bare.elements)()))


@pytest.mark.parametrize(
    "change",
    [
        {"texts": ["a", "b"]},
        {"texts": [""]},
        {"texts": []},
        {"links": []},
        {"element": [99]},
        {"link_chars": [2**40]},
        {"link_chars": [-5]},
    ],
    ids=str,
)
def test_contradictory_columns_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        measure_page(replace(segment_html("<p>text"), **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"parent": [0, 5, 1]},
        {"parent": [0, 1, 1]},
        {"first_block": [0, 0, 9]},
        {"end_block": [1, 1, 9]},
        {"tag": ["html"]},
    ],
    ids=str,
)
def test_contradictory_elements_are_refused(change: dict[str, list[int]]) -> None:
    segments = segment_html("<p>text")
    elements = segments.elements
    columns = {
        name: getattr(elements, name)[:3]
        for name in ("tag", "parent", "child", "identity", "first_block", "end_block")
    }
    with pytest.raises(ValueError):
        measure_page(replace(segments, element=[2], elements=replace(elements, **{**columns, **change})))


@pytest.mark.parametrize("name", ["word", "pair", "phrase", "tag", "name", "owner", "identity", "name_index"])
def test_evidence_out_of_range_is_refused(name: str) -> None:
    evidence = measure_page(segment_html("<p class=x>some words here")).evidence
    wrong = np.full_like(getattr(evidence, name), 1 << 30)
    with pytest.raises(ValueError):
        compiled.lexicon_columns(replace(evidence, **{name: wrong}), LEXICON)


def test_a_kernel_of_other_features_is_refused() -> None:
    segments = segment_html("<p>text")
    with pytest.raises(ValueError, match="columns"):
        compiled.measure_page(segments, measure_page(segments).base.shape[1] + 1)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_python_code_serves_where_the_kernel_is_switched_off(kind: Kind) -> None:
    segments = segment_html("<p>x y z") if kind == "html" else segment_text("x y z")
    assert measure_in_python(segments).base.shape == measure_page(segments).base.shape
