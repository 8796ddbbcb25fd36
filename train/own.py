"""Pages of whoever trains: labels that were saved, folders of pages with gold texts, files without."""

import sys
from collections.abc import Sequence
from pathlib import Path

from classifier import Classifier, ClassifierError
from classifier.page import Page
from train.corpus import GoldPage, read
from train.errors import CorpusError

__all__ = ["labelled_pages", "named_pages"]


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
        OSError: a file cannot be read.
    """
    found = {}
    for path in paths:
        try:
            found[str(path)] = classifier.classify(path.read_bytes())
        except ClassifierError as error:
            print(f"{path}: {error}", file=sys.stderr)
    if not found:
        raise CorpusError("none of the files is a page")
    return found
