"""The containers of rendered HTML while they are open: lists, tables, quotations, figures."""

from dataclasses import dataclass, field
from typing import Final

from classifier.render.safety import Attributes, alignment, cell_tag, span

__all__ = ["ALIGNED", "CHILD", "MAX_NESTING", "PARENTS", "Frame", "Grid", "Row", "close_row", "place_cell"]

# What a child needs as its parent, and what stands in a parent directly (HTML standard, 4.4 and
# 4.9).
PARENTS: Final = {
    "li": frozenset({"ul", "ol"}),
    "dt": frozenset({"dl"}),
    "dd": frozenset({"dl"}),
    "figcaption": frozenset({"figure"}),
    "caption": frozenset({"table"}),
    "thead": frozenset({"table"}),
    "tbody": frozenset({"table"}),
    "tfoot": frozenset({"table"}),
    "tr": frozenset({"table", "thead", "tbody", "tfoot"}),
    "td": frozenset({"tr"}),
    "th": frozenset({"tr"}),
}
CHILD: Final = {"ul": "li", "ol": "li", "dl": "dd"}
# Containers inside more containers than this are written as if they were not there: Markdown
# indents every level, so a hostile page would grow with the square of its depth.
MAX_NESTING: Final = 32
# Markdown tables are filled up to this many columns; wider ones keep ragged rows.
MAX_COLUMNS: Final = 32
# Mark the alignment of a header's cell until the Markdown is written. Unicode never assigns them.
ALIGNED: Final = {"left": "\ufdd9", "center": "\ufdda", "right": "\ufddb"}


@dataclass(slots=True)
class Grid:
    """A table: the columns still taken by row spans, and where rows end in the output."""

    spans: list[int] = field(default_factory=list)
    row_ends: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Row:
    """A row: the start tags of its cells, and how many of them are written."""

    cells: list[str] = field(default_factory=list)
    written: int = 0


@dataclass(slots=True)
class Frame:
    """One open container. `owner` is the page's element at whose end it closes."""

    tag: str
    markup: str
    owner: int
    synthetic: bool = False
    """Added around children that lack their parent, such as `<li>` in a `<div>`."""
    cell: int = -1
    """Position in the row."""
    bare_start: int = -1
    """Output position of text that stands in the container without a paragraph."""
    bare_end: int = -1
    grid: Grid | None = None
    row: Row | None = None


def place_cell(grid: Grid, row: Row, tag: str, attributes: Attributes, *, flat: bool) -> int:
    """Add a cell to its row and return its position.

    `flat` resolves spans into empty cells, since Markdown tables have none, and marks how the columns of a
    header are aligned.
    """
    columns, rows = span(attributes, "colspan"), span(attributes, "rowspan")
    if not flat:
        row.cells.append(cell_tag(tag, columns, rows))
        return len(row.cells) - 1
    spans = grid.spans
    while len(row.cells) < len(spans) and spans[len(row.cells)]:
        spans[len(row.cells)] -= 1
        row.cells.append("<td>")
    position = len(row.cells)
    width = min(columns, max(1, MAX_COLUMNS - position))
    aligned = ALIGNED.get(alignment(attributes), "") if tag == "th" else ""
    row.cells.extend([f"<{tag}>{aligned}"] * width)
    if position < MAX_COLUMNS:
        spans.extend([0] * (position + width - len(spans)))
        spans[position : position + width] = [rows - 1] * width
    return position


def close_row(grid: Grid, row: Row) -> None:
    """Count down the row spans of the columns that the row's own cells did not reach."""
    for column in range(len(row.cells), len(grid.spans)):
        if grid.spans[column]:
            grid.spans[column] -= 1
