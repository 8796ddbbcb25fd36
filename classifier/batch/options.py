"""The options that decide about the rows, for every command that makes some."""

import argparse
from typing import TYPE_CHECKING, Final

from classifier.console import add_model_options, add_policy_options, check_threshold, loading
from classifier.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from classifier.batch.records import PageFields
    from classifier.batch.rows import Settings
    from classifier.workers import Isolation

__all__ = [
    "add_page_options",
    "check_page_options",
    "fields_of",
    "isolation_of",
    "load_model",
    "positive",
    "settings_of",
]

MAX_BYTES: Final = DEFAULT_LIMITS.max_bytes
# Of classifier.batch.rows, which --help does without.
EXTRAS: Final = ("markdown", "html", "blocks", "metadata", "fingerprint")


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Let a command read the options."""
    add = parser.add_argument
    add("--add", action="append", choices=EXTRAS, default=[], help="a further column")
    by_site = "read pages twice, and weigh what the others of their site (host) say: a column site_pages"
    add("--by-site", action="store_true", help=by_site)
    add("--seconds", type=float, default=30.0, metavar="S", help="time a page may take (default: 30)")
    add("--memory", type=positive, default=2048, metavar="MB", help="memory it may take (default: 2048)")
    add("--no-isolate", action="store_true", help="no limits: faster by little, ended by one bad page")
    add_policy_options(parser)
    size = "larger pages are read up to there (default: %(default)s)"
    add("--max-bytes", type=positive, default=MAX_BYTES, metavar="N", help=size)
    names = {"page": "page", "id": "record's name", "url": "URL", "encoding": "encoding", "date": "date"}
    for name, what in names.items():
        default = "html, else text" if name == "page" else name
        field = f"the field or column of the {what} (default: {default})"
        add(f"--{name}-field", metavar="NAME", default=None if name == "page" else name, help=field)
    add_model_options(parser)


def check_page_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Exit with status 2 where a value makes no sense."""
    check_threshold(parser, options)
    if not options.seconds > 0:
        parser.error("--seconds must be above 0")


def positive(text: str) -> int:
    """A whole number above 0."""
    if (value := int(text)) < 1:
        raise ValueError
    return value


def settings_of(options: argparse.Namespace) -> "Settings":
    """What decides about the rows."""
    from classifier.batch.rows import Settings

    return Settings(
        options.model,
        options.trust_model,
        options.kind,
        options.favor,
        options.threshold,
        options.max_bytes,
        tuple(extra for extra in EXTRAS if extra in options.add),
        options.by_site,
    )


def fields_of(options: argparse.Namespace) -> "PageFields":
    """Which field of a record is what."""
    from classifier.batch.records import PageFields

    return PageFields(
        options.page_field, options.id_field, options.url_field, options.encoding_field, options.date_field
    )


def isolation_of(options: argparse.Namespace) -> "Isolation | None":
    """What a page may take."""
    from classifier.workers import Isolation

    return None if options.no_isolate else Isolation(options.seconds, options.memory << 20)


def load_model(settings: "Settings") -> None:
    """Load the model that the user names, if any, so that what is wrong with it comes first.

    Raises:
        ModelError: it cannot be loaded.
    """
    with loading(settings.model):
        settings.classifier()
