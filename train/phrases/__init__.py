"""Short texts of web pages in many languages, labelled: wording for languages that have few pages.

The files `LANGUAGE.tsv` beside this module were written for this project: interface texts and
boilerplate as pages of that language word them (`clutter`), and short texts of the kind that articles,
products and threads are made of (`content`). They only reach the lexicon; no model is trained or
judged on them as pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import measure
from classifier.features.lexical import collect
from classifier.page import Label
from classifier.segment import Segments
from train.errors import CorpusError
from train.lexicon import Sample, sample_page

__all__ = ["Phrases", "phrase_samples", "read_phrases"]

# Pages that a language's phrases count for: each phrase stands for what many pages of that language
# say, and the lexicon discounts what it has seen on a page or two.
PAGES: Final = 6.0


@dataclass(frozen=True, slots=True)
class Phrases:
    """The labelled short texts of one language."""

    language: str
    """BCP 47 tag, the name of the file."""
    texts: tuple[str, ...]
    label: npt.NDArray[np.bool_]
    """True where a text is content; shape (texts,)."""


def read_phrases() -> Iterator[Phrases]:
    """Read the phrases that come with this package, a language at a time, in alphabetical order.

    Raises:
        CorpusError: a line is not a label, a tab and a text.
    """
    folder = resources.files("train.phrases")
    for file in sorted((one for one in folder.iterdir() if one.name.endswith(".tsv")), key=lambda f: f.name):
        rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
        for number, row in enumerate(rows, start=1):
            if len(row) != 2 or row[0] not in set(Label) or not row[1].strip():
                raise CorpusError(f"{file.name}, line {number}: not a label, a tab and a text: {row!r}")
        label = np.array([row[0] == Label.CONTENT for row in rows], bool)
        yield Phrases(file.name.removesuffix(".tsv"), tuple(row[1].strip() for row in rows), label)


def phrase_samples(pages: float = PAGES) -> list[Sample]:
    """What a lexicon learns from the phrases, a sample a language."""
    return [_sample(phrases, pages) for phrases in read_phrases()]


def _sample(phrases: Phrases, pages: float) -> Sample:
    texts = list(phrases.texts)
    evidence = collect(measure(Segments("text", "", texts, ["p"] * len(texts))), None)
    # Content and clutter weigh the same: their numbers say nothing about pages.
    content = max(1, int(phrases.label.sum()))
    clutter = max(1, len(texts) - content)
    weight = np.where(phrases.label, 0.5 / content, 0.5 / clutter) * pages
    return sample_page(evidence, phrases.label.astype(np.float32), phrases.label, weight, pages)
