"""Plain text -> blocks: one a line, hard-wrapped paragraphs rejoined."""

import re
from collections.abc import Iterator
from itertools import chain, islice, pairwise
from typing import Final

from classifier.limits import DEFAULT_LIMITS, Limits
from classifier.segment.segments import Segments
from classifier.segment.whitespace import collapse, drop_invisible

__all__ = ["segment_text"]

# A text counts as hard-wrapped when at least this share of the line ends inside its paragraphs stand
# where the next word would not have fitted, and no more than one line in twenty is longer than
# MAX_WRAP_COLUMN: mail wraps at 72, e-texts at 65 to 100.
WRAPPED_SHARE: Final = 0.6
MAX_WRAP_COLUMN: Final = 110
MIN_WRAP_COLUMN: Final = 20
# Lines by which that is judged, the first ones.
WRAP_LINES: Final = 20_000
# Characters, and those up to the next line end, that are cut into lines at a time.
_LINES_CHARS: Final = 1 << 20
# The lines of a log or a table of figures may all be of one length, yet none goes on on the next: more than
# this share of them have a date, a time or a price near their beginning.
STAMPED_SHARE: Final = 0.5
# Fewer line ends inside paragraphs prove nothing.
MIN_WRAPPED_LINES: Final = 4

_BULLET: Final = re.compile(r"(?:[-*+•‣◦▪●○·–—]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])[ \t]+\S")
_HEADING: Final = re.compile(r"#{1,6}[ \t]+\S")
_RULE: Final = re.compile(r"([-=_*~#.])\1{2,}$")
_STAMP: Final = re.compile(r".{0,32}?[0-9]{2}[-/:.][0-9]{2}")
_HYPHENATED: Final = re.compile(r"\w-$")
_CJK: Final = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def segment_text(text: str, limits: Limits = DEFAULT_LIMITS) -> Segments:
    """Cut plain text into blocks; `line_spans` says which lines each came from.

    A line is a block, as in text that a web archive or a browser made from a page, unless the text
    is hard-wrapped: then the lines of a paragraph are joined. Bullets, numbered items and quotation
    marks of mail (`>`) begin blocks of their own. A text of more than `limits.max_blocks` is cut up to
    there.
    """
    text = drop_invisible(text).replace("\r\n", "\n").replace("\r", "\n")
    lines = _lines(text)
    first = list(islice(lines, WRAP_LINES))
    column = _wrap_column(first)
    # The pieces of each block, joined at the end: a paragraph may have any number of lines.
    blocks: list[list[str]] = []
    spans: list[tuple[int, int]] = []
    truncated = ""
    before = ""
    for number, line in enumerate(chain(first, lines), start=1):
        body = collapse(line)
        if body:
            if column and before and _continues(before, line, column):
                _add(blocks[-1], body.lstrip("> "))
                spans[-1] = (spans[-1][0], number)
            elif len(blocks) >= limits.max_blocks:
                truncated = limits.exceeded("max_blocks")
                break
            else:
                blocks.append([body])
                spans.append((number, number))
        before = line
    return Segments(
        kind="text",
        title="",
        texts=[pieces[0] if len(pieces) == 1 else "".join(pieces) for pieces in blocks],
        tags=[_tag(pieces[0]) for pieces in blocks],
        line_spans=spans,
        truncated=truncated,
    )


def _lines(text: str) -> Iterator[str]:
    """The lines without white space at their ends; of a long text only a part of them is in memory."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start + _LINES_CHARS)
        end = len(text) if end < 0 else end
        for line in text[start:end].split("\n"):
            yield line.rstrip()
        start = end + 1


def _wrap_column(lines: list[str]) -> int:
    """The column at which the text is hard-wrapped, 0 when it is not."""
    inner = [(a, b) for a, b in pairwise(lines) if a and b]
    if len(inner) < MIN_WRAPPED_LINES:
        return 0
    column = _percentile_95([len(a) for a, _ in inner])
    if not MIN_WRAP_COLUMN <= column <= MAX_WRAP_COLUMN:
        return 0
    full = sum(_is_full(a, b, column) for a, b in inner)
    if full < WRAPPED_SHARE * len(inner):
        return 0
    stamped = sum(_STAMP.match(a) is not None for a, _ in inner)
    return column if stamped <= STAMPED_SHARE * len(inner) else 0


def _percentile_95(lengths: list[int]) -> int:
    """The 95th percentile, between two lengths where it falls there, rounded down."""
    ordered = sorted(lengths)
    below, part = divmod(95 * (len(ordered) - 1), 100)
    if not part:
        return ordered[below]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * part // 100


def _is_full(line: str, following: str, column: int) -> bool:
    """Whether the first word of the following line would not have fitted on this one."""
    room = column - len(line) - 1
    if not 0 <= room < len(following):
        return room < 0
    head = following.lstrip("> ").split(maxsplit=1)[0] if following.strip("> ") else ""
    return (1 if _CJK.match(head) else len(head)) > room


def _continues(line: str, following: str, column: int) -> bool:
    """Whether `following` belongs to the same paragraph of a hard-wrapped text as `line`."""
    start = following.lstrip()
    if start.startswith(">") != line.lstrip().startswith(">"):
        return False
    start = start.lstrip("> ")
    if _BULLET.match(start) or _HEADING.match(start) or _RULE.match(start) or _RULE.match(line):
        return False
    return _is_full(line, start, column)


def _add(pieces: list[str], more: str) -> None:
    """Put a line's text after the pieces of its paragraph."""
    end = "".join(pieces[-2:])[-2:]
    if not ((_HYPHENATED.search(end) and more[:1].islower()) or (_CJK.match(end[-1]) and _CJK.match(more))):
        pieces.append(" ")
    pieces.append(more)


def _tag(body: str) -> str:
    # Most lines begin with a word, which no full stop or bracket follows within three characters.
    if body[0].isalnum() and "." not in body[1:4] and ")" not in body[1:4]:
        return "p"
    if _HEADING.match(body):
        return "h"
    if _BULLET.match(body):
        return "li"
    return "blockquote" if body.startswith(">") else "p"
