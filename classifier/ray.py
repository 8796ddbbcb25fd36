"""Ray Data: a data set of pages -> a data set of rows, those of `declutter batch`.

    import ray
    from classifier.ray import TableRows, classify

    rows = classify(ray.data.read_parquet("pages"), "html", concurrency=8)
    rows = pages.map_batches(TableRows, batch_format="pyarrow", batch_size=100, concurrency=8)    # the same

Ray's machines need this package; Ray Data is the extra `ray`.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from classifier.batch.arrow import RowMaker
from classifier.batch.records import PageFields
from classifier.batch.rows import Settings
from classifier.workers import Isolation

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset

__all__ = ["Isolation", "PageFields", "RowMaker", "Settings", "TableRows", "classify"]

# Pages of a batch: some megabytes.
_BATCH_SIZE: Final = 100


class TableRows:
    """What `map_batches` calls in each of its actors; the model is loaded once an actor.

    Args:
        maker: what decides about the rows; `fn_constructor_args=(maker,)` hands it over.
    """

    def __init__(self, maker: RowMaker | None = None) -> None:
        self._maker = maker or RowMaker()

    def __call__(self, table: "pa.Table") -> "pa.Table":
        """One row a row of the table; as `RowMaker`."""
        import pyarrow as pa

        batches = table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
        return pa.Table.from_batches([self._maker(batch) for batch in batches])


def classify(
    dataset: "Dataset",
    content_col: str | None = None,
    maker: RowMaker | None = None,
    *,
    concurrency: int | tuple[int, int] = 1,
) -> "Dataset":
    """One row a row of the data set: the columns of `declutter batch`, and those that the maker keeps.

    `source` and `position` are null; so is `id`, unless there is a column for it.

    Args:
        dataset: with a column of pages, text or binary.
        content_col: the column of the pages; None for the first there is of `html`, `text`.
        maker: all else, such as `RowMaker(Settings(favor="precision"), keep=("language",))`. With its
            `isolation` a page that hangs, or ends its process, costs one row.
        concurrency: how many actors, or the least and the most of them. Each keeps a processor of Ray's
            to itself: where they keep all, steps before this one, such as `repartition`, may wait for it.
            Leave one free.

    Raises:
        ValueError: told while the data set is worked on, as Ray's own error: a column is not there.
    """
    from ray.data import ActorPoolStrategy

    least, most = (concurrency, concurrency) if isinstance(concurrency, int) else concurrency
    maker = maker or RowMaker()
    if content_col is not None:
        maker = replace(maker, fields=replace(maker.fields, page=content_col))
    return dataset.map_batches(
        TableRows,
        fn_constructor_args=(maker,),
        batch_format="pyarrow",
        batch_size=_BATCH_SIZE,
        compute=ActorPoolStrategy(min_size=least, max_size=most),
    )
