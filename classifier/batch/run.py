"""A run: the records of all sources, through workers, into parts, from where the last run was ended."""

import hashlib
import json
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import classifier
from classifier.batch.containers import read_source
from classifier.batch.crew import RowCrew
from classifier.batch.parts import Parts, write_json
from classifier.batch.progress import Watch
from classifier.batch.records import PageFields, Record
from classifier.batch.rows import Row, Settings, row_of
from classifier.batch.sinks import Format
from classifier.batch.sources import Source, list_sources
from classifier.batch.summary import Counts
from classifier.errors import BatchError
from classifier.many import in_order
from classifier.workers import Isolation

__all__ = ["Job", "Report", "run_batch"]

_MODELS: Final = Path(classifier.__file__).parent / "models"


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, what to do with it, and where to leave it."""

    inputs: tuple[str, ...]
    """Files, folders, patterns."""
    out: Path
    """The folder of the parts."""
    settings: Settings = field(default_factory=Settings)
    fields: PageFields = field(default_factory=PageFields)
    format: Format = "jsonl"
    part_rows: int = 1000
    """Rows of a part, which is as much as a crash can cost."""
    isolation: Isolation | None = field(default_factory=Isolation)
    """What a page may take; None works without isolation."""
    workers: int = 1

    def description(self) -> Row:
        """All that decides about the rows and the parts, as plain values; so not the number of workers.

        Raises:
            OSError: the model cannot be read.
        """
        settings = asdict(self.settings) | {"model": _fingerprint(self.settings.model or _MODELS)}
        return (
            {
                "version": classifier.__version__,
                "inputs": list(self.inputs),
                "format": self.format,
                "part_rows": self.part_rows,
                "fields": asdict(self.fields),
                "isolation": asdict(self.isolation) if self.isolation else None,
            }
            | settings
            | {"extras": list(self.settings.extras)}
        )


def _fingerprint(model: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(model.glob("*.model")) if model.is_dir() else [model]:
        digest.update(file.name.encode("utf-8", "surrogateescape") + file.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Report:
    """What there is in the folder, and what of it is this run's."""

    all: Counts
    new: Counts


def run_batch(job: Job, watch: Watch) -> Report:
    """Do what is left of a job.

    Args:
        job: what to read and where to leave it.
        watch: is told how far the run is.

    Returns:
        Counts of all that is in the folder, and of what is new in it.

    Raises:
        BatchError: the job cannot be begun or resumed; the message says why.
        ImportError: the format needs a package that is not installed.
        ModelError: the model cannot be loaded.
        WorkerError: no worker can be started.
        OSError: the parts cannot be written; what is written stays, and the next run goes on from there.
    """
    sources = list_sources(job.inputs, job.out)
    with closing(Parts(job.out, job.format, job.settings, job.description())) as parts:
        start = _resume(parts, sources)
        watch.skip(start.size)
        summary = job.out / "_summary.json"
        if start.parts and _is_complete(summary, start.parts):
            if added := next(sources, None):
                raise _changed(job.out, f"{added.path} is new")
            return Report(start.counts, Counts())
        summary.unlink(missing_ok=True)
        new = Counts()
        number = _write_parts(job, parts, _Reader(job, sources, start, watch), start, new)
        start.counts.merge(new.to_dict())
        write_json(summary, {"parts": number} | start.counts.to_dict())
        return Report(start.counts, new)


class _Start(NamedTuple):
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


def _resume(parts: Parts, sources: Iterator[Source]) -> _Start:
    """Where the parts that are done end; takes the files that they began from `sources`.

    Raises:
        BatchError: a file is not what it was.
    """
    start = _Start(0, None, 0, 0, Counts())
    for state in parts.done():
        source, size = start.source, start.size
        for recorded in state.sources:
            size += max(0, source.size) if source else 0
            source = next(sources, None)
            if source is None or source != recorded:
                raise _changed(parts.folder, _difference(Source(*recorded), source))
        start.counts.merge(state.counts)
        start = _Start(start.parts + 1, source, state.records, size, start.counts)
    return start


def _difference(then: Source, now: Source | None) -> str:
    if now is not None and now.path == then.path:
        return f"{then.path} is another, by size or time"
    return f"{then.path} was there and now {now.path if now else 'nothing'} is in its place"


def _changed(out: Path, difference: str) -> BatchError:
    return BatchError(
        f"the input has changed since the run in {out} was begun ({difference}): restore it, or begin "
        "anew in another folder"
    )


def _is_complete(summary: Path, parts: int) -> bool:
    try:
        return bool(json.loads(summary.read_bytes())["parts"] == parts)
    except (OSError, ValueError, KeyError, TypeError):
        return False


class _Taken(NamedTuple):
    """A record and its place in the input."""

    record: Record
    source: int
    """Which of the files that this run begins, from 0."""
    number: int
    """Which of the file's records, from 1."""


class _Reader:
    """The records that are left, and the files that they are from."""

    def __init__(self, job: Job, sources: Iterator[Source], start: _Start, watch: Watch) -> None:
        self._job = job
        self._sources = sources
        self._start = start
        self._watch = watch
        # The file that is resumed is in a state already.
        self._begun: deque[tuple[int, Source]] = deque()
        self._last = 0

    def __iter__(self) -> Iterator[_Taken]:
        if self._start.source is not None:
            yield from self._records(self._start.source, 0, self._start.records)
        for source in self._sources:
            self._last += 1
            self._begun.append((self._last, source))
            yield from self._records(source, self._last, 0)

    def _records(self, source: Source, index: int, done: int) -> Iterator[_Taken]:
        max_bytes = self._job.settings.max_bytes
        found = read_source(source.path, self._job.fields, max_bytes, self._watch.seen)
        for number, record in enumerate(islice(found, done, None), done + 1):
            yield _Taken(record, index, number)
        self._watch.source(max(0, source.size))

    def begun(self, index: int) -> list[Source]:
        """The files up to one of them that have not been told of before."""
        found = []
        while self._begun and self._begun[0][0] <= index:
            found.append(self._begun.popleft()[1])
        return found

    def at_end(self, last: _Taken | None) -> tuple[int, int]:
        """The last file and how many of its records are done, once all are."""
        if last is None or last.source != self._last:
            return self._last, self._start.records if self._last == 0 else 0
        return self._last, last.number


def _write_parts(job: Job, parts: Parts, reader: _Reader, start: _Start, new: Counts) -> int:
    """Write what is left; the number of parts that there are then."""
    number, in_part, last = start.parts, 0, None
    counts = Counts()

    def commit(source: int, records: int) -> None:
        nonlocal number, in_part, counts
        parts.commit(number, reader.begun(source), records, counts.to_dict())
        new.merge(counts.to_dict())
        number, in_part, counts = number + 1, 0, Counts()

    with closing(_results(job, reader)) as results:
        for taken, row in results:
            # Not before the next row is here: files without pages at the end belong to the last part.
            if last is not None and in_part == job.part_rows:
                commit(last.source, last.number)
            parts.write(row)
            counts.add(row, damaged=taken.record.damage)
            in_part, last = in_part + 1, taken
    if in_part or not number:
        commit(*reader.at_end(last))
    return number


def _results(job: Job, reader: _Reader) -> Generator[tuple[_Taken, Row], None, None]:
    """The rows of all records, in order."""
    if job.isolation is None and job.workers == 1:
        for taken in reader:
            yield taken, row_of(taken.record, job.settings)
        return
    crew = RowCrew(job.settings, job.isolation)
    yield from in_order(partial(_do, crew), reader, job.workers, size=_size, end=crew.dismiss)


def _do(crew: RowCrew, chunk: Sequence[_Taken]) -> list[tuple[_Taken, Row]]:
    """The rows of some records; what a record was is kept, what was in it is let go."""
    made = crew.do([taken.record for taken in chunk])
    return [
        (taken._replace(record=replace(taken.record, data=b"")), row)
        for taken, row in zip(chunk, made, strict=True)
    ]


def _size(taken: _Taken) -> int:
    return len(taken.record.data)
