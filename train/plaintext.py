"""The plain text of an HTML page, as a web archive or a browser's "save as text" keeps it."""

from collections.abc import Callable
from typing import Final

from classifier.decode import decode
from classifier.parser import parse
from classifier.segment import Kind, Source, segment_html
from train.corpus import GoldPage

__all__ = ["RENDERERS", "layout_text", "line_text", "page_text"]


def line_text(html: str) -> str:
    """The page's visible text, one block a line, as Common Crawl's WET files hold it."""
    segments = segment_html(html)
    shown = zip(segments.texts, segments.source, segments.hidden, strict=True)
    return "\n".join(text for text, source, hidden in shown if source <= Source.NOSCRIPT and not hidden)


def layout_text(html: str) -> str:
    """The page's text with blank lines between paragraphs and bullets before list items."""
    return parse(html).to_text()


def page_text(page: GoldPage, kind: Kind) -> str:
    """What an extractor of a kind gets: the markup, or the text as a web archive keeps it."""
    text = decode(page.page)
    return line_text(text) if kind == "text" and page.kind == "html" else text


RENDERERS: Final[dict[str, Callable[[str], str]]] = {"lines": line_text, "layout": layout_text}
