import pytest

from train.plaintext import RENDERERS, layout_text, line_text

PAGE = "<title>T</title><h1>Mills</h1><p>One <b>mill</b><p>Two mills<ul><li>a weir</ul>"


def test_a_line_a_block() -> None:
    assert line_text(PAGE).splitlines() == ["Mills", "One mill", "Two mills", "a weir"]


def test_hidden_text_is_left_out_as_a_browser_does() -> None:
    assert line_text("<p>mill<p hidden>secret") == "mill"


def test_the_text_of_noscript_is_kept_as_a_crawler_without_scripts_sees_it() -> None:
    assert "the thread" in line_text("<p>app</p><noscript><p>the thread</p></noscript>")


def test_embedded_data_is_no_visible_text() -> None:
    data = '<script type="application/ld+json">{"articleBody": "' + "words of the body " * 20 + '"}</script>'
    assert line_text(f"<p>mill</p>{data}") == "mill"


def test_the_layout_has_blank_lines_between_paragraphs_and_marks_before_items() -> None:
    lines = layout_text(PAGE).splitlines()
    assert "" in lines
    assert any(line.lstrip()[:1] in {"*", "-", "•"} and "a weir" in line for line in lines)


@pytest.mark.parametrize("name", RENDERERS)
def test_every_rendering_holds_the_words_of_the_page_without_markup(name: str) -> None:
    text = RENDERERS[name](PAGE)
    assert {"Mills", "mill", "Two", "weir"} <= set(text.split())
    assert "<" not in text


@pytest.mark.parametrize("name", RENDERERS)
def test_an_empty_page_renders_to_nothing(name: str) -> None:
    assert RENDERERS[name]("").strip() == ""
