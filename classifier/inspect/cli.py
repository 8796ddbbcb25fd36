"""`declutter inspect`: pages in, one HTML file out."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from classifier.console import (
    STREAM,
    add_page_options,
    check_page_options,
    each_page,
    load_classifier,
    load_site,
    open_output,
    tell,
    with_progress,
)

__all__ = ["PASSED_OVER", "inspect", "is_report", "make_parser", "parse"]

DONE, PAGE_FAILED = 0, 1
PASSED_OVER: Final = "passed over: it is a report of declutter inspect, not a page"
# How a report begins; all else in its head is of its own version.
_START: Final = b"<!doctype html>"
_TITLE: Final = b"<title>declutter inspect</title>"
_HEAD_BYTES: Final = 1024

EPILOG: Final = """\
The report needs neither network nor server: open it in a browser, go through the blocks, correct
the labels that are wrong (mouse or keyboard: ? lists the keys), mark pages as checked, and save.
'Save labels' downloads labels.jsonl, from which train learns: train.corpus.read("labels", FILE).

exit status:
  0    the report holds all pages
  1    it lacks some page: 'declutter: PATH: message' on stderr; without any page none is written
  2    wrong usage, or the profile of a site cannot be read
  3    the model cannot be loaded
  4    the report cannot be written
  130  interrupted

A report that lies among the pages is passed over, so 'crawl/*.html' may name it.

examples:
  declutter inspect -o report.html page.html
  declutter inspect -o report.html crawl/*.html
  curl -s https://example.org/ | declutter inspect - > report.html
"""


def inspect(argv: Sequence[str]) -> int:
    """Run the command and return its exit status.

    Raises:
        ModelError: the model cannot be loaded.
        SiteError: the profile of a site cannot be read.
        OSError: the report cannot be written.
    """
    options = parse(argv)
    from classifier.inspect.report import page_entry, report_of

    classifier, site = load_classifier(options), load_site(options)
    entry = partial(page_entry, features=not options.no_features, explain=not options.no_explain)
    found = each_page(classifier, with_progress(options.paths), options, entry, site)
    entries = [made for _, made in found if made is not None]
    if entries:
        report = report_of(entries)
        with open_output(options.output) as out:
            out.write(report)
    return DONE if len(entries) == len(options.paths) else PAGE_FAILED


def make_parser() -> argparse.ArgumentParser:
    """The options, in the order in which --help shows them."""
    parser = argparse.ArgumentParser(
        "declutter inspect",
        description="Write one HTML file that shows pages as blocks, and in which to correct their labels.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_page_options(parser)
    add = parser.add_argument
    add("--no-explain", action="store_true", help="leave out why: takes less time and space")
    add("--no-features", action="store_true", help="leave out the features' values: takes less space")
    parser.set_defaults(for_a_folder="declutter inspect -o report.html {}/*.html")
    return parser


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; wrong usage exits with status 2."""
    parser = make_parser()
    options = parser.parse_intermixed_args(argv)
    reports = {path for path in options.paths if path != STREAM and is_report(Path(path))}
    if reports:
        for path in sorted(reports):
            tell(f"{path}: {PASSED_OVER}")
        options.paths = [path for path in options.paths if path not in reports]
        if not options.paths:
            parser.error("name a page beside the reports")
    check_page_options(parser, options)
    if options.output == STREAM and sys.stdout is not None and sys.stdout.isatty():
        parser.error("a report is for a browser: name a file for it, as in -o report.html")
    return options


def is_report(path: Path) -> bool:
    """Whether a file is what this command has written."""
    if not path.is_file():  # what a pipe has given is gone
        return False
    try:
        with path.open("rb") as file:
            start = file.read(_HEAD_BYTES)
    except OSError:
        return False  # told of where it is read as a page
    return start.startswith(_START) and _TITLE in start
