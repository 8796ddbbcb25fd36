import pytest

from classifier.segment import detect_kind

SENTENCE = "An ordinary sentence about things that goes on for a while and then stops. "


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{SENTENCE}",
        f"  \n<!-- note --><div>{SENTENCE}</div>",
        f"<dl><dt>Term</dt><dd>{SENTENCE}</dd></dl>",
        f"<custom-element>{SENTENCE}</custom-element>",
        f"<!DOCTYPE {'x' * 10_000}><p>{SENTENCE}",
        f"<div {' '.join(f'a{i}=1' for i in range(10_000))}>{SENTENCE}",
        f"{SENTENCE}<br>{SENTENCE}<br>{SENTENCE}",
    ],
    ids=["p", "comment", "dl", "custom element", "long doctype", "many attributes", "breaks"],
)
def test_a_page_that_begins_with_markup_or_is_full_of_it_is_html(page: str) -> None:
    assert detect_kind(page) == "html"


@pytest.mark.parametrize(
    "page",
    [
        SENTENCE,
        "",
        "< 5 and > 3",
        f"<john@example.com> wrote: {SENTENCE}",
        f"{SENTENCE * 40}<b>",
        "# Title\n\n- a",
    ],
    ids=["prose", "empty", "signs", "address", "one tag", "markdown"],
)
def test_prose_is_plain_text(page: str) -> None:
    assert detect_kind(page) == "text"


@pytest.mark.parametrize(("tags", "chars", "kind"), [(1, 900, "text"), (2, 2000, "html"), (2, 2001, "text")])
def test_a_text_with_a_tag_in_a_thousand_characters_is_html_from_two_tags_on(
    tags: int, chars: int, kind: str
) -> None:
    page = "x" + " <br>" * tags
    assert detect_kind(page + " word" * chars)[:4] == "text"
    assert detect_kind(page + "x" * (chars - len(page))) == kind


def test_only_the_beginning_of_a_text_is_looked_at() -> None:
    assert detect_kind("x" * 100_000 + "<br>" * 1000) == "text"
    assert detect_kind("x" + "<br>" * 1000 + "x" * 1_000_000) == "html"


def test_the_last_tag_may_end_where_the_part_looked_at_ends() -> None:
    assert detect_kind("x" * 99_600 + "<br>" * 100 + "x") == "html"


def test_a_video_in_a_sentence_is_markup() -> None:
    assert detect_kind("See <video src=a></video> here") == "html"
