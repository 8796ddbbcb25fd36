"""The sections of a report in their order."""

from collections.abc import Callable, Iterator
from typing import Final

from classifier.segment import Kind
from train.errors import CorpusError
from train.report import accuracy, workings
from train.report.parts import Absent, Chapter, Part, Section
from train.report.study import Study

__all__ = ["chapter"]

TITLES: Final[dict[Kind, str]] = {"html": "HTML pages", "text": "Plain text"}
_SECTIONS: Final[dict[str, Callable[[Study], Iterator[Part]]]] = {
    "In short": accuracy.in_short,
    "Beside others": accuracy.beside_others,
    "By page type": accuracy.by_type,
    "Does a probability mean what it says?": accuracy.calibration,
    "Precision against recall": accuracy.operating,
    "Keeping the sure pages alone": accuracy.sure_pages,
    "Where the rest is lost": accuracy.where_lost,
    "What the features tell": workings.features,
    "More pages to learn from": workings.learning,
    "Speed": workings.times,
}


def chapter(study: Study) -> Chapter:
    """All sections on one kind of page; where something is missing, its section says so."""
    sections = (_section(study, title, parts) for title, parts in _SECTIONS.items())
    return Chapter(study.kind, TITLES[study.kind], tuple(sections))


def _section(study: Study, title: str, parts: Callable[[Study], Iterator[Part]]) -> Section:
    found: list[Part] = []
    try:
        found.extend(parts(study))
    except CorpusError as error:
        found.append(Absent(str(error)))
    return Section(title, tuple(found))
