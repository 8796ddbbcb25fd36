"""Records -> rows in worker processes, so that a record that ends its process costs one row."""

from collections.abc import Sequence
from functools import partial

from classifier.batch.records import Record
from classifier.batch.rows import Row, Settings, error_row, row_of
from classifier.errors import ModelError
from classifier.many import WARM_UP
from classifier.workers import Crew, Isolation

__all__ = ["RowCrew"]


class RowCrew:
    """Workers that make rows; as many as there are threads that ask them at once.

    Args:
        isolation: what each record may take.
    """

    def __init__(self, settings: Settings, isolation: Isolation | None) -> None:
        first = Record(id="", source="", position=1, data=WARM_UP)
        self._settings = settings
        self._crew = Crew(partial(row_of, settings=settings), isolation, [first] if isolation else [])
        self.dismiss = self._crew.dismiss

    def do(self, records: Sequence[Record]) -> list[Row]:
        """One row a record, in order; as `rows`, and whatever a record does to its worker.

        Raises:
            ModelError: the model cannot be loaded.
            WorkerError: no worker can be started.
        """
        outcomes = self._crew.do(records)
        for outcome in outcomes:
            if isinstance(outcome, ModelError):
                raise outcome
        return [
            error_row(record, outcome, self._settings) if isinstance(outcome, Exception) else outcome
            for record, outcome in zip(records, outcomes, strict=True)
        ]
