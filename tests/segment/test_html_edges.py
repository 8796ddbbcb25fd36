"""HTML -> blocks where states meet: what is open inside what, what was counted when, and the exact bounds.

Each test runs with the kernel, where it is built, and with the Python code.
"""

import pytest

from classifier.limits import Limits
from classifier.segment import Segments, Source, segment_html
from classifier.segment import html as html_module
from classifier.segment.html import MAX_CELL_CHARS, MAX_SCRIPTS, _without_open_iframes


@pytest.fixture(params=["kernel", "Python"], autouse=True)
def both_kinds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "Python":
        monkeypatch.setattr(html_module, "native", None)


def texts(html: str) -> list[str]:
    return segment_html(html).texts


def spans(segments: Segments) -> list[tuple[str, int, int]]:
    elements = segments.elements
    return list(zip(elements.tag, elements.first_block, elements.end_block, strict=True))


# -- hidden ---------------------------------------------------------------------------------------


def test_hidden_words_inside_a_paragraph_are_a_block_of_their_own() -> None:
    segments = segment_html("<p>a<i hidden>b</i>c</p>")
    assert (segments.texts, list(segments.hidden)) == (["a", "b", "c"], [0, 1, 0])


def test_a_link_that_opens_a_hidden_block_is_counted() -> None:
    assert list(segment_html("<p hidden><a href=x>tea</a>").links) == [1]


def test_the_end_of_a_hidden_element_in_a_hidden_page_shows_nothing() -> None:
    assert list(segment_html("<html hidden><p hidden>a</p><p>b").hidden) == [1, 1]


def test_a_hidden_page_is_cut_where_any_page_is() -> None:
    assert texts("<html hidden><p>a<b>b</b>") == ["ab"]


def test_only_a_style_hides_by_what_it_says() -> None:
    assert list(segment_html("<p title='display:none'>a").hidden) == [0]


# -- what is open in what -------------------------------------------------------------------------


def test_the_end_of_a_link_ends_nothing_around_it() -> None:
    link = "<a href=x>b</a>"
    assert list(segment_html(f"<p><b>a{link}c</b>").emphasis_chars) == [3]
    assert list(segment_html(f"<p hidden>a{link}c").hidden) == [1]
    assert texts(f"<pre>a\n{link} <p> c</p></pre>d") == ["a\nb \n c", "d"]
    assert list(segment_html(f"<body><noscript><p>{link}<p>c</noscript>").source) == [Source.NOSCRIPT] * 2


def test_the_end_of_what_is_twice_open_does_not_end_the_outer_one() -> None:
    assert list(segment_html("<p><b>a<i>b</i>c</b>").emphasis_chars) == [3]
    links = segment_html("<a href=x>a<table><tr><td><a href=y>b</a></table>c</a>")
    assert (links.texts, list(links.link_chars)) == (["a", "b", "c"], [1, 1, 1])


def test_the_end_of_emphasis_does_not_end_the_link_around_it() -> None:
    assert list(segment_html("<p><a href=x>a<b>b</b>c</a>d").link_chars) == [3]


def test_a_noscript_in_another_is_part_of_it() -> None:
    segments = segment_html("<body><noscript><p>a</p><noscript>b</noscript><p>c</p></noscript>d")
    assert (segments.texts, list(segments.source)) == (["a", "b", "c", "d"], [Source.NOSCRIPT] * 3 + [0])


def test_a_page_cut_short_closes_its_outermost_element_as_well() -> None:
    assert spans(segment_html("<p>a<p>b", Limits(max_blocks=1)))[0] == ("html", 0, 1)


def test_a_custom_element_is_a_block_of_its_own() -> None:
    segments = segment_html("<x-y>a</x-y><x-y>b</x-y>")
    assert (segments.texts, segments.tags, segments.kind) == (["a", "b"], ["x-y", "x-y"], "html")


# -- white space ----------------------------------------------------------------------------------


def test_a_space_between_inline_elements_parts_words() -> None:
    assert texts("<p><b>a</b> <i>b</i>") == ["a b"]


def test_line_breaks_with_text_between_them_end_no_block() -> None:
    assert texts("<p>a<br>b<br>c") == ["a\nb\nc"]


def test_links_with_text_between_them_get_no_spaces() -> None:
    assert texts("<p><a href=x>a</a>b<a href=y>c</a>") == ["abc"]


# -- preformatted ---------------------------------------------------------------------------------


def test_the_end_of_one_preformatted_element_in_another_ends_neither_lines_nor_block() -> None:
    assert texts("<pre>a<textarea>b</textarea>c\n d</pre>e  f") == ["a\nb\nc\n d", "e f"]


def test_one_space_between_links_in_code_stays_one() -> None:
    assert texts("<pre><a href=x>a</a> <a href=y>b</a></pre>") == ["a b"]


def test_an_indent_before_an_element_is_kept_in_code() -> None:
    assert texts("<pre>  <b>a</b></pre>") == ["  a"]


def test_two_line_breaks_are_an_empty_line_of_code() -> None:
    assert texts("<pre>a<br><br>b</pre>") == ["a\n\nb"]


def test_what_came_of_nothing_leaves_no_trace_before_code() -> None:
    assert texts("<select><option> </option></select><pre> a</pre>") == [" a"]


def test_cells_in_code_are_kept_apart() -> None:
    assert [text.split() for text in texts("<pre><table><tr><td>a<td>b</table></pre>")] == [["a", "b"]]


def test_an_empty_link_before_another_is_no_space_in_code() -> None:
    assert texts("<pre><a href=x></a><a href=y>a</a></pre>") == ["a"]


def test_a_table_in_code_belongs_to_its_block_however_long_its_cells_are() -> None:
    segments = segment_html(f"<pre>a<table><tr><td>{'b' * 130}<td>c</table></pre>")
    assert (len(segments), segments.tags) == (1, ["pre"])


# -- rows -----------------------------------------------------------------------------------------


def test_the_length_of_a_cell_is_that_of_all_its_texts() -> None:
    half = "x" * (MAX_CELL_CHARS // 2)
    fits, exceeds = f"{half}<b>{half}</b>", f"{half}<b>{half}</b>x"
    assert len(texts(f"<table><tr><td>{fits}<td>next</table>")) == 1
    assert len(texts(f"<table><tr><td>{exceeds}<td>next</table>")) == 2


def test_the_length_of_a_cell_begins_anew_after_a_paragraph_in_it() -> None:
    rest = "x" * MAX_CELL_CHARS
    assert texts(f"<table><tr><td><p>a</p>{rest}<td>b</table>") == ["a", f"{rest}\tb"]


def test_a_table_parts_the_text_around_it_and_its_caption_is_a_block() -> None:
    assert texts("<div>a<table></table>b</div>") == ["a", "b"]
    assert segment_html("<table><caption>a</caption><tr><td>b</table>").tags == ["caption", "td"]


def test_the_lengths_of_cells_do_not_add_up() -> None:
    assert len(texts(f"<table><tr><td>{'x' * 100}<td>{'y' * 100}<td>z</table>")) == 1


def test_the_block_of_a_row_lies_in_the_cell_that_it_begins_in() -> None:
    found = spans(segment_html("<table><tr><td>a</td><td>b</td></table><p>c"))
    assert [one for one in found if one[0] == "td"] == [("td", 0, 1), ("td", 0, 0)]


def test_header_cells_are_cells() -> None:
    segments = segment_html("<table><tr><th>a<th>b<tr><th>c</table>")
    assert (segments.texts, segments.tags) == (["a\tb", "c"], ["tr", "th"])


# -- counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["input", "select", "textarea", "button"])
def test_controls_without_text_add_up(tag: str) -> None:
    control = f"<{tag}></{tag}>" if tag != "input" else "<input>"
    assert list(segment_html(f"<div>a</div>{control * 3}<div>b").controls) == [0, 3]


def test_links_of_a_block_add_up() -> None:
    assert list(segment_html("<p><a href=x>a</a> <a href=y>b</a>").links) == [2]


def test_a_link_counts_for_the_block_that_it_is_in_though_breaks_come_first() -> None:
    assert list(segment_html("<p><a href=x></a></p><p>a").links) == [0]
    assert list(segment_html("<p><a href=x><br><br>a</a>").links) == [1]


def test_the_markup_beside_a_formula_is_not_shown() -> None:
    formula = "<math><mi>x</mi><annotation-xml><mi>y</mi></annotation-xml></math>"
    assert texts(formula) == ["x"]


def test_only_the_social_title_is_one() -> None:
    metas = "<meta property=og:title content=Tea><meta name=description content=Milk>"
    assert segment_html(metas).title == "Tea"
    assert segment_html("<meta property=og:title>").title == ""


@pytest.mark.parametrize("name", "class id role itemprop itemtype aria-label data-testid".split())
def test_each_attribute_in_which_authors_name_a_part_is_read(name: str) -> None:
    assert segment_html(f"<p {name}=tea title=milk>a").elements.identity[-1] == "tea"


def test_what_is_embedded_counts_no_links_images_or_controls() -> None:
    story = "A mile of the river has a weir, a mill and some willows. " * 3
    segments = segment_html(f'<p>a<script type="application/ld+json">{{"text": "{story}"}}</script>')
    assert segments.texts[1:] == [story.strip()]
    for column in ("link_chars", "links", "emphasis_chars", "images", "controls", "hidden"):
        assert list(getattr(segments, column)) == [0, 0], column
    assert (segments.tags[1], segments.element[1]) == ("p", -1)


@pytest.mark.parametrize(("before", "found"), [(MAX_SCRIPTS - 1, 1), (MAX_SCRIPTS, 0)])
def test_so_many_scripts_are_looked_at_and_no_more(before: int, found: int) -> None:
    story = "A mile of the river has a weir, a mill and some willows. " * 3
    page = "<script></script>" * before + f'<script type="application/ld+json">{{"text": "{story}"}}</script>'
    assert len(segment_html(page)) == found


# -- iframes that are left open -------------------------------------------------------------------


@pytest.mark.parametrize(("spaces", "seen"), [(100, True), (101, False)])
def test_so_much_white_space_may_stand_between_an_open_iframe_and_the_end_of_noscript(
    spaces: int, seen: bool
) -> None:
    page = f"<noscript><iframe>{' ' * spaces}</noscript><p>tea"
    assert texts(page) == (["tea"] if seen else [])


@pytest.mark.parametrize("page", [f"<iframe {'x' * 4_000}></noscript>tea", "<style></noscript></style>tea"])
def test_an_open_iframe_that_is_not_found_again_ends_no_page(page: str) -> None:
    assert segment_html(f"<noscript>{page}").truncated == ""


def test_an_open_iframe_may_be_the_first_thing_on_a_page() -> None:
    assert _without_open_iframes("<iframe></noscript>tea") == "</noscript>tea"
    assert _without_open_iframes("</noscript><iframe></noscript>tea") == "</noscript></noscript>tea"


def test_the_longest_open_iframe_with_the_most_white_space_is_found() -> None:
    found = _without_open_iframes(f"<iframe {'x' * 3_999}>{' ' * 100}</noscript>tea")
    assert found.lstrip() == "</noscript>tea"
