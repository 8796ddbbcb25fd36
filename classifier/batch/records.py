"""`Record`: a page as it was found in a source, before anything is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

__all__ = ["PageFields", "Record", "record_of", "text_of"]


@dataclass(frozen=True, slots=True)
class Record:
    """One page of the input, or what stands in its place."""

    id: str
    """The source's own name for the page, else source and position."""
    source: str
    """Path or URI of the file."""
    position: int
    """Where in the file, from 1: the line (JSON Lines), the row (Parquet), the record (WARC); else 1."""
    url: str | None = None
    date: str | None = None
    """When the page was fetched, as the source says it; in a WARC, a time in UTC by ISO 8601."""
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
    site_profile: bytes | None = None
    """What the pages of its site have in common (`SiteProfile.to_bytes`), where an engine brings it."""


@dataclass(frozen=True, slots=True)
class PageFields:
    """Which field of a JSON object, or column of a table, is what."""

    page: str | None = None
    """The page: text, or bytes in a table. None for the first there is of `html`, `text`."""
    id: str = "id"
    url: str = "url"
    encoding: str = "encoding"
    date: str = "date"

    def pages(self) -> frozenset[str]:
        """The fields in which the page may be."""
        return frozenset((self.page,) if self.page else ("html", "text"))

    def names(self) -> frozenset[str]:
        """All fields that may be read."""
        return self.pages() | {self.id, self.url, self.encoding, self.date}


def record_of(found: Mapping[str, Any], source: str, position: int, fields: PageFields) -> Record:
    """The record in a JSON object or a row of a table; one without a page tells so as its error."""
    name = fields.page or next((one for one in ("html", "text") if found.get(one) is not None), "html")
    data, encoding, identity = found.get(name), found.get(fields.encoding), text_of(found.get(fields.id))
    is_page = isinstance(data, str | bytes)
    return Record(
        id=f"{source}:{position}" if identity is None else identity,
        source=source,
        position=position,
        url=text_of(found.get(fields.url)),
        date=text_of(found.get(fields.date)),
        data=data if isinstance(data, str | bytes) else b"",
        encoding=encoding if isinstance(encoding, str) else None,
        kind="text" if name == "text" else None,
        error=None if is_page else f"DamagedRecord: there is no page in its field {name!r}",
    )


def text_of(value: object) -> str | None:
    """A name, an address or a time as text; a time by ISO 8601, bytes as UTF-8."""
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, date):  # those with a time of day included
        return value.isoformat()
    return None if value is None else str(value)
