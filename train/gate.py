"""The quality gate: the shipped models, as users call them, against floors on pinned pages."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from classifier import Classifier
from classifier.segment import Kind
from train.compare import sample
from train.corpus import READERS, GoldPage, data_root, read
from train.corpus.registry import DATA_VARIABLE
from train.errors import CorpusError
from train.evaluate import evaluate_pages
from train.metrics import SnippetScore, snippet_score
from train.plaintext import page_text

__all__ = ["CORPORA", "FLOORS", "YARDSTICKS", "Verdict", "Yardstick", "corpus_hash", "gate", "table"]

Input = Literal["html", "text", "html as text"]
Outcome = Literal["ok", "FAIL", "skipped"]
Extract = Callable[[GoldPage], str]

# Draws the sample of a large data set.
SEED: Final = 0
WCXB_PAGES: Final = 300


@dataclass(frozen=True, slots=True)
class Yardstick:
    """One figure: which pages of a data set, given in which way."""

    name: str
    """Names its floor too."""
    dataset: str
    """A key of `train.corpus.READERS`."""
    given: Input = "html"
    """The pages of this kind; `html as text`: HTML pages as a web archive keeps their text."""
    limit: int | None = None
    """How many pages, drawn at random; None: all."""
    held_out: bool = True
    """Whether the figure means nothing for a model that was trained on the data set."""

    @property
    def kind(self) -> Kind:
        """The kind of model that is judged."""
        return "html" if self.given == "html" else "text"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the gate: a figure and its floor, or why there is none."""

    name: str
    outcome: Outcome
    figure: float | None = None
    """None: nothing was measured."""
    floor: float | None = None
    note: str = ""


YARDSTICKS: Final = (
    Yardstick("own pages, HTML", "pages", held_out=False),
    Yardstick("own pages, HTML as text", "pages", "html as text", held_out=False),
    Yardstick("own pages, text", "pages", "text", held_out=False),
    Yardstick("wcxb sample", "wcxb", limit=WCXB_PAGES, held_out=False),
    Yardstick("readability", "readability"),
    Yardstick("cleaneval-dev", "cleaneval-dev"),
    Yardstick("cleanportaleval", "cleanportaleval"),
    Yardstick("l3s-gn1", "l3s-gn1"),
    Yardstick("trafilatura-eval, snippets", "trafilatura-eval"),
)

# What the shipped models must reach: mean word F1 over pages, and for snippets F1 over all of them.
# A floor stands a little (0.005, for sets of under 100 pages 0.01) below the figure of the models
# shipped last, so that it notices a loss and not the noise of another machine. Raise it with a better
# model; lower it only together with a line in the changelog that says what was gained for it.
FLOORS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "own pages, HTML": 0.951,
        "own pages, HTML as text": 0.932,
        "own pages, text": 0.907,
        "wcxb sample": 0.899,
        "readability": 0.929,
        "cleaneval-dev": 0.919,
        "cleanportaleval": 0.912,
        "l3s-gn1": 0.901,
        "trafilatura-eval, snippets": 0.928,
    }
)

# The pages on which the floors were measured, as `corpus_hash` of all pages of a data set that are
# read, after drawing: a figure on other pages says nothing about the floors.
CORPORA: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pages": "f50ee0a2c078f356d4116badd41601e4b1047a2b67e188d80b70a45e602b02d0",
        "wcxb": "abbd0a7ca4be860dfb0422db4184ca9cca36a48d0b1a8b0744e0f8fb4d0caf23",
        "readability": "1ce66ae826fd176fc03dd6d068f247b9ba36e9b465835809688aeaeddc2a3513",
        "cleaneval-dev": "08a2cee9e99d9ec0bc89d14cbad661aa7fb7553729a75d1955356468b97bcf06",
        "cleanportaleval": "c263565c939dc410d2f19f08ca3539b7fb48859519ca995d7db27407318bbd94",
        "l3s-gn1": "04aa11e8a7e4eb681cdeaff4633f2d64a701b35b6ea46de26c7287883e4e4b44",
        "trafilatura-eval": "ebd26a887f7d5bfd0aad56b37778fa9ac242b7b65c919e0f66176b7fb0c84ebc",
    }
)


def gate(
    classifier: Classifier | None = None,
    root: Path | None = None,
    *,
    yardsticks: Sequence[Yardstick] = YARDSTICKS,
    floors: Mapping[str, float] = FLOORS,
    corpora: Mapping[str, str] = CORPORA,
) -> Iterator[Verdict]:
    """Judge models with default settings, a verdict a corpus and a yardstick, as they are measured.

    Args:
        classifier: whose models; the shipped ones if left out.
        root: the folder that holds the data sets; if left out, the project's own pages and, where
            CLASSIFIER_DATA is set, the data sets there.

    Data sets that are not there, and held-out ones that a model was trained on, are passed over with a
    note.

    Raises:
        CorpusError: a data set is there, but not in its published layout.
    """
    judged = classifier or Classifier()
    for dataset in dict.fromkeys(yardstick.dataset for yardstick in yardsticks):
        chosen = [yardstick for yardstick in yardsticks if yardstick.dataset == dataset]
        missing = _why_missing(dataset, root)
        if missing:
            yield from (Verdict(yardstick.name, "skipped", note=missing) for yardstick in chosen)
            continue
        pages = sample(read(dataset, root), chosen[0].limit, SEED)
        yield _pinned(dataset, pages, corpora)
        yield from (_judged(yardstick, pages, judged, floors) for yardstick in chosen)


def _why_missing(dataset: str, root: Path | None) -> str:
    if root is None:
        if READERS[dataset].own:
            return ""  # they travel with the project
        if not os.environ.get(DATA_VARIABLE):
            return f"{DATA_VARIABLE} is not set"
        root = data_root()
    folder = root / READERS[dataset].folder
    return "" if folder.is_dir() else f"there is no {folder}"


def corpus_hash(pages: Sequence[GoldPage]) -> str:
    """SHA-256 over what the figures depend on: names, bytes and right answers of pages, in order."""
    digest = hashlib.sha256()
    for page in pages:
        gold = "\0no gold" if page.gold is None else page.gold
        answers = [gold, *page.with_snippets, "\0", *page.without_snippets]
        for part in (page.id.encode(), page.kind.encode(), page.page, *(text.encode() for text in answers)):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _pinned(dataset: str, pages: Sequence[GoldPage], corpora: Mapping[str, str]) -> Verdict:
    found = corpus_hash(pages)
    name = f"{dataset}, {len(pages)} pages"
    if corpora.get(dataset) == found:
        return Verdict(name, "ok", note="the pages that the floors were measured on")
    return Verdict(
        name,
        "FAIL",
        note=f"the pages are not those that the floors were measured on; if that is meant, set "
        f'CORPORA["{dataset}"] in train/gate.py to "{found}" and the floors to the new figures',
    )


def _judged(
    yardstick: Yardstick, pages: Sequence[GoldPage], classifier: Classifier, floors: Mapping[str, float]
) -> Verdict:
    trained = yardstick.dataset in _trained_on(classifier, yardstick.kind)
    if trained and yardstick.held_out:
        return Verdict(yardstick.name, "skipped", note="the model was trained on these pages")
    figure = _figure(_given(pages, yardstick.given), yardstick.name, _extract(classifier, yardstick.given))
    floor = floors[yardstick.name]
    note = "training pages: a guard against drift, no measure of quality" if trained else ""
    return Verdict(yardstick.name, "ok" if figure >= floor else "FAIL", figure, floor, note)


def _trained_on(classifier: Classifier, kind: Kind) -> set[str]:
    """Names of the data sets that a model was trained on; none where its manifest does not say."""
    return {str(row["name"]) for row in classifier.model(kind).manifest.get("training_data", ())}


def _given(pages: Sequence[GoldPage], given: Input) -> list[GoldPage]:
    return [page for page in pages if page.kind == ("text" if given == "text" else "html")]


def _extract(classifier: Classifier, given: Input) -> Extract:
    if given == "html as text":
        return lambda page: classifier.extract(page_text(page, "text"))
    return lambda page: classifier.extract(page.page)


def _figure(pages: Sequence[GoldPage], name: str, extract: Extract) -> float:
    if not pages:
        raise CorpusError(f"the data set has no page for the figure {name!r}")
    if all(page.gold is None for page in pages):
        counts = [snippet_score(extract(p), p.with_snippets, p.without_snippets) for p in pages]
        return sum(counts, start=SnippetScore(0, 0, 0, 0)).f1
    return evaluate_pages(pages, extract, SEED).f1


def table(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as lines of text, the last of which counts them."""
    width = max((len(verdict.name) for verdict in verdicts), default=0)
    lines = [f"{'':7}  {'':{width}}  {'figure':>7}  {'floor':>7}"]
    for verdict in verdicts:
        figures = "  ".join(_number(value) for value in (verdict.figure, verdict.floor))
        lines.append(f"{verdict.outcome:7}  {verdict.name:{width}}  {figures}  {verdict.note}".rstrip())
    outcomes = [verdict.outcome for verdict in verdicts]
    lines.append(f"{outcomes.count('ok')} passed, {outcomes.count('FAIL')} failed")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return f"{'':7}" if value is None else f"{value:7.4f}"
