"""What a run has done, in numbers: kept with each part, shown at the end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from classifier.batch.rows import Row

__all__ = ["Counts"]

# The least confidence of each band; the README says how good pages of a confidence are.
_BANDS: Final = (0.9, 0.8, 0.5, 0.0)


@dataclass(slots=True)
class Counts:
    """Numbers of pages, and of what they hold."""

    status: Counter[str] = field(default_factory=Counter)
    error: Counter[str] = field(default_factory=Counter)
    """By class."""
    type: Counter[str] = field(default_factory=Counter)
    confidence: Counter[str] = field(default_factory=Counter)
    """By band."""
    total: Counter[str] = field(default_factory=Counter)
    """`pages`; `bytes` of them; `words` kept; `damaged`: records that stand for a broken part of a source."""

    def add(self, row: Row, *, damaged: bool) -> None:
        """Count a row."""
        self.total.update(pages=1, bytes=row["bytes"], words=row["words"] or 0, damaged=int(damaged))
        self.status[row["status"]] += 1
        if row["error"]:
            self.error[row["error"].partition(":")[0]] += 1
        if row["confidence"] is not None:
            self.type[row["type"] or "none"] += 1
            self.confidence[next(f"{band} and more" for band in _BANDS if row["confidence"] >= band)] += 1

    def merge(self, values: Mapping[str, Mapping[str, int]]) -> None:
        """Count what `to_dict` gave elsewhere."""
        for name in self.__slots__:
            getattr(self, name).update(values.get(name, {}))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, sorted: the same rows make the same file."""
        return {name: dict(sorted(getattr(self, name).items())) for name in self.__slots__}

    def lines(self) -> Iterator[str]:
        """A table for people."""
        for name in ("status", "error", "type", "confidence"):
            counter: Counter[str] = getattr(self, name)
            if counter:
                shown = ", ".join(f"{count:,} {key}" for key, count in counter.most_common())
                yield f"{name:<10}  {shown}"
        yield f"{'words kept':<10}  {self.total['words']:,}"
