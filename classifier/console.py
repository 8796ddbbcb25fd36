"""What the commands have in common: pages in, a result out, and all else told on standard error."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, TypeVar

from classifier.errors import ClassifierError, ModelError, UntrustedModelError
from classifier.limits import DEFAULT_LIMITS, Limits
from classifier.terminal import printable

if TYPE_CHECKING:
    from classifier.page import Page
    from classifier.pipeline import Classifier
    from classifier.site import SiteProfile

__all__ = [
    "STREAM",
    "abandon",
    "add_kind_option",
    "add_model_options",
    "add_page_options",
    "add_policy_options",
    "check_page_options",
    "check_threshold",
    "each_page",
    "load_classifier",
    "load_site",
    "loading",
    "open_output",
    "reason",
    "tell",
    "with_progress",
]

Made = TypeVar("Made")

STREAM: Final = "-"
CHUNK_BYTES: Final = 1 << 20


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Which pages, and how they are read and judged."""
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="a file, or - for standard input, as if none is named")
    add_policy_options(parser)
    size = "read so much of a page (default: %(default)s)"
    add("--max-bytes", type=int, default=DEFAULT_LIMITS.max_bytes, metavar="N", help=size)
    add("--strict", action="store_true", help="refuse pages above a limit, instead of reading a part")
    add_model_options(parser)
    add("--site", type=Path, metavar="FILE", help="a profile of their site, made by 'declutter site'")
    add("-o", "--output", default=STREAM, metavar="FILE", help="write to FILE (default: stdout)")


def add_policy_options(parser: argparse.ArgumentParser) -> None:
    """What is kept of a page, and how it is read."""
    policy = parser.add_mutually_exclusive_group().add_argument
    favors = ["balance", "precision", "recall"]
    policy("--favor", choices=favors, default="balance", help="precision keeps less, recall more")
    policy("--threshold", type=float, metavar="P", help="keep blocks of probability P or more")
    add_kind_option(parser)


def add_kind_option(parser: argparse.ArgumentParser) -> None:
    """How a page is read."""
    kinds = ["auto", "html", "text"]
    parser.add_argument("--kind", choices=kinds, default="auto", help="how to read pages")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which model judges."""
    add = parser.add_argument
    add("--model", type=Path, metavar="PATH", help="a model file, or a folder of them")
    add("--trust-model", action="store_true", help="allow a joblib model, which can run any code")


def check_page_options(
    parser: argparse.ArgumentParser, options: argparse.Namespace, *, needs_page: bool = True
) -> None:
    """End with status 2 where options contradict each other or themselves; no page is standard input."""
    if needs_page and not options.paths:
        if sys.stdin is None or sys.stdin.isatty():
            parser.error("name a page: a file, or - for standard input")
        options.paths = [STREAM]
    if options.paths.count(STREAM) > 1:
        parser.error("standard input (-) can be read only once")
    check_threshold(parser, options)
    if options.max_bytes < 1:
        parser.error("--max-bytes must be above 0")
    for path in options.paths if options.output != STREAM else ():
        with suppress(OSError):
            if path != STREAM and Path(path).is_file() and Path(path).samefile(options.output):
                parser.error(f"the output {options.output} is one of the pages")


def check_threshold(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with status 2 where it is no probability."""
    if options.threshold is not None and not 0 <= options.threshold <= 1:
        parser.error("--threshold must lie between 0 and 1")


def load_classifier(options: argparse.Namespace) -> "Classifier":
    """The classifier to use; the shipped models load when a page first needs them."""
    from classifier.pipeline import Classifier, load

    if options.model is None:
        return Classifier()
    with loading(options.model):
        return load(options.model, trusted=options.trust_model)


@contextmanager
def loading(model: Path | None) -> Iterator[None]:
    """Load within this the model that a user names, whose fault whatever goes wrong is.

    Raises:
        ModelError: something did; its message says what, and what to do.
    """
    try:
        yield
    except UntrustedModelError:
        advice = "can run any code when loaded; if it is your own work, add --trust-model"
        raise UntrustedModelError(f"{model} {advice}") from None
    except Exception as error:  # files are damaged in more ways than a loader foresees
        raise ModelError(reason(error)) from error


def load_site(options: argparse.Namespace) -> "SiteProfile | None":
    """The profile that `--site` names, if it does.

    Raises:
        SiteError: it cannot be read.
    """
    if options.site is None:
        return None
    # Late: --help needs no NumPy.
    from classifier.site import SiteProfile

    return SiteProfile.load(options.site)


def read_page(path: str, limit: int) -> bytes:
    """A file's bytes, or standard input's; either may never end, so reading stops beyond the limit."""
    if path == STREAM and sys.stdin is None:
        raise OSError("standard input is closed")
    data = bytearray()
    with nullcontext(sys.stdin.buffer) if path == STREAM else Path(path).open("rb") as file:
        while len(data) <= limit and (chunk := file.read(CHUNK_BYTES)):
            data += chunk
    return bytes(data)


def each_page(
    classifier: "Classifier",
    paths: Iterable[str],
    options: argparse.Namespace,
    make: "Callable[[str, Page], Made]",
    site: "SiteProfile | None" = None,
) -> Iterator[tuple[str, "Made | None"]]:
    """Each path with what is made of its page; with None where that failed, as standard error then tells.

    Args:
        options: that `add_page_options` has defined, and `for_a_folder`, what to call for the files of {}.
        site: what the pages of their site have in common.

    Raises:
        ModelError, ImportError: no page could be classified.
    """
    chosen = {name: vars(options)[name] for name in ("kind", "favor", "threshold", "strict")}
    limits = Limits(max_bytes=options.max_bytes)
    for path in paths:
        made = None
        try:
            page = classifier.classify(read_page(path, options.max_bytes), limits=limits, site=site, **chosen)
            made = make(path, page)
        except (ModelError, ImportError):
            raise
        except Exception as error:  # whatever one page does, the others get their turn
            tell(f"{path}: {reason(error)}{advice(path, error, options.for_a_folder)}")
        yield path, made


def with_progress(paths: Sequence[str], *, wanted: bool = True) -> Iterable[str]:
    """The paths, with a bar on standard error if that is a terminal and they take longer than a second.

    Without tqdm there is none.
    """
    if not wanted or len(paths) < 2 or sys.stderr is None or not sys.stderr.isatty():
        return paths
    try:
        from tqdm import tqdm
    except ImportError:
        return paths
    bar: Iterable[str] = tqdm(paths, unit="page", delay=1, leave=False)
    return bar


def open_output(name: str) -> AbstractContextManager[TextIO]:
    """The stream for results: UTF-8 whatever the locale; what UTF-8 cannot hold is escaped."""
    if name != STREAM:
        return Path(name).open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
    if sys.stdout is None:
        raise OSError("standard output is closed")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return nullcontext(sys.stdout)


def reason(error: BaseException) -> str:
    """What went wrong, for a person."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, (OSError, ImportError, ClassifierError)):
        return str(error)
    return f"unexpected {type(error).__name__}: {error} (a fault of declutter: please report it)"


def advice(path: str, error: BaseException, for_a_folder: str) -> str:
    """What to do instead, where a path is something else that people often name."""
    if isinstance(error, IsADirectoryError):
        return f" (for all of its files: {for_a_folder.format(path.rstrip('/') or '/')})"
    if isinstance(error, FileNotFoundError) and path.startswith(("http://", "https://")):
        return " (for an address: curl -sL ADDRESS | declutter)"
    return ""


def tell(message: str) -> None:
    """One line on standard error; results do not stop where nobody listens there."""
    if sys.stderr is not None:
        line = f"declutter: {printable(message)}"
        try:
            if loaded := sys.modules.get("tqdm"):  # there may be a bar, which has to make way
                loaded.tqdm.write(line, file=sys.stderr)
            else:
                print(line, file=sys.stderr)
            sys.stderr.flush()
        except OSError:
            abandon(sys.stderr)


def abandon(stream: TextIO | None) -> None:
    """Send what is left in a stream's buffer nowhere, so that closing it at exit cannot fail."""
    if stream is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
