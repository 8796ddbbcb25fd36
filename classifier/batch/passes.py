"""A pass over the records of all sources, in parts, that goes on where the last one was ended."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import NamedTuple, TypeVar

from classifier.batch.containers import read_source
from classifier.batch.progress import Watch
from classifier.batch.records import PageFields, Record
from classifier.batch.sources import Source
from classifier.batch.states import Store
from classifier.batch.summary import Counts
from classifier.errors import BatchError

__all__ = ["Reader", "Start", "Taken", "resume", "see_none_new", "write_parts"]

Result = TypeVar("Result")


class Start(NamedTuple):
    """Where a run goes on."""

    parts: int
    """Parts that are done."""
    source: Source | None
    """The last file they took something from."""
    records: int
    """Records of it that are done."""
    size: int
    """Bytes of the files before it."""
    counts: Counts

    @property
    def whole_size(self) -> int:
        """Bytes of the files, the last one included."""
        return self.size + (max(0, self.source.size) if self.source else 0)


def resume(parts: Store[Result], sources: Iterator[Source]) -> Start:
    """Where the parts that are done end; takes the files that they began from `sources`.

    Raises:
        BatchError: a file is not what it was.
    """
    start = Start(0, None, 0, 0, Counts())
    for state in parts.done():
        source, size = start.source, start.size
        for recorded in state.sources:
            size += max(0, source.size) if source else 0
            source = next(sources, None)
            if source is None or source != recorded:
                raise _changed(parts.folder, _difference(Source(*recorded), source))
        start.counts.merge(state.counts)
        start = Start(start.parts + 1, source, state.records, size, start.counts)
    return start


def as_before(parts: Store[Result], sources: Iterator[Source]) -> Iterator[Source]:
    """The files, as long as they are those that a pass before has done.

    Raises:
        BatchError: while iterating: a file is new, gone, or not what it was.
    """
    done = parts.done()

    def compared() -> Iterator[Source]:
        recorded = (Source(*one) for state in done for one in state.sources)
        for then, now in zip_longest(recorded, sources):
            if then is None:
                raise _new(parts.folder, now)
            if now is None or then != now:
                raise _changed(parts.folder, _difference(then, now))
            yield now

    return compared()


def see_none_new(parts: Store[Result], sources: Iterator[Source]) -> None:
    """See that there is no file beyond those that are done.

    Raises:
        BatchError: there is.
    """
    if added := next(sources, None):
        raise _new(parts.folder, added)


def _new(out: Path, source: Source) -> BatchError:
    return _changed(out, f"{source.path} is new")


def _difference(then: Source, now: Source | None) -> str:
    if now is not None and now.path == then.path:
        return f"{then.path} is another, by size or time"
    return f"{then.path} was there and now {now.path if now else 'nothing'} is in its place"


def _changed(out: Path, difference: str) -> BatchError:
    return BatchError(
        f"the input has changed since the run in {out} was begun ({difference}): restore it, or begin "
        "anew in another folder"
    )


class Taken(NamedTuple):
    """A record and its place in the input."""

    record: Record
    source: int
    """Which of the files that this run begins, from 0."""
    number: int
    """Which of the file's records, from 1."""


class Reader:
    """The records that are left, and the files that they are from."""

    def __init__(
        self, fields: PageFields, max_bytes: int, sources: Iterator[Source], start: Start, watch: Watch
    ) -> None:
        self.start = start
        self.watch = watch
        self._fields = fields
        self._max_bytes = max_bytes
        self._sources = sources
        # The file that is resumed is in a state already.
        self._begun: deque[tuple[int, Source]] = deque()
        self._last = 0

    def __iter__(self) -> Iterator[Taken]:
        if self.start.source is not None:
            yield from self._records(self.start.source, 0, self.start.records)
        for source in self._sources:
            self._last += 1
            self._begun.append((self._last, source))
            yield from self._records(source, self._last, 0)

    def _records(self, source: Source, index: int, done: int) -> Iterator[Taken]:
        found = read_source(source.path, self._fields, self._max_bytes, self.watch.seen)
        for number, record in enumerate(islice(found, done, None), done + 1):
            yield Taken(record, index, number)
        self.watch.source(max(0, source.size))

    def begun(self, index: int) -> list[Source]:
        """The files up to one of them that have not been told of before."""
        found = []
        while self._begun and self._begun[0][0] <= index:
            found.append(self._begun.popleft()[1])
        return found

    def at_end(self, last: Taken | None) -> tuple[int, int]:
        """The last file and how many of its records are done, once all are."""
        if last is None or last.source != self._last:
            return self._last, self.start.records if self._last == 0 else 0
        return self._last, last.number


def write_parts(
    results: Iterable[tuple[Taken, Result]], parts: Store[Result], reader: Reader, part_rows: int, new: Counts
) -> int:
    """Write what is made of the records that are left.

    Args:
        results: of all records of the reader, in order.
        part_rows: results of a part.
        new: counts rows.

    Returns:
        The number of parts that there are then.
    """
    number, in_part, last = reader.start.parts, 0, None
    counts = Counts()

    def commit(source: int, records: int) -> None:
        nonlocal number, in_part, counts
        parts.commit(number, reader.begun(source), records, counts.to_dict())
        new.merge(counts.to_dict())
        number, in_part, counts = number + 1, 0, Counts()

    for taken, result in results:
        # Not before the next one is here: files without pages at the end belong to the last part.
        if last is not None and in_part == part_rows:
            commit(last.source, last.number)
        parts.write(result)
        if isinstance(result, dict):
            counts.add(result, damaged=taken.record.damage)
            reader.watch.page()
        in_part, last = in_part + 1, taken
    if in_part or not number:
        commit(*reader.at_end(last))
    return number
