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
