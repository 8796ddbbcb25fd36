"""How far a run has come, part by part, whatever the parts are kept in."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

__all__ = ["State", "Store"]

Result = TypeVar("Result", contravariant=True)


@dataclass(frozen=True, slots=True)
class State:
    """What a part took from the input, and what is in it."""

    sources: list[tuple[str, int, int]]
    """Files that were begun since the part before: path, size, time of last change."""
    records: int
    """How many records of the last of all files so far are done."""
    size: int
    """Bytes of the part."""
    counts: dict[str, Any]

    @classmethod
    def from_json(cls, text: str | bytes) -> "State":
        """The state that was written.

        Raises:
            ValueError, TypeError, KeyError: it is damaged.
        """
        values = json.loads(text)
        return cls(**values | {"sources": [tuple(one) for one in values["sources"]]})


class Store(Protocol[Result]):
    """Where results are kept: each part is there as a whole, with its state, or not at all."""

    @property
    def folder(self) -> Path:
        """The folder of the run, for messages."""

    def done(self) -> Iterator[State]:
        """The states of the parts that are there, from the first one to the first that is missing."""

    def write(self, result: Result, /) -> None:
        """Add a result to the part that is being written."""

    def commit(
        self, number: int, sources: Sequence[tuple[str, int, int]], records: int, counts: dict[str, Any]
    ) -> None:
        """Finish the part: from here on it outlives whatever happens."""
