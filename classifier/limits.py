"""How much of a page is read: what one page may cost, whoever wrote it."""

from dataclasses import dataclass, fields
from typing import Final

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one page. A page that exceeds one is read up to there, and `Page.truncated` says so.

    The work is linear in the size of a page, so the defaults only bound its sum: to some three seconds and
    500 MB. Of 1,358 pages of WCXB the largest has 5.3 MB, 10,146 elements, 55 of them nested, and 2,642
    blocks.

    Raises:
        TypeError: a bound is not a number.
        ValueError: a bound is below 1, or `seconds` not above 0.
    """

    max_bytes: int = 16 * 1024 * 1024
    """Bytes of the page; of a str, its bytes in UTF-8."""
    max_nodes: int = 1_000_000
    """Elements of an HTML page, those inside of one that never shows, such as svg, not counted."""
    max_depth: int = 250_000
    """Elements that stand inside one another."""
    max_blocks: int = 50_000
    """Blocks of visible text."""
    seconds: float | None = None
    """Wall-clock time from the start of reading; None for no bound. It is looked at once in some thousand
    elements, after the parser, which cannot be interrupted, has seen the whole page."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "seconds":
                if value is None:
                    continue
                if isinstance(value, bool) or not isinstance(value, (int, float)):
                    raise TypeError(f"seconds is {value!r}: it must be a number or None")
                if not value > 0:
                    raise ValueError(f"seconds is {value!r}: it must be above 0, or None")
            elif isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{one.name} is {value!r}: it must be a whole number")
            elif value < 1:
                raise ValueError(f"{one.name} is {value!r}: it must be 1 or more")

    def exceeded(self, name: str) -> str:
        """Says to people that a page exceeds the bound called `name`."""
        if name == "seconds":
            return f"the page took longer than {self.seconds:g} seconds to read (seconds)"
        bound = getattr(self, name)
        if name == "max_depth":
            return f"the page nests elements more than {bound:,} deep (max_depth)"
        return f"the page has more than {bound:,} {_COUNTED[name]} ({name})"


_COUNTED = {"max_bytes": "bytes", "max_nodes": "elements", "max_blocks": "blocks"}

DEFAULT_LIMITS: Final = Limits()
