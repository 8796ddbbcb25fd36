"""Kept blocks -> plain text."""

from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.segment import Segments
from classifier.segment.html import MAX_CELL_CHARS

__all__ = ["render_text"]

# Blocks of one family stand on adjacent lines, as a reader sees lists and tables.
FAMILIES: Final = {
    "li": "list",
    "dt": "definitions",
    "dd": "definitions",
    "tr": "table",
    "td": "table",
    "th": "table",
}
CELLS: Final = frozenset({"td", "th"})


def render_text(segments: Segments, keep: npt.ArrayLike) -> str:
    """The texts of the kept blocks in order, a blank line between blocks.

    Items of a list, terms with their definitions and rows of a table follow each other on adjacent
    lines, unless a block of another kind stood between them on the page, dropped or not.
    """
    parts: list[str] = []
    before = ""
    mask = np.asarray(keep, dtype=bool).tolist()
    for index, (text, kept) in enumerate(zip(segments.texts, mask, strict=True)):
        family = _family(segments, index)
        if kept:
            if parts:
                parts.append("\n" if family and family == before else "\n\n")
            parts.append(text)
            before = family
        elif family != before:
            before = ""
    return "".join(parts)


def _family(segments: Segments, index: int) -> str:
    """What kind of list the block belongs to, empty when it is a paragraph."""
    tag = segments.tags[index]
    if tag in CELLS and len(segments.texts[index]) > MAX_CELL_CHARS:
        return ""  # a paragraph of a layout table
    if tag == "li" and segments.kind == "text" and index and not _adjacent(segments, index):
        return ""
    return FAMILIES.get(tag, "")


def _adjacent(segments: Segments, index: int) -> bool:
    """Whether no empty line stood before the block of plain text."""
    spans = segments.line_spans
    return spans[index - 1][1] + 1 == spans[index][0]
