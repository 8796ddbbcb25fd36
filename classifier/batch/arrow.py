"""Arrow batches of records -> Arrow batches of rows: what an engine that moves Arrow data needs, all of it.

The rows are those of `declutter batch`. An adapter for an engine hands batches in and out and does no more.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from classifier.batch.crew import RowCrew, SketchCrew
from classifier.batch.records import PageFields, Record, record_of
from classifier.batch.rows import Row, Settings, arrow_schema, clean, columns, rows, sketch_of
from classifier.batch.sites import Sketch
from classifier.many import CHUNK_PAGES
from classifier.workers import Isolation

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SITE_PROFILE", "RowMaker", "record_batches", "record_schema", "sketch_schema"]

Made = TypeVar("Made")
CrewKind = TypeVar("CrewKind", RowCrew, SketchCrew)

# What a batch has for each field of a `Record`. `data` are bytes, those of UTF-8 where `is_str`.
_RECORD: Final = {
    "id": "string",
    "source": "string",
    "position": "int64",
    "url": "string",
    "date": "string",
    "data": "binary",
    "is_str": "bool",
    "encoding": "string",
    "kind": "string",
    "truncated": "string",
    "error": "string",
    "damage": "bool",
}
# What a batch may have besides: the profile of each page's site, as bytes.
SITE_PROFILE: Final = "site_profile"
# A batch of records ends at the first of these, so that it fits into memory many times.
_BATCH_RECORDS: Final = 100
_BATCH_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes a batch of rows of a batch of records: exactly one row a record, in order.

    It can be pickled; the model is loaded once a process, and so is the worker process of `isolation`
    started.

    Args:
        fields: which column is what, for tables of all kinds. Batches of `record_batches` are known
            by their columns, and need none.
        isolation: what each page may take; None works in this very process, which a bad page can end.
        keep: columns to hand on, after those of the row.
    """

    settings: Settings = field(default_factory=Settings)
    fields: PageFields = field(default_factory=PageFields)
    isolation: Isolation | None = field(default_factory=Isolation)
    keep: tuple[str, ...] = ()

    def check(self, names: Iterable[str]) -> None:
        """See that a table with columns of these names can be worked on.

        Raises:
            ValueError: it has no column for the page, or none that is to be kept, or one that is to be
                kept has the name of another.
        """
        present = list(names)
        if not (set(_RECORD) <= set(present) or self.fields.pages() & set(present)):
            wanted = " or ".join(repr(one) for one in sorted(self.fields.pages()))
            raise ValueError(f"there is no column {wanted} with the page among {present}: say which it is")
        if missing := set(self.keep) - set(present):
            raise ValueError(f"the columns to keep, {sorted(missing)}, are not among {present}")
        if twice := set(self.keep) & set(columns(self.settings)):
            raise ValueError(
                f"the columns to keep, {sorted(twice)}, have names of columns of the rows: rename"
            )

    def __call__(self, batch: "pa.RecordBatch") -> "pa.RecordBatch":
        """The rows of a batch, with the columns of `arrow_schema(settings)` and those that are kept.

        Whatever is wrong with a page stands in its row.

        Raises:
            ValueError: as `check`; or pages are to be weighed by their sites, and there is no column
                `site_profile` of bytes.
            ModelError: the model cannot be loaded.
            WorkerError: no worker can be started.
        """
        import pyarrow as pa

        self.check(batch.schema.names)
        self._check_profiles(batch.schema)
        make: Callable[[Sequence[Record]], list[Row]] = partial(rows, settings=self.settings)
        if self.isolation is not None:
            make = _crew(RowCrew, self.settings, self.isolation, os.getpid()).do
        made = _in_chunks(make, _records(batch, self.fields, profiles=self.settings.by_site))
        if not set(_RECORD) <= set(batch.schema.names):
            made = _without_places(made, batch, self.fields.id)
        found = pa.RecordBatch.from_pylist(made, arrow_schema(self.settings))
        for name in self.keep:
            found = found.append_column(batch.schema.field(name), batch.column(name))
        return found

    def _check_profiles(self, schema: "pa.Schema") -> None:
        import pyarrow as pa

        if not self.settings.by_site:
            return
        types = {one.name: one.type for one in schema}
        if SITE_PROFILE not in types:
            raise ValueError(
                f"weighing pages by their sites needs a column {SITE_PROFILE!r}, which "
                "classifier.spark.classify makes, and `declutter batch --by-site` needs none"
            )
        if not (pa.types.is_binary(types[SITE_PROFILE]) or pa.types.is_large_binary(types[SITE_PROFILE])):
            raise ValueError(
                f"the column {SITE_PROFILE!r} is {types[SITE_PROFILE]}, not the bytes of profiles: rename it"
            )

    def url_column(self, names: Iterable[str]) -> str:
        """The column of the addresses in a table with columns of these names."""
        return "url" if set(_RECORD) <= set(names) else self.fields.url

    def sketches(self, batch: "pa.RecordBatch") -> "pa.RecordBatch":
        """What the pages of a batch tell of their sites, with the columns of `sketch_schema`.

        Of one site the pages with the `MAX_PAGES` lowest fingerprints are its profile, which
        `merge_profiles` makes. Pages that tell nothing are left out: no address, no text, an error.

        Raises:
            ValueError, ModelError, WorkerError: as the call.
        """
        import pyarrow as pa

        self.check(batch.schema.names)
        make: Callable[[Sequence[Record]], list[Sketch | None]]
        if self.isolation is None:
            make = partial(_sketches, settings=self.settings)
        else:
            make = _crew(SketchCrew, self.settings, self.isolation, os.getpid()).do
        made = [one for one in _in_chunks(make, _records(batch, self.fields)) if one is not None]
        columns = [
            [one.site for one in made],
            [one.fingerprint for one in made],
            [one.profile for one in made],
        ]
        return pa.RecordBatch.from_arrays(
            [pa.array(values, field.type) for values, field in zip(columns, sketch_schema(), strict=True)],
            schema=sketch_schema(),
        )


def _sketches(records: Sequence[Record], settings: Settings) -> list[Sketch | None]:
    return [sketch_of(record, settings) for record in records]


def _in_chunks(make: Callable[[Sequence[Record]], list[Made]], records: Iterator[Record]) -> list[Made]:
    made: list[Made] = []
    while chunk := list(islice(records, CHUNK_PAGES)):
        made += make(chunk)
    return made


_crews: Final[dict[tuple[type, Settings, Isolation, int], Any]] = {}


def _crew(kind: type[CrewKind], settings: Settings, isolation: Isolation, process: int) -> CrewKind:
    """The worker of this process; a fork, which has another number, gets its own."""
    for other in {RowCrew, SketchCrew} - {kind}:
        # An engine that uses its processes again is done with the other kind.
        if done := _crews.pop((other, settings, isolation, process), None):
            done.dismiss()
    key = kind, settings, isolation, process
    if key not in _crews:
        _crews[key] = kind(settings, isolation)
    crew: CrewKind = _crews[key]
    return crew


def _without_places(made: list[Row], batch: "pa.RecordBatch", identity: str) -> list[Row]:
    """The rows without what a table does not tell, which is where its pages were found; the name of a
    page says it, too, where the table has none."""
    count = batch.num_rows
    named = (
        batch.column(identity).is_valid().to_pylist() if identity in batch.schema.names else [False] * count
    )
    return [
        row | {"source": None, "position": None, "id": row["id"] if has_name else None}
        for row, has_name in zip(made, named, strict=True)
    ]


def _records(batch: "pa.RecordBatch", fields: PageFields, *, profiles: bool = False) -> Iterator[Record]:
    """The records of a batch; those of a table have the number of the row as their position."""
    names = batch.schema.names
    is_record = set(_RECORD) <= set(names)
    known = set(_RECORD) if is_record else fields.names()
    wanted = [name for name in names if name in known or (profiles and name == SITE_PROFILE)]
    for row in range(batch.num_rows):
        found = {name: _value(batch.column(name)[row]) for name in wanted}
        profile = found.pop(SITE_PROFILE, None) if profiles else None
        record = _record(found) if is_record else record_of(found, "row", row + 1, fields)
        yield replace(record, site_profile=profile) if profile is not None else record


def _value(scalar: "pa.Scalar") -> Any:
    """The value; of a text that is not in UTF-8, as engines allow it, the bytes."""
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return scalar.as_buffer().to_pybytes()


def _record(found: dict[str, Any]) -> Record:
    if found.pop("is_str"):
        found["data"] = found["data"].decode("utf-8", "surrogatepass")
    return Record(**found)


def record_schema() -> "pa.Schema":
    """The columns of a batch of records."""
    import pyarrow as pa

    return pa.schema([pa.field(name, pa.type_for_alias(alias)) for name, alias in _RECORD.items()])


def sketch_schema() -> "pa.Schema":
    """The columns of `RowMaker.sketches`: the site, the page's fingerprint (8 bytes, in whose order pages are
    kept), and the profile that it would be alone."""
    import pyarrow as pa

    return pa.schema([("site", pa.string()), ("fingerprint", pa.binary()), ("profile", pa.binary())])


def record_batches(records: Iterable[Record]) -> Iterator["pa.RecordBatch"]:
    """Records in batches that lose nothing of them, read no further ahead than one batch."""
    import pyarrow as pa

    schema, rows, size = record_schema(), [], 0
    names = [name for name in schema.names if name not in ("data", "is_str")]
    for record in records:
        row = {name: clean(getattr(record, name)) for name in names}
        data = record.data
        row["is_str"] = isinstance(data, str)
        row["data"] = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        rows.append(row)
        size += len(row["data"])
        if len(rows) == _BATCH_RECORDS or size >= _BATCH_BYTES:
            yield pa.RecordBatch.from_pylist(rows, schema)
            rows, size = [], 0
    if rows:
        yield pa.RecordBatch.from_pylist(rows, schema)
