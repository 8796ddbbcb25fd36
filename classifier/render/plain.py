"""Kept blocks of plain-text pages -> HTML and Markdown."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from classifier.render.safety import LINK_SCHEMES
from classifier.segment import Segments

__all__ = ["plain_html", "plain_markdown"]

# Signs that only mark a list item; dashes are left alone, since they also begin speech.
_BULLET: Final = re.compile(r"[-*+•‣◦▪●○·][ \t]+")
_NUMBER: Final = re.compile(r"(\d{1,3})[.)][ \t]+")
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?$")
_QUOTE: Final = re.compile(r"(?:>[ \t]?)+")
# A code fence with its language, and one that can end a listing (CommonMark, 4.5).
_FENCE: Final = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_FENCE_END: Final = re.compile(r"(?:`{3,}|~{3,})$")
# Markdown reads these lines as an empty item or heading, or as an item of a list.
_EMPTY_ITEM: Final = re.compile(r"(?:[-+*]|#{1,6})$")
_LONG_NUMBER: Final = re.compile(r"(\d{4,9}|\d{1,3}(?=[.)]$))(?=[.)](?:\s|$))")
# Markup, an entity or an asterisk inside a word, which would vanish; the end of a link's text.
_VANISHING: Final = r"<(?=[A-Za-z/!?])(?!(?:https?|mailto):)|&(?=#?\w{1,32};)|(?<=\w)\*(?=\w)|\](?=[(:])"
# What is read before them and stands as it is: escaped signs, code spans and addresses in brackets. Only
# the order in which Markdown reads them (CommonMark, 6.1 to 6.5) tells markup from code.
_MEANING: Final = re.compile(
    r"\\[!-/:-@\[-`{-~]|(`+)(?:(?!`).+?(?<!`)\1(?!`))?|<(?:https?|mailto):[^\x00-\x20\x7f<>]*>|"
    rf"(?P<sign>{_VANISHING})"
)
# A row may be cut into cells in the middle of code and addresses: nothing in it is sure to be either.
_CELL_MEANING: Final = re.compile(rf"\\[!-/:-@\[-`{{-~]|(?P<sign>{_VANISHING})")

# The scheme of the address in a link or in what a reference stands for; Markdown drops backslashes, and
# browsers what control characters stand before it.
_SCHEME: Final = re.compile(r"[\x00-\x20<\\]*([A-Za-z][A-Za-z0-9+.\\-]*):")


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
    parts: list[str] = []
    before = ""
    for kind, line in _lines(_kept(segments, keep)):
        if parts:
            parts.append("\n" if kind and kind == before else "\n\n")
        parts.append(line)
        before = kind
    return "".join(parts)


def _lines(kept: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield `(kind, line)`; lines of the same kind stand together, "" stands alone."""
    longest = _longest_ends([text for _, text in kept])
    fence = ""
    for index, (tag, text) in enumerate(kept):
        if fence:
            yield "code", text
            if text.startswith(fence) and _FENCE_END.match(text):
                fence = ""
        elif opening := _FENCE.match(text):
            run = opening[1] or opening[2]
            if longest[index][run[0]] >= len(run):
                fence = run
                yield "code", text
            else:
                yield "", "\\" + text[0] + _escaped(text[1:], _MEANING)
        else:
            yield _line(tag, text)


def _longest_ends(texts: list[str]) -> list[dict[str, int]]:
    """For each line and sign the length of the longest fence after it that can end a listing."""
    longest = {"`": 0, "~": 0}
    found: list[dict[str, int]] = []
    for text in reversed(texts):
        found.append(longest)
        if _FENCE_END.match(text):
            longest = longest | {text[0]: max(longest[text[0]], len(text))}
    return found[::-1]


def _escaped(text: str, meaning: re.Pattern[str]) -> str:
    """The text with a backslash before signs that would vanish, and where a link would run a script."""

    def escape_sign(match: re.Match[str]) -> str:
        sign = match["sign"]
        if not sign or (sign == "]" and _is_safe_link(text, match.end() + 1)):
            return match[0]
        return "\\" + sign

    return meaning.sub(escape_sign, text)


def _is_safe_link(text: str, at: int) -> bool:
    """Whether the address at a position of a text is relative, or of a scheme that runs nothing."""
    scheme = _SCHEME.match(text, at)
    return scheme is None or scheme[1].replace("\\", "").lower() in LINK_SCHEMES


def _line(tag: str, text: str) -> tuple[str, str]:
    body = _escaped(text, _CELL_MEANING if text.startswith("|") else _MEANING)
    if tag == "li":
        if bullet := _BULLET.match(body):
            return "list", body if body[0] in "-*+" else f"- {body[bullet.end() :]}"
        return ("list" if _NUMBER.match(body) else ""), body
    if _EMPTY_ITEM.match(body):
        return "", "\\" + body
    if body.startswith("|"):
        return "table", body
    return "", _LONG_NUMBER.sub(r"\1\\", body, count=1) if _LONG_NUMBER.match(body) else body
