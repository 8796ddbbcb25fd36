"""`declutter site`: pages of one site -> its profile."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from classifier.console import (
    add_kind_option,
    add_model_options,
    check_page_options,
    each_page,
    load_classifier,
    tell,
    with_progress,
)
from classifier.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from classifier.page import Page

__all__ = ["make_parser", "site"]

DONE, PAGE_FAILED = 0, 1

EPILOG: Final = """\
The profile keeps a sample of the pages, as hashes, so that it stays small however many there are. The
same page twice counts once, and profiles that were made apart can be joined with --join.

exit status:
  0    the profile is written
  1    so it is, but some page was left out: 'declutter: PATH: message' on stderr
  2    wrong usage, or a profile to join is damaged
  3    the model cannot be loaded
  4    the profile cannot be written

examples:
  declutter site -o example.profile crawl/example.org/*.html
  declutter --site example.profile crawl/example.org/page.html
  declutter site -o all.profile --join monday.profile --join tuesday.profile
"""


def site(argv: Sequence[str]) -> int:
    """Run the command and return its exit status.

    Raises:
        ModelError: the model cannot be loaded.
        SiteError: a profile to join cannot be read.
        OSError: the profile cannot be written.
    """
    parser = make_parser()
    options = parser.parse_intermixed_args(argv)
    check_page_options(parser, options, needs_page=not options.join)
    # Late: --help needs no NumPy.
    from classifier.site import SiteProfile

    profile = SiteProfile()
    for path in options.join:
        profile |= SiteProfile.load(path)

    def added(path: str, page: "Page") -> bool:
        profile.add(page)
        return True

    pages = each_page(load_classifier(options), with_progress(options.paths), options, added)
    failed = [path for path, done in pages if not done]
    profile.save(options.output)
    tell(f"{options.output}: {profile.pages:,} different pages, {len(profile)} of them kept")
    return PAGE_FAILED if failed else DONE


def make_parser() -> argparse.ArgumentParser:
    """The options, in the order in which --help shows them."""
    parser = argparse.ArgumentParser(
        "declutter site",
        description="Gather what the pages of a site have in common, for 'declutter --site'.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a page: a file, or - for standard input, as if none is named",
    )
    add("-o", "--output", required=True, metavar="FILE", help="write the profile to FILE")
    add("--join", action="append", default=[], metavar="FILE", help="add the pages of another profile")
    add_kind_option(parser)
    size = "read so much of a page (default: %(default)s)"
    add("--max-bytes", type=int, default=DEFAULT_LIMITS.max_bytes, metavar="N", help=size)
    add_model_options(parser)
    # What decides about the content of a page has no part in this.
    parser.set_defaults(favor="balance", threshold=None, strict=False)
    parser.set_defaults(for_a_folder="declutter site -o FILE {}/*.html")
    return parser
