"""JSON of a data set with the place that it stands in, so that whoever mends a wrong shape knows where."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from train.corpus.page import read_bytes
from train.errors import CorpusError

__all__ = ["Record", "file_name", "read_lines", "read_record"]

T = TypeVar("T")
_ADVICE: Final = "compare it with the published layout, or fetch the data set anew (see data/README.md)"
# JSON's own words for what Python reads.
_NAMES: Final[dict[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def file_name(name: str, place: str) -> str:
    """The name, which a data set gives a file of its own.

    Args:
        place: the file that gives it, for people.

    Raises:
        CorpusError: it leads to another folder.
    """
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise CorpusError(f"{place}: {name!r} is not the name of a file: {_ADVICE}")
    return name


@dataclass(frozen=True, slots=True)
class Record:
    """A value of a JSON file; what is asked of it is of the type asked for, or a `CorpusError`."""

    value: Any
    place: str
    """File, line and part, for people."""
    advice: str = _ADVICE
    """What to do where a shape is wrong."""

    def get(self, name: str, kind: type[T]) -> T:
        """The part of a name.

        Raises:
            CorpusError: this is no object, has no such part, or it is of another type.
        """
        return self.part(name)._as(kind)

    def maybe(self, name: str, kind: type[T]) -> T | None:
        """The part of a name; None where it is missing or null.

        Raises:
            CorpusError: this is no object, or the part is of another type.
        """
        value = self._as(dict).get(name)
        return None if value is None else self._inside(value, repr(name))._as(kind)

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings of the list of a name; none where it is missing or null.

        Raises:
            CorpusError: this is no object, or the part no list of strings.
        """
        found = self._inside(self.maybe(name, list) or [], repr(name))
        return tuple(one._as(str) for one in found.items())

    def part(self, name: str) -> "Record":
        """The part of a name, with its place.

        Raises:
            CorpusError: this is no object, or has no such part.
        """
        parts = self._as(dict)
        if name not in parts:
            raise CorpusError(f"{self.place}: {name!r} is missing; {self.advice}")
        return self._inside(parts[name], repr(name))

    def parts(self) -> dict[str, "Record"]:
        """All parts of an object by name.

        Raises:
            CorpusError: this is no object.
        """
        return {name: self._inside(one, repr(name)) for name, one in self._as(dict).items()}

    def items(self) -> Iterator["Record"]:
        """The items of a list.

        Raises:
            CorpusError: this is no list.
        """
        for number, one in enumerate(self._as(list), start=1):
            yield self._inside(one, f"item {number}")

    def _inside(self, value: Any, place: str) -> "Record":
        return replace(self, value=value, place=f"{self.place}, {place}")

    def _as(self, kind: type[T]) -> T:
        # JSON knows no subtypes: true is no whole number, though Python says it is.
        if type(self.value) is not kind:
            found = _NAMES[type(self.value)]
            raise CorpusError(f"{self.place} is {found}, not {_NAMES[kind]}; {self.advice}")
        return self.value


def read_record(path: Path) -> Record:
    """Read a JSON file, plain or gzipped.

    Raises:
        CorpusError: it is missing, or not JSON.
    """
    return _parsed(read_bytes(path), str(path))


def read_lines(path: Path, advice: str = _ADVICE) -> Iterator[Record]:
    """Read a JSON Lines file, plain or gzipped; empty lines are skipped.

    Args:
        advice: what to do where a line is wrong.

    Raises:
        CorpusError: it is missing, or a line is not JSON.
    """
    for number, line in enumerate(read_bytes(path).split(b"\n"), start=1):
        if line.strip():
            yield _parsed(line, f"{path}, line {number},", advice)


def _parsed(data: bytes, place: str, advice: str = _ADVICE) -> Record:
    try:
        return Record(json.loads(data), place.removesuffix(","), advice)
    except RecursionError:
        raise CorpusError(f"{place} is not JSON that can be read: it nests too deep; {advice}") from None
    except ValueError as error:
        raise CorpusError(f"{place} is not JSON: {error}; {advice}") from error
