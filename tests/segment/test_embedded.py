import json

import pytest

from classifier.segment import Segments, Source, segment_html
from classifier.segment.embedded import MAX_SCRIPT_CHARS, MAX_TEXTS, embedded_texts

STORY = "The ferry left the harbour at dawn with forty people and two dogs on board."
OTHER = "By noon the wind had turned and the captain decided to wait behind the island."
LONG_PAGE = "<p>" + "Visible words of the page fill its paragraphs from top to bottom. " * 30 + "</p>"


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


def next_data(value: object) -> str:
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(value)}</script>'


def embedded(html: str) -> list[str]:
    segments = segment_html(html)
    return [
        text
        for text, source in zip(segments.texts, segments.source, strict=True)
        if source in (Source.JSON_LD, Source.STATE)
    ]


def sources(segments: Segments) -> list[str]:
    return [Source(source).name for source in segments.source]


# -- JSON-LD --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        {"@type": "NewsArticle", "articleBody": STORY},
        {"@type": "Review", "reviewBody": STORY},
        {"@type": "Product", "name": "Lamp", "description": STORY},
        {"@type": "Product", "review": [{"@type": "Review", "reviewBody": STORY}]},
        {
            "@graph": [
                {"@type": "WebSite", "name": "Site"},
                {"@type": "Article", "articleBody": STORY},
            ]
        },
        [{"@type": "Article", "articleBody": STORY}],
        {"@type": "Recipe", "recipeInstructions": [{"@type": "HowToStep", "text": STORY}]},
        {"@type": "Recipe", "recipeInstructions": [STORY]},
        {"@type": "ItemList", "itemListElement": [{"item": {"description": STORY}}]},
    ],
)
def test_a_text_in_json_ld_that_the_page_lacks_is_a_block(value: object) -> None:
    segments = segment_html(LONG_PAGE + ld(value))
    assert segments.texts[1:] == [STORY]
    assert sources(segments) == ["VISIBLE", "JSON_LD"]
    assert segments.element[1] == -1


def test_the_question_and_the_answers_of_a_qa_page_come_in_order() -> None:
    value = {
        "@type": "QAPage",
        "mainEntity": {
            "@type": "Question",
            "name": "Ferry?",
            "text": STORY,
            "acceptedAnswer": {"@type": "Answer", "text": OTHER},
            "suggestedAnswer": [{"@type": "Answer", "text": "A third text, " + STORY}],
        },
    }
    assert embedded(LONG_PAGE + ld(value)) == [STORY, OTHER, "A third text, " + STORY]


def test_a_text_that_the_visible_page_has_is_not_repeated() -> None:
    assert embedded(f"<p>{STORY}</p>" + ld({"articleBody": STORY})) == []


def test_case_and_white_space_do_not_make_a_text_another() -> None:
    page = f"<p>{STORY.upper().replace(' ', '<br>')}</p>"
    assert embedded(page + ld({"articleBody": STORY})) == []


def test_only_the_paragraphs_that_the_page_lacks_are_added() -> None:
    assert embedded(f"<p>{STORY}</p>" + ld({"articleBody": f"{STORY}\n\n{OTHER}"})) == [OTHER]


def test_the_same_text_in_two_scripts_is_taken_once() -> None:
    assert embedded(ld({"articleBody": STORY}) + ld({"description": STORY})) == [STORY]


@pytest.mark.parametrize(
    "value",
    [
        {"@type": "Product", "sku": STORY},
        {"@type": "Article", "url": STORY, "@id": STORY},
        {"@type": "Product", "description": "Short label"},
        {"description": 12345678901234567890},
        {"description": None},
        STORY,
        [],
        {},
    ],
)
def test_what_is_no_text_for_readers_is_left_out(value: object) -> None:
    assert embedded(ld(value)) == []


def test_markup_inside_a_json_string_is_resolved_into_paragraphs() -> None:
    body = f"<p>{STORY.replace('dawn', '<b>da</b>wn')}</p><script>no()</script><p>{OTHER}</p>"
    assert embedded('<script type="application/ld+json">'
                    + json.dumps({"articleBody": body}).replace("</", "<\\/")
                    + "</script>") == [STORY, OTHER]  # fmt: skip


def test_markup_that_is_escaped_inside_a_json_string_is_resolved() -> None:
    body = f"&lt;p&gt;{STORY}&lt;/p&gt;&lt;p&gt;{OTHER}&lt;/p&gt;"
    assert embedded(ld({"articleBody": body})) == [STORY, OTHER]


def test_character_references_inside_a_json_string_are_resolved() -> None:
    assert embedded(ld({"articleBody": f"Fish &amp; chips. {STORY}"})) == [f"Fish & chips. {STORY}"]


@pytest.mark.parametrize("end", [";", "\n", " ;"])
def test_what_authors_leave_after_the_json_does_no_harm(end: str) -> None:
    script = json.dumps({"articleBody": STORY}) + end
    assert embedded(f'<script type="application/ld+json">{script}</script>') == [STORY]


def test_line_breaks_inside_json_strings_do_no_harm() -> None:
    script = '{"articleBody": "' + STORY + "\n" + OTHER + '"}'
    assert embedded(f'<script type="application/ld+json">{script}</script>') == [STORY, OTHER]


def test_the_type_of_the_script_is_read_in_any_case() -> None:
    script = json.dumps({"articleBody": STORY})
    assert embedded(f'<script type="Application/LD+JSON">{script}</script>') == [STORY]


# -- embedded state -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        next_data({"props": {"pageProps": {"post": {"body": STORY}}}}),
        f"<script>window.__STATE__ = {json.dumps({'body': STORY})};</script>",
        f"<script>window.__INITIAL_STATE__={json.dumps({'a': [{'b': STORY}]})}; start();</script>",
        f'<script type="text/javascript">var data = {json.dumps([STORY])}</script>',
    ],
)
def test_the_state_of_a_page_drawn_by_script_is_read(script: str) -> None:
    segments = segment_html(f"<title>T</title><div id=root>Loading</div>{script}")
    assert segments.texts == ["Loading", STORY]
    assert sources(segments) == ["VISIBLE", "STATE"]


def test_the_state_of_a_page_that_shows_its_text_is_left_alone() -> None:
    assert embedded(LONG_PAGE + next_data({"body": STORY})) == []


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org/a/rather/long/address/that/is/no/prose/at/all",
        "if (a < b) { return c; } else { d = e; } for (;;) { f(); g = h; }",
        "settings-name another-settings-name yet-another-settings-name",
        "Too short",
    ],
)
def test_settings_addresses_and_code_in_the_state_are_left_out(value: str) -> None:
    assert embedded(next_data({"key": value})) == []


def test_a_text_in_a_script_without_spaces_between_words_counts_as_prose() -> None:
    text = "船は夜明けに四十人と二匹の犬を乗せて港を出た。昼には風が変わり、船長は待つことにした。"
    assert embedded(next_data({"body": text})) == [text]


def test_a_script_of_another_type_is_no_state() -> None:
    script = json.dumps({"body": STORY})
    assert embedded(f'<script type="text/x-template">{script}</script>') == []


# -- hostile scripts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "",
        "{",
        '{"articleBody": "' + STORY,
        '{"articleBody": NaN, }',
        "<!-- -->",
        "null",
        "[" * 10_000 + "]" * 10_000,
        '{"a":' * 10_000,
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        "1" * 10_000,
        '"\\ud800"',
        '{"articleBody": "\\ud800 ' + "lone half of a pair " * 4,
        "\0" * 100,
    ],
    ids=lambda script: script[:12] or "empty",
)
@pytest.mark.parametrize("before", ["", "window.X = "])
@pytest.mark.parametrize("kind", ["application/ld+json", "application/json", ""])
def test_malformed_and_very_deep_json_does_no_harm(script: str, before: str, kind: str) -> None:
    assert segment_html(f'<p>a<script type="{kind}">{before}{script}</script>').texts[0] == "a"


def test_json_nested_as_deep_as_python_reads_is_walked_without_recursion() -> None:
    deep = '{"a":' * 400 + json.dumps({"articleBody": STORY}) + "}" * 400
    assert embedded(f'<script type="application/ld+json">{deep}</script>') == [STORY]


def test_a_lone_surrogate_in_a_json_string_becomes_a_replacement_character() -> None:
    assert embedded(ld({"articleBody": STORY + " \ud800"})) == [STORY + " \ufffd"]


def test_a_script_of_unreasonable_size_is_not_read() -> None:
    huge = json.dumps({"articleBody": STORY, "x": "y" * MAX_SCRIPT_CHARS})
    assert list(embedded_texts([("application/ld+json", [huge])], [])) == []


def test_no_more_than_a_fixed_number_of_texts_is_taken() -> None:
    script = json.dumps([{"text": f"{n} {STORY}"} for n in range(MAX_TEXTS + 50)])
    assert len(list(embedded_texts([("application/ld+json", [script])], []))) == MAX_TEXTS


def test_embedded_content_stands_after_the_visible_blocks_wherever_its_script_is() -> None:
    segments = segment_html("<head>" + ld({"articleBody": STORY}) + "</head><p>first</p>")
    assert segments.texts == ["first", STORY]
    assert segments.tags == ["p", "p"]


@pytest.mark.parametrize("story", [f"\ufeff {STORY}", f"&shy;{STORY}", STORY.replace(" ", "\u200b ", 1)])
def test_invisible_characters_are_dropped_as_from_visible_text(story: str) -> None:
    assert embedded(ld({"articleBody": story})) == [STORY]
    assert embedded(ld({"articleBody": f"<p>{story}</p>"})) == [STORY]


# -- where the lines are drawn --------------------------------------------------------------------


def texts(*scripts: tuple[str, str], visible: list[str] | None = None) -> list[str]:
    return [text for text, _ in embedded_texts([(kind, [body]) for kind, body in scripts], visible or [])]


def in_ld(value: object) -> tuple[str, str]:
    return ("application/ld+json", json.dumps(value))


def in_state(value: object) -> tuple[str, str]:
    return ("application/json", json.dumps(value))


def words(count: int, chars: int) -> str:
    """So many words in so many characters."""
    return ("ab " * count)[:-1][: chars - 1].ljust(chars, "x")


@pytest.mark.parametrize(("chars", "taken"), [(39, False), (40, True)])
def test_a_text_has_forty_characters(chars: int, taken: bool) -> None:
    text = words(9, chars)
    assert (texts(in_ld({"text": text})) == [text]) is taken
    assert (texts(in_state([text])) == [text]) is taken


@pytest.mark.parametrize(("visible", "taken"), [(1499, True), (1500, False)])
def test_state_is_read_below_1500_visible_characters(visible: int, taken: bool) -> None:
    assert (texts(in_state([STORY]), visible=["y" * visible]) == [STORY]) is taken


@pytest.mark.parametrize(("count", "taken"), [(7, False), (8, True)])
def test_a_text_in_the_state_has_eight_words(count: int, taken: bool) -> None:
    assert (texts(in_state([words(count, 50)])) == [words(count, 50)]) is taken


def test_a_text_of_letters_beyond_ascii_needs_no_words() -> None:
    text = "川は町の北の丘から流れ出て三つの谷を通り平野に達する。そこで二つの小さな流れが加わり東へ向かう。"
    assert texts(in_state([text])) == [text]


@pytest.mark.parametrize(("length", "taken"), [(80, False), (81, True)])
def test_a_text_in_the_state_has_a_sign_of_code_in_forty_characters_at_most(length: int, taken: bool) -> None:
    text = "a; b; " + words(12, length - 6)
    assert (texts(in_state([text])) == [text]) is taken


def test_markup_in_the_state_is_prose_whatever_signs_it_holds() -> None:
    assert texts(in_state([" <p>" + STORY + "</p><p>a; b; c; d = {}</p>"])) == [STORY]


def test_a_short_paragraph_within_a_text_is_left_out() -> None:
    lines = ["x" * 19, "y" * 20, STORY]
    assert texts(in_ld({"text": "\n".join(lines)})) == lines[1:]


def test_a_paragraph_is_known_by_its_first_sixty_characters_without_spaces() -> None:
    start = "".join(chr(97 + number % 26) for number in range(59))
    pair = [start + "A" + "one" * 9, start + "B" + "two" * 9]
    assert texts(in_ld({"text": "\n".join(pair)})) == pair
    assert texts(in_ld({"text": "\n".join([pair[0], start + "A " + "three"])})) == pair[:1]
    assert (
        texts(in_ld({"text": pair[0]}), visible=["Before it. " + start[:30] + " " + start[30:] + "a"]) == []
    )


def test_texts_of_several_blocks_do_not_run_together_unseen() -> None:
    assert texts(in_ld({"text": STORY}), visible=[STORY[:20], STORY[20:]]) == []


def test_so_many_texts_and_paragraphs_are_looked_up() -> None:
    lines = [f"Paragraph number {number:04} of a very long text." for number in range(1200)]
    assert texts(in_ld({"text": "\n".join(lines)})) == lines[:1000]
    assert texts(in_ld([{"text": line} for line in lines])) == lines[:400]


def test_so_many_assignments_of_a_script_are_tried() -> None:
    def script(number: int) -> str:
        return "a = {};" * number + f"b = {json.dumps([STORY])}"

    assert texts(("", script(15))) == [STORY]
    assert texts(("", script(16))) == []


def test_a_script_that_parses_json_and_one_that_assigns_first_of_all_are_read() -> None:
    assert texts(("text/javascript", f"JSON.parse({json.dumps(json.dumps([STORY]))})")) == [STORY]
    assert texts(("", f"a={json.dumps([STORY])}")) == [STORY]


def test_scripts_of_other_types_and_styles_hold_no_text() -> None:
    assert texts(("text/template", f"a = {json.dumps([STORY])}")) == []
    style = f"<style>{STORY}</style><script>{OTHER}</script>"
    assert texts(in_ld({"text": f"<div>{STORY[:-1]}{style}</div><p>{OTHER[:-1]}"})) == [
        STORY[:-1],
        OTHER[:-1],
    ]


def test_a_script_is_read_in_however_many_pieces_it_comes() -> None:
    for kind, body in (in_ld({"text": STORY}), in_state([STORY]), ("", f"a = {json.dumps([STORY])}")):
        assert [text for text, _ in embedded_texts([(kind, [body[:9], body[9:]])], [])] == [STORY]


def test_a_state_of_unreasonable_size_is_not_read() -> None:
    assert texts(in_state(["x" * MAX_SCRIPT_CHARS, STORY])) == []


@pytest.mark.parametrize(
    "tag", ["a", "b", "strong", "i", "em", "u", "span", "code", "sub", "sup", "small", "mark", "font", "abbr"]
)
def test_markup_within_a_line_does_not_end_a_paragraph(tag: str) -> None:
    assert texts(in_ld({"text": f"<p>{STORY[:30]}<{tag}>{STORY[30:40]}</{tag}>{STORY[40:]}"})) == [STORY]


def test_an_empty_line_among_markup_ends_a_paragraph() -> None:
    assert texts(in_ld({"text": f"<b>{STORY}</b>\n\n{OTHER}"})) == [STORY, OTHER]


def test_ingredients_of_a_recipe_are_text() -> None:
    assert texts(in_ld({"recipeIngredient": [STORY]})) == [STORY]
