"""What may stand in rendered HTML: the allow-list, checked URLs, and start tags built from both.

Tags are written from the names and checked values here alone, never copied from the page. The
sanitiser runs over the result with the same lists as a second, independent line of defence.
"""

import re
from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Final
from urllib.parse import urljoin

from classifier.parser import OnDisallowed, Policy, sanitize
from classifier.render.marks import PERCENT_ENCODED, without_marks

__all__ = [
    "LANGUAGE_ATTRIBUTES",
    "LINK_SCHEMES",
    "Attributes",
    "absolute",
    "alignment",
    "cell_tag",
    "image_tag",
    "language",
    "language_attribute",
    "link_tag",
    "list_tag",
    "pre_tag",
    "safe_url",
    "scrub",
    "span",
]

Attributes = Mapping[str, str | None]

LINK_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
IMAGE_SCHEMES: Final = frozenset({"http", "https"})
ALLOWED_TAGS: Final = frozenset(
    [
        "a",
        "blockquote",
        "br",
        "caption",
        "code",
        "dd",
        "del",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "img",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
ALLOWED_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "a": frozenset({"href", "title"}),
        "img": frozenset({"src", "alt", "title"}),
        "ol": frozenset({"start"}),
        "td": frozenset({"colspan", "rowspan"}),
        "th": frozenset({"colspan", "rowspan"}),
        "code": frozenset({"class"}),
        "pre": frozenset({"class"}),
    }
)
POLICY: Final = Policy(
    tags=ALLOWED_TAGS,
    attributes=ALLOWED_ATTRIBUTES,
    url_schemes=LINK_SCHEMES,
    on_disallowed_tag=OnDisallowed.STRIP,
    remove_with_content=frozenset({"script", "style"}),
)
# Where pages that load images late keep the address, the placeholder's own address last.
IMAGE_SOURCES: Final = ("data-src", "data-lazy-src", "data-original", "src", "srcset", "data-srcset")
# Images declared smaller than this many pixels are spacers and counters.
MIN_IMAGE_PIXELS: Final = 8
# Attributes in which highlighters keep the language of a listing.
LANGUAGE_ATTRIBUTES: Final = frozenset(
    ["data-lang", "data-language", "data-enlighter-language", "data-code-language"]
)
# The HTML standard's limits for table spans are 1000 columns and 65534 rows.
MAX_SPAN: Final = 1000

# Browsers drop these from anywhere in a URL, and the others from its ends, before they read the
# scheme (URL standard, "basic URL parser").
_DROPPED: Final = dict.fromkeys(map(ord, "\t\n\r"))
_WRITTEN: Final = _DROPPED | PERCENT_ENCODED
_EDGES: Final = "".join(map(chr, range(0x21)))
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_BEFORE_PATH: Final = re.compile(r"[^/?#\\]*")
_DIGITS: Final = re.compile(r"\s*(\d{1,6})(?:px)?\s*$")
_ALIGNED: Final = re.compile(r"(?:^|;)\s*text-align\s*:\s*(left|center|right)\b", re.IGNORECASE)
_LANGUAGE: Final = re.compile(
    r"(?:^|\s)(?:language-|lang-|highlight-source-|highlight-|brush:\s?|sourceCode\s)"
    r"([A-Za-z][A-Za-z0-9+#.\-]{0,29})(?![^\s;])"
)
# Class names of highlighters, beside which a bare name is that of a language; which such names there are.
HIGHLIGHTERS: Final = frozenset("code codehilite highlight hljs prettyprint prism shiki source".split())
LANGUAGES: Final = frozenset(
    "abap actionscript ada apache apl applescript asm awk bash basic batch bat c c++ clojure cmake cobol "
    "coffee coffeescript console cpp cs csharp css csv cuda cypher d dart diff docker dockerfile dos ejs "
    "elixir elm erb erlang fortran fsharp go golang gradle graphql groovy haml handlebars haskell hcl html "
    "http ini java javascript jinja js json json5 jsonc jsx julia kotlin latex less lisp lua make makefile "
    "markdown markup mathematica matlab md mermaid nasm nginx nim nix objc objectivec ocaml octave pascal "
    "perl php plsql postgresql powershell prolog properties proto protobuf ps1 puppet py pycon python "
    "python3 qml r racket rb regex rst ruby rust sas sass scala scheme scss sh shell smalltalk solidity sql "
    "stata svelte svg swift tcl tex toml ts tsql tsx twig typescript vala vb vba vbnet verilog vhdl vim vue "
    "wasm xhtml xml xquery yaml yml zig zsh".split()
)
# Values of language classes that name no language.
NO_LANGUAGE: Final = frozenset(
    ["default", "none", "text", "plain", "plaintext", "nohighlight", "notranslate"]
)


def scrub(html: str) -> str:
    """The markup after the sanitiser: the second line of defence."""
    return sanitize(html, POLICY)


def safe_url(value: str | None, schemes: frozenset[str]) -> str:
    """The URL, or empty when it is missing, a bare fragment, or of a scheme not listed.

    A colon before the path without a plain scheme is refused too: an obfuscated scheme, or useless.
    """
    if not value:
        return ""
    url = value.translate(_WRITTEN).strip(_EDGES)
    if not url or url[0] == "#":
        return ""
    match = _SCHEME.match(url)
    if match:
        return url if match[1].lower() in schemes else ""
    head = _BEFORE_PATH.match(url)
    return "" if head and ":" in head[0] else url


def absolute(url: str, base: str, schemes: frozenset[str]) -> str:
    """The safe URL, resolved by the page's `<base href>` where it has one."""
    if not base or not url or _SCHEME.match(url):
        return url
    try:
        return safe_url(urljoin(base, url), schemes)
    except ValueError:  # such as an open bracket in the host
        return url


def link_tag(attributes: Attributes, base: str = "") -> str:
    """`<a href title>`, or empty when the link leads nowhere safe."""
    href = absolute(safe_url(attributes.get("href"), LINK_SCHEMES), base, LINK_SCHEMES)
    return f'<a href="{escape(href)}"{_titled(attributes)}>' if href else ""


def image_tag(attributes: Attributes, base: str = "") -> str:
    """`<img src alt title>`, or empty for images without a safe address, spacers and counters."""
    if any(_pixels(attributes.get(side)) < MIN_IMAGE_PIXELS for side in ("width", "height")):
        return ""
    for name in IMAGE_SOURCES:
        value = attributes.get(name) or ""
        if name.endswith("srcset"):
            value = value.strip().split(" ", 1)[0].rstrip(",")
        src = absolute(safe_url(value, IMAGE_SCHEMES), base, IMAGE_SCHEMES)
        if src:
            alt = _line(attributes.get("alt"))
            return f'<img src="{escape(src)}" alt="{escape(alt)}"{_titled(attributes)}>'
    return ""


def list_tag(attributes: Attributes) -> str:
    """`<ol start>`."""
    start = (attributes.get("start") or "").strip()
    return f'<ol start="{int(start)}">' if re.fullmatch(r"-?[0-9]{1,9}", start) else "<ol>"


def cell_tag(tag: str, columns: int, rows: int) -> str:
    """`<td colspan rowspan>` or `<th ...>`."""
    colspan = f' colspan="{columns}"' if columns > 1 else ""
    rowspan = f' rowspan="{rows}"' if rows > 1 else ""
    return f"<{tag}{colspan}{rowspan}>"


def span(attributes: Attributes, name: str) -> int:
    """The value of `colspan` or `rowspan`, 1 where it is missing or no number."""
    match = _DIGITS.match(attributes.get(name) or "")
    return min(MAX_SPAN, max(1, int(match[1]))) if match else 1


def alignment(attributes: Attributes) -> str:
    """How a cell is aligned: `left`, `center`, `right` or empty."""
    named = (attributes.get("align") or "").strip().lower()
    styled = _ALIGNED.search(attributes.get("style") or "")
    return styled[1].lower() if styled else named if named in ("left", "center", "right") else ""


def pre_tag(tag: str, named: str) -> str:
    """`<pre class="language-...">` or `<code ...>`, without the class when no language is named."""
    return f'<{tag} class="language-{named}">' if named else f"<{tag}>"


def language(classes: str | None) -> str:
    """The programming language that class names give to code, empty when none."""
    match = _LANGUAGE.search(classes or "")
    if match:
        name = match[1].lower()
        return "" if name in NO_LANGUAGE else name
    names = (classes or "").lower().split()
    if HIGHLIGHTERS.isdisjoint(names):
        return ""
    return next((name for name in names if name in LANGUAGES), "")


def language_attribute(attributes: Attributes) -> str:
    """The programming language that an attribute of its own gives to code, empty when none."""
    for name in sorted(LANGUAGE_ATTRIBUTES & attributes.keys()):
        if value := attributes[name]:
            return language(f"language-{value}")
    named = (attributes.get("lang") or "").lower()  # GitHub's; else the language of people
    return named if named in LANGUAGES else ""


def _titled(attributes: Attributes) -> str:
    title = _line(attributes.get("title"))
    return f' title="{escape(title)}"' if title else ""


def _line(value: str | None) -> str:
    return without_marks(" ".join((value or "").split()))


def _pixels(value: str | None) -> int:
    match = _DIGITS.match(value or "")
    return int(match[1]) if match else MIN_IMAGE_PIXELS
