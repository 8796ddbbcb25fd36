"""What a report is made of: chapters of sections of paragraphs, figures and tables."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

__all__ = ["Absent", "Chapter", "Drawn", "Grid", "Report", "Section"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure."""

    name: str
    """No other figure of the report has it: letters, digits and hyphens."""
    svg: str
    """As `train.report.svg.themed` gives it."""
    description: str
    """What there is to see, for those who cannot see it."""
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A table."""

    caption: str
    frame: pd.DataFrame
    """Its cells as they are shown; the name of the index heads the first column."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Why something is not there, and which command makes it."""

    reason: str


Part = str | Drawn | Grid | Absent
"""A string is a paragraph of plain text, in which backticks enclose code."""


@dataclass(frozen=True, slots=True)
class Section:
    """One question and its answer."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """All about one kind of page."""

    name: str
    """Of letters alone: begins what anchors are named."""
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    title: str
    made: str
    """When and of what; a paragraph."""
    chapters: tuple[Chapter, ...]

    def figures(self) -> Iterator[Drawn]:
        """All figures, in order."""
        for chapter in self.chapters:
            for section in chapter.sections:
                yield from (part for part in section.parts if isinstance(part, Drawn))
