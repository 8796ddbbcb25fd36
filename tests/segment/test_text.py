from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.limits import Limits
from classifier.segment import segment_text
from classifier.segment.text import _percentile_95

SENTENCE = (
    "The river rises in the hills north of the town and runs through three valleys before it "
    "reaches the plain, where it is joined by two smaller streams and turns slowly to the east. "
)
CJK = "川は町の北の丘から流れ出て三つの谷を通り平野に達する。そこで二つの小さな流れが加わり東へ向かう。" * 4


def wrap(text: str, column: int = 72, first: str = "", later: str = "") -> list[str]:
    """Fill lines greedily, as mail programs do."""
    lines, line = [], first
    for word in text.split():
        if len(line) + len(word) + 1 > column and line.strip("> "):
            lines.append(line.rstrip())
            line = later
        line += word + " "
    return [*lines, line.rstrip()]


def wrap_cjk(text: str, width: int = 36) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), width)]


def rows(text: str) -> list[tuple[str, str]]:
    segments = segment_text(text)
    return list(zip(segments.tags, segments.texts, strict=True))


def texts(text: str) -> list[str]:
    return segment_text(text).texts


WRAPPED = "\n".join(wrap(SENTENCE * 3))
FLAT = " ".join((SENTENCE * 3).split())

# -- one block a line -----------------------------------------------------------------------------


def test_every_line_is_a_block() -> None:
    assert texts("Home\nNews\nA long line of text.") == ["Home", "News", "A long line of text."]


def test_line_spans_count_from_one_and_skip_blank_lines() -> None:
    assert segment_text("one\n\n\ntwo\nthree\n").line_spans == [(1, 1), (4, 4), (5, 5)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_do_on_any_system(end: str) -> None:
    segments = segment_text(end.join(["one", "two", "", "three"]))
    assert segments.texts == ["one", "two", "three"]
    assert segments.line_spans == [(1, 1), (2, 2), (4, 4)]


@pytest.mark.parametrize("text", ["", "\n", " \t \n\r\n ", "\f\v", "\u3000\n\u00a0"])
def test_a_text_without_words_has_no_blocks(text: str) -> None:
    segments = segment_text(text)
    assert (len(segments), list(segments.line_spans)) == (0, [])


def test_white_space_inside_a_line_is_collapsed() -> None:
    assert texts("  one \t two\u00a0three ") == ["one two three"]


def test_a_form_feed_is_white_space_and_ends_no_line() -> None:
    segments = segment_text("one\n\f\n\ftwo\nthree\f")
    assert segments.texts == ["one", "two", "three"]
    assert segments.line_spans == [(1, 1), (3, 3), (4, 4)]


def test_signs_that_other_systems_take_for_line_ends_stay_in_the_line() -> None:
    assert segment_text("one\u2028two\u0085three").line_spans == [(1, 1)]


def test_a_page_of_plain_text_has_a_kind_no_title_and_no_elements() -> None:
    segments = segment_text("one")
    assert (segments.kind, segments.title, segments.elements.tag) == ("text", "", [])


@pytest.mark.parametrize(
    ("line", "tag"),
    [
        ("Plain words", "p"),
        ("# Heading", "h"),
        ("###### Heading", "h"),
        ("#hashtag", "p"),
        ("- item", "li"),
        ("* item", "li"),
        ("• item", "li"),
        ("12. item", "li"),
        ("(3) item", "li"),
        ("a) item", "li"),
        ("-5 degrees", "p"),
        ("1994 was warm", "p"),
        ("> quoted", "blockquote"),
        (">> quoted twice", "blockquote"),
    ],
)
def test_the_tag_says_what_a_line_begins_like(line: str, tag: str) -> None:
    assert rows(line) == [(tag, line)]


# -- hard-wrapped text ----------------------------------------------------------------------------


@pytest.mark.parametrize("column", [60, 65, 72, 80, 100])
def test_a_hard_wrapped_paragraph_is_joined(column: int) -> None:
    assert texts("\n".join(wrap(SENTENCE * 4, column))) == [" ".join((SENTENCE * 4).split())]


def test_the_span_of_a_joined_paragraph_covers_its_lines() -> None:
    lines = len(WRAPPED.split("\n"))
    segments = segment_text(f"Title\n\n{WRAPPED}\n\n{WRAPPED}")
    assert segments.texts == ["Title", FLAT, FLAT]
    assert segments.line_spans == [(1, 1), (3, 2 + lines), (4 + lines, 3 + 2 * lines)]


def test_the_line_ends_of_windows_do_not_hinder_joining() -> None:
    assert texts(WRAPPED.replace("\n", "\r\n")) == [FLAT]


def test_a_short_line_ends_its_paragraph_though_no_blank_line_follows() -> None:
    assert texts(f"{WRAPPED}\nshort end.\n{WRAPPED}")[-1] == FLAT


def test_long_lines_that_were_never_wrapped_are_not_joined() -> None:
    lines = [SENTENCE.strip()] * 6
    assert texts("\n".join(lines)) == lines


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-28T14:10:{:02} gate: the river stands at a level of three",
        "Nov 28 14:10:{:02} mill gate: the river stands at a level of three",
        "[28/Nov/2026:14:10:{:02}] GET /river/levels/of/the/mill 200",
        "127.0.0.1 - - [28/Nov/2026:14:10:{:02}] GET /river/levels 200",
        "WARNING 14:10:{:02} the river stands at a level of three",
    ],
)
def test_the_lines_of_a_log_are_not_joined_though_all_are_of_one_length(line: str) -> None:
    lines = [line.format(second) for second in range(60)]
    assert texts("\n".join(lines)) == lines


def test_a_wrapped_text_that_names_times_is_joined() -> None:
    sentence = (
        "The gate opens at 09:30 and closes at 17:45 on all days but one in the year, which is the fair. "
    )
    assert len(texts("\n".join(wrap(sentence * 5)))) == 1


def test_short_lines_such_as_a_poem_or_a_menu_are_not_joined() -> None:
    lines = ["Home", "About us", "Contact", "A rose is red", "So they said", "And went to bed"]
    assert texts("\n".join(lines)) == lines


def test_a_word_cut_at_its_hyphen_is_joined_without_a_space() -> None:
    lines = wrap(SENTENCE * 3)
    text = "\n".join(
        [
            *lines,
            "It is a town of seven thousand people, which makes it a quite well-",
            "known one.",
        ]
    )
    assert "well-known one." in " ".join(texts(text))


@pytest.mark.parametrize("sign", ["- ", "* ", "• ", "1. ", "(2) ", "b) "])
def test_the_items_of_a_wrapped_list_stay_apart_and_keep_their_lines_together(sign: str) -> None:
    item = wrap(SENTENCE, first=sign, later=" " * len(sign))
    found = rows("\n".join([*item, *item, *item]))
    assert found == [("li", sign + SENTENCE.strip())] * 3


def test_a_heading_after_a_full_line_begins_a_block() -> None:
    assert rows(f"{WRAPPED}\n## Next\n{WRAPPED}")[-2] == ("h", "## Next")


def test_a_rule_is_joined_to_nothing() -> None:
    rule = "=" * 72
    assert rule in texts(f"{WRAPPED}\n{rule}\n{WRAPPED}")


def test_a_quotation_of_mail_is_joined_and_stays_apart_from_the_answer() -> None:
    quote = "\n".join(wrap(SENTENCE, first="> ", later="> "))
    found = rows(f"{WRAPPED}\n{quote}\n{WRAPPED}\n{quote}\n{WRAPPED}")
    quoted = ("blockquote", "> " + SENTENCE.strip())
    assert found == [("p", FLAT), quoted, ("p", FLAT), quoted, ("p", FLAT)]


def test_lines_of_chinese_and_japanese_are_joined_without_a_space() -> None:
    assert texts("\n".join(wrap_cjk(CJK))) == [CJK]


def test_a_line_of_latin_letters_after_one_of_japanese_gets_a_space() -> None:
    lines = wrap_cjk(CJK[:180])
    lines[2] = "Latin letters follow here and fill it"
    (joined,) = texts("\n".join(lines))
    assert f"{lines[1]} {lines[2]} {lines[3]}" in joined


# -- hostile text ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5_000_000,
        "a\n" * 100_000,
        ">" * 100_000,
        "- " * 100_000,
        "\0\x01\ud800",
        "=" * 100_000,
    ],
    ids=["one line", "many lines", "quotes", "bullets", "control characters", "rule"],
)
def test_a_hostile_text_survives_whole(text: str) -> None:
    segments = segment_text(text, Limits(max_blocks=1_000_000))
    assert "".join("".join(segments.texts).split()) == "".join(text.split())


@given(st.text(st.sampled_from("ab .-\n\r>#1字\f"), max_size=400))
def test_every_character_stands_in_a_block_once_and_in_order(text: str) -> None:
    kept = "".join("".join(texts(text)).split())
    # Only the quotation marks of joined lines go.
    assert kept.replace(">", "") == "".join(text.split()).replace(">", "")


@given(st.text(st.sampled_from("ab .-\n>字"), max_size=400))
def test_line_spans_are_in_order_and_never_overlap(text: str) -> None:
    spans = segment_text(text).line_spans
    assert all(first <= last for first, last in spans)
    assert all(a[1] < b[0] for a, b in pairwise(spans))


@given(st.lists(st.sampled_from(["one two", "- item", "", "> quote"]), max_size=30))
def test_a_block_begins_with_the_words_of_its_first_line(lines: list[str]) -> None:
    segments = segment_text("\n".join(lines))
    for text, (first, _) in zip(segments.texts, segments.line_spans, strict=True):
        assert text.startswith(lines[first - 1])


@given(st.lists(st.integers(0, 120), min_size=1, max_size=50))
def test_the_column_that_most_lines_stay_within_is_the_95th_percentile(lengths: list[int]) -> None:
    exact = Fraction(95 * (len(lengths) - 1), 100)
    ordered = [*sorted(lengths), 0]
    below = ordered[int(exact)]
    between = below + (ordered[int(exact) + 1] - below) * (exact - int(exact))
    assert _percentile_95(lengths) == int(between)


@pytest.mark.parametrize("chars", [1, 7, 50])
@pytest.mark.parametrize("ending", ["", "\n", "\n\n"])
def test_lines_do_not_depend_on_how_many_are_cut_at_a_time(
    monkeypatch: pytest.MonkeyPatch, chars: int, ending: str
) -> None:
    text = "\n".join(["Tea grows  ", "", " - on hills", "\t", "x" * 60, "and in a row"] * 9) + ending
    whole = segment_text(text)
    monkeypatch.setattr("classifier.segment.text._LINES_CHARS", chars)
    monkeypatch.setattr("classifier.segment.text.WRAP_LINES", 9)
    assert segment_text(text) == whole
    assert len(whole) == 9 * 4


# -- where the lines are drawn --------------------------------------------------------------------


def filled(column: int) -> str:
    """A line of just so many characters, to which no word can be added."""
    return ("word " * column)[: column - 1] + "."


@pytest.mark.parametrize(("column", "blocks"), [(19, 6), (20, 1), (110, 1), (111, 6)])
def test_a_text_is_wrapped_at_20_to_110_characters(column: int, blocks: int) -> None:
    assert len(texts("\n".join([filled(column)] * 6))) == blocks


@pytest.mark.parametrize(("lines", "blocks"), [(4, 4), (5, 1)])
def test_four_line_ends_inside_paragraphs_are_the_least_evidence(lines: int, blocks: int) -> None:
    assert len(texts("\n".join([filled(60)] * lines))) == blocks


def test_line_ends_between_paragraphs_are_no_evidence() -> None:
    assert texts("\n\n".join([f"{filled(60)}\n{filled(60)}"] * 5)) == [f"{filled(60)} {filled(60)}"] * 5


def test_three_fifths_of_the_line_ends_are_enough() -> None:
    short = "ab cd\nef gh"
    assert len(texts("\n\n".join(["\n".join([filled(60)] * 4), short, short]))) == 5
    assert len(texts("\n\n".join(["\n".join([filled(60)] * 4), short, short, short]))) == 10


def test_a_word_that_would_have_fitted_is_evidence_against_wrapping() -> None:
    fits = "four " + filled(50)  # stands behind lines of 55, in a text of at most 60
    lines = [filled(60), filled(60), *[fits] * 9]
    assert len(texts("\n".join(lines))) == len(lines)


def test_a_cjk_line_that_had_room_for_a_sign_is_not_wrapped() -> None:
    lines = [CJK[:length] for length in (36, 30, 36, 28, 33, 25, 31, 20, 36)]
    assert texts("\n".join(lines)) == lines


def test_a_quotation_mark_alone_is_no_evidence_of_wrapping() -> None:
    quoted = f"{filled(59)}\n>"
    assert texts("\n\n".join(["\n".join([filled(60)] * 4), *[quoted] * 3]))[:4] == [filled(60)] * 4


def test_a_full_line_does_not_go_on_beyond_a_quotation() -> None:
    quoted = "> " + filled(58)
    assert len(texts("\n".join([quoted] * 6 + [filled(60)] * 6 + [quoted]))) == 3


@pytest.mark.parametrize("next_line", ["- an item", "# A heading", "----", "1. one"])
def test_a_full_line_ends_where_a_block_of_its_own_begins(next_line: str) -> None:
    assert texts("\n".join([filled(60)] * 6 + [next_line]))[1:] == [next_line]


def test_words_as_long_as_a_line_begin_paragraphs_too() -> None:
    word = "x" * 60
    joined = " ".join([word] * 6)
    paragraph = "\n".join([word] * 6)
    assert texts(f"{paragraph}\n\n{paragraph}") == [joined, joined]


def test_no_more_than_the_allowed_blocks_are_cut() -> None:
    assert segment_text("one\ntwo").truncated == ""
    cut = segment_text("one\ntwo\nthree\nfour", Limits(max_blocks=2))
    assert cut.texts == ["one", "two"] and "max_blocks" in cut.truncated
    assert segment_text("one\ntwo\n\n", Limits(max_blocks=2)).truncated == ""


def test_signs_that_nobody_sees_are_dropped_and_no_others() -> None:
    assert texts("un\u00adbe\u200bliev\u2060a\ufeffble X é") == ["unbelievable X é"]


@pytest.mark.parametrize(("length", "is_wrapped"), [(35, True), (34, False)])
def test_a_cjk_line_is_full_when_not_one_sign_more_would_have_fitted(length: int, is_wrapped: bool) -> None:
    lines = [CJK[:36], CJK[:36], *[CJK[:length]] * 8, CJK[:36]]
    assert texts("\n".join(lines)) == (["".join(lines)] if is_wrapped else lines)


def test_pieces_of_a_paragraph_keep_a_space_unless_a_word_or_cjk_text_goes_on() -> None:
    def joined(end: str, start: str) -> str:
        lines = [filled(60)] * 5 + [filled(60)[: -len(end)] + end, start + filled(60)[len(start) :]]
        (text,) = texts("\n".join(lines))
        return text[len(filled(60)) * 5 + 5 + 60 - len(end) :][: len(end) + len(start) + 1]

    assert joined("Rhein-", "main").startswith("Rhein-main")
    assert joined("Rhein-", "Main") == "Rhein- Main"
    assert joined("end", "Xylo") == "end Xylo"
    assert joined("川A", "川") == "川A 川"


@pytest.mark.parametrize("number", ["1.", "12)", "123.", "123)"])
def test_items_are_numbered_with_up_to_three_digits(number: str) -> None:
    assert rows(f"{number} an item") == [("li", f"{number} an item")]
