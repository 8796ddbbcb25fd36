"""A page's blocks as a table for a terminal: colours, columns, and nothing in it that steers the terminal."""

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from classifier.explain import Explanation
    from classifier.page import Page

__all__ = ["cells", "fit", "printable", "screen_of", "table"]

# Tags of custom elements can be long; the text is what the reader came for.
TAG_CELLS: Final = 12
MIN_TEXT_CELLS: Final = 10
# What is told of why a block has its probability stands beneath it.
INDENT: Final = " " * 9
MAX_INFLUENCES: Final = 3
BOLD, GREEN, DIM, PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[2m", "\x1b[0m"
# What could steer a terminal or turn a line around: controls and overrides of writing direction.
# Page texts and file names are strangers' words.
STEERING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def screen_of(out: TextIO) -> tuple[bool, int | None]:
    """Whether a stream takes colour (as on no-color.org, force-color.org), and its width if any."""
    terminal, env = out.isatty(), os.environ
    wanted = env.get("FORCE_COLOR") or (terminal and env.get("TERM") != "dumb")
    fixed = terminal or env.get("COLUMNS")
    columns = shutil.get_terminal_size().columns if fixed else None
    return bool(wanted and not env.get("NO_COLOR")), columns


def table(page: "Page", colour: bool, columns: int | None, *, explain: bool = False) -> Iterator[str]:
    """A header and a row a block, cut to `columns` if given; nothing for a page without blocks.

    Args:
        explain: tell beneath each block from which probability what moved it.
    """
    rows = [("label", "prob", "tag", "text")] if page.blocks else []
    for block in page.blocks:
        chance, tag = f"{block.probability:.3f}", fit(printable(block.tag), TAG_CELLS)
        text = unicodedata.normalize("NFC", printable(" ".join(block.text.split())))
        rows.append((block.label.value, chance, tag, text))
    beneath = [[], *map(_reasons, page.explanations())] if explain and rows else [[]] * len(rows)
    tag_cells = max((cells(row[2]) for row in rows), default=0)
    for (label, chance, tag, text), reasons in zip(rows, beneath, strict=True):
        start = f"{label:7}  {chance:5}  {tag}{' ' * (tag_cells - cells(tag))}  "
        style = {"label": BOLD, "content": GREEN}.get(label, DIM)
        yield _line(start, text, columns, style if colour else "")
        for reason in reasons:
            yield _line(INDENT, reason, columns, DIM if colour else "")


def _reasons(explanation: "Explanation") -> list[str]:
    """What leads from the probability of a typical block to that of this one, a line each."""
    return [f" {explanation.baseline:.2f}  a typical block", *explanation.lines(MAX_INFLUENCES)]


def _line(start: str, text: str, columns: int | None, style: str) -> str:
    """A line whose text is cut so that all of it fits into `columns`, if given."""
    room = columns and max(MIN_TEXT_CELLS, columns - cells(start))
    line = start + (fit(text, room) if room else text)
    return f"{style}{line}{PLAIN}" if style else line


def fit(text: str, room: int) -> str:
    """The text cut to a number of cells, with an ellipsis where something is missing."""
    used = kept = 0
    for index, char in enumerate(text):
        used += cells(char)
        if used > room:
            return text[:kept] + "…"
        if used < room:
            kept = index + 1
    return text


def cells(text: str) -> int:
    """Cells of a terminal that a text takes: East-Asian wide ones take two, combining ones none."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    joining = sum(unicodedata.category(char) in ("Mn", "Me", "Cf") for char in text)
    return len(text) + wide - joining


def printable(text: str) -> str:
    """The text on one line, without what could steer a terminal."""
    return STEERING.sub(" ", text)
