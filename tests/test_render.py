import re
import time
from collections import Counter

import pytest
from markdown_it import MarkdownIt

from classifier.render import render_html, render_markdown, render_text
from classifier.render.notes import Notes
from classifier.segment import segment_html, segment_text


def kept_mask(texts, drop):
    return [text not in drop for text in texts]


def text(page, *drop):
    segments = segment_html(page)
    return render_text(segments, kept_mask(segments.texts, drop))


def html(page, *drop):
    """Rendered HTML on one line."""
    segments = segment_html(page)
    return render_html(segments, kept_mask(segments.texts, drop), page).replace("\n", "")


def markdown(page, *drop, **choices):
    segments = segment_html(page)
    return render_markdown(segments, kept_mask(segments.texts, drop), page, **choices)


def plain(page, *drop):
    """HTML and Markdown of a plain-text page."""
    segments = segment_text(page)
    keep = kept_mask(segments.texts, drop)
    one_line = render_html(segments, keep, page).replace("\n", "")
    return one_line, render_markdown(segments, keep, page)


class TestText:
    def test_a_blank_line_separates_paragraphs_and_headings(self):
        assert text("<h1>A</h1><p>b<p>c") == "A\n\nb\n\nc"

    def test_list_items_stand_on_adjacent_lines(self):
        assert text("<p>p<ul><li>a<li>b</ul><p>q") == "p\n\na\nb\n\nq"

    def test_table_rows_stand_on_adjacent_lines(self):
        assert text("<table><tr><td>a<td>b<tr><td>c<td>d</table>") == "a\tb\nc\td"

    def test_terms_and_definitions_stand_on_adjacent_lines(self):
        assert text("<dl><dt>a<dd>b</dl>") == "a\nb"

    def test_a_dropped_heading_still_parts_two_lists(self):
        page = "<ul><li>a</ul><h2>h</h2><ul><li>b</ul>"
        assert text(page, "h") == "a\n\nb"

    def test_a_dropped_item_does_not_part_a_list(self):
        assert text("<ul><li>a<li>b<li>c</ul>", "b") == "a\nc"

    def test_long_cells_of_layout_tables_are_paragraphs(self):
        long = "word " * 40
        page = f"<table><tr><td>{long}a<tr><td>{long}b</table>"
        assert "\n\n" in text(page)

    def test_items_of_plain_text_that_an_empty_line_parts_stay_apart(self):
        segments = segment_text("- a\n- b\n\n- c")
        assert render_text(segments, [True] * 3) == "- a\n- b\n\n- c"

    def test_nothing_kept_gives_empty_text(self):
        assert text("<p>a", "a") == ""


class TestStructure:
    def test_nested_lists_keep_their_nesting_and_start(self):
        page = "<ol start=3><li>a<ul><li>b</ul><li>c</ol>"
        assert html(page) == ('<ol start="3"><li>a<ul><li>b</li></ul></li><li>c</li></ol>')

    def test_dropped_items_leave_no_empty_items(self):
        assert html("<ul><li>a<li>b<li>c</ul>", "b") == "<ul><li>a</li><li>c</li></ul>"

    def test_a_dropped_list_leaves_no_empty_list(self):
        assert html("<p>p</p><ul><li>a</ul>", "a") == "<p>p</p>"

    def test_wrappers_go_and_their_own_text_becomes_paragraphs(self):
        assert html("<div><section>a<div>b</div></section></div>") == "<p>a</p><p>b</p>"

    def test_an_item_of_several_blocks_has_paragraphs(self):
        assert html("<ul><li>a<div>b</div></ul>") == "<ul><li><p>a</p><p>b</p></li></ul>"

    def test_items_without_a_list_get_one(self):
        assert html("<div><li>a<li>b</div>c") == "<ul><li>a</li><li>b</li></ul><p>c</p>"

    def test_a_list_that_holds_only_a_list_is_one_list(self):
        assert html("<ul><ul><li>a</ul></ul>") == "<ul><li>a</li></ul>"

    def test_definition_lists_stay(self):
        assert html("<dl><dt>a<dd>b</dl>") == "<dl><dt>a</dt><dd>b</dd></dl>"

    def test_links_and_emphasis_around_blocks_move_into_them(self):
        assert html("<a href=/x><h2>a</h2><p>b</p></a>") == (
            '<h2><a href="/x">a</a></h2><p><a href="/x">b</a></p>'
        )

    def test_presentational_names_become_semantic_ones(self):
        assert html("<p><b>a</b> <i>b</i> <strike>c</strike> <kbd>d</kbd>") == (
            "<p><strong>a</strong> <em>b</em> <del>c</del> <kbd>d</kbd></p>"
        )

    def test_white_space_stands_outside_emphasis(self):
        assert html("<p>a<b> b </b>c") == "<p>a <strong>b</strong> c</p>"

    def test_a_single_break_stays_and_a_double_one_ends_the_paragraph(self):
        assert html("<p>a<br>b<br><br>c</p>") == "<p>a<br>b</p><p>c</p>"

    def test_links_that_touch_do_not_join_words(self):
        assert html("<p><a href=/a>x</a><a href=/b>y</a>") == ('<p><a href="/a">x</a> <a href="/b">y</a></p>')

    def test_a_heading_that_holds_a_paragraph_stays_a_heading(self):
        assert html("<h2><p>a</p></h2>") == "<h2>a</h2>"

    def test_a_heading_cut_into_blocks_is_one_heading(self):
        page = "<h2><div>a</div><div>b</div></h2><h2>c</h2>"
        assert html(page) == "<h2>a b</h2><h2>c</h2>"
        assert markdown(page, "b") == "## a\n\n## c"

    def test_a_thematic_break_stays_between_blocks_that_do(self):
        page = "<hr><p>a</p><hr><p>b</p><hr><hr><p>c</p><hr>"
        assert html(page) == "<p>a</p><hr><p>b</p><hr><p>c</p>"
        assert html(page, "b") == "<p>a</p><p>c</p>"
        assert markdown(page, "c") == "a\n\n---\n\nb"

    def test_addresses_follow_the_base_of_the_page(self):
        page = "<base href=https://b.example/x/><p><a href=y>a</a><img src=/i.png> <a href=mailto:a@b.c>m</a>"
        assert markdown(page) == ("[a](https://b.example/x/y)![](https://b.example/i.png) [m](mailto:a@b.c)")

    @pytest.mark.parametrize("base", ["javascript:alert(1)//", "data:text/html,", "https://["])
    def test_a_base_that_is_no_address_of_the_web_changes_nothing(self, base):
        assert html(f"<base href='{base}'><p><a href=y>a</a>") == '<p><a href="y">a</a></p>'

    def test_quotations_hold_paragraphs(self):
        page = "<blockquote>a<p>b</blockquote>"
        assert html(page) == "<blockquote><p>a</p><p>b</p></blockquote>"

    def test_text_is_escaped(self):
        assert html("<p>1 &lt; 2 &amp;amp;") == "<p>1 &lt; 2 &amp;amp;</p>"

    def test_text_of_scripts_and_styles_stays_hidden(self):
        assert html("<p>a<script>b</script><style>c</style><template>d</template>") == "<p>a</p>"

    def test_content_from_json_ld_becomes_paragraphs(self):
        body = "A sentence that only the metadata of this page has, long enough to read."
        page = f'<p>a</p><script type="application/ld+json">{{"articleBody": "{body}"}}</script>'
        assert html(page) == f"<p>a</p><p>{body}</p>"

    @pytest.mark.parametrize("mark", [chr(0xFDD1), "&#xFDD1;", "&#64977;"])
    def test_characters_that_stand_for_tags_in_between_give_none_where_a_page_has_them(self, mark):
        page = f"<p>a{mark}b <a href='/{mark}' title='t{mark}'>c</a><img src=/d alt='e{mark}'>"
        assert markdown(page) == 'a\ufffdb [c](/%EF%B7%91 "t\ufffd")![e\ufffd](/d)'
        assert "\ufdd1b" in html(page)
        code = f"<pre>def f():{mark}{mark}\n    pass</pre>"
        assert markdown(code) == "```\ndef f():\ufffd\ufffd\n    pass\n```"

    def test_so_do_those_of_embedded_texts(self):
        body = "A sentence that only the metadata of this page has, long\\ufdd1 enough to read."
        page = f'<p>a</p><script type="application/ld+json">{{"articleBody": "{body}"}}</script>'
        assert "long\ufffd enough" in markdown(page)

    def test_nothing_kept_gives_empty_html_and_markdown(self):
        assert html("<p>a", "a") == markdown("<p>a", "a") == ""

    def test_a_page_without_blocks_gives_empty_html(self):
        assert html("") == ""


class TestTables:
    TABLE = "<table><thead><tr><th>a<th>b</thead><tr><td>c<td>d<tr><td>e<td>f</table>"

    def test_header_and_body_stay(self):
        assert html(self.TABLE) == (
            "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
            "<tbody><tr><td>c</td><td>d</td></tr><tr><td>e</td><td>f</td></tr></tbody></table>"
        )

    def test_dropped_rows_go_whole(self):
        assert "<tbody><tr><td>e</td><td>f</td></tr></tbody>" in html(self.TABLE, "c\td")

    def test_empty_cells_keep_columns_in_line(self):
        page = "<table><tr><td><td>a<td></td><tr><td>b<td>c<td>d</table>"
        assert "<tr><td></td><td>a</td><td></td></tr>" in html(page)

    def test_spans_stay(self):
        page = "<table><tr><td colspan=2>a<td rowspan=3 style=x>b<tr><td>c<td>d</table>"
        assert '<td colspan="2">a</td><td rowspan="3">b</td>' in html(page)

    def test_layout_tables_go_and_data_tables_in_them_stay(self):
        page = f"<table><tr><td>nav<td><h1>h</h1>{self.TABLE}</table>"
        rendered = html(page, "nav")
        assert rendered.startswith("<h1>h</h1><table><thead>")
        assert rendered.count("<table>") == 1

    def test_a_row_of_a_layout_table_is_a_paragraph(self):
        page = "<table><tr><td>a<td>b<tr><td colspan=2><h2>h</h2></table>"
        assert html(page) == "<p>a b</p><h2>h</h2>"

    def test_markdown_tables_have_pipes_and_a_header(self):
        assert markdown(self.TABLE) == "| a | b |\n| --- | --- |\n| c | d |\n| e | f |"

    def test_markdown_tables_without_a_header_keep_their_first_row(self):
        page = "<table><tr><td>a<td>b<tr><td>c<td>d</table>"
        assert markdown(page).splitlines()[2:] == ["| a | b |", "| c | d |"]

    def test_markdown_resolves_spans_into_empty_cells(self):
        page = (
            "<table><tr><th>a<th>b<th>c<tr><td rowspan=2>d<td>e<td>f"
            "<tr><td>g<td>h<tr><td colspan=2>i<td>j<tr><td>k</table>"
        )
        assert markdown(page).splitlines()[2:] == [
            "| d | e | f |",
            "|  | g | h |",
            "| i |  | j |",
            "| k |  |  |",
        ]

    def test_markdown_tells_how_columns_are_aligned(self):
        page = (
            "<blockquote><table><tr><th align=left>a<th style='color:red; text-align: CENTER'>b|"
            "<th align=Right>c<th align=x>d<tr><td align=right>1<td>2<td>3<td>4</table></blockquote>"
        )
        assert markdown(page).splitlines()[:2] == [
            r"> | a | b\| | c | d |",
            "> | :--- | :---: | ---: | --- |",
        ]

    def test_headers_of_rows_head_no_columns_in_markdown(self):
        page = "<table><tr><th>a<td>b<tr><th>c<td>d</table>"
        assert markdown(page).splitlines() == ["|  |  |", "| --- | --- |", "| a | b |", "| c | d |"]

    def test_an_empty_corner_does_not_unmake_a_header(self):
        page = "<table><tr><td><th>a<tr><th>b<td>c</table>"
        assert markdown(page).splitlines() == ["|  | a |", "| --- | --- |", "| b | c |"]

    def test_a_table_of_which_one_column_is_kept_is_a_layout(self):
        page = "<table><tr><td><p>menu</p><td><p>a</p><tr><td><p>menu</p><td><p>b</p></table>"
        assert markdown(page, "menu") == "a\n\nb"


class TestCode:
    def test_line_breaks_and_indentation_of_pre_stay(self):
        page = "<pre>\nif x:\n    y &lt; 1\n\nz\n</pre>"
        segments = segment_html(page)
        assert render_html(segments, [True], page) == "<pre>if x:\n    y &lt; 1\n\nz</pre>"

    @pytest.mark.parametrize(
        "page",
        [
            '<pre><code class="hljs language-python">x</code></pre>',
            '<pre class="lang-python">x</pre>',
            '<pre class="brush: python">x</pre>',
            '<pre data-lang="python">x</pre>',
            '<pre lang="python">x</pre>',
            '<pre><code data-language="python">x</code></pre>',
            '<div data-lang="python"><div><pre>x</pre></div></div>',
            '<pre><code class="hljs python">x</code></pre>',
            '<figure class="highlight python"><pre>x</pre></figure>',
            '<pre data-enlighter-language="python">x</pre>',
            '<div class="highlight highlight-source-python"><pre>x</pre></div>',
            '<div class="highlight-python notranslate"><div><pre>x</pre></div></div>',
        ],
    )
    def test_code_fences_name_the_language(self, page):
        assert markdown(page) == "```python\nx\n```"

    @pytest.mark.parametrize(
        "page",
        [
            "<pre lang=en>x</pre>",
            "<pre class=python>x</pre>",
            "<pre class='highlight wide'>x</pre>",
            "<pre class=language-plaintext>x</pre>",
        ],
    )
    def test_a_name_that_is_no_language_of_code_is_none(self, page):
        assert markdown(page) == "```\nx\n```"

    def test_blocks_inside_pre_are_lines(self):
        assert markdown("<pre><div>a</div><div>b</div></pre>") == "```\na\nb\n```"

    def test_class_names_other_than_languages_go(self):
        assert html('<pre class="x language-a&quot;b"><code class="evil">c</code></pre>') == (
            "<pre><code>c</code></pre>"
        )

    def test_emphasis_inside_listings_leaves_no_marks_in_markdown(self):
        assert markdown("<pre>a <b>b</b> <sup>c</sup></pre>") == "```\na b c\n```"


class TestImages:
    def test_an_image_in_a_kept_block_stays_with_its_texts(self):
        page = '<p>a <img src=/i.png alt="x  y" title=t width=300 class=c> b'
        assert html(page) == '<p>a <img src="/i.png" alt="x y" title="t"> b</p>'

    def test_a_figure_keeps_image_and_caption(self):
        page = "<figure><img src=i.png><figcaption>a</figcaption></figure>"
        assert html(page) == ('<figure><img src="i.png" alt=""><figcaption>a</figcaption></figure>')

    def test_an_image_between_kept_paragraphs_stays(self):
        page = "<p>a<div><img src=i.png></div><p>b"
        assert html(page) == '<p>a</p><p><img src="i.png" alt=""></p><p>b</p>'

    def test_an_image_among_clutter_goes(self):
        page = "<article><p>a</article><aside><img src=i.png><p>b</aside>"
        assert html(page, "b") == "<p>a</p>"

    def test_an_image_stays_when_only_its_caption_goes(self):
        page = "<p>a long text<figure><img src=i.png><figcaption>b</figcaption></figure><p>c"
        assert "i.png" in html(page, "b")

    @pytest.mark.parametrize("size", ["width=1 height=1", "width=0", "height='1px'", "hidden"])
    def test_counters_and_hidden_images_go(self, size):
        assert html(f"<p>a<img src=i.gif {size}> b") == "<p>a b</p>"

    def test_late_loaded_images_have_their_real_address_once(self):
        page = (
            "<p>a<img src='data:image/gif;base64,R0' data-src=/i.png>"
            "<noscript><img src=/i.png></noscript></p>"
        )
        assert html(page) == '<p>a<img src="/i.png" alt=""></p>'

    def test_a_set_of_sources_gives_its_first(self):
        assert 'src="/i.png"' in html("<p>a<img srcset='/i.png 1x, /j.png 2x'>")


SCRIPT_LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " \x01javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "java&#10;script:alert(1)",
    "&#106;avascript&colon;alert(1)",
    "jav&#x0A;ascript&#58;alert(1)",
    "java\x00script:alert(1)",
    "\u2028javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "view-source:x",
    "blob:x",
]


class TestSafety:
    @pytest.mark.parametrize("href", SCRIPT_LINKS)
    def test_script_links_keep_only_their_text(self, href):
        page = f"<p><a href='{href}'>a</a>"
        assert html(page) == "<p>a</p>"
        assert markdown(page) == "a"

    @pytest.mark.parametrize("src", SCRIPT_LINKS)
    def test_images_with_script_addresses_go(self, src):
        assert html(f"<p>a<img src='{src}'>") == "<p>a</p>"

    @pytest.mark.parametrize(
        "page",
        [
            "<p onclick=alert(1)>a",
            "<p style='background:url(javascript:alert(1))'>a",
            "<p>a<svg onload=alert(1)><script>alert(1)</script></svg>",
            "<p>a<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<p>a<math><annotation-xml encoding=text/html><script>1</script></math>",
            "<form action=javascript:alert(1)><button formaction=javascript:1>a</button></form>",
            "<p>a<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
            "<base href=javascript:alert(1)//><p>a",
            "<meta http-equiv=refresh content='0;javascript:alert(1)'><p>a",
            "<p>a<style>@import 'javascript:alert(1)'</style>",
        ],
    )
    def test_no_active_markup_is_left(self, page):
        assert html(page) == "<p>a</p>"

    def test_event_handlers_of_images_go(self):
        assert html("<p>a<img src=x onerror=alert(1)>") == '<p>a<img src="x" alt=""></p>'

    def test_attribute_values_cannot_break_out(self):
        page = """<p><a href='/x"onmouseover="alert(1)' title='"><script>alert(1)</script>'>a</a>"""
        links = segment_html(html(page)).elements.tag
        assert "script" not in links
        assert " onmouseover" not in html(page)

    def test_escaped_markup_stays_text(self):
        page = "<p>&lt;script&gt;alert(1)&lt;/script&gt;<textarea><img src=x onerror=1></textarea>"
        assert "<script" not in html(page)
        assert "<img" not in html(page)

    def test_markdown_escapes_markup_that_stands_in_text(self):
        assert markdown("<p>&lt;b&gt; *a* # [x](y)") == r"\<b> \*a\* # \[x\](y)"

    @pytest.mark.parametrize("href", ["https://a.b/?c=1&d=2", "/a", "a/b:c", "mailto:a@b.c", "tel:1"])
    def test_ordinary_links_stay(self, href):
        assert f'href="{href.replace("&", "&amp;")}"' in html(f"<p><a href='{href}'>a</a>")

    def test_links_within_the_page_go_with_their_targets(self):
        assert html("<p><a href='#note'>a</a>") == "<p>a</p>"


class TestMarkdown:
    def test_headings_lists_and_emphasis_have_their_marks(self):
        page = "<h2>a</h2><ul><li>b<ul><li>c</ul></ul><p><b>d</b> <i>e</i> <del>f</del>"
        assert markdown(page) == "## a\n\n- b\n  - c\n\n**d** *e* ~~f~~"

    def test_links_and_images_can_be_left_out(self):
        page = "<p><a href=/x>a</a> <a href=/y><img src=/i.png alt=b></a>"
        assert markdown(page) == "[a](/x) [![b](/i.png)](/y)"
        assert markdown(page, links=False) == "a ![b](/i.png)"
        assert markdown(page, images=False) == "[a](/x)"

    def test_words_with_underscores_stay_whole(self):
        assert markdown("<p>snake_case__word _a_") == r"snake_case__word \_a\_"

    def test_raised_and_lowered_digits_stay_so(self):
        page = "<p>10<sup>6</sup> H<sub>2</sub>O"
        assert markdown(page) == "10<sup>6</sup> H<sub>2</sub>O"

    def test_definitions_stand_beneath_their_terms(self):
        page = "<dl><dt>a<dd>b<dd><p>c</p><ul><li>d</ul><dt>e<dd><ul><li>f</ul></dl>"
        assert markdown(page) == "a\n\n: b\n\n: c\n\n  - d\n\ne\n\n- f"

    @pytest.mark.parametrize(
        ("page", "marked"),
        [
            ("<b>a:</b> b", "**a:** b"),
            ("<b>a.</b>b", "<strong>a.</strong>b"),
            ("a <i>$5</i>", "a *$5*"),
            ("日本<b>語</b>は", "日本**語**は"),
            ("日本<b>「語」</b>は", "日本<strong>「語」</strong>は"),
            ("<b>a</b><b>b</b>", "**ab**"),
            ("<b><i>a</i></b>", "**_a_**"),
            ("<b>a</b><i>b</i>", "**a**_b_"),
            ("<b>a</b><i>b</i>c", "**a**<em>b</em>c"),
            ("<s>a</s>,", "~~a~~,"),
            ("<code>a <b>b</b></code>", "`a b`"),
            ("<b># a</b>", "**# a**"),
        ],
    )
    def test_emphasis_has_signs_where_markdown_reads_them_and_tags_elsewhere(self, page, marked):
        found = markdown(f"<p>{page}</p>")
        assert found == marked
        tags = re.sub(r"</?code>", "", MarkdownIt("commonmark").enable("strikethrough").render(found))
        assert not re.search(r"[*_~]", tags)

    def test_text_that_looks_like_markdown_is_escaped(self):
        assert markdown("<p># a<p>1. b<p>- c") == "\\# a\n\n1\\. b\n\n\\- c"


NOTES = "<ol><li id=n1>The first one. <a href=#r1>↩</a><li id=n2><p>The second.<p>Its end.</ol><p>z"


class TestNotes:
    @pytest.mark.parametrize(
        "reference",
        [
            "<sup id=r1><a href=#n1>1</a></sup>",
            "<a href=#n1><sup>1</sup></a>",
            "<a href=#n1>[1]</a>",
            "<sup><a href=#n1><span>[</span>1<span>]</span></a></sup>",
        ],
    )
    def test_a_reference_and_its_note_are_a_footnote(self, reference):
        page = f"<p>a{reference}, b<sup><a href=#n2>2</a></sup>{NOTES}"
        assert markdown(page) == (
            "a[^1], b[^2]\n\n[^1]: The first one.\n\n[^2]: The second.\n\n    Its end.\n\nz"
        )

    def test_a_note_in_a_paragraph_loses_the_label_that_it_begins_with(self):
        page = (
            "<p>a<a href='#_ftn1' name=_ftnref1>[1]</a></p><p>b</p>"
            "<p><a href='#_ftnref1' name=_ftn1>[1]</a> A note of some words.</p><p>c</p>"
        )
        assert markdown(page) == "a[^1]\n\nb\n\n[^1]: A note of some words.\n\nc"

    def test_a_reference_whose_note_is_dropped_stays_as_it_is(self):
        page = "<p>a<sup><a href=#n1>1</a></sup><ol><li id=n1>A note of some words.</ol>"
        assert markdown(page, "A note of some words.") == "a<sup>1</sup>"

    def test_a_link_to_a_numbered_part_of_the_page_is_no_note(self):
        page = "<p>Go to <a href=#part>1</a></p><ul><li id=part>The first part is here.</ul>"
        assert markdown(page) == "Go to 1\n\n- The first part is here."

    def test_links_that_are_the_places_they_lead_to_take_time_in_proportion_to_their_number(self):
        out: list[str] = []
        notes = Notes(out)
        start = time.process_time()
        for element in range(30_000):
            notes.start("a", element, {"href": "#n", "id": "n"})
            out.append("1")
            notes.wrote("1", begins=True, in_item=False, raised=False)
            notes.end(element)
        assert time.process_time() - start < 2

    def test_two_notes_of_one_label_stay_as_they_are_but_the_first(self):
        page = (
            "<p>a<sup><a href=#n1>1</a></sup><ol><li id=n1>One of some words.</ol>"
            "<p>b<sup><a href=#m1>1</a></sup><ol><li id=m1>Two of some words.</ol>"
        )
        assert markdown(page) == (
            "a[^1]\n\n[^1]: One of some words.\n\nb<sup>1</sup>\n\n1. Two of some words."
        )

    @pytest.mark.parametrize("note", ["javascript:alert(1)", "javascript:alert(1) 'x'", "x (y)"])
    def test_a_note_that_markdown_could_read_as_an_address_is_none(self, note):
        page = f"<p>a<sup><a href=#n1>1</a></sup><ol><li id=n1>{note}</ol>"
        assert markdown(page) == f"a<sup>1</sup>\n\n1. {note}"

    @pytest.mark.parametrize("sign", ["¶", "#", "🔗", " ↩︎ "])
    def test_signs_that_link_within_the_page_go(self, sign):
        assert markdown(f"<h2>a <a href=#a>{sign}</a></h2><p>b # c") == "## a\n\nb # c"


class TestPlainTextPages:
    def test_html_has_headings_lists_and_quotations(self):
        page = "## Head\n\nText & more\n\n* a\n* b\n\n> q"
        assert plain(page)[0] == (
            "<h2>Head</h2><p>Text &amp; more</p><ul><li>a</li><li>b</li></ul>"
            "<blockquote><p>q</p></blockquote>"
        )

    def test_numbered_lines_are_a_list_that_starts_at_its_number(self):
        assert plain("2. a\n3. b")[0] == '<ol start="2"><li>a</li><li>b</li></ol>'

    def test_the_number_of_a_single_line_stays_in_the_text(self):
        assert plain("3. Oktober 1990")[0] == "<p>3. Oktober 1990</p>"

    def test_dashes_that_begin_speech_stay(self):
        assert plain("— Hola, dijo.")[0] == "<p>— Hola, dijo.</p>"

    def test_markup_in_the_text_is_shown_not_run(self):
        one_line, marked = plain("a <script>alert(1)</script>")
        assert one_line == "<p>a &lt;script&gt;alert(1)&lt;/script&gt;</p>"
        assert marked == r"a \<script>alert(1)\</script>"

    def test_markdown_in_the_text_stays_as_it_stands(self):
        page = "# A *b* [c](d)\n\n- e `<f>`\n- g\n\n> h"
        assert plain(page)[1] == page

    def test_signs_that_markdown_would_swallow_are_escaped(self):
        assert plain("2*3*4 &amp; 1")[1] == r"2\*3\*4 \&amp; 1"

    def test_a_year_at_the_start_of_a_line_is_no_list(self):
        assert plain("2024. A year")[1] == r"2024\. A year"

    def test_bullets_of_other_kinds_become_markdown_bullets(self):
        assert plain("• a\n• b")[1] == "- a\n- b"

    def test_a_fence_without_its_end_does_not_swallow_the_rest(self):
        assert plain("```\na")[1] == "\\```\n\na"

    def test_only_kept_lines_are_rendered(self):
        assert plain("a\nmenu\nb", "menu") == ("<p>a</p><p>b</p>", "a\n\nb")


class TestAllWordsSurvive:
    PAGE = (
        "<nav><ul><li><a href=/1>Home</a><li><a href=/2>News</a></ul></nav><div>lead <b>one</b>"
        "<h1>Title <small>sub</small></h1>text in div<p>para<span>graph</span> <a href=/x>li</a>nk"
        "<table><tr><th>k<td>v<tr><td colspan=2>w<br>x</table>tail<button>press</button>"
        "<select><option>o1<option>o2</select><textarea>t1\nt2</textarea><dl><dt>t<dd>d</dl>"
        "<pre>c1\n  c2</pre><my-tag>custom<p>in</my-tag><details><summary>s</summary>more</details>"
        "<ruby>kan<rt>ji</rt></ruby> soft&shy;hyphen zero&#8203;width<noscript><p>ns</noscript>"
    )

    @pytest.mark.parametrize("every", [1, 2, 3])
    def test_html_has_exactly_the_words_of_the_kept_blocks(self, every):
        segments = segment_html(self.PAGE)
        keep = [index % every == 0 for index in range(len(segments))]
        wanted = [word for text, k in zip(segments.texts, keep, strict=True) if k for word in text.split()]
        rendered = segment_html(render_html(segments, keep, self.PAGE))
        assert [word for text in rendered.texts for word in text.split()] == wanted

    def test_markdown_has_exactly_the_words_of_the_kept_blocks(self):
        segments = segment_html(self.PAGE)
        rendered = render_markdown(segments, [True] * len(segments), self.PAGE, links=False)
        found = Counter(re.findall(r"\w+", rendered.replace("**", "")))
        assert found == Counter(re.findall(r"\w+", " ".join(segments.texts)))


@pytest.mark.parametrize(
    "page",
    ["<div>" * 100_000 + "x", "<ul><li>x" * 20_000, "<b>x" * 20_000, "<blockquote>x" * 20_000],
    ids=["divs", "lists", "emphasis", "quotations"],
)
def test_deeply_nested_pages_render(page):
    segments = segment_html(page)
    keep = [True] * len(segments)
    words = sum(len(text.split()) for text in segments.texts)
    assert len(re.findall(r"\bx+\b", render_html(segments, keep, page))) == words
    assert len(render_markdown(segments, keep, page)) < 10 * len(page)


def test_the_markdown_of_a_ragged_table_grows_with_the_page_and_not_with_its_square() -> None:
    def size(n: int) -> int:
        markup = "<table>" + "<tr><td>c" * n + "<tr>" + "<td>c" * n + "</table>"
        segments = segment_html(markup)
        return len(render_markdown(segments, [True] * len(segments), markup))

    assert size(2000) < 3 * size(1000)
