"""`declutter batch`: the options of a run and what is told about it."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from classifier.batch.options import (
    add_page_options,
    check_page_options,
    fields_of,
    isolation_of,
    load_model,
    positive,
    settings_of,
)
from classifier.errors import BatchError, WorkerError

if TYPE_CHECKING:
    from classifier.batch.run import Job, Report

__all__ = ["batch", "make_parser", "parse"]

DONE, DAMAGED, REFUSED, NO_WORKER, NOT_WRITTEN, INTERRUPTED = 0, 1, 2, 3, 4, 130
MEGABYTE: Final = 1_000_000

EPILOG: Final = """\
inputs:
  files, folders, quoted patterns, and URIs of such (s3://bucket/crawl/*.warc.gz, hdfs://, https://;
  needs the extra 'remote'); each file may be compressed with gzip or Zstandard
  *.jsonl, *.ndjson   a JSON object a line: "html" or "text", and if you like "id", "url", "encoding",
                      "date"
  *.parquet           columns of the same names (needs the extra 'batch', as does Zstandard)
  *.warc, *.wet       responses, resources and conversions
  any other           one page

output:
  OUT/part-000000.jsonl and so on: a row a page, in the order of the input, with "status" (ok,
  truncated, error), "error", where the page came from, its type, confidence and text. Each part is
  there as a whole or not at all. Whatever ended a run, the same command goes on where it was and
  leaves what an undisturbed run leaves. OUT/_summary.json is there once all is done, and then
  OUT/_sites.sqlite3 may go, in which --by-site keeps what pages tell of their sites. The formats wet
  and wet.gz are WARC files: a conversion record with the text, or, for a page with an error, a
  metadata record without a body; the rest of the row stands in the header (X-Declutter-Status).

exit status:
  0    all pages have their row; pages with errors are counted in the summary
  1    so do they, but some input was damaged or could not be read: see the rows with "DamagedSource"
  2    wrong usage, the input cannot be listed, or OUT and the input do not fit together
  3    the model cannot be loaded, or a worker not be started
  4    OUT cannot be written, for example as the disk is full
  130  interrupted

examples:
  declutter batch crawl/ rows/
  declutter batch --format parquet --workers 8 'CC-MAIN-*.warc.gz' rows/
  declutter batch --add markdown --seconds 10 pages.jsonl.gz rows/
  declutter batch --by-site 'CC-MAIN-*.warc.gz' rows/
  declutter batch 's3://bucket/crawl/*.warc.gz' rows/
  declutter batch --add fingerprint crawl/ rows/   rows that share a string are nearly the same text
"""


def batch(argv: Sequence[str], tell: Callable[[str], None]) -> int:
    """Run the command and return its exit status.

    Args:
        tell: says a line to the user.

    Raises:
        ModelError: the model cannot be loaded.
        OSError: the parts cannot be written.
    """
    options = parse(argv)
    from classifier.batch.progress import Watch
    from classifier.batch.run import run_batch
    from classifier.batch.sources import list_sources

    try:
        job = job_of(options)
    except ImportError as error:  # a column needs a package that is not installed
        tell(str(error))
        return REFUSED
    load_model(job.settings)
    started = monotonic()
    try:
        passes = 1 + job.settings.by_site
        watch = Watch(
            lambda: passes * sum(max(0, source.size) for source in list_sources(job.inputs, job.out)),
            wanted=not options.quiet,
        )
        try:
            report = run_batch(job, watch)
        finally:
            watch.close()
    except (BatchError, ImportError) as error:
        tell(str(error))
        return REFUSED
    except WorkerError as error:
        tell(str(error))
        return NO_WORKER
    except KeyboardInterrupt:
        tell("interrupted: the same command goes on from here")
        return INTERRUPTED
    if not options.quiet:
        for line in lines(report, monotonic() - started):
            tell(line)
    return DAMAGED if report.all.total["damaged"] else DONE


def make_parser() -> argparse.ArgumentParser:
    """The options, in the order in which --help shows them."""
    parser = argparse.ArgumentParser(
        "declutter batch",
        description="Label many pages, from files to files; go on after whatever ended the run before.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="IN", help="a file, a folder, a pattern, or a URI")
    add("out", type=Path, metavar="OUT", help="a local folder for the rows; made if need be")
    formats = ["jsonl", "jsonl.gz", "parquet", "wet", "wet.gz"]
    add("--format", choices=formats, default="jsonl", help="of the parts (default: jsonl)")
    add("--part-rows", type=positive, default=1000, metavar="N", help="rows of a part (default: 1000)")
    add("--workers", type=positive, default=processors(), metavar="N", help="processes (default: processors)")
    add_page_options(parser)
    add("-q", "--quiet", action="store_true", help="no progress and no summary on standard error")
    return parser


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; wrong usage exits with status 2."""
    parser = make_parser()
    options = parser.parse_args(argv)
    check_page_options(parser, options)
    return options


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def job_of(options: argparse.Namespace) -> "Job":
    """The run that the options ask for."""
    from classifier.batch.run import Job

    return Job(
        inputs=tuple(options.inputs),
        out=options.out,
        settings=settings_of(options),
        fields=fields_of(options),
        format=options.format,
        part_rows=options.part_rows,
        isolation=isolation_of(options),
        workers=options.workers,
    )


def lines(report: "Report", seconds: float) -> list[str]:
    """The summary, for people."""
    new, done = report.new.total, report.all.total
    size, pages = new["bytes"] / MEGABYTE, new["pages"]
    before = done["pages"] - pages
    rate = f"{pages / seconds:,.1f} pages/s, {size / seconds:,.2f} MB/s" if pages else "nothing left to do"
    first = f"{done['pages']:,} pages" + (f", {before:,} of them by runs before" if before else "")
    return [f"{first}; {size:,.1f} MB in {seconds:,.1f} s: {rate}", *report.all.lines()]
