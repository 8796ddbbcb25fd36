"""Writes clean HTML: tags open when text arrives beneath them, and close in order.

Three levels stand open at any time: containers (lists, tables, quotations), in them at most one
leaf (paragraph, heading, listing), in it inline elements. Whatever way a page nests them, the
output does so in this order.
"""

import re
from html import escape
from typing import Final, NamedTuple

from classifier.render.frames import (
    CHILD,
    MAX_NESTING,
    PARENTS,
    Frame,
    Grid,
    Row,
    close_row,
    place_cell,
)
from classifier.render.marks import without_marks
from classifier.render.safety import Attributes
from classifier.segment.html import BREAK
from classifier.segment.whitespace import drop_invisible

__all__ = ["IMAGE", "INTRAWORD", "Inline", "Leaf", "Writer"]

# Containers whose text needs no paragraph while it is their only text.
BARE_TAGS: Final = frozenset({"li", "dd", "dt", "td", "th", "caption", "figcaption"})
OWN_LINE_TAGS: Final = frozenset(
    ["blockquote", "dl", "figure", "ol", "table", "tbody", "tfoot", "thead", "tr", "ul"]
)
LIST_TAGS: Final = frozenset({"ul", "ol"})
# Stands for an underscore inside a word, which Markdown need not escape. Unicode never assigns it.
INTRAWORD: Final = "\ufdd0"
# The key of an image between blocks, which a figure holds without a paragraph.
IMAGE: Final = -2
_UNDERSCORE: Final = re.compile(r"(?<=[^\W_])_+(?=[^\W_])")
# A table so ragged that its empty cells would outnumber the others this many times is left ragged, so
# that one wide row among thousands of narrow ones does not cost their product.
MAX_PADDING: Final = 8
MIN_PADDED: Final = 1000


class Inline(NamedTuple):
    """An open inline element."""

    element: int
    name: str
    markup: str
    end: str


class Leaf(NamedTuple):
    """Where text goes: `key` tells blocks apart; no `tag` means as the container demands."""

    key: tuple[int, int]
    tag: str = ""
    markup: str = ""


class Writer:
    """The output while it grows. `flat` writes tables without spans, as Markdown needs them."""

    def __init__(self, *, flat: bool) -> None:
        self.flat = flat
        self.out: list[str] = []
        self.frames: list[Frame] = []
        self.begins = False
        """Whether the last text was the first of its block."""
        self._written = 0
        self._key: tuple[int, int, int] | None = None
        self._bare: Frame | None = None
        self._end = ""
        self._inlines: list[Inline] = []

    # -- containers ---------------------------------------------------------------------------

    def open(self, tag: str, markup: str, element: int, parent: int) -> None:
        """A container begins; it is written once content arrives in it."""
        self.settle(tag)
        top = self.frames[-1] if self.frames else None
        needed = PARENTS.get(tag)
        if needed and (top is None or top.tag not in needed):
            wrapper = "ul" if tag == "li" else "dl"
            if tag not in ("li", "dt", "dd") or len(self.frames) >= MAX_NESTING:
                return
            self.frames.append(Frame(wrapper, f"<{wrapper}>", parent, synthetic=True))
        elif not needed:
            if len(self.frames) >= MAX_NESTING:
                return
            if top and top.tag in CHILD and not (tag in LIST_TAGS and top.tag in LIST_TAGS):
                child = CHILD[top.tag]
                self.frames.append(Frame(child, f"<{child}>", element))
        self.frames.append(
            Frame(
                tag,
                markup,
                element,
                grid=Grid() if tag == "table" else None,
                row=Row() if tag == "tr" else None,
            )
        )

    def open_cell(self, tag: str, attributes: Attributes, element: int) -> None:
        """A cell of the row at hand begins; cells without content are written empty."""
        row, grid = self.frames[-1].row if self.frames else None, self._grid()
        if row and grid:
            position = place_cell(grid, row, tag, attributes, flat=self.flat)
            markup = row.cells[position]
            self.frames.append(Frame(tag, markup, element, cell=position, row=row))

    def close(self, element: int) -> None:
        """An element of the page ends, and with it the containers it opened."""
        while self.frames and self.frames[-1].owner == element:
            self._pop()

    def settle(self, tag: str = "") -> None:
        """End a list that was only made for orphaned items, when what comes is not one."""
        top = self.frames[-1] if self.frames else None
        if top and top.synthetic and top.tag not in PARENTS.get(tag, ()):
            self._pop()

    # -- content ------------------------------------------------------------------------------

    def text(self, leaf: Leaf, inlines: list[Inline], held: str, data: str) -> str:
        """Write text; `held` is the white space before it. Returns the white space after it."""
        data = drop_invisible(data)
        if self.flat:
            data = without_marks(data)
        if leaf.tag == "pre":
            body = data.rstrip()
            if not body:
                return held + data
            if self.flat:
                inlines = [inline for inline in inlines if inline.name == "code"]
            if self._enter(leaf, inlines, held.replace(BREAK, "\n")):
                body = body.lstrip("\n")
            self.out.append(escape(body, quote=False))
            return data[len(data.rstrip()) :]
        core = " ".join(data.split())
        if not core:
            return held + data
        held += data[0] if data[0].isspace() else ""
        self.begins = self._enter(leaf, inlines, _separator(held))
        if self.flat and "_" in core:
            core = _UNDERSCORE.sub(lambda run: INTRAWORD * len(run[0]), core)
        self.out.append(escape(core, quote=False))
        return " " if data[-1].isspace() else ""

    def image(self, leaf: Leaf, inlines: list[Inline], held: str, markup: str) -> None:
        """Write an image."""
        self._enter(leaf, inlines, _separator(held))
        self.out.append(markup)

    def rule(self) -> None:
        """Write a thematic break, unless in a container, whose parts it would tear apart."""
        self.settle()
        if not self.frames and self.out:
            self._end_leaf()
            self._own_line()
            if self.out[-1] != "<hr>\n":
                self.out.append("<hr>\n")

    def finish(self) -> None:
        """End what the last block of the page's tree has left open."""
        self._end_leaf()

    def paragraph(self, text: str) -> None:
        """Write a block that stands outside the page's tree."""
        self.out.append(f"<p>{escape(without_marks(text), quote=False)}</p>\n")

    # -- order of the output ------------------------------------------------------------------

    def _enter(self, leaf: Leaf, inlines: list[Inline], separator: str) -> bool:
        """Make `leaf` and `inlines` what stands open, with the separator between old and new.

        Returns whether the leaf begins.
        """
        self.settle()
        key = (*leaf.key, self.frames[-1].owner if self.frames else -1)
        is_new = key != self._key
        if is_new:
            self._end_leaf()
            self._write_frames()
            self._start_leaf(leaf)
            self._key = key
            separator = ""
        shared = 0
        for old, new in zip(self._inlines, inlines, strict=False):
            if old is not new:
                break
            shared += 1
        self._end_inlines(shared)
        if separator:
            self.out.append(separator)
        for inline in inlines[shared:]:
            self.out.append(inline.markup)
            self._inlines.append(inline)
        return is_new

    def _start_leaf(self, leaf: Leaf) -> None:
        top = self.frames[-1] if self.frames else None
        tag, markup, end = leaf.tag, leaf.markup, f"</{leaf.tag}>\n"
        self._end = "\n"
        if top and top.tag == "figure" and leaf.key[1] == IMAGE:
            return
        if not tag:
            tag = CHILD.get(top.tag, "p") if top else "p"
            markup, end = f"<{tag}>", f"</{tag}>\n"
            if top and top.tag in BARE_TAGS:
                if top.bare_start < 0:
                    top.bare_start = len(self.out)
                    self.out.append("")
                    self._bare = top
                    self._end = ""
                    return
                self.out[top.bare_start] = "<p>"
                self.out[top.bare_end] = "</p>"
        elif top and top.tag in CHILD:
            child = CHILD[top.tag]
            markup, end = f"<{child}>{markup}", f"{end}</{child}>\n"
        self._own_line()
        self.out.append(markup)
        self._end = end

    def _end_leaf(self) -> None:
        if self._key is None:
            return
        self._end_inlines(0)
        if self._bare:
            self._bare.bare_end = len(self.out)
            self._bare = None
        self.out.append(self._end)
        self._end = ""
        self._key = None

    def _end_inlines(self, shared: int) -> None:
        while len(self._inlines) > shared:
            self.out.append(self._inlines.pop().end)

    def _write_frames(self) -> None:
        waiting = self.frames[self._written :]
        for frame, inner in zip(waiting, [*waiting[1:], None], strict=False):
            if inner and frame.tag in LIST_TAGS and inner.tag in LIST_TAGS:
                frame.tag = ""  # a list that holds nothing but a list, which Markdown cannot say
                continue
            if frame.cell >= 0:
                self._fill(frame)
            if frame.tag in OWN_LINE_TAGS:
                self._own_line()
                self.out.append(f"{frame.markup}\n")
            else:
                self.out.append(frame.markup)
        self._written = len(self.frames)

    def _pop(self) -> None:
        frame = self.frames.pop()
        is_written = len(self.frames) < self._written
        if is_written:
            self._end_leaf()
            self._written = len(self.frames)
        if frame.row and frame.tag == "tr":
            self._end_row(frame.row, is_written)
        elif frame.grid and self.flat:
            self._square(frame.grid)
        if is_written and frame.tag:
            self.out.append(f"</{frame.tag}>\n")

    # -- tables -------------------------------------------------------------------------------

    def _grid(self) -> Grid | None:
        return next((frame.grid for frame in reversed(self.frames[-3:]) if frame.grid), None)

    def _fill(self, cell: Frame) -> None:
        """Write the cells before this one that had no content, so that columns stay in line."""
        if cell.row:
            self._write_empty(cell.row, cell.cell)
            cell.row.written = cell.cell + 1

    def _write_empty(self, row: Row, upto: int) -> None:
        for markup in row.cells[row.written : upto]:
            self.out.append(f"{markup}</{markup[1:3]}>\n")

    def _end_row(self, row: Row, is_written: bool) -> None:
        grid = self._grid()
        if grid and self.flat:
            close_row(grid, row)
        if is_written:
            self._write_empty(row, len(row.cells))
            if grid and self.flat:
                grid.row_ends.append((len(self.out), len(row.cells)))
                self.out.append("")

    def _square(self, grid: Grid) -> None:
        """Give every row of a Markdown table the same number of cells."""
        width = max((columns for _, columns in grid.row_ends), default=0)
        cells = sum(columns for _, columns in grid.row_ends)
        if width * len(grid.row_ends) > MAX_PADDING * cells + MIN_PADDED:
            return
        for position, columns in grid.row_ends:
            self.out[position] = "<td></td>" * (width - columns)

    def _own_line(self) -> None:
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append("\n")


def _separator(held: str) -> str:
    """White space between two texts of a block as markup."""
    if BREAK in held:
        return "<br>"
    return " " if held else ""
