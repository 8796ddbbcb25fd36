"""`declutter`: content to standard output, all else to standard error; heavy imports come late."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TextIO

from classifier import __version__
from classifier.completion import SHELLS, PrintScript, answer, is_asked
from classifier.console import (
    abandon,
    add_page_options,
    check_page_options,
    each_page,
    load_classifier,
    load_site,
    open_output,
    reason,
    tell,
    with_progress,
)
from classifier.errors import ModelError, SiteError
from classifier.jsonlines import json_line
from classifier.terminal import printable, screen_of, table

if TYPE_CHECKING:
    from classifier.page import Page

__all__ = ["main"]

DONE, PAGE_FAILED, REFUSED, NO_MODEL, NOT_WRITTEN, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 4, 130, 141
# The subcommands: files of these names are ./batch, ./inspect and ./site.
BATCH, INSPECT, SITE = "batch", "inspect", "site"

USAGE: Final = """\
declutter [OPTION ...] [PATH ...]
       declutter inspect ...   see why in a browser, correct labels: declutter inspect --help
       declutter batch ...     many pages, files to files, resumable: declutter batch --help
       declutter site ...      what the pages of a site have in common, for --site: declutter site --help"""
EPILOG: Final = """\
several pages:
  text, a table    each page follows a line '==> PATH <==', as with head
  markdown, html   each page follows a line '<!-- PATH -->'
  json             JSON Lines, each with a "path" (for scripts; one page has no "path")

exit status:
  0    all pages are done; a note on stderr names those without content
  1    some page was not: 'declutter: PATH: message' on stderr; the others are printed
  2    wrong usage, or the profile of a site cannot be read
  3    the model cannot be loaded
  4    the result cannot be written
  130  interrupted
  141  the reader of the output went away, as in 'declutter page.html | head -1'

NO_COLOR and FORCE_COLOR never and always colour a table of blocks. Its width is
COLUMNS, else the terminal's; elsewhere than on a terminal texts are not cut.

(files that are named as a command: ./inspect, ./batch, ./site)

completion (needs argcomplete), by a line in ~/.bashrc, ~/.zshrc or config.fish:
  eval "$(declutter --completion bash)"
  eval "$(declutter --completion zsh)"       (after compinit)
  declutter --completion fish | source

examples:
  declutter page.html
  curl -s https://example.org/ | declutter --format markdown
  declutter --format json -o pages.jsonl crawl/*.html
  declutter --blocks --favor precision page.html | less -S
  declutter --explain page.html | less -S
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        try:
            if is_asked():
                complete()
            words = sys.argv[1:] if argv is None else list(argv)
            if words[:1] == [BATCH]:
                from classifier.batch.cli import batch

                return batch(words[1:], tell)
            if words[:1] == [INSPECT]:
                from classifier.inspect.cli import inspect

                return inspect(words[1:])
            if words[:1] == [SITE]:
                from classifier.gather import site

                return site(words[1:])
            return run(parse(words))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except SiteError as error:
        tell(str(error))
        return REFUSED
    except (ModelError, ImportError) as error:
        tell(f"the model cannot be loaded: {error}")
        return NO_MODEL
    except OSError as error:  # reading has its own handler, so this was writing
        abandon(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        tell(f"the result cannot be written: {reason(error)}")
        return NOT_WRITTEN


def complete() -> None:
    """Answer a shell that completes a line, and end the process."""
    from classifier.batch.cli import make_parser as make_batch_parser
    from classifier.gather import make_parser as make_site_parser
    from classifier.inspect.cli import make_parser as make_inspect_parser

    answer(make_parser, {BATCH: make_batch_parser, INSPECT: make_inspect_parser, SITE: make_site_parser})


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; wrong usage exits with status 2."""
    parser = make_parser()
    options = parser.parse_intermixed_args(argv)
    check_page_options(parser, options)
    if options.explain and options.format in ("markdown", "html"):
        parser.error(f"--explain goes with a table of blocks or --format json, not {options.format}")
    return options


def make_parser() -> argparse.ArgumentParser:
    """The options, in the order in which --help shows them."""
    parser = argparse.ArgumentParser(
        "declutter",
        usage=USAGE,
        description="Print the content of web pages, HTML or plain text, without the clutter.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    shape = parser.add_mutually_exclusive_group().add_argument
    formats = ["text", "markdown", "html", "json"]
    shape("--format", choices=formats, default="text", help="what to print (default: text)")
    shape("--blocks", action="store_true", help="print a table of all blocks instead")
    add("--explain", action="store_true", help="say beneath each block, or in json, what moved it")
    add_page_options(parser)
    add("-v", "--verbose", action="store_true", help="kind, counts, confidence, title on stderr")
    shells = "print a script that completes this command in a shell (see below)"
    add("--completion", choices=SHELLS, action=PrintScript, help=shells)
    add("--version", action="version", version=f"declutter {__version__}")
    parser.set_defaults(for_a_folder="declutter batch {} OUT")
    return parser


def run(options: argparse.Namespace) -> int:
    """Print every page; a model or profile that the user names is loaded before the output is opened."""
    classifier, site = load_classifier(options), load_site(options)
    status, gap = DONE, ""
    with open_output(options.output) as out:

        def printed(path: str, page: "Page") -> tuple["Page", str]:
            return page, render(page, path, options, out)

        # On a terminal the pages themselves are the progress, which a bar would cut through.
        paths = with_progress(options.paths, wanted=not out.isatty())
        for path, found in each_page(classifier, paths, options, printed, site):
            if found is None:
                status = PAGE_FAILED
                continue
            (page, body), head = found, heading(path, options)
            out.write(gap + head + body)
            out.flush()
            gap = "\n" if head else ""
            comment(page, path, options)
    return status


def render(page: "Page", path: str, options: argparse.Namespace, out: TextIO) -> str:
    """A page in the form asked for; ends its last line unless it is empty."""
    if options.format == "json":
        name = {"path": path} if len(options.paths) > 1 else {}
        return json_line(name | page.to_dict(explain=options.explain))
    if options.blocks or options.explain:
        return "".join(f"{line}\n" for line in table(page, *screen_of(out), explain=options.explain))
    text = str(getattr(page, options.format))
    return text if not text or text.endswith("\n") else text + "\n"


def heading(path: str, options: argparse.Namespace) -> str:
    """The line that names a page among several; JSON Lines carry the name themselves."""
    if len(options.paths) == 1 or options.format == "json":
        return ""
    if options.format == "text":
        return f"==> {printable(path)} <==\n"
    return f"<!-- {printable(path).replace('>', '&gt;')} -->\n"


def comment(page: "Page", path: str, options: argparse.Namespace) -> None:
    """Notes on a page that was printed."""
    kept = int(page.keep.sum())
    if page.truncated:
        tell(f"{path}: note: it is read in part: {page.truncated}")
    if not kept:
        tell(f"{path}: note: {'no block is content' if len(page) else 'the page has no text'}")
    if options.verbose:
        counts = f"{kept} of {len(page)} blocks are content, confidence {page.confidence:.2f}"
        tell(f'{path}: {page.kind}, {counts}, title "{page.title}"')
