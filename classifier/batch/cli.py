"""`declutter batch`: the options of a run and what is told about it."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from classifier.errors import BatchError, ClassifierError, ModelError, UntrustedModelError, WorkerError
from classifier.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from classifier.batch.rows import Settings
    from classifier.batch.run import Job, Report

__all__ = ["batch", "make_parser", "parse"]

DONE, DAMAGED, REFUSED, NO_WORKER, NOT_WRITTEN, INTERRUPTED = 0, 1, 2, 3, 4, 130
MEGABYTE: Final = 1_000_000
MAX_BYTES: Final = DEFAULT_LIMITS.max_bytes

EPILOG: Final = """\
inputs:
  files, folders, quoted patterns; each file may be compressed with gzip or Zstandard
  *.jsonl, *.ndjson   a JSON object a line: "html" or "text", and if you like "id", "url", "encoding"
  *.parquet           columns of the same names (needs the extra 'batch', as does Zstandard)
  *.warc, *.wet       responses, resources and conversions
  any other           one page

output:
  OUT/part-000000.jsonl and so on: a row a page, in the order of the input, with "status" (ok,
  truncated, error), "error", where the page came from, its type, confidence and text. Each part is
  there as a whole or not at all. Whatever ended a run, the same command goes on where it was and
  leaves what an undisturbed run leaves. OUT/_summary.json is there once all is done.

exit status:
  0    all pages have their row; pages with errors are counted in the summary
  1    so do they, but some input was damaged or could not be read: see the rows with "DamagedSource"
  2    wrong usage, or OUT and the input do not fit together
  3    the model cannot be loaded, or a worker not be started
  4    OUT cannot be written, for example as the disk is full
  130  interrupted

examples:
  declutter batch crawl/ rows/
  declutter batch --format parquet --workers 8 'CC-MAIN-*.warc.gz' rows/
  declutter batch --add markdown --seconds 10 pages.jsonl.gz rows/
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

    job = job_of(options)
    load_model(job.settings)
    started = monotonic()
    try:
        watch = Watch(
            lambda: sum(max(0, source.size) for source in list_sources(job.inputs, job.out)),
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
    add("inputs", nargs="+", metavar="IN", help="a file, a folder, or a pattern")
    add("out", type=Path, metavar="OUT", help="a folder for the rows; made if need be")
    formats = ["jsonl", "jsonl.gz", "parquet"]
    add("--format", choices=formats, default="jsonl", help="of the parts (default: jsonl)")
    extras = ["markdown", "html", "blocks", "metadata"]
    add("--add", action="append", choices=extras, default=[], help="a further column")
    add("--part-rows", type=positive, default=1000, metavar="N", help="rows of a part (default: 1000)")
    add("--workers", type=positive, default=processors(), metavar="N", help="processes (default: processors)")
    add("--seconds", type=float, default=30.0, metavar="S", help="time a page may take (default: 30)")
    add("--memory", type=positive, default=2048, metavar="MB", help="memory it may take (default: 2048)")
    add("--no-isolate", action="store_true", help="no limits: faster by little, ended by one bad page")
    policy = parser.add_mutually_exclusive_group().add_argument
    favors = ["balance", "precision", "recall"]
    policy("--favor", choices=favors, default="balance", help="precision keeps less, recall more")
    policy("--threshold", type=float, metavar="P", help="keep blocks of probability P or more")
    add("--kind", choices=["auto", "html", "text"], default="auto", help="how to read pages")
    size = "larger pages are read up to there (default: %(default)s)"
    add("--max-bytes", type=positive, default=MAX_BYTES, metavar="N", help=size)
    for name, what in (("page", "page"), ("id", "record's name"), ("url", "URL"), ("encoding", "encoding")):
        default = "html, else text" if name == "page" else name
        field = f"the field or column of the {what} (default: {default})"
        add(f"--{name}-field", metavar="NAME", default=None if name == "page" else name, help=field)
    add("--model", type=Path, metavar="PATH", help="a model file, or a folder of them")
    add("--trust-model", action="store_true", help="allow a joblib model, which can run any code")
    add("-q", "--quiet", action="store_true", help="no progress and no summary on standard error")
    return parser


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; wrong usage exits with status 2."""
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.threshold is not None and not 0 <= options.threshold <= 1:
        parser.error("--threshold must lie between 0 and 1")
    if not options.seconds > 0:
        parser.error("--seconds must be above 0")
    return options


def positive(text: str) -> int:
    """A whole number above 0."""
    if (value := int(text)) < 1:
        raise ValueError
    return value


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def job_of(options: argparse.Namespace) -> "Job":
    """The run that the options ask for."""
    from classifier.batch.containers import PageFields
    from classifier.batch.rows import EXTRAS, Settings
    from classifier.batch.run import Job
    from classifier.workers import Isolation

    return Job(
        inputs=tuple(options.inputs),
        out=options.out,
        settings=Settings(
            options.model,
            options.trust_model,
            options.kind,
            options.favor,
            options.threshold,
            options.max_bytes,
            tuple(extra for extra in EXTRAS if extra in options.add),
        ),
        fields=PageFields(options.page_field, options.id_field, options.url_field, options.encoding_field),
        format=options.format,
        part_rows=options.part_rows,
        isolation=None if options.no_isolate else Isolation(options.seconds, options.memory << 20),
        workers=options.workers,
    )


def load_model(settings: "Settings") -> None:
    """Load the model that the user names, if any, so that what is wrong with it comes first.

    Raises:
        ModelError: it cannot be loaded.
    """
    try:
        settings.classifier()
    except UntrustedModelError:
        advice = "can run any code when loaded; if it is your own work, add --trust-model"
        raise UntrustedModelError(f"{settings.model} {advice}") from None
    except ClassifierError:
        raise
    except Exception as error:  # files are damaged in more ways than a loader foresees
        raise ModelError(f"{settings.model}: {type(error).__name__}: {error}") from error


def lines(report: "Report", seconds: float) -> list[str]:
    """The summary, for people."""
    new, done = report.new.total, report.all.total
    size, pages = new["bytes"] / MEGABYTE, new["pages"]
    before = done["pages"] - pages
    rate = f"{pages / seconds:,.1f} pages/s, {size / seconds:,.2f} MB/s" if pages else "nothing left to do"
    first = f"{done['pages']:,} pages" + (f", {before:,} of them by runs before" if before else "")
    return [f"{first}; {size:,.1f} MB in {seconds:,.1f} s: {rate}", *report.all.lines()]
