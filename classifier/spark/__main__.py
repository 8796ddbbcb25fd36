"""`python -m classifier.spark IN... OUT`: the pages in files, through Spark, to Parquet."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from classifier.batch.arrow import RowMaker
from classifier.batch.options import (
    add_page_options,
    check_page_options,
    fields_of,
    isolation_of,
    load_model,
    settings_of,
)
from classifier.errors import BatchError, ModelError
from classifier.spark import classify_files

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DONE, DAMAGED, REFUSED, NO_MODEL, FAILED = 0, 1, 2, 3, 4
_PARTITIONS: Final = ("status", "type", "kind", "source")
_DAMAGE: Final = "^(DamagedSource|MissingPackage): "
EPILOG: Final = """\
The inputs are those of `declutter batch`, on a file system that all executors share, or URIs that
they can read (s3://bucket/crawl/*.warc.gz, hdfs://, https://; needs the extra 'remote' on each of
them); each file is a task. The rows are the same, too, but in no order: sort them by source and
position if you need one.
OUT is whatever Spark can write to.

exit status:
  0  all pages have their row; pages with errors are counted
  1  so do they, but some input was damaged or could not be read: see the rows with "DamagedSource", and
     those with "MissingPackage", which tell what executors lack
  2  wrong usage, the input cannot be listed, or OUT is there already
  3  the model cannot be loaded
  4  Spark gave the job up: OUT is not complete

examples:
  python -m classifier.spark 'crawl/*.warc.gz' rows
  spark-submit --master spark://host:7077 classifier/spark/__main__.py --partition-by type /crawl /rows
"""


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    options = parse(argv)
    try:
        maker = RowMaker(settings_of(options), fields_of(options), isolation_of(options))
        load_model(maker.settings)
        spark = session(options.master)
        return write(spark, options, maker)
    except ModelError as error:
        print(error, file=sys.stderr)
        return NO_MODEL
    except (BatchError, ImportError) as error:
        print(error, file=sys.stderr)
        return REFUSED


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; wrong usage exits with status 2."""
    parser = argparse.ArgumentParser(
        "python -m classifier.spark",
        description="Label many pages with Spark, from files to Parquet.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="IN", help="a file, a folder, a pattern, or a URI")
    add("out", metavar="OUT", help="a folder that is not there yet")
    add("--master", metavar="URL", help="where spark-submit does not say it (default: local[*])")
    by = "a folder for each value of this column; may be repeated"
    add("--partition-by", action="append", choices=_PARTITIONS, default=[], help=by)
    add_page_options(parser)
    options = parser.parse_args(argv)
    check_page_options(parser, options)
    return options


def session(master: str | None) -> "SparkSession":
    """The session: that of spark-submit, or one of this process.

    Raises:
        ImportError: PySpark is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ImportError("Spark needs PySpark 4: pip install 'clutter-classifier[spark]'") from None
    builder = SparkSession.builder.appName("clutter-classifier")
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # not started by spark-submit
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        master = master or "local[*]"
        if master.startswith("local"):  # nothing of it is for other machines
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
            builder = builder.config("spark.ui.enabled", "false")
    return (builder.master(master) if master else builder).getOrCreate()


def write(spark: "SparkSession", options: argparse.Namespace, maker: RowMaker) -> int:
    """Write the rows, count them, and return the exit status."""
    from py4j.protocol import Py4JError
    from pyspark.errors import AnalysisException, PySparkException

    try:
        classify_files(spark, options.inputs, maker).write.parquet(
            options.out, partitionBy=options.partition_by or None
        )
    except AnalysisException as error:
        print(error, file=sys.stderr)
        return REFUSED
    except (PySparkException, Py4JError) as error:
        print(error, file=sys.stderr)
        return FAILED
    rows = spark.read.parquet(options.out)
    counts = {row["status"]: row["count"] for row in rows.groupBy("status").count().collect()}
    shown = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    print(f"{sum(counts.values()):,} pages: {shown}", file=sys.stderr)
    damaged = rows.filter(rows.error.rlike(_DAMAGE)).limit(1).count()
    return DAMAGED if damaged else DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
