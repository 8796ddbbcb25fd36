"""Apache Spark: pages in a DataFrame or in files -> a DataFrame of rows, those of `declutter batch`.

    from classifier.spark import RowMaker, classify, classify_files, read_records

    rows = classify(frame, "html", RowMaker(keep=("language",)))    # a column of pages
    rows = classify_files(spark, ["crawl/*.warc.gz"])               # files that every executor can read
    rows.write.partitionBy("status").parquet("rows")

`python -m classifier.spark IN... OUT` does the last two, and so does `spark-submit` with the file
`classifier/spark/__main__.py`. Executors need this package, and PySpark 4 is the extra `spark`. Spark hands
over pages of a frame in batches: `spark.sql.execution.arrow.maxRecordsPerBatch` of 100 keeps them small.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from classifier.batch.arrow import SITE_PROFILE, RowMaker, record_batches, record_schema
from classifier.batch.containers import read_source
from classifier.batch.records import PageFields, Record
from classifier.batch.rows import Settings, arrow_schema
from classifier.batch.sources import list_sources
from classifier.limits import DEFAULT_LIMITS
from classifier.spark.sites import with_profiles
from classifier.workers import Isolation

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = ["Isolation", "PageFields", "RowMaker", "Settings", "classify", "classify_files", "read_records"]

Work = Callable[[Iterator["pa.RecordBatch"]], Iterator["pa.RecordBatch"]]

# Arrow's types in the language of Spark's schemas; what is built of them has a form of its own.
_TYPES: Final = {
    "string": "STRING",
    "int64": "BIGINT",
    "float": "FLOAT",
    "binary": "BINARY",
    "bool": "BOOLEAN",
}


def classify(df: "DataFrame", content_col: str | None = None, maker: RowMaker | None = None) -> "DataFrame":
    """One row a row of the frame: the columns of `declutter batch`, and those that the maker keeps.

    `source` and `position` are null, except where the frame is that of `read_records`; so is `id`, unless
    there is a column for it. The model is loaded once a Python worker.

    Args:
        df: with a column of pages, text or binary; or that of `read_records`.
        content_col: the column of the pages; None for the first there is of `html`, `text`.
        maker: all else, such as `RowMaker(Settings(favor="precision"), PageFields(id="key"),
            keep=("language",))`. With its `isolation` a page that hangs, or ends its process, costs one row;
            without, it ends the Python worker, and after some attempts of Spark's the job. With
            `Settings(by_site=True)` pages are weighed by the others of their site, the host of their address;
            a column `site_profile` of `df` takes the place of what is gathered for that.

    Raises:
        ValueError: a column that is needed is not there.
    """
    maker = maker or RowMaker()
    if content_col is not None:
        maker = replace(maker, fields=replace(maker.fields, page=content_col))
    maker.check(df.columns)
    if maker.settings.by_site and SITE_PROFILE not in df.columns:
        df = with_profiles(df, maker)
    schema = _spark_schema(arrow_schema(maker.settings))
    for name in maker.keep:
        schema = schema.add(df.schema[name])
    return df.mapInArrow(_mapped(maker), schema)


def classify_files(
    spark: "SparkSession", paths: Sequence[str | Path], maker: RowMaker | None = None
) -> "DataFrame":
    """The rows of all pages in files, as `declutter batch` writes them; a partition a file.

    As `classify(read_records(...))`, but pages are read where they are classified, so that they never
    travel; but for `Settings(by_site=True)`, which has to bring them to the profiles of their sites.
    A huge file is one task; Spark's own readers split those of JSON Lines and Parquet, and their frames go
    to `classify`.

    Args:
        paths: as of `read_records`.
        maker: how; its fields are those of JSON Lines and Parquet files.

    Raises:
        BatchError: a path is neither a file nor a folder nor a pattern of some, or cannot be listed.
    """
    maker = maker or RowMaker()
    if maker.settings.by_site:
        return classify(read_records(spark, paths, maker.fields, maker.settings.max_bytes), maker=maker)
    files = _listed(paths)
    make, read = _mapped(maker), _reading(files, maker.fields, maker.settings.max_bytes)
    return _of_files(spark, len(files), lambda numbers: make(read(numbers)), arrow_schema(maker.settings))


def read_records(
    spark: "SparkSession",
    paths: Sequence[str | Path],
    fields: PageFields | None = None,
    max_bytes: int = DEFAULT_LIMITS.max_bytes,
) -> "DataFrame":
    """The pages in files, for `classify` or for work of your own: the fields of `Record`, `data` as bytes.

    Files are WARC, WET, JSON Lines, Parquet or single pages, each may be compressed. They are listed here
    and read in the executors, a partition a file, as a stream. What is broken is a record with an `error`.

    Args:
        paths: files, folders and patterns on a file system that this process and all executors share, or
            URIs of such, as texts: `s3://bucket/crawl/*.warc.gz`. All machines need fsspec then, its package
            for the store, and leave to read there.
        fields: of JSON Lines and Parquet files.
        max_bytes: as of `Settings`.

    Raises:
        BatchError: a path is neither a file nor a folder nor a pattern of some, or cannot be listed.
    """
    files = _listed(paths)
    return _of_files(spark, len(files), _reading(files, fields or PageFields(), max_bytes), record_schema())


def _listed(paths: Sequence[str | Path]) -> list[str]:
    return [source.path for source in list_sources([str(path) for path in paths])]


def _of_files(spark: "SparkSession", count: int, work: Work, schema: "pa.Schema") -> "DataFrame":
    """What becomes of the numbers of files, each in a partition of its own."""
    return spark.range(0, count, 1, max(count, 1)).mapInArrow(work, _spark_schema(schema))


def _mapped(maker: RowMaker) -> Work:
    def work(batches: Iterator["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        return map(maker, batches)

    return work


def _reading(files: Sequence[str], fields: PageFields, max_bytes: int) -> Work:
    def records(numbers: Iterator["pa.RecordBatch"]) -> Iterator[Record]:
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                yield from read_source(files[number], fields, max_bytes, lambda _: None)

    def work(numbers: Iterator["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        return record_batches(records(numbers))

    return work


def _spark_schema(schema: "pa.Schema") -> "StructType":
    from pyspark.sql.types import StructType

    return cast(StructType, StructType.fromDDL(", ".join(f"`{one.name}` {_ddl(one.type)}" for one in schema)))


def _ddl(type: "pa.DataType") -> str:
    """The name of an Arrow type in Spark's schemas."""
    import pyarrow as pa

    if pa.types.is_list(type):
        return f"ARRAY<{_ddl(type.value_type)}>"
    if pa.types.is_struct(type):
        return f"STRUCT<{', '.join(f'`{one.name}`: {_ddl(one.type)}' for one in type)}>"
    return _TYPES[str(type)]
