from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.features import plain
from classifier.features.lexical import SHAPES, Lexicon
from classifier.features.matrix import (
    column_docs,
    column_families,
    column_names,
    feature_matrix,
    measure_page,
)
from classifier.segment import Kind, Segments, segment_html, segment_text

KINDS: tuple[Kind, ...] = get_args(Kind)
LEXICON = Lexicon(
    **{
        kind: np.random.default_rng(seed).normal(size=shape).astype(np.float32)
        for seed, (kind, shape) in enumerate(SHAPES.items())
    }
)


def matrix(segments: Segments) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return feature_matrix(measure_page(segments), LEXICON)


@pytest.mark.parametrize("kind", KINDS)
def test_column_names_are_unique(kind: Kind) -> None:
    assert len(set(column_names(kind))) == len(column_names(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_column_names_are_plain_and_every_column_says_what_it_holds(kind: Kind) -> None:
    assert all(name.replace("+", "").replace("-", "").isidentifier() for name in column_names(kind))
    assert all(doc.strip() and not doc.endswith(".") for doc in column_docs(kind).values())


@pytest.mark.parametrize("kind", KINDS)
def test_documents_and_families_name_the_columns_in_their_order(kind: Kind) -> None:
    assert tuple(column_docs(kind)) == tuple(column_families(kind)) == column_names(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_of_a_family_stand_together(kind: Kind) -> None:
    families = list(column_families(kind).values())
    changes = sum(a != b for a, b in pairwise(families))
    assert changes == len(set(families)) - 1


def test_a_column_of_both_kinds_holds_the_same() -> None:
    html, text = column_docs("html"), column_docs("text")
    shared = set(text) - {name for name, _ in plain.COLUMNS}
    assert shared < set(html)
    assert all(html[name] == text[name] for name in shared)


@pytest.mark.parametrize("segments", [segment_html("<h1>a</h1><p>b c."), segment_text("a\nb c.")], ids=KINDS)
def test_the_matrix_has_one_float32_row_a_block_and_one_column_a_name(segments: Segments) -> None:
    found = matrix(segments)
    assert found.shape == (2, len(column_names(segments.kind)))
    assert found.dtype == np.float32


def test_columns_stand_where_the_registry_says() -> None:
    names = column_names("html")
    found = matrix(segment_html("<p>one two<p><a href=x>three</a>"))
    assert found[:, names.index("words")].tolist() == np.log1p(np.array([2, 1], np.float32)).tolist()
    assert found[:, names.index("link_density")].tolist() == [0, 1]
    assert found[:, names.index("depth")].tolist() == [2, 2]
    assert found[:, names.index("page_blocks")].tolist() == [np.log(np.float32(2))] * 2


def test_every_value_is_finite_on_odd_pages(odd_page: str) -> None:
    assert np.isfinite(matrix(segment_html(odd_page))).all()


def test_every_value_is_finite_on_the_text_of_odd_pages(odd_page: str) -> None:
    texts = segment_html(odd_page).texts
    assert np.isfinite(matrix(segment_text("\n".join(texts)))).all()


@given(st.lists(st.text(st.characters(), min_size=1, max_size=12), min_size=1, max_size=12))
@settings(max_examples=50)
def test_every_value_is_finite_on_any_text(lines: list[str]) -> None:
    segments = segment_text("\n".join(lines))
    if len(segments):
        assert np.isfinite(matrix(segments)).all()


def test_a_page_has_the_same_features_every_time() -> None:
    html = "<div class=a><p>one two</p></div><p>three</p>" * 5
    assert np.array_equal(matrix(segment_html(html)), matrix(segment_html(html)))
