"""`Segments`: a page cut into blocks, as flat columns (one entry a block, one entry an element)."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Literal

__all__ = ["Elements", "Kind", "Segments", "Source", "integers"]

Kind = Literal["html", "text"]

# Makes a column of whole numbers. As four bytes each, the kernel takes them and pickle copies them without an
# object for each.
integers = partial(array, "i")


class Source(IntEnum):
    """Where on the page a block's text stands."""

    VISIBLE = 0
    NOSCRIPT = 1
    JSON_LD = 2
    STATE = 3


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of an HTML page in document order, as parallel columns.

    A parent always stands before its children. The blocks of an element's subtree are the half-open
    range `first_block[i]:end_block[i]`, so any sum over a subtree is two look-ups in a cumulative sum.
    """

    tag: list[str] = field(default_factory=list)
    parent: "array[int]" = field(default_factory=integers)
    """Index of the parent element, -1 for the root."""
    child: "array[int]" = field(default_factory=integers)
    """Position among the parent's element children, from 1, as CSS `:nth-child` counts."""
    identity: list[str] = field(default_factory=list)
    """What the author called it: class, id, role, itemprop and the like, space-separated."""
    first_block: "array[int]" = field(default_factory=integers)
    end_block: "array[int]" = field(default_factory=integers)


@dataclass(frozen=True, slots=True)
class Segments:
    """A page as blocks. Every list but `elements` and `title` has one entry a block."""

    kind: Kind
    title: str
    texts: list[str]
    """Text with white space collapsed; line feeds stand for `<br>` and inside `<pre>`, tabs between
    table cells."""
    tags: list[str]
    """Name of the block's element (`"tr"` for a row of cells); `"p"`, `"li"` or `"h"` in plain text."""
    element: Sequence[int] = ()
    """HTML: index of the block's element in `elements`; -1 for embedded content."""
    elements: Elements = field(default_factory=Elements)
    link_chars: Sequence[int] = ()
    """Characters inside links, white space not counted."""
    links: Sequence[int] = ()
    emphasis_chars: Sequence[int] = ()
    """Characters inside b, strong, i, em, u, mark, white space not counted."""
    images: Sequence[int] = ()
    """Images since the block before."""
    controls: Sequence[int] = ()
    """Form controls (input, select, textarea, button) in the block or since the block before."""
    hidden: Sequence[int] = ()
    """1 where attributes hide the block or an element around it, else 0."""
    source: Sequence[int] = ()
    """A `Source` value a block."""
    line_spans: Sequence[tuple[int, int]] = ()
    """Plain text: first and last line of the block, from 1, both included."""
    truncated: str = ""
    """Why the page was not read to its end (see `Limits`); empty where it was."""

    def __len__(self) -> int:
        return len(self.texts)
