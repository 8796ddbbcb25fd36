"""Content outside the visible tree: JSON-LD texts, and the embedded state of pages drawn by script."""

import json
import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Final

from classifier.parser import SaxHandler, sax_parse
from classifier.segment.segments import Source
from classifier.segment.whitespace import collapse, drop_invisible, without_surrogates

__all__ = ["embedded_texts"]

# schema.org properties whose value is text for readers.
TEXT_KEYS: Final = frozenset(
    ["articleBody", "reviewBody", "description", "text", "recipeIngredient", "recipeInstructions"]
)
# Shorter strings are labels (names, brands, ids), which stand on the visible page anyway.
MIN_CHARS: Final = 40
# Embedded state repeats what the page shows; it is read only where the page shows next to nothing.
STATE_BELOW_CHARS: Final = 1500
# State holds settings and code as well: a text has this many words at least.
STATE_MIN_WORDS: Final = 8
MAX_TEXTS: Final = 400
# Each paragraph is looked up in the whole visible text, so their number is bounded as well.
MAX_PARAGRAPHS: Final = 1000
MAX_SCRIPT_CHARS: Final = 8_000_000
# Compared to decide whether the visible page has a text already.
PROBE_CHARS: Final = 60

# `window.__STATE__ = {...}`, `window["state"] = [...]`, `JSON.parse("...")`
_ASSIGNMENT: Final = re.compile(r"""[\w$\])'"]\s{0,8}=\s{0,8}(?=[{\[])|JSON\.parse\(\s{0,8}(?=")""")
# Assignments tried in one script.
MAX_ASSIGNMENTS: Final = 16
_CODE: Final = re.compile(r"[{}<>;=]|https?://|\bfunction\b")
_DECODER: Final = json.JSONDecoder(strict=False)


def embedded_texts(
    scripts: Sequence[tuple[str, list[str]]], visible: Sequence[str]
) -> Iterator[tuple[str, int]]:
    """Yield `(text, source)` for texts in `scripts` that the `visible` blocks lack.

    `scripts` are `(type attribute, pieces of the script's text)`. JSON-LD is always read
    (schema.org text properties), state such as `__NEXT_DATA__` or `window.__STATE__ = {...}` only
    when the visible page is nearly empty.
    """
    candidates: list[tuple[str, int]] = []
    nearly_empty = sum(map(len, visible)) < STATE_BELOW_CHARS
    for kind, pieces in scripts:
        if "ld+json" in kind:
            texts = _json_ld_texts("".join(pieces))
            candidates.extend((text, Source.JSON_LD) for text in texts)
        elif nearly_empty and (not kind or "javascript" in kind or "json" in kind):
            texts = _state_texts("".join(pieces), is_json="json" in kind)
            candidates.extend((text, Source.STATE) for text in texts)
    if not candidates:
        return
    seen = _squeeze(" ".join(visible))
    found: set[str] = set()
    looked_up = 0
    for text, source in candidates[:MAX_TEXTS]:
        for paragraph in _paragraphs(text):
            looked_up += 1
            if looked_up > MAX_PARAGRAPHS:
                return
            squeezed = _squeeze(paragraph)
            probe = squeezed[:PROBE_CHARS]
            if len(squeezed) < MIN_CHARS // 2 or probe in found or probe in seen:
                continue
            found.add(probe)
            yield without_surrogates(paragraph), source


def _squeeze(text: str) -> str:
    # Spaces first, in one go: what is left to split is few lines.
    return "".join(text.replace(" ", "").split()).lower()


def _load(text: str) -> object:
    try:
        value: object = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value


def _json_ld_texts(script: str) -> Iterator[str]:
    """Texts of the schema.org properties of `TEXT_KEYS`, in document order."""
    if len(script) > MAX_SCRIPT_CHARS:
        return
    stack: list[tuple[str, object]] = [("", _load(script.strip().rstrip(";")))]
    while stack:
        key, value = stack.pop()
        if isinstance(value, str):
            if key in TEXT_KEYS and len(value) >= MIN_CHARS:
                yield value
        elif isinstance(value, list):
            stack.extend((key, item) for item in reversed(value))
        elif isinstance(value, dict):
            stack.extend((str(name), item) for name, item in reversed(value.items()))


def _state_texts(script: str, *, is_json: bool) -> Iterator[str]:
    """Every string of a script's JSON that reads like prose, in document order."""
    if len(script) > MAX_SCRIPT_CHARS:
        return
    stack: list[object] = []
    if is_json:
        stack.append(_load(script))
    else:
        stack.extend(reversed(list(_assigned(script))))
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            if len(value) >= MIN_CHARS and _is_prose(value):
                yield value
        elif isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, dict):
            stack.extend(reversed(value.values()))


def _assigned(script: str) -> Iterator[object]:
    """The JSON values that a script assigns or parses."""
    at = 0
    for _ in range(MAX_ASSIGNMENTS):
        match = _ASSIGNMENT.search(script, at)
        if not match:
            return
        at = match.end()
        try:
            value, at = _DECODER.raw_decode(script, at)
        except (ValueError, RecursionError):
            continue
        yield _load(value) if isinstance(value, str) else value


def _is_prose(text: str) -> bool:
    if text.lstrip().startswith("<"):
        return True
    words = text.split(maxsplit=STATE_MIN_WORDS)
    if len(words) < STATE_MIN_WORDS and text.isascii():
        return False
    return len(_CODE.findall(text)) * 40 < len(text)


class _Paragraphs(SaxHandler):
    """The texts between tags that end a paragraph, of the markup inside a JSON string."""

    INLINE: Final = frozenset(
        [
            "a",
            "b",
            "strong",
            "i",
            "em",
            "u",
            "span",
            "code",
            "sub",
            "sup",
            "small",
            "mark",
            "font",
            "abbr",
        ]
    )

    def __init__(self) -> None:
        self.done: list[str] = []
        self.pieces: list[str] = []
        self.skipped = 0

    def start_element(self, tag: str, attrs: tuple[tuple[str, str | None], ...]) -> None:
        if tag in ("script", "style"):
            self.skipped += 1
        self.boundary(tag)

    def end_element(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.skipped -= 1
        self.boundary(tag)

    def characters(self, data: str) -> None:
        if not self.skipped:
            self.pieces.append(data)

    def boundary(self, tag: str) -> None:
        if tag not in self.INLINE:
            text = collapse(drop_invisible("".join(self.pieces)))
            if text:
                self.done.append(text)
            self.pieces = []


def _paragraphs(text: str) -> list[str]:
    """A JSON string's text as paragraphs; markup inside it, escaped or not, is resolved."""
    if "&lt;" in text:
        text = unescape(text)
    if "<" in text:
        handler = _Paragraphs()
        sax_parse(text.replace("\n\n", "<p>"), handler)
        return handler.done
    return [line for raw in drop_invisible(unescape(text)).splitlines() if (line := collapse(raw))]
