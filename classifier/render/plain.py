"""Kept blocks of plain-text pages -> HTML and Markdown."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from classifier.segment import Segments

__all__ = ["plain_html", "plain_markdown"]

# Signs that only mark a list item; dashes are left alone, since they also begin speech.
_BULLET: Final = re.compile(r"[-*+•‣◦▪●○·][ \t]+")
_NUMBER: Final = re.compile(r"(\d{1,3})[.)][ \t]+")
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?$")
_QUOTE: Final = re.compile(r"(?:>[ \t]?)+")
_FENCE: Final = re.compile(r"```|~~~")
# Markdown reads these lines as an empty item or heading, or as an item of a list.
_EMPTY_ITEM: Final = re.compile(r"(?:[-+*]|#{1,6})$")
_LONG_NUMBER: Final = re.compile(r"(\d{4,9}|\d{1,3}(?=[.)]$))(?=[.)](?:\s|$))")
# A code span, which stays; else markup or an entity that would vanish, an asterisk inside a word.
_MEANING: Final = re.compile(
    r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)"
    r"|<(?=[A-Za-z/!?])(?!(?:https?|mailto):)|&(?=#?\w{1,32};)|(?<=\w)\*(?=\w)"
)


def plain_html(segments: Segments, keep: list[bool]) -> str:
    """The kept lines as headings, lists, quotations and paragraphs."""
    kept = _kept(segments, keep)
    numbers = _numbered(kept)
    out: list[str] = []
    container = ""
    for (tag, text), number in zip(kept, numbers, strict=True):
        name, body = _element(tag, text, number)
        around = {"li": "ol" if number else "ul", "q": "blockquote"}.get(name, "")
        if around != container or (number and number[1]):
            out.append(f"</{container}>\n" if container else "")
            start = f' start="{number[0]}"' if number and number[0] != 1 else ""
            out.append(f"<{around}{start}>\n" if around else "")
            container = around
        name = "p" if name == "q" else name
        out.append(f"<{name}>{escape(body, quote=False)}</{name}>\n")
    out.append(f"</{container}>\n" if container else "")
    return "".join(out)


def _kept(segments: Segments, keep: list[bool]) -> list[tuple[str, str]]:
    lines = zip(segments.tags, segments.texts, strict=True)
    return [line for line, is_kept in zip(lines, keep, strict=True) if is_kept]


def _numbered(kept: list[tuple[str, str]]) -> list[tuple[int, bool] | None]:
    """For each line its number and whether it begins a list; None outside lists of two and more.

    The number of a line on its own may belong to the sentence, as in "3. October 1990".
    """
    values = [_value(tag, text) for tag, text in kept]
    numbers: list[tuple[int, bool] | None] = []
    for index, value in enumerate(values):
        follows = value is not None and index > 0 and values[index - 1] == value - 1
        leads = value is not None and index + 1 < len(values) and values[index + 1] == value + 1
        numbers.append((value, not follows) if value is not None and (follows or leads) else None)
    return numbers


def _value(tag: str, text: str) -> int | None:
    match = _NUMBER.match(text) if tag == "li" else None
    return int(match[1]) if match else None


def _element(tag: str, text: str, number: tuple[int, bool] | None) -> tuple[str, str]:
    """Element and text of a line without the signs that the element stands for."""
    if tag == "h" and (heading := _HEADING.match(text)):
        return f"h{len(heading[1])}", heading[2]
    if tag == "li" and (marker := (_NUMBER if number else _BULLET).match(text)):
        return "li", text[marker.end() :]
    if tag == "blockquote" and (sign := _QUOTE.match(text)):
        return "q", text[sign.end() :]
    return "p", text


def plain_markdown(segments: Segments, keep: list[bool]) -> str:
    """The kept lines as they stand, with escapes only where Markdown would swallow or bend them."""
    kept = _kept(segments, keep)
    fences = sum(bool(_FENCE.match(text)) for _, text in kept)
    parts: list[str] = []
    before = ""
    for kind, line in _lines(kept, is_fenced=fences % 2 == 0):
        if parts:
            parts.append("\n" if kind and kind == before else "\n\n")
        parts.append(line)
        before = kind
    return "".join(parts)


def _lines(kept: list[tuple[str, str]], *, is_fenced: bool) -> Iterator[tuple[str, str]]:
    """Yield `(kind, line)`; lines of the same kind stand together, "" stands alone."""
    inside = False
    for tag, text in kept:
        if _FENCE.match(text):
            kind, line = ("code", text) if is_fenced else ("", "\\" + text)
            inside = is_fenced and not inside
        elif inside:
            kind, line = "code", text
        else:
            kind, line = _line(tag, text)
        yield kind, line


def _line(tag: str, text: str) -> tuple[str, str]:
    body = _MEANING.sub(lambda match: match[0] if match[1] else "\\" + match[0], text)
    if tag == "li":
        if bullet := _BULLET.match(body):
            return "list", body if body[0] in "-*+" else f"- {body[bullet.end() :]}"
        return ("list" if _NUMBER.match(body) else ""), body
    if _EMPTY_ITEM.match(body):
        return "", "\\" + body
    if body.startswith("|"):
        return "table", body
    return "", _LONG_NUMBER.sub(r"\1\\", body, count=1) if _LONG_NUMBER.match(body) else body
