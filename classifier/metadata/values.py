"""Values as pages write them -> text, names, dates and language tags; empty for what is none."""

import re
from datetime import datetime
from html import unescape
from typing import Final

from classifier.parser import parse
from classifier.segment.whitespace import collapse, drop_invisible, without_surrogates

__all__ = ["HTTP", "authors", "date", "language", "listed", "text"]

# Longer values are texts, not facts: the next source is asked.
MAX_CHARS: Final = 10_000
MAX_DATE_CHARS: Final = 100
# How a date begins that a system writes where it knows none.
_NO_YEAR: Final = ("0000-", "0001-")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
HTTP: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_SLASHED_DAY: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?![\d/])")
_SHORT_OFFSET: Final = re.compile(r"(?<=\d)\s?([+-]\d{2}):?(\d{2})$")
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|"
        "september sep sept|october oct|november nov|december dec".split("|"),
        start=1,
    )
    for name in names.split()
}
# As in HTTP and mail (RFC 5322): Thu, 14 Mar 2024 10:00:00 GMT
_MAIL_DATE: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}(?::\d{2})? (?:[A-Z]{1,4}|[+-]\d{4})"
)
_NAMED_DAY: Final = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?(?:(?P<m1>[A-Za-z]{3,9})\.?\s+(?P<d1>\d{1,2})(?:st|nd|rd|th)?,?"
    r"|(?P<d2>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m2>[A-Za-z]{3,9})\.?,?)\s+(?P<y>\d{4})\b"
)


def text(value: object) -> str:
    """A text without markup; of a node its name; empty for anything else."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    if isinstance(value, list):
        value = next(iter(value), None)
    if not isinstance(value, str) or len(value) > MAX_CHARS:
        return ""
    plain = without_surrogates(unescape(value))
    if "<" in plain:
        plain = parse(plain).text
    return collapse(drop_invisible(plain))


def authors(value: object) -> str:
    """Names, but no addresses, each once."""
    names = (text(one) for one in listed(value))
    return ", ".join(dict.fromkeys(name for name in names if name and not HTTP.match(name)))


def language(value: object) -> str:
    """A language tag, with hyphens."""
    if isinstance(value, dict):
        value = value.get("alternateName")
    tag = value.strip().replace("_", "-") if isinstance(value, str) else ""
    return tag if _LANGUAGE.fullmatch(tag) else ""


def date(value: object) -> str:
    """The date as ISO 8601 where it names its month or begins with its year, else as it stands."""
    written = text(value)
    if len(written) > MAX_DATE_CHARS or written.startswith(_NO_YEAR) or not any(map(str.isdigit, written)):
        return ""
    try:
        return _iso(written)
    except ValueError:
        return written


def _iso(text: str) -> str:
    """ISO 8601 of a date.

    Raises:
        ValueError: it can only be guessed, or is no date.
    """
    if match := _SLASHED_DAY.match(text):
        text = "{}-{:0>2}-{:0>2}".format(*match.groups()) + text[match.end() :]
    elif match := _NAMED_DAY.fullmatch(text):
        month = _MONTHS.get((match["m1"] or match["m2"]).lower())
        if month is None:
            raise ValueError(text)
        return datetime(int(match["y"]), month, int(match["d1"] or match["d2"])).date().isoformat()
    elif _MAIL_DATE.fullmatch(text):
        from email.utils import parsedate_to_datetime  # late: it brings in much, for a rare form

        return parsedate_to_datetime(text).isoformat()
    found = datetime.fromisoformat(_SHORT_OFFSET.sub(r"\1:\2", text) if ":" in text else text)
    has_time = ":" in text or "T" in text
    return found.isoformat() if has_time else found.date().isoformat()


def listed(value: object) -> list[object]:
    """The values of a property, of which there may be one, several or none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
