"""A run: the records of all sources, through workers, into parts, from where the last run was ended.

Where pages are weighed by their sites there are two passes (see `classifier.batch.passes`): one for what the
pages tell of their sites, and one for the rows.
"""

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import classifier
from classifier.batch.crew import RecordCrew, RowCrew, SketchCrew
from classifier.batch.parts import Parts, write_json
from classifier.batch.passes import Reader, Taken, as_before, resume, see_none_new, write_parts
from classifier.batch.progress import Watch
from classifier.batch.records import PageFields, Record
from classifier.batch.rows import Row, Settings, row_of, sketch_of
from classifier.batch.sinks import Format
from classifier.batch.sites import SiteStore
from classifier.batch.sources import Source, list_sources
from classifier.batch.summary import Counts
from classifier.many import in_order
from classifier.workers import Isolation

__all__ = ["Job", "Report", "run_batch"]

Result = TypeVar("Result")

_MODELS: Final = Path(classifier.__file__).parent / "models"


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, what to do with it, and where to leave it."""

    inputs: tuple[str, ...]
    """Files, folders, patterns, and URIs of such."""
    out: Path
    """The folder of the parts, a local one."""
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
        del settings["profiles"]  # in the folder itself, wherever that is moved
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
        start = resume(parts, sources)
        summary = job.out / "_summary.json"
        if start.parts and _is_complete(summary, start.parts):
            see_none_new(parts, sources)
            watch.skip(start.whole_size * (1 + job.settings.by_site))
            return Report(start.counts, Counts())
        if job.settings.by_site:
            store = job.out / "_sites.sqlite3"
            sources = _gather_sites(job, store, watch)
            start = resume(parts, sources)
            job = replace(job, settings=replace(job.settings, profiles=store))
        watch.skip(start.size)
        summary.unlink(missing_ok=True)
        new = Counts()
        reader = Reader(job.fields, job.settings.max_bytes, sources, start, watch)
        with closing(_results(job, reader, row_of, RowCrew)) as results:
            number = write_parts(results, parts, reader, job.part_rows, new)
        start.counts.merge(new.to_dict())
        write_json(summary, {"parts": number} | start.counts.to_dict())
        return Report(start.counts, new)


def _gather_sites(job: Job, path: Path, watch: Watch) -> Iterator[Source]:
    """See that a store holds what all pages tell of their sites, which comes first: each row rests on it.

    Returns:
        The files, which have to be as they were then.
    """
    sources = list_sources(job.inputs, job.out)
    with closing(SiteStore(path, job.out)) as store:
        start = resume(store, sources)
        if store.is_complete:
            watch.skip(start.whole_size)
            return as_before(store, list_sources(job.inputs, job.out))
        watch.skip(start.size)
        reader = Reader(job.fields, job.settings.max_bytes, sources, start, watch)
        with closing(_results(job, reader, sketch_of, SketchCrew)) as results:
            write_parts(results, store, reader, job.part_rows, Counts())
        store.complete()
        return as_before(store, list_sources(job.inputs, job.out))


def _results(
    job: Job,
    reader: Reader,
    work: Callable[[Record, Settings], Result],
    crew_of: Callable[[Settings, Isolation | None], RecordCrew[Result]],
) -> Generator[tuple[Taken, Result], None, None]:
    """What is made of all records that are left, in order."""
    if job.isolation is None and job.workers == 1:
        for taken in reader:
            yield taken, work(taken.record, job.settings)
        return
    crew = crew_of(job.settings, job.isolation)
    yield from in_order(partial(_do, crew), reader, job.workers, size=_size, end=crew.dismiss)


def _do(crew: RecordCrew[Result], chunk: Sequence[Taken]) -> list[tuple[Taken, Result]]:
    """The results of some records; what a record was is kept, what was in it is let go."""
    made = crew.do([taken.record for taken in chunk])
    return [
        (taken._replace(record=replace(taken.record, data=b"")), result)
        for taken, result in zip(chunk, made, strict=True)
    ]


def _size(taken: Taken) -> int:
    return len(taken.record.data)


def _is_complete(summary: Path, parts: int) -> bool:
    try:
        return bool(json.loads(summary.read_bytes())["parts"] == parts)
    except (OSError, ValueError, KeyError, TypeError):
        return False
