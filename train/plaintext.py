"""The plain text of an HTML page, as a web archive or a browser's "save as text" keeps it."""

from collections.abc import Callable
from typing import Final

from classifier.parser import parse
from classifier.segment import Source, segment_html

__all__ = ["RENDERERS", "layout_text", "line_text"]


def line_text(html: str) -> str:
    """The page's visible text, one block a line, as Common Crawl's WET files hold it."""
    segments = segment_html(html)
    shown = zip(segments.texts, segments.source, segments.hidden, strict=True)
    return "\n".join(text for text, source, hidden in shown if source <= Source.NOSCRIPT and not hidden)


def layout_text(html: str) -> str:
    """The page's text with blank lines between paragraphs and bullets before list items."""
    return parse(html).to_text()


RENDERERS: Final[dict[str, Callable[[str], str]]] = {"lines": line_text, "layout": layout_text}
