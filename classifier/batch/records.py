"""`Record`: a page as it was found in a source, before anything is known about it."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Record"]


@dataclass(frozen=True, slots=True)
class Record:
    """One page of the input, or what stands in its place."""

    id: str
    """The source's own name for the page, else source and position."""
    source: str
    """Path of the file."""
    position: int
    """Where in the file, from 1: the line (JSON Lines), the row (Parquet), the record (WARC); else 1."""
    url: str | None = None
    data: str | bytes = b""
    encoding: str | None = None
    """Encoding that the server declared, a label of the WHATWG Encoding Standard."""
    kind: Literal["auto", "html", "text"] | None = None
    """How to read the page, where the source says so."""
    truncated: str | None = None
    """Why the data are only the beginning of the page, as `Truncated: reason`; None if they are all of it."""
    error: str | None = None
    """Why there are no data, as `Class: message`."""
    damage: bool = False
    """Whether the source cannot be read on from here or was skipped in part, so that pages may be missing."""
