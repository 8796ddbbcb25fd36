"""HTML -> blocks. Hostile pages are measured in events handled, never in seconds."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.limits import Limits
from classifier.parser import parse, sax_parse
from classifier.segment import Segments, Source, segment_html
from classifier.segment import html as html_module
from classifier.segment.html import BLOCK_TAGS, CLOCK_STEP, MAX_CELL_CHARS, BlockHandler

INLINE_TAGS = (
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output "
    "q s samp small span strike strong sub sup time tt u var wbr"
)

UNSEEN_TAGS = "annotation audio canvas iframe noembed noframes script style svg template title video datalist"


def texts(html: str) -> list[str]:
    return segment_html(html).texts


def only(html: str) -> str:
    (text,) = texts(html)
    return text


def rows(segments: Segments) -> list[tuple[str, str]]:
    return list(zip(segments.tags, segments.texts, strict=True))


# -- where blocks end -----------------------------------------------------------------------------

PLACED = {"body", "html", "frameset", "table", "tbody", "tfoot", "thead", "tr", "caption", "hr"}
PLACED |= {"select", "optgroup", "plaintext", "noscript"}


@pytest.mark.parametrize("tag", sorted(BLOCK_TAGS - PLACED))
def test_a_block_level_element_is_a_block_of_its_own(tag: str) -> None:
    assert texts(f"<div>before<{tag}>inside</{tag}>after</div>") == ["before", "inside", "after"]


@pytest.mark.parametrize(
    "tag",
    INLINE_TAGS.split(),
)
def test_inline_markup_never_splits_a_word(tag: str) -> None:
    assert only(f"<p>un<{tag}>believ</{tag}>able</p>") == "unbelievable"


@pytest.mark.parametrize("sign", ["<wbr>", "&shy;", "&ZeroWidthSpace;", "&#x2060;", "&#xfeff;"])
def test_a_mark_of_where_a_line_may_break_never_splits_a_word(sign: str) -> None:
    assert only(f"<p>un{sign}believ{sign}able</p>") == "unbelievable"


def test_a_comment_never_splits_a_word() -> None:
    assert only("<p>un<!-- x -->believable</p>") == "unbelievable"


def test_white_space_is_collapsed() -> None:
    assert only("<p>  two \n\t&nbsp; words </p>") == "two words"


def test_a_rule_ends_a_block() -> None:
    assert texts("<div>one<hr>two</div>") == ["one", "two"]


def test_the_tag_of_a_block_is_that_of_the_nearest_block_level_element() -> None:
    html = "<h2>Title</h2><p>Some <b>bold</b> text</p><ul><li><span>item</span></ul>"
    assert rows(segment_html(html)) == [("h2", "Title"), ("p", "Some bold text"), ("li", "item")]


def test_list_items_are_blocks_and_nested_lists_end_the_outer_item() -> None:
    html = "<ul><li>one<ul><li>one a<li>one b</ul><li>two</ul>"
    assert texts(html) == ["one", "one a", "one b", "two"]


def test_terms_and_their_definitions_are_blocks() -> None:
    html = "<dl><dt>Tea<dd>A drink<dt>Cup<dd>A vessel</dl>"
    assert rows(segment_html(html)) == [
        ("dt", "Tea"),
        ("dd", "A drink"),
        ("dt", "Cup"),
        ("dd", "A vessel"),
    ]


def test_one_line_break_stays_in_the_block_and_two_end_it() -> None:
    assert texts("<p>one<br>two<br><br>three</p>") == ["one\ntwo", "three"]


@pytest.mark.parametrize("between", ["<br><br>", "<br> <br/>", "<br>&nbsp;<br>", "<br>\n<br>\n<br>"])
def test_white_space_between_two_line_breaks_does_not_matter(between: str) -> None:
    assert texts(f"<div>one{between}two</div>") == ["one", "two"]


def test_a_line_break_first_or_last_leaves_no_trace() -> None:
    assert only("<p><br>one<br></p>") == "one"


def test_the_cells_of_a_row_are_one_block_with_tabs_between_them() -> None:
    html = "<table><tr><th>Size<td>12 cm<tr><th>Weight<td>3 kg</table>"
    assert rows(segment_html(html)) == [("tr", "Size\t12 cm"), ("tr", "Weight\t3 kg")]


def test_a_row_with_one_cell_is_a_block_of_that_cell() -> None:
    assert rows(segment_html("<table><tr><td>Only<tr><td><td>Second</table>")) == [
        ("td", "Only"),
        ("td", "Second"),
    ]


def test_paragraphs_in_the_cells_of_a_layout_table_are_blocks_of_their_own() -> None:
    html = "<table><tr><td><p>one</p><p>two</p><td><p>three</p></table>"
    assert rows(segment_html(html)) == [("p", "one"), ("p", "two"), ("p", "three")]


def test_a_cell_as_long_as_a_paragraph_ends_the_block() -> None:
    long = "word " * (MAX_CELL_CHARS // 4)
    assert texts(f"<table><tr><td>{long}<td>next</table>") == [long.strip(), "next"]


def test_the_options_of_a_select_do_not_run_together() -> None:
    html = "<select><option>Red<option>Green<optgroup label=x><option>Blue</select>"
    assert [text.split() for text in texts(html)] == [["Red", "Green"], ["Blue"]]


def test_links_that_touch_are_kept_apart() -> None:
    assert only("<nav><a href=a>Home</a><a href=b>News</a><span><a href=c>Help</a></span></nav>") == (
        "Home News Help"
    )


def test_a_link_inside_a_word_does_not_split_it() -> None:
    assert only("<p>un<a href=x>believ</a>able</p>") == "unbelievable"


def test_an_anchor_without_an_address_is_no_link() -> None:
    segments = segment_html("<p><a name=top>one</a> two")
    assert [*segments.links, *segments.link_chars] == [0, 0]


# -- preformatted text ----------------------------------------------------------------------------


def test_preformatted_text_keeps_its_line_breaks_and_indents() -> None:
    assert only("<pre>\ndef f():\n    return 1\n</pre>") == "def f():\n    return 1"


def test_elements_inside_preformatted_text_do_not_cut_it() -> None:
    assert only("<pre><code><b>if</b> x:\n  <i>pass</i></code></pre>") == "if x:\n  pass"


def test_the_lines_of_code_that_come_as_block_elements_stay_one_block() -> None:
    assert only("<pre><div>one</div><div>  two</div><div>three</div></pre>") == "one\n  two\nthree"


def test_a_block_of_code_is_tagged_pre_and_the_text_after_it_is_collapsed_again() -> None:
    html = "<div>see  <pre>a  b</pre>then  c</div>"
    assert rows(segment_html(html)) == [("div", "see"), ("pre", "a  b"), ("div", "then c")]


# -- what never shows -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tag",
    UNSEEN_TAGS.split(),
)
def test_what_a_reader_never_sees_does_not_leak(tag: str) -> None:
    html = f"<p>be<{tag}>SECRET <g>SECRET</g></{tag}>fore</p><p>after</p>"
    assert texts(html) == ["before", "after"]


def test_elements_nested_in_a_skipped_one_end_with_it() -> None:
    html = "<p>a</p><svg><g><title>x</title><text>SECRET</text><br/></g></svg><p>b</p>"
    assert "SECRET" not in " ".join(texts(html))


def test_a_template_in_a_template_does_not_leak() -> None:
    html = "<p>a</p><template><p>no</p><template><p>no</p></template><p>no</p></template><p>b</p>"
    assert texts(html) == ["a", "b"]


@pytest.mark.parametrize("closing", ["", "</script", "<!-- </script"])
def test_a_script_that_never_ends_does_not_leak(closing: str) -> None:
    assert texts(f"<p>a</p><script>var secret = 1; {closing}") == ["a"]


def test_comments_and_declarations_do_not_leak() -> None:
    assert texts("<!doctype html><!-- no --><?php no ?><p>a<![CDATA[no]]></p>") == ["a"]


def test_the_readings_in_ruby_stay_and_their_brackets_go() -> None:
    assert only("<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby></p>") == "漢かん"


# -- hidden elements ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attribute",
    [
        "hidden",
        "hidden=until-found",
        'style="display:none"',
        'style="color: red; DISPLAY : none"',
        'style="visibility: hidden"',
    ],
)
def test_a_hidden_element_is_a_block_flagged_hidden(attribute: str) -> None:
    segments = segment_html(f"<p>a</p><p {attribute}>b</p><p>c</p>")
    assert segments.texts == ["a", "b", "c"]
    assert list(segments.hidden) == [False, True, False]


@pytest.mark.parametrize("attribute", ["aria-hidden=false", 'style="display:block"', 'style=""', "id=hidden"])
def test_an_attribute_that_hides_nothing_flags_nothing(attribute: str) -> None:
    assert list(segment_html(f"<p {attribute}>b</p>").hidden) == [False]


def test_everything_inside_a_hidden_element_is_hidden_and_nothing_after_it() -> None:
    html = "<div hidden><div><p>a</p></div><p hidden>b</p><p>c</p></div><p>d</p>"
    assert list(segment_html(html).hidden) == [True, True, True, False]


# -- counts ---------------------------------------------------------------------------------------


def test_characters_of_links_and_of_emphasis_are_counted_without_white_space() -> None:
    segments = segment_html("<p>See <a href=x>our news</a> and <b>act <i>now</i></b></p>")
    assert list(segments.links) == [1]
    assert list(segments.link_chars) == [len("our news")]  # inner spaces count, outer ones do not
    assert list(segments.emphasis_chars) == [len("act") + len("now")]


@pytest.mark.parametrize("tag", ["b", "strong", "i", "em", "u", "mark"])
def test_each_kind_of_emphasis_is_counted(tag: str) -> None:
    segments = segment_html(f"<p>one <{tag}>two <{tag}>three</{tag}></{tag}> four")
    assert list(segments.emphasis_chars) == [8]


@pytest.mark.parametrize("tag", ["input", "select", "textarea", "button"])
def test_each_kind_of_control_is_counted(tag: str) -> None:
    segments = segment_html(f"<p>one</p><{tag}></{tag}><p>two</p>")
    assert list(segments.controls) == [0, 1]


@pytest.mark.parametrize("tag", ["img", "picture"])
def test_each_kind_of_image_is_counted(tag: str) -> None:
    assert list(segment_html(f"<p>one<p><{tag}></{tag}>two").images) == [0, 1]


@pytest.mark.parametrize("tag", ["pre", "listing", "xmp", "textarea", "plaintext"])
def test_lines_are_kept_where_markup_keeps_them(tag: str) -> None:
    assert texts(f"<p>a<{tag}>one\n two")[1:] == ["one\n two"]


def test_the_first_title_counts_and_those_of_drawings_do_not_follow_it() -> None:
    assert (
        segment_html("<title>One</title><svg><title>Two</title></svg><p>x<title>Three</title>").title == "One"
    )


def test_what_a_page_begins_with_may_be_a_link_or_emphasis_or_hidden() -> None:
    for html, column in (("<a href=/>word</a>", "link_chars"), ("<b>word</b>", "emphasis_chars")):
        assert list(getattr(segment_html(html), column)) == [4]
    assert list(segment_html("<html hidden><body><p>word").hidden) == [1]


def test_names_of_an_element_are_joined_and_empty_ones_left_out() -> None:
    def identity(attributes: str) -> str:
        segments = segment_html(f"<p {attributes}>word")
        return segments.elements.identity[segments.element[0]]

    assert identity("") == identity("class") == identity("class=''") == identity("id='' class") == ""
    assert identity("class=a") == identity("class=a id=''") == identity("id='' class=a title=x") == "a"
    assert identity("id=b class='a c' role=main") == "b a c main"
    assert identity("class=a aria-hidden=true") == "a aria-hidden"


def test_images_and_controls_count_for_the_block_that_follows_or_holds_them() -> None:
    segments = segment_html("<p>a</p><img src=x><form><p>b <input> <img src=y></p></form><p>c</p>")
    assert list(segments.images) == [0, 2, 0]
    assert list(segments.controls) == [0, 1, 0]


def test_counts_start_anew_with_every_block() -> None:
    segments = segment_html("<p><a href=x><b>one</b></a></p><p>two</p>")
    assert list(segments.link_chars) == [3, 0]
    assert list(segments.links) == [1, 0]
    assert list(segments.emphasis_chars) == [3, 0]


def test_a_link_around_blocks_counts_in_each_of_them() -> None:
    segments = segment_html("<a href=x><h3>Title</h3><p>Teaser</p></a>")
    assert list(segments.link_chars) == [5, 6]


def test_noscript_content_is_read_and_says_where_it_comes_from() -> None:
    segments = segment_html("<p>a</p><noscript><p>b</p></noscript><p>c</p>")
    assert segments.texts == ["a", "b", "c"]
    assert list(segments.source) == [Source.VISIBLE, Source.NOSCRIPT, Source.VISIBLE]


# -- title ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title> A \n page </title><p>x", "A page"),
        ('<meta property="og:title" content=" Social  title"><p>x', "Social title"),
        ('<title>Page</title><meta property="og:title" content="Social"><p>x', "Page"),
        ("<svg><title>Icon</title></svg><p>x", ""),
        ("<title>A &amp; B</title>", "A & B"),
        ("<p>x", ""),
    ],
)
def test_the_title_is_that_of_the_head_or_else_the_social_one(html: str, title: str) -> None:
    assert segment_html(html).title == title


# -- elements -------------------------------------------------------------------------------------


def test_elements_stand_in_document_order_with_parents_before_children() -> None:
    elements = segment_html("<div><p>a</p></div><p>b</p>").elements
    assert elements.tag == ["html", "head", "body", "div", "p", "p"]
    assert list(elements.parent) == [-1, 0, 0, 2, 3, 2]
    assert list(elements.child) == [1, 1, 2, 1, 1, 2]


def test_the_blocks_of_an_elements_subtree_are_one_range() -> None:
    elements = segment_html("<div><p>a</p><p>b</p></div><p>c</p>").elements
    spans = list(zip(elements.tag, elements.first_block, elements.end_block, strict=True))
    assert spans[2:] == [("body", 0, 3), ("div", 0, 2), ("p", 0, 1), ("p", 1, 2), ("p", 2, 3)]


def test_the_identity_of_an_element_joins_what_its_author_called_it() -> None:
    elements = segment_html('<p id=i class="a b" role=main data-x=no itemprop=name>t').elements
    assert elements.identity[-1] == "i a b main name"


def test_every_column_has_one_entry_a_block() -> None:
    segments = segment_html(
        "<p>a</p><table><tr><td>b<td>c</table>"
        '<script type="application/ld+json">{"description": "' + "long enough " * 9 + '"}</script>'
    )
    assert len(segments) == 3
    for column in (
        "tags",
        "element",
        "link_chars",
        "links",
        "emphasis_chars",
        "images",
        "controls",
    ):
        assert len(getattr(segments, column)) == 3, column
    assert len(segments.hidden) == len(segments.source) == 3


# -- hostile pages --------------------------------------------------------------------------------


@pytest.mark.parametrize("html", ["", " \n", "<p>", "<!doctype html>", "<p>&nbsp;</p>", "<p>&shy;</p>"])
def test_a_page_without_text_has_no_blocks(html: str) -> None:
    assert texts(html) == []


def test_text_without_markup_is_one_block_of_the_body() -> None:
    assert rows(segment_html("just words")) == [("body", "just words")]


def test_nul_characters_vanish() -> None:
    assert only("<p>one\0 two\0") == "one two"


def test_lone_surrogates_survive_as_they_are() -> None:
    assert only("<p>one \ud800 two\udfff") == "one \ud800 two\udfff"


HOSTILE = {
    "nested divs": (lambda n: "<div>x" * n, 1),
    "siblings": (lambda n: "<p>x</p>" * n, 1),
    "unclosed formatting elements": (lambda n: "<b>x" * n, 0),
    "links that touch": (lambda n: "<a href=y>x</a>" * n, 0),
    "cells of one row": (lambda n: "<table><tr>" + "<td>x" * n, 1),
    "line breaks": (lambda n: "x<br>" * n, 0),
    "lines of code as elements": (lambda n: "<pre>" + "<div>x</div>" * n, 0),
    "unclosed inline elements that hide": (lambda n: "<i hidden>x" * n, 0),
    "end tags without a start": (lambda n: "x</p></i></table>" * n, 1),
}


@pytest.mark.parametrize(("make", "blocks_each"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_survives_with_all_its_text(make: Callable[[int], str], blocks_each: int) -> None:
    size = 50_000 if not blocks_each else 100_000
    segments = segment_html(make(size), Limits(max_blocks=1_000_000))
    assert sum(text.count("x") for text in segments.texts) == size
    assert len(segments) <= blocks_each * size + 1


class Counting(BlockHandler):
    """Counts the events and the pieces of text that are joined: the work of the pass."""

    def __init__(self) -> None:
        super().__init__()
        self.work = 0

    def start_element(self, tag: str, attrs: tuple[tuple[str, str | None], ...]) -> None:
        self.work += 1
        super().start_element(tag, attrs)

    def end_element(self, tag: str) -> None:
        self.work += 1
        super().end_element(tag)

    def boundary(self) -> None:
        self.work += 1 + len(self.pieces)
        super().boundary()


def work(html: str) -> int:
    handler = Counting()
    sax_parse(html, handler)
    return handler.work


@pytest.mark.parametrize(("make", "blocks_each"), HOSTILE.values(), ids=HOSTILE)
def test_twice_the_page_is_at_most_twice_the_work(make: Callable[[int], str], blocks_each: int) -> None:
    assert work(make(4_000)) <= 2.1 * work(make(2_000)) + 50


def test_one_text_of_five_megabytes_is_one_block() -> None:
    assert len(only("<p>" + "word " * 1_000_000)) == 4_999_999


def test_a_hundred_thousand_attributes_survive() -> None:
    assert only("<p " + " ".join(f"a{i}=b" for i in range(100_000)) + ">x") == "x"


# -- properties -----------------------------------------------------------------------------------

words = st.text("abcdeéß語", min_size=1, max_size=4)
BLOCKS = ("p", "div", "li", "h2", "section", "td", "blockquote", "dd", "article")
INLINE = ("b", "span", "em", "i", "code", "label", "small")
LEAVES = (
    "<script>no()</script>",
    "<style>no{}</style>",
    "<br>",
    "<img>",
    "<!--no-->",
    "<svg>no</svg>",
)


def element(tags: tuple[str, ...]) -> Callable[[st.SearchStrategy[str]], st.SearchStrategy[str]]:
    def wrap(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        parts = st.lists(inner, max_size=4).map("".join)
        return st.builds(lambda tag, body: f"<{tag}>{body}</{tag}>", st.sampled_from(tags), parts)

    return wrap


leaf = st.one_of(words, words.map(lambda word: f" {word} "), st.sampled_from(LEAVES))
flow = st.recursive(st.recursive(leaf, element(INLINE), max_leaves=5), element(BLOCKS), max_leaves=25)
pages = st.lists(flow, max_size=8).map("".join)


def visible_text(html: str) -> str:
    tree = parse(html)
    for unseen in tree.select("script, style, svg"):
        unseen.decompose()
    return tree.root.text if tree.root is not None else ""


def squeeze(text: str) -> str:
    return "".join(text.split())


@given(pages)
def test_the_visible_text_stands_in_the_blocks_exactly_once_and_in_order(html: str) -> None:
    assert squeeze("".join(texts(html))) == squeeze(visible_text(html))


@given(st.lists(st.lists(words, min_size=1, max_size=5), max_size=8), st.data())
def test_every_word_of_the_page_is_a_word_of_a_block(
    paragraphs: list[list[str]], data: st.DataObject
) -> None:
    tags = [data.draw(st.sampled_from(("p", "div", "li", "h2"))) for _ in paragraphs]
    html = "".join(
        f"<{tag}>" + " <i>".join(line) + f"</{tag}>" for tag, line in zip(tags, paragraphs, strict=True)
    )
    assert " ".join(texts(html)).split() == [word for line in paragraphs for word in line]


@given(pages)
def test_blocks_are_never_empty_and_never_begin_or_end_with_white_space(html: str) -> None:
    assert all(text and text == text.strip() for text in texts(html))


@given(st.text(max_size=200))
def test_no_text_whatever_makes_the_segmenter_fail(html: str) -> None:
    segments = segment_html(html)
    elements = segments.elements
    assert all(0 <= one < len(elements.tag) for one in segments.element)
    assert len(elements.tag) == len(elements.parent) == len(elements.child) == len(elements.identity)
    assert len(elements.tag) == len(elements.first_block) == len(elements.end_block)


@given(pages)
def test_a_blocks_tag_is_the_name_of_its_element(html: str) -> None:
    segments = segment_html(html)
    assert segments.tags == [segments.elements.tag[one] for one in segments.element]


@pytest.mark.parametrize("gap", ["", "\n  "])
def test_an_iframe_left_open_in_noscript_swallows_nothing(gap: str) -> None:
    page = f"<noscript><iframe src=/a height=0 />{gap}</noscript><p>tea<p>milk"
    assert segment_html(page).texts == ["tea", "milk"]


def test_an_iframe_closed_in_noscript_keeps_its_text_to_itself() -> None:
    page = "<noscript><iframe src=/a>old <b>browsers</b></iframe></noscript><p>tea"
    assert segment_html(page).texts == ["tea"]


def test_what_react_streams_hidden_and_shows_later_is_not_hidden() -> None:
    page = '<div hidden id="S:0"><p>tea<div hidden><p>milk</div></div><div hidden id="menu"><p>rum</div>'
    assert list(segment_html(page).hidden) == [False, True, True]


@pytest.mark.parametrize(
    ("before", "taken"),
    [
        ("<iframe src=x>", True),
        ("<b><iframe>", True),
        (f"<iframe {'x' * 3_999}>", True),
        (f"<iframe {'x' * 4_000}>", False),
        ("<iframe>" + " " * 100, True),
        ("<iframe>" + " " * 101, False),
        ("<iframe>x", False),
        ("<iframes>", False),
        ("<iframe><b>", False),
        ("iframe>", False),
    ],
)
def test_only_an_iframe_right_before_the_end_of_noscript_is_taken_out(before: str, taken: bool) -> None:
    page = f"<noscript>{before}</noscript>" * 2
    assert ("<iframe" in html_module._without_open_iframes(page)) is ("<iframe" in page and not taken)


# -- limits ---------------------------------------------------------------------------------------


@pytest.fixture(params=["kernel", "Python"])
def handler_of_both_kinds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the test with the kernel, where it is built, and with the Python code."""
    if request.param == "Python":
        monkeypatch.setattr(html_module, "native", None)


both_kinds = pytest.mark.usefixtures("handler_of_both_kinds")


@both_kinds
def test_a_page_within_the_limits_is_read_to_its_end() -> None:
    # html, head, body and two paragraphs.
    segments = segment_html("<p>a<p>b", Limits(max_nodes=5, max_depth=3, max_blocks=2))
    assert (segments.texts, segments.truncated) == (["a", "b"], "")


@both_kinds
@pytest.mark.parametrize(
    ("limits", "texts", "reason"),
    [
        (Limits(max_nodes=4), ["a"], "the page has more than 4 elements (max_nodes)"),
        (Limits(max_depth=3), ["a", "b"], "the page nests elements more than 3 deep (max_depth)"),
        (Limits(max_blocks=2), ["a", "b"], "the page has more than 2 blocks (max_blocks)"),
        (Limits(seconds=1e-9), [], "the page took longer than 1e-09 seconds to read (seconds)"),
    ],
)
def test_a_page_that_exceeds_a_limit_is_read_up_to_there_and_says_why(
    limits: Limits, texts: list[str], reason: str
) -> None:
    segments = segment_html("<p>a</p><div>b<p>c</p></div>", limits)
    assert (segments.texts, segments.truncated) == (texts, reason)


@both_kinds
def test_a_page_cut_short_keeps_the_text_at_hand_and_closes_its_elements() -> None:
    segments = segment_html("<div>a<ul><li>b<i>c</i> d<b>e</b>", Limits(max_nodes=7))
    assert segments.texts == ["a", "bc d"]
    elements = segments.elements
    spans = list(zip(elements.tag, elements.first_block, elements.end_block, strict=True))
    assert spans[2:] == [("body", 0, 2), ("div", 0, 2), ("ul", 1, 2), ("li", 1, 2), ("i", 1, 1)]


@both_kinds
def test_the_title_and_embedded_texts_of_a_page_cut_short_are_kept() -> None:
    story = "A mile of the river has a weir, a mill and some willows. " * 3
    page = f'<title>T</title><script type="application/ld+json">{{"text": "{story}"}}</script><p>a<p>b'
    segments = segment_html(page, Limits(max_blocks=1))
    assert (segments.title, segments.texts) == ("T", ["a", story.strip()])
    assert len(segments.source) == len(segments.controls) == len(segments.tags) == 2


@both_kinds
def test_the_clock_is_looked_at_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr("time.monotonic", lambda: float(next(ticks)))
    # Tick 0 sets the deadline, 1 comes before the first element, 2 and 3 after CLOCK_STEP each.
    segments = segment_html("<i></i>" * 3 * CLOCK_STEP, Limits(seconds=3))
    assert len(segments.elements.tag) == 2 * CLOCK_STEP
    assert "(seconds)" in segments.truncated


@both_kinds
def test_what_a_skipped_element_holds_counts_for_no_limit() -> None:
    page = "<svg>" + "<g>" * 100 + "</svg><p>a"
    assert segment_html(page, Limits(max_nodes=5, max_depth=4)).texts == ["a"]


@both_kinds
def test_a_limit_beyond_what_a_machine_can_count_is_none() -> None:
    limits = Limits(max_nodes=10**30, max_depth=10**30, max_blocks=10**30, seconds=float("inf"))
    assert segment_html("<p>a", limits).truncated == ""


@pytest.mark.parametrize("name", ["max_bytes", "max_nodes", "max_depth", "max_blocks", "seconds"])
def test_a_limit_of_nothing_is_a_value_error_that_names_it(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})
    with pytest.raises(TypeError, match=name):
        Limits(**{name: "10"})
    with pytest.raises(TypeError, match=name):
        Limits(**{name: True})


def test_time_that_is_no_number_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="seconds"):
        Limits(seconds=float("nan"))
