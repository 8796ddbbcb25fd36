"""Kept blocks -> Markdown, by way of the clean HTML."""

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.parser import Element, Markdown, parse
from classifier.render.emphasis import write_emphasis
from classifier.render.frames import ALIGNED
from classifier.render.html import RAISED, Options, clean_html
from classifier.render.notes import write_notes
from classifier.render.plain import plain_markdown
from classifier.render.writer import INTRAWORD
from classifier.segment import Segments

__all__ = ["render_markdown"]

# What Markdown reads as the start of a block, before which no definition is marked.
_BLOCK_START: Final = re.compile(r"[-*+>#|`~]|\d+[.)]")
_LINE_START: Final = re.compile(r"(?<=\n)(?=[^\n])")


def _definition(element: Element, text: str) -> str:
    """A definition as Markdown Extra and its kin write it; readers of other kinds see a colon before it."""
    return text if not text or _BLOCK_START.match(text) else ": " + _LINE_START.sub("  ", text)


# GitHub-flavoured. Tables without a header get an empty one rather than lose their first row.
MARKDOWN: Final = Markdown(
    headings=Markdown.Headings(style="atx"),
    lists=Markdown.Lists(bullets="-"),
    code=Markdown.Code(block_style="fenced"),
    tables=Markdown.Tables(header="detect", cell_blocks="text"),
    converters={"dd": _definition},
)
# What stood in for characters that the conversion would have escaped or dropped. Raised digits stay
# raised: 10<sup>6</sup> is not 106.
STAND_INS: Final = str.maketrans(
    {INTRAWORD: "_"}
    | {sign: f"<{name}>" for name, (sign, _) in RAISED.items()}
    | {sign: f"</{name}>" for name, (_, sign) in RAISED.items()}
)
_ALIGNMENTS: Final = {ALIGNED["left"]: ":---", ALIGNED["center"]: ":---:", ALIGNED["right"]: "---:"}
_MARKS: Final = "".join(_ALIGNMENTS)
# The header of a table with a mark in it, and the line beneath.
_HEADER: Final = re.compile(
    rf"^(?P<header>[^\n{_MARKS}]*[{_MARKS}][^\n]*)\n(?P<prefix>[^|\n]*)\|(?: --- \|)+$", re.MULTILINE
)
_CELL: Final = re.compile(r"(?:[^|\\]|\\.)*\|")


def render_markdown(
    segments: Segments,
    keep: npt.ArrayLike,
    markup: str,
    *,
    links: bool = True,
    images: bool = True,
) -> str:
    """The kept blocks as GitHub-flavoured Markdown.

    Without `links` only their text is left, without `images` nothing of them.
    """
    if segments.kind == "text":
        return plain_markdown(segments, np.asarray(keep, dtype=bool).tolist())
    html = clean_html(segments, keep, markup, Options(links=links, images=images, flat=True))
    markdown = write_notes(_align(parse(html).to_markdown(MARKDOWN)))
    return write_emphasis(markdown.translate(STAND_INS))


def _align(markdown: str) -> str:
    """The alignment of tables' columns, as their headers are marked with it."""
    if not any(mark in markdown for mark in _MARKS):
        return markdown

    def aligned(match: re.Match[str]) -> str:
        cells = _CELL.findall(match["header"], len(match["prefix"]) + 1)
        signs = (next((_ALIGNMENTS[mark] for mark in cell if mark in _MARKS), "---") for cell in cells)
        return f"{match['header']}\n{match['prefix']}| {' | '.join(signs)} |"

    return _HEADER.sub(aligned, markdown).translate(dict.fromkeys(map(ord, _MARKS)))
