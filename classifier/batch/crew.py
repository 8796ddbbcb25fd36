"""Records -> rows, or sketches, in worker processes, so that one that ends its process costs no other."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from classifier.batch.records import Record
from classifier.batch.rows import Row, Settings, error_row, row_of, sketch_of
from classifier.batch.sites import Sketch
from classifier.errors import BatchError, ModelError
from classifier.many import WARM_UP
from classifier.workers import Crew, Isolation

__all__ = ["RecordCrew", "RowCrew", "SketchCrew"]

Result = TypeVar("Result")


class RecordCrew(ABC, Generic[Result]):
    """Workers that make something of each record; as many as there are threads that ask them at once.

    Args:
        isolation: what each record may take.
    """

    def __init__(
        self, work: Callable[[Record], Result], settings: Settings, isolation: Isolation | None
    ) -> None:
        first = Record(id="", source="", position=1, data=WARM_UP)
        self._settings = settings
        self._crew = Crew(work, isolation, [first] if isolation else [])
        self.dismiss = self._crew.dismiss

    def do(self, records: Sequence[Record]) -> list[Result]:
        """One result a record, in order, whatever a record does to its worker.

        Raises:
            ModelError: the model cannot be loaded.
            BatchError: profiles of sites cannot be read.
            WorkerError: no worker can be started.
        """
        outcomes = self._crew.do(records)
        for outcome in outcomes:
            if isinstance(outcome, ModelError | BatchError):
                raise outcome
        return [
            self._failed(record, outcome) if isinstance(outcome, Exception) else outcome
            for record, outcome in zip(records, outcomes, strict=True)
        ]

    @abstractmethod
    def _failed(self, record: Record, error: Exception) -> Result:
        """What is made of a record that could not be worked on."""


class RowCrew(RecordCrew[Row]):
    """Workers that make rows, as `rows` does."""

    def __init__(self, settings: Settings, isolation: Isolation | None) -> None:
        super().__init__(partial(row_of, settings=settings), settings, isolation)

    def _failed(self, record: Record, error: Exception) -> Row:
        return error_row(record, error, self._settings)


class SketchCrew(RecordCrew[Sketch | None]):
    """Workers that make sketches, as `sketch_of` does."""

    def __init__(self, settings: Settings, isolation: Isolation | None) -> None:
        super().__init__(partial(sketch_of, settings=settings), settings, isolation)

    def _failed(self, record: Record, error: Exception) -> None:
        """Nothing: the row of the page will tell."""
