"""`declutter`: content to standard output, all else to standard error; heavy imports come late."""

import argparse
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from classifier import __version__
from classifier.errors import ClassifierError, ModelError, PageTooLargeError, UntrustedModelError
from classifier.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from classifier.page import Page
    from classifier.pipeline import Classifier

__all__ = ["main"]

DONE, PAGE_FAILED, NO_MODEL, NOT_WRITTEN, INTERRUPTED, PIPE_CLOSED = 0, 1, 3, 4, 130, 141
STREAM: Final = "-"
# The one subcommand: a file of that name is ./batch.
BATCH: Final = "batch"
CHUNK_BYTES: Final = 1 << 20
# Tags of custom elements can be long; the text is what the reader came for.
TAG_CELLS: Final = 12
MIN_TEXT_CELLS: Final = 10
BOLD, GREEN, DIM, PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[2m", "\x1b[0m"
# What could steer a terminal or turn a line around: controls and overrides of writing direction.
# Page texts and file names are strangers' words.
STEERING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
# Line ends to some readers of JSON Lines, though not to JSON, which lets them stand.
JSON_LINE_ENDS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}

EPILOG: Final = """\
several pages:
  text, --blocks   each page follows a line '==> PATH <==', as with head
  markdown, html   each page follows a line '<!-- PATH -->'
  json             JSON Lines, each with a "path" (for scripts; one page has no "path")

exit status:
  0    all pages are done; a note on stderr names those without content
  1    some page was not: 'declutter: PATH: message' on stderr; the others are printed
  2    wrong usage
  3    the model cannot be loaded
  4    the result cannot be written
  130  interrupted
  141  the reader of the output went away, as in 'declutter page.html | head -1'

NO_COLOR and FORCE_COLOR never and always colour the table of --blocks. Its width is
COLUMNS, else the terminal's; elsewhere than on a terminal texts are not cut.

many pages, files to files, resumable: see declutter batch --help (a file of that name: ./batch)

examples:
  declutter page.html
  curl -s https://example.org/ | declutter - --format markdown
  declutter --format json -o pages.jsonl crawl/*.html
  declutter --blocks --favor precision page.html | less -S
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        try:
            words = sys.argv[1:] if argv is None else list(argv)
            if words[:1] == [BATCH]:
                from classifier.batch.cli import batch

                return batch(words[1:], tell)
            return run(parse(words))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (ModelError, ImportError) as error:
        tell(f"the model cannot be loaded: {error}")
        return NO_MODEL
    except OSError as error:  # reading has its own handler, so this was writing
        abandon(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        tell(f"the result cannot be written: {reason(error)}")
        return NOT_WRITTEN


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; wrong usage exits with status 2."""
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.paths.count(STREAM) > 1:
        parser.error("standard input (-) can be read only once")
    if options.threshold is not None and not 0 <= options.threshold <= 1:
        parser.error("--threshold must lie between 0 and 1")
    if options.max_bytes < 1:
        parser.error("--max-bytes must be above 0")
    for path in options.paths if options.output != STREAM else ():
        with suppress(OSError):
            if path != STREAM and Path(path).is_file() and Path(path).samefile(options.output):
                parser.error(f"the output {options.output} is one of the pages")
    return options


def make_parser() -> argparse.ArgumentParser:
    """The options, in the order in which --help shows them."""
    parser = argparse.ArgumentParser(
        "declutter",
        description="Print the content of web pages, HTML or plain text, without the clutter.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    shape = parser.add_mutually_exclusive_group().add_argument
    policy = parser.add_mutually_exclusive_group().add_argument
    formats, favors = ["text", "markdown", "html", "json"], ["balance", "precision", "recall"]
    add("paths", nargs="+", metavar="PATH", help="a file, or - for standard input")
    shape("--format", choices=formats, default="text", help="what to print (default: text)")
    shape("--blocks", action="store_true", help="print a table of all blocks instead")
    policy("--favor", choices=favors, default="balance", help="precision keeps less, recall more")
    policy("--threshold", type=float, metavar="P", help="keep blocks of probability P or more")
    add("--kind", choices=["auto", "html", "text"], default="auto", help="how to read pages")
    size = "refuse larger pages (default: %(default)s)"
    add("--max-bytes", type=int, default=DEFAULT_LIMITS.max_bytes, metavar="N", help=size)
    add("--model", type=Path, metavar="PATH", help="a model file, or a folder of them")
    add("--trust-model", action="store_true", help="allow a joblib model, which can run any code")
    add("-o", "--output", default=STREAM, metavar="FILE", help="write to FILE (default: stdout)")
    add("-v", "--verbose", action="store_true", help="kind, counts, confidence, title on stderr")
    add("--version", action="version", version=f"declutter {__version__}")
    return parser


def run(options: argparse.Namespace) -> int:
    """Print every page; a model that the user names is loaded before the output is opened."""
    classifier = load_classifier(options)
    chosen = {name: vars(options)[name] for name in ("kind", "favor", "threshold")}
    limits = Limits(max_bytes=options.max_bytes)
    status, gap = DONE, ""
    with open_output(options.output) as out:
        for path in options.paths:
            try:
                page = classifier.classify(read_page(path, options.max_bytes), limits=limits, **chosen)
                head, body = heading(path, options), render(page, path, options, out)
            except (ModelError, ImportError):
                raise
            except Exception as error:  # whatever one page does, the others get their turn
                tell(f"{path}: {reason(error)}")
                status = PAGE_FAILED
                continue
            out.write(gap + head + body)
            out.flush()
            gap = "\n" if head else ""
            comment(page, path, options)
    return status


def load_classifier(options: argparse.Namespace) -> "Classifier":
    """The classifier to use; the shipped models load when a page first needs them."""
    from classifier.pipeline import Classifier, load

    if options.model is None:
        return Classifier()
    try:
        return load(options.model, trusted=options.trust_model)
    except UntrustedModelError:
        advice = "can run any code when loaded; if it is your own work, add --trust-model"
        raise UntrustedModelError(f"{options.model} {advice}") from None
    except Exception as error:  # files are damaged in more ways than a loader foresees
        raise ModelError(reason(error)) from error


def read_page(path: str, limit: int) -> bytes:
    """A file's bytes, or standard input's; either may never end, so reading stops at the limit."""
    if path == STREAM and sys.stdin is None:
        raise OSError("standard input is closed")
    data = bytearray()
    with nullcontext(sys.stdin.buffer) if path == STREAM else Path(path).open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            data += chunk
            if len(data) > limit:
                raise PageTooLargeError(f"larger than {limit:,} bytes: see --max-bytes")
    return bytes(data)


def open_output(name: str) -> AbstractContextManager[TextIO]:
    """The stream for results: UTF-8 whatever the locale; what UTF-8 cannot hold is escaped."""
    if name != STREAM:
        return Path(name).open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
    if sys.stdout is None:
        raise OSError("standard output is closed")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return nullcontext(sys.stdout)


def screen_of(out: TextIO) -> tuple[bool, int | None]:
    """Whether a stream takes colour (as on no-color.org, force-color.org), and its width if any."""
    terminal, env = out.isatty(), os.environ
    wanted = env.get("FORCE_COLOR") or (terminal and env.get("TERM") != "dumb")
    fixed = terminal or env.get("COLUMNS")
    columns = shutil.get_terminal_size().columns if fixed else None
    return bool(wanted and not env.get("NO_COLOR")), columns


def render(page: "Page", path: str, options: argparse.Namespace, out: TextIO) -> str:
    """A page in the form asked for; ends its last line unless it is empty."""
    if options.blocks:
        return "".join(f"{line}\n" for line in table(page, *screen_of(out)))
    if options.format == "json":
        name = {"path": path} if len(options.paths) > 1 else {}
        line = json.dumps(name | page.to_dict(), ensure_ascii=False)
        return line.translate(JSON_LINE_ENDS) + "\n"
    text = str(getattr(page, options.format))
    return text if not text or text.endswith("\n") else text + "\n"


def heading(path: str, options: argparse.Namespace) -> str:
    """The line that names a page among several; JSON Lines carry the name themselves."""
    if len(options.paths) == 1 or options.format == "json":
        return ""
    if options.format == "text":
        return f"==> {printable(path)} <==\n"
    return f"<!-- {printable(path).replace('>', '&gt;')} -->\n"


def table(page: "Page", colour: bool, columns: int | None) -> Iterator[str]:
    """A header and a row a block, cut to `columns` if given; nothing for a page without blocks."""
    rows = [("label", "prob", "tag", "text")] if page.blocks else []
    for block in page.blocks:
        chance, tag = f"{block.probability:.3f}", fit(printable(block.tag), TAG_CELLS)
        text = unicodedata.normalize("NFC", printable(" ".join(block.text.split())))
        rows.append((block.label.value, chance, tag, text))
    tag_cells = max((cells(row[2]) for row in rows), default=0)
    for label, chance, tag, text in rows:
        start = f"{label:7}  {chance:5}  {tag}{' ' * (tag_cells - cells(tag))}  "
        room = columns and max(MIN_TEXT_CELLS, columns - cells(start))
        row = start + (fit(text, room) if room else text)
        style = {"label": BOLD, "content": GREEN}.get(label, DIM)
        yield f"{style}{row}{PLAIN}" if colour else row


def fit(text: str, room: int) -> str:
    """The text cut to a number of cells, with an ellipsis where something is missing."""
    used = kept = 0
    for index, char in enumerate(text):
        used += cells(char)
        if used > room:
            return text[:kept] + "…"
        if used < room:
            kept = index + 1
    return text


def cells(text: str) -> int:
    """Cells of a terminal that a text takes: East-Asian wide ones take two, combining ones none."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    joining = sum(unicodedata.category(char) in ("Mn", "Me", "Cf") for char in text)
    return len(text) + wide - joining


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


def reason(error: BaseException) -> str:
    """What went wrong, for a person."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, (OSError, ImportError, ClassifierError)):
        return str(error)
    return f"unexpected {type(error).__name__}: {error} (a fault of declutter: please report it)"


def printable(text: str) -> str:
    """The text on one line, without what could steer a terminal."""
    return STEERING.sub(" ", text)


def tell(message: str) -> None:
    """One line on standard error; results do not stop where nobody listens there."""
    if sys.stderr is not None:
        try:
            print(f"declutter: {printable(message)}", file=sys.stderr, flush=True)
        except OSError:
            abandon(sys.stderr)


def abandon(stream: TextIO | None) -> None:
    """Send what is left in a stream's buffer nowhere, so that closing it at exit cannot fail."""
    if stream is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
