import copy
import json
import pickle
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.features.matrix import column_names, measure_page
from classifier.model import shipped_model
from classifier.page import MAX_PATH_STEPS, Block, Label, Page, css_path
from classifier.parser import parse
from classifier.segment import segment_html, segment_text

HTML = (
    "<!doctype html><title>Tea</title><nav><a href=/>Home</a></nav><main><h1>Tea</h1>"
    "<p>A <b>hot</b> drink."
    "<table><tr><td>Origin<td>China</table><p hidden>secret</main>"
    '<script type="application/ld+json">{"description": "' + "A text for machines. " * 3 + '"}</script>'
)


def page(html: str = HTML, *, with_features: bool = False) -> Page:
    segments = segment_html(html)
    n = len(segments)
    return Page(
        kind="html",
        title=segments.title,
        confidence=0.91234567,
        probabilities=np.linspace(0.1, 0.9, n).astype(np.float32),
        keep=np.arange(n) >= n // 2,
        segments=segments,
        source=html,
        model_of=shipped_model if with_features else None,
    )


def text_page(text: str) -> Page:
    segments = segment_text(text)
    n = len(segments)
    return Page("text", "", 0.5, np.full(n, 0.5, np.float32), np.ones(n, bool), segments, text)


def empty_page() -> Page:
    return Page("html", "", 0.0, np.zeros(0, np.float32), np.zeros(0, bool))


# -- blocks ---------------------------------------------------------------------------------------


def test_a_page_is_as_long_as_it_has_blocks() -> None:
    assert len(page()) == len(page().blocks) == 6


def test_blocks_come_in_document_order_and_know_their_index() -> None:
    blocks = page().blocks
    assert [block.index for block in blocks] == list(range(6))
    assert [block.text for block in blocks[:4]] == ["Home", "Tea", "A hot drink.", "Origin\tChina"]


def test_a_block_has_the_label_that_the_decision_gave_it() -> None:
    labels = [block.label for block in page().blocks]
    assert labels == [Label.CLUTTER] * 3 + [Label.CONTENT] * 3


def test_is_content_says_whether_the_label_is_content() -> None:
    assert [block.is_content for block in page().blocks] == page().keep.tolist()


def test_a_label_is_a_plain_string() -> None:
    assert f"{Label.CONTENT} and {Label.CLUTTER}" == "content and clutter"
    assert isinstance(Label.CONTENT, str)


def test_tags_hidden_flags_and_sources_are_those_of_the_segments() -> None:
    blocks = page().blocks
    assert [block.tag for block in blocks] == ["nav", "h1", "p", "tr", "p", "p"]
    assert [block.hidden for block in blocks] == [False, False, False, False, True, False]
    assert [block.source for block in blocks] == ["visible"] * 5 + ["json_ld"]


def test_noscript_blocks_say_so() -> None:
    assert page("<body><noscript>words").blocks[0].source == "noscript"


@pytest.mark.parametrize(
    ("html", "density"),
    [
        ("<p>no link", 0.0),
        ("<p><a href=x>all link</a>", 1.0),
        ("<p>half <a href=x>link</a>", 0.5),
        ("<p><a href=x>\u200b\u200b\u200b x</a>", 1.0),
    ],
)
def test_link_density_is_the_share_of_characters_in_links(html: str, density: float) -> None:
    assert page(html).blocks[0].link_density == pytest.approx(density, abs=0.07)


def test_a_block_of_plain_text_has_lines_and_no_path() -> None:
    first, second = text_page("one\n\ntwo").blocks
    assert (first.lines, second.lines) == ((1, 1), (3, 3))
    assert (first.path, first.hidden, first.link_density, first.source) == (
        None,
        False,
        0.0,
        "visible",
    )


def test_a_block_of_html_has_no_lines() -> None:
    assert {block.lines for block in page().blocks} == {None}


def test_blocks_are_made_once() -> None:
    one = page()
    assert one.blocks is one.blocks


def test_a_page_without_blocks_has_none() -> None:
    assert (empty_page().blocks, len(empty_page()), empty_page().text) == ((), 0, "")


def test_the_repr_counts_the_content() -> None:
    assert repr(page()) == "<Page html 'Tea': 3 of 6 blocks are content, confidence 0.91>"


# -- paths ----------------------------------------------------------------------------------------


def selected(html: str) -> list[tuple[str, str]]:
    """Text of each block beside the text of the element that its path selects."""
    tree = parse(html)
    found = []
    for block in page(html).blocks:
        if block.path is not None:
            element = tree.select_one(block.path)
            assert element is not None, block.path
            assert element.tag == block.tag
            found.append(("".join(block.text.split()), "".join(element.text.split())))
    return found


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<p>b",
        "<div><p>a</p></div><div><span>x</span><p>b</p></div>",
        "<ul><li>a<li>b<li>c</ul>",
        "<table><tr><td>a<td>b<tr><td>c</table>",
        "<p>a</p><script>no()</script><svg><g/></svg><p>b</p><!-- c --><p>c</p>",
        "<article><o:p>a</o:p><my-tag>b</my-tag><p>c</p></article>",
        "<a.b>a</a.b><div>b</div>",
        '<w"x>a</w"x><p>b</p>',
        "<p>a</p><template><p>no</p></template><p>b</p>",
        "<head><noscript><p>a</p></noscript></head><p>b",
        "<h2>a</h2>" * 12,
    ],
)
def test_the_path_of_a_block_selects_the_very_element(html: str) -> None:
    for text, of_element in selected(html):
        assert of_element.startswith(text)


def test_the_path_counts_every_element_before_among_its_siblings() -> None:
    block = page("<div>x</div><br><section><p>a</p></section>").blocks[-1]
    assert block.path == "html > body > section:nth-child(3) > p:nth-child(1)"


def test_embedded_content_has_no_path() -> None:
    assert page().blocks[-1].path is None


def test_a_path_has_a_fixed_number_of_steps_at_most() -> None:
    path = page("<div>" * 1_000 + "x").blocks[0].path
    assert path is not None
    assert path.count(" > ") == MAX_PATH_STEPS - 1


def test_the_path_of_the_root_is_its_name() -> None:
    assert css_path(segment_html("x").elements, 0) == "html"


tags = st.sampled_from(("div", "p", "ul", "li", "section", "h2", "span", "o:p", "table", "td", "br"))
nested = st.recursive(
    st.integers(0, 999).map(str),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", tags, st.lists(inner, max_size=4)
    ),
    max_leaves=20,
)


@given(nested)
def test_the_paths_of_any_page_select_elements_that_hold_their_blocks(html: str) -> None:
    for text, of_element in selected(html):
        assert text in of_element


# -- immutability ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [field.name for field in fields(Block)])
def test_a_block_cannot_be_changed(name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(page().blocks[0], name, None)


@pytest.mark.parametrize("name", [field.name for field in fields(Page)])
def test_a_page_cannot_be_changed(name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(page(), name, None)


@pytest.mark.parametrize("name", ["probabilities", "keep", "alone"])
@pytest.mark.parametrize("way", ["made", "pickled", "copied"])
def test_the_arrays_of_a_page_are_read_only(name: str, way: str) -> None:
    one = replace(page(), alone=page().probabilities.copy())
    one = {"made": one, "pickled": pickle.loads(pickle.dumps(one)), "copied": copy.deepcopy(one)}[way]
    values = getattr(one, name)
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 0


def test_records_take_no_new_attributes() -> None:
    with pytest.raises((AttributeError, TypeError)):
        page().note = "x"  # type: ignore[attr-defined]


# -- other shapes ---------------------------------------------------------------------------------


def test_to_dict_is_ready_for_json() -> None:
    value = json.loads(json.dumps(page().to_dict()))
    assert (value["kind"], value["title"], value["confidence"]) == ("html", "Tea", 0.9123)
    assert value["blocks"][3] == {
        "index": 3,
        "text": "Origin\tChina",
        "label": "content",
        "probability": 0.58,
        "tag": "tr",
        "path": "html > body > main:nth-child(2) > table:nth-child(3) > tbody:nth-child(1) > tr:nth-child(1)",
        "lines": None,
        "link_density": 0.0,
        "hidden": False,
        "source": "visible",
    }


def test_to_dict_has_the_type_of_page() -> None:
    value = replace(page(), type="forum", type_probability=0.123456).to_dict()
    assert (value["type"], value["type_probability"]) == ("forum", 0.1235)


def test_a_page_has_no_type_unless_one_is_told() -> None:
    assert (page().type, page().type_probability) == (None, 0.0)
    assert json.loads(json.dumps(page().to_dict()))["type"] is None


@pytest.mark.parametrize("one", [text_page("one\ntwo"), text_page("\ud800"), empty_page()])
def test_to_dict_of_an_odd_page_is_ready_for_json_too(one: Page) -> None:
    assert len(json.loads(json.dumps(one.to_dict()))["blocks"]) == len(one)


def test_to_frame_has_one_row_a_block_and_one_column_a_field() -> None:
    frame = page().to_frame()
    assert frame.index.tolist() == list(range(6))
    assert list(frame.columns) == [field.name for field in fields(Block) if field.name != "index"]
    assert frame.loc[0, "label"] == "clutter"
    assert frame["probability"].dtype == np.float64


def test_to_frame_adds_the_features_under_a_prefix() -> None:
    frame = page(with_features=True).to_frame()
    names = [name for name in map(str, frame) if name.startswith("f_")]
    assert names == [f"f_{name}" for name in column_names("html")]
    assert np.array_equal(frame[names], shipped_model("html").matrix(measure_page(segment_html(HTML))))


def test_to_frame_leaves_the_features_out_when_asked() -> None:
    assert not any(page(with_features=True).to_frame(features=False).columns.str.startswith("f_"))


def test_to_frame_of_a_page_without_blocks_has_the_columns_and_no_rows() -> None:
    frame = empty_page().to_frame()
    assert (len(frame), list(frame.columns)) == (0, list(page().to_frame().columns))


def test_changing_the_frame_does_not_change_the_page() -> None:
    one = page(with_features=True)
    frame = one.to_frame()
    frame["f_words"] = 0.0
    frame.loc[0, "label"] = "content"
    assert one.to_frame()["f_words"].all() and one.to_frame().loc[0, "label"] == "clutter"
    assert isinstance(frame, pd.DataFrame)
