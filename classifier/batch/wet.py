"""Rows -> WARC records of extracted text, as in the WET files of Common Crawl: one record a row.

A page that could be read is a `conversion` record with its text, one that could not a `metadata` record
without a body: readers that look for texts pass over it, and nothing is lost. What else the row says stands
in further fields of the header, `X-Declutter-Status` and so on. No record depends on the time or on chance:
its name is derived from what it holds.
"""

import hashlib
import re
import uuid
from base64 import b32encode
from typing import Final
from urllib.parse import quote

from classifier.batch.remote import is_uri
from classifier.batch.rows import Row

__all__ = ["UNKNOWN_DATE", "wet_record"]

# The standard wants a date of every record. This one says that there is none.
UNKNOWN_DATE: Final = "1970-01-01T00:00:00Z"
# Columns of the row that stand in the header by themselves, or are the body.
_OWN: Final = frozenset({"url", "date", "text"})
# The name space of the records' names, at random once and for all.
_NAMES: Final = uuid.UUID("4f1f3c5e-7c0e-4a0b-9d0c-2b8f6f1d5a57")
# Readers bound the length of a line. Servers refuse longer addresses, too.
_LINE: Final = 8000
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", re.ASCII)
_CUT_ESCAPE: Final = re.compile(r"%[0-9A-F]?$")
_NOT_IN_A_LINE: Final = re.compile(r"[\s\x00-\x1f\x7f]+")
# What may stand in a URI beside letters and digits; whatever else there is, is escaped.
_URI_MARKS: Final = "!#$%&'()*+,-./:;=?@[]_~"


def wet_record(row: Row) -> bytes:
    """The WARC record of a row, the two line ends after it included."""
    block = (row["text"] or "").encode("utf-8")
    digest = b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode("ascii")
    is_page = row["status"] != "error"
    refers_to = _uri(row["id"]) if _URI.fullmatch(row["id"]) else None
    head = {
        "WARC-Type": "conversion" if is_page else "metadata",
        "WARC-Target-URI": _target(row),
        "WARC-Date": row["date"] if _DATE.fullmatch(row["date"] or "") else UNKNOWN_DATE,
        "WARC-Record-ID": "",
        "WARC-Refers-To": f"<{refers_to}>" if refers_to else None,
        "WARC-Block-Digest": f"sha1:{digest}",
        **{f"X-Declutter-{_title(name)}": row[name] for name in row if name not in _OWN},
        "Content-Type": "text/plain" if is_page else "application/warc-fields",
        "Content-Length": len(block),
    }
    head["WARC-Record-ID"] = f"<{uuid.uuid5(_NAMES, repr(list(head.items()))).urn}>"
    lines = [f"{name}: {_one_line(value)}" for name, value in head.items() if value is not None]
    return "\r\n".join(["WARC/1.0", *lines, "", ""]).encode("utf-8") + block + b"\r\n\r\n"


def _title(name: str) -> str:
    """`type_probability` gives `Type-Probability`."""
    return name.replace("_", "-").title()


def _target(row: Row) -> str:
    """The page's address; where none is known, its place in the source, a path being a relative one."""
    place = f"{row['source']}#{row['position']}"
    return _uri(row["url"] or (place if is_uri(place) else f"file:{place}"))


def _uri(text: str) -> str:
    """As much of an address as fits, with nothing in it that may not be there."""
    whole = quote(text, safe=_URI_MARKS)
    return whole if len(whole) <= _LINE else _CUT_ESCAPE.sub("", whole[:_LINE])


def _one_line(value: object) -> str:
    """A value as the standard allows it in a header; the end of one that is too long is left out."""
    return _NOT_IN_A_LINE.sub(" ", str(value))[:_LINE].strip()
