"""Measurements that take long, kept in files, each beside what it was made on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, TypeVar

import joblib

__all__ = ["Keeper", "digest"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keeper:
    """A folder of measurements, whose names begin alike."""

    folder: Path
    start: str

    def __call__(self, name: str, on: Mapping[str, object], measure: Callable[[], T]) -> T:
        """What was measured on the same, or what is measured now, and kept.

        Args:
            name: of the measurement.
            on: all that it depends on; such as digests of files, seeds and versions.
            measure: makes it anew.
        """
        path = self.folder / f"{self.start}{name}.joblib"
        known = _read(path)
        if known is not None and known["on"] == on:
            found: T = known["found"]
            return found
        found = measure()
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        joblib.dump({"on": dict(on), "found": found}, unfinished)
        unfinished.replace(path)
        return found


def _read(path: Path) -> dict[str, Any] | None:
    """What a file holds; None if it is not there or was left by another version."""
    try:
        known: dict[str, Any] = joblib.load(path)
    except (FileNotFoundError, AttributeError, ImportError):
        return None
    return known


def digest(*files: Path) -> str:
    """A hash of what files hold.

    Raises:
        FileNotFoundError: one is not there.
    """
    found = []
    for path in files:
        with path.open("rb") as file:
            found.append(file_digest(file, "sha256").hexdigest())
    return " ".join(found)
