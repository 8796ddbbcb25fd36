"""The steps of `python -m train` on one's own pages: saved labels, pages with gold texts, files without."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from classifier import Classifier, ClassifierError, load
from classifier.inspect.cli import PASSED_OVER, is_report
from classifier.page import Page
from classifier.segment import Kind
from train.adapt import adapt as adapt_model
from train.corpus import KIND_NAMES, GoldPage, read
from train.errors import CorpusError
from train.suggest import suggest as suggest_pages
from train.suggest import suggestions_report
from train.table import build_table

__all__ = ["adapt", "labelled_pages", "named_pages", "suggest"]

SUGGESTED: Final = """\
label from the top; worth: the share of all that the model is unsure of about which a page's labels tell
something that those above do not. Beneath each page the blocks to look at first, with their probability
of being content; a text that stands on several pages is shown once.
"""


def adapt(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """One's own labelled pages -> the shipped models, or others, adapted to them."""
    classifier = load(options.model) if options.model else Classifier()
    pages = [page for path in options.paths for page in labelled_pages(path)]
    mine = (options.kind,) if options.kind else sorted({page.kind for page in pages})
    for kind in mine:
        made = build_table(pages, kind, workers=1, progress=not options.quiet)
        found = adapt_model(made, classifier.model(kind), cautious=not options.always)
        print(f"{KIND_NAMES[kind]}: {found.report()}")
        print(found.save(options.to))


def suggest(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Pages without labels -> in which order to label them."""
    classifier = load(options.model) if options.model else Classifier()
    pages = named_pages(classifier, options.paths)
    done = [page for path in options.labels for page in labelled_pages(path)]
    labelled = [classifier.classify(page.page, kind=page.kind) for page in done]
    found = suggest_pages(pages, labelled, most=options.most)
    if options.names:
        print("\n".join(one.name for one in found))
        return
    print(SUGGESTED)
    print(suggestions_report(found, pages))


def labelled_pages(path: Path) -> list[GoldPage]:
    """Read labelled pages: a folder that holds `pages/` with gold texts, else what `declutter inspect` saved.

    Raises:
        CorpusError: there are none, or they cannot be read.
    """
    found = list(read("pages", path) if (path / "pages").is_dir() else read("labels", path))
    if not found:
        raise CorpusError(f"{path} holds no labelled page")
    return found


def named_pages(classifier: Classifier, paths: Sequence[Path]) -> dict[str, Page]:
    """Classify files, each under its path; one that is no page is told of on standard error and left out.

    Raises:
        CorpusError: none of them is a page.
    """
    found = {}
    for path in paths:
        if is_report(path):
            print(f"{path}: {PASSED_OVER}", file=sys.stderr)
            continue
        try:
            found[str(path)] = classifier.classify(path.read_bytes())
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)
        except ClassifierError as error:
            print(f"{path}: {error}", file=sys.stderr)
    if not found:
        raise CorpusError("none of the files is a page")
    return found
