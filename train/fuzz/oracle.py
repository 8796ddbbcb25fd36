"""What a rendered page must not hold, judged by a parse of its own and lists that are not the renderer's."""

import re
from functools import cache
from typing import Final

from markdown_it import MarkdownIt

from classifier.parser import SaxHandler, sax_parse

__all__ = ["markdown_to_html", "unsafe_parts"]

# Elements that show text, lists, tables and images, and do nothing else.
HARMLESS_TAGS: Final = frozenset(
    "a blockquote body br caption code dd del dl dt em figcaption figure h1 h2 h3 h4 "
    "h5 h6 head hr html img kbd li "
    "mark ol p pre q s strong sub sup table tbody td tfoot th thead tr ul".split()
)
HARMLESS_ATTRIBUTES: Final = frozenset("alt class colspan href rowspan src start style title".split())
URL_ATTRIBUTES: Final = frozenset({"href", "src"})
SAFE_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
# Markdown converters align cells in this way; no other style is known to be harmless.
SAFE_STYLE: Final = re.compile(r"text-align:(?:left|right|center)")
# As the URL standard reads an address: without these anywhere, and without the others at its ends.
_DROPPED: Final = str.maketrans("", "", "\t\n\r")
_EDGES: Final = "".join(map(chr, range(0x21)))
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")


class _Finder(SaxHandler):
    def __init__(self) -> None:
        self.found: list[str] = []

    def start_element(self, tag: str, attrs: tuple[tuple[str, str | None], ...]) -> None:
        if tag not in HARMLESS_TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if (
                name not in HARMLESS_ATTRIBUTES
                or (name == "style" and not SAFE_STYLE.fullmatch(value or ""))
                or (name in URL_ATTRIBUTES and not _is_safe(value or ""))
            ):
                self.found.append(f"{tag} {name}={value!r}")


def _is_safe(url: str) -> bool:
    scheme = _SCHEME.match(url.translate(_DROPPED).strip(_EDGES))
    return scheme is None or scheme[0].lower() in SAFE_SCHEMES


def unsafe_parts(html: str) -> list[str]:
    """Elements, attributes and addresses of some HTML that are not known to be harmless, in order."""
    finder = _Finder()
    sax_parse(html, finder)
    return finder.found


def markdown_to_html(text: str) -> str:
    """Markdown as a converter writes it that trusts its input: raw HTML and links of any scheme pass."""
    html: str = _converter().render(text)
    return html


@cache
def _converter() -> MarkdownIt:
    converter = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    converter.validateLink = lambda url: True  # type: ignore[method-assign]
    return converter
