"""What the kept blocks say about tables and images, looked up before anything is written."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from classifier.segment import Segments
from classifier.segment.html import CELL_TAGS, PRE_TAGS

__all__ = ["Neighbourhood", "header_rows", "layout_tables"]

# Parts the cells of a row in the text of its block.
CELL_END_TEXT: Final = "\t"
# A cell with more kept blocks than this holds a page's content, not a datum.
MAX_CELL_BLOCKS: Final = 8
# Headings and listings cannot stand in the cells of a Markdown table: they mark a layout table.
STRUCTURE_TAGS: Final = PRE_TAGS | {"h1", "h2", "h3", "h4", "h5", "h6"}
# Ancestors looked at for the text around an image.
MAX_CLIMB: Final = 32
# An image belongs to the content when at least this share of the text around it does.
MIN_KEPT_SHARE: Final = 0.5
FIGURES: Final = frozenset({"figure", "picture"})


def layout_tables(segments: Segments, keep: list[bool]) -> frozenset[int]:
    """Indices of the tables that arrange a page rather than tabulate data.

    Such a table holds another table, has no row with two cells that are kept, or has a cell with a heading,
    a listing or many kept blocks.
    """
    tags, parents = segments.elements.tag, segments.elements.parent
    if "table" not in tags:
        return frozenset()
    kept = [0, *accumulate(keep)]
    first, end = segments.elements.first_block, segments.elements.end_block
    layout: set[int] = set()
    table_of, cell_of = [-1] * len(tags), [-1] * len(tags)
    tables: set[int] = set()
    for index, tag in enumerate(tags):
        parent = parents[index]
        table = table_of[parent] if parent >= 0 else -1
        if tag == "table":
            if table >= 0:
                layout.add(table)
            table_of[index] = index
            tables.add(index)
            continue
        if table < 0:
            continue
        table_of[index], cell_of[index] = table, cell_of[parent]
        count = kept[end[index]] - kept[first[index]] if end[index] > first[index] else 0
        if tag in CELL_TAGS:
            cell_of[index] = index
            if count > MAX_CELL_BLOCKS:
                layout.add(table)
        elif tag in STRUCTURE_TAGS and count and cell_of[index] >= 0:
            layout.add(table)
    layout.update(tables - {table_of[row] for row in _wide_rows(segments, keep, cell_of)})
    return frozenset(layout)


def _wide_rows(segments: Segments, keep: list[bool], cell_of: list[int]) -> Iterator[int]:
    """The rows of which two cells have kept text: in one block, or in blocks of their own."""
    cell_in: dict[int, int] = {}
    for text, element, is_kept in zip(segments.texts, segments.element, keep, strict=True):
        if not is_kept or element < 0:
            continue
        cell = cell_of[element]
        if cell < 0:
            if CELL_END_TEXT in text:
                yield element
        elif cell_in.setdefault(row := segments.elements.parent[cell], cell) != cell:
            yield row


def header_rows(segments: Segments) -> frozenset[int]:
    """Indices of the rows that head columns: all their cells do, but for an empty corner.

    In other rows a header names the row, for which Markdown has no sign.
    """
    tags, parents, child = segments.elements.tag, segments.elements.parent, segments.elements.child
    if "th" not in tags:
        return frozenset()
    heads = {parents[index] for index, tag in enumerate(tags) if tag == "th"}
    data = {parents[index] for index, tag in enumerate(tags) if tag == "td" and child[index] > 1}
    return frozenset(heads - data)


class Neighbourhood:
    """Answers whether an image between blocks stands among content."""

    def __init__(self, segments: Segments, keep: list[bool]) -> None:
        self._elements = segments.elements
        self._keep = keep
        lengths = [len(text) for text in segments.texts]
        self._all = [0, *accumulate(lengths)]
        self._kept = [0, *accumulate(n if k else 0 for n, k in zip(lengths, keep, strict=True))]

    def has_kept(self, element: int, block: int) -> bool:
        """Whether `element`, between the blocks `block - 1` and `block`, is among content.

        A neighbour must be kept, and so must most text of the nearest ancestor that has any. A
        figure whose caption is dropped is judged by what stands around the figure.
        """
        if not any(self._keep[max(0, block - 1) : block + 1]):
            return False
        elements = self._elements
        for _ in range(MAX_CLIMB):
            element = elements.parent[element] if element >= 0 else -1
            if element < 0:
                return False
            first, end = elements.first_block[element], elements.end_block[element]
            chars = self._all[end] - self._all[first] if end > first else 0
            kept = self._kept[end] - self._kept[first] if end > first else 0
            if chars and (kept or elements.tag[element] not in FIGURES):
                return kept >= MIN_KEPT_SHARE * chars
        return False
