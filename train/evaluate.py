"""Score extractions: word F1 a page, by page type and language, with intervals; calibration of the blocks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from classifier.decide import Policy, decide
from classifier.features.arrays import Floats
from train.corpus import GoldPage
from train.errors import CorpusError
from train.languages import Group, language_group, page_group
from train.metrics import (
    average_precision,
    bootstrap_interval,
    expected_calibration_error,
    score,
)
from train.table import LabelledPage, Table

__all__ = [
    "Evaluation",
    "evaluate",
    "evaluate_pages",
    "evaluate_probabilities",
    "scored_page",
    "with_intervals",
]

FAILED_BELOW: Final = 0.5
_DEFAULT_POLICY: Final = Policy()
_FIGURES: Final = ("precision", "recall", "f1")
_NONE_DECLARED: Final[Mapping[tuple[str, str], str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Scores of pages, and of their blocks where the extractor gives probabilities."""

    pages: pd.DataFrame
    """One row a page: id, page_type, language, language_group (`train.languages.Group`), precision,
    recall, f1; and if known confidence, and failed: whether the extractor gave no answer at all."""
    average_precision: float = float("nan")
    """Of blocks, weighted by words."""
    calibration_error: float = float("nan")
    """ECE of blocks, 15 bins, each block once."""
    seed: int = 0

    @property
    def f1(self) -> float:
        """Mean word F1 over pages."""
        return float(self.pages["f1"].mean())

    def by(self, column: str) -> pd.DataFrame:
        """Means by `page_type`, `language` or `language_group`, from the largest group to all.

        Returns:
            One row a group, with the columns of `summary`.
        """
        groups = {str(name): rows for name, rows in self.pages.groupby(column)}
        groups = dict(sorted(groups.items(), key=lambda item: -len(item[1])))
        rows = {name: self._row(frame) for name, frame in (groups | {"all": self.pages}).items()}
        return pd.DataFrame.from_dict(rows, orient="index").astype({"pages": int})

    def summary(self) -> dict[str, float]:
        """Number of `pages`, and the mean `precision`, `recall` and `f1` over them, each with its 95 %
        bootstrap interval (`f1_low`, `f1_high`)."""
        return self._row(self.pages)

    def _row(self, frame: pd.DataFrame) -> dict[str, float]:
        row: dict[str, float] = {"pages": len(frame)}
        for name in _FIGURES:
            row[name] = float(frame[name].mean())
            row[f"{name}_low"], row[f"{name}_high"] = bootstrap_interval(frame[name].to_numpy(), self.seed)
        return row

    def figures(self) -> dict[str, float]:
        """The figures in one flat mapping, as a model's manifest carries them."""
        out = {name: float(self.pages[name].mean()) for name in _FIGURES}
        for page_type, rows in self.pages.groupby("page_type"):
            out[f"f1 {page_type}"] = float(rows["f1"].mean())
        out["block average precision"] = self.average_precision
        out["block calibration error"] = self.calibration_error
        out["failed share"] = float((self.pages["f1"] < FAILED_BELOW).mean())
        out["confidence correlation"] = self.confidence_correlation
        return {name: value for name, value in out.items() if value == value}

    @property
    def confidence_correlation(self) -> float:
        """Spearman's rank correlation of page confidence with F1; nan without confidences."""
        if "confidence" not in self.pages:
            return float("nan")
        ranks = self.pages[["confidence", "f1"]].rank()
        return float(ranks["confidence"].corr(ranks["f1"]))

    def report(self, title: str) -> str:
        """What `python -m train evaluate` prints."""
        failed = self.pages.loc[self.pages["f1"] < FAILED_BELOW, "id"]
        tables = [with_intervals(self.by(column)).to_string() for column in ("page_type", "language_group")]
        lines = [title, tables[0], "", "by group of languages", tables[1], ""]
        if self.average_precision == self.average_precision:
            lines.append(
                f"blocks: average precision {self.average_precision:.4f}, calibration error "
                f"{self.calibration_error:.4f}; page confidence against F1: Spearman "
                f"{self.confidence_correlation:.3f}"
            )
        lines.append(f"F1 under {FAILED_BELOW}: {len(failed) / len(self.pages):.1%}: {' '.join(failed)}")
        return "\n".join(lines)


def with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """A table with the columns of `Evaluation.summary`, each figure and its interval in one cell."""
    out = table.copy()
    for name in _FIGURES:
        rows = zip(out[name], out.pop(f"{name}_low"), out.pop(f"{name}_high"), strict=True)
        out[name] = [f"{mean:.3f} ({low:.3f} to {high:.3f})" for mean, low, high in rows]
    return out.rename(columns={name: f"{name} ({name}_low to {name}_high)" for name in _FIGURES})


def evaluate_probabilities(
    table: Table,
    probabilities: Sequence[Floats],
    seed: int = 0,
    policy: Policy = _DEFAULT_POLICY,
    declared: Mapping[tuple[str, str], str] = _NONE_DECLARED,
) -> Evaluation:
    """Decide and score every page of a table.

    Args:
        table: the judged pages.
        probabilities: of each block, an array a page.
        seed: draws the bootstrap resamples.
        policy: how to decide.
        declared: language that a page itself declares, by data set and identifier, which the table
            does not hold; it tells English from other languages in Latin letters.
    """
    rows = [
        _decided(page, p, policy) | {"language_group": _group(page, declared)}
        for page, p in zip(table.pages, probabilities, strict=True)
    ]
    p = np.concatenate(list(probabilities))
    labels = np.concatenate([page.label for page in table.pages])
    words = np.concatenate([page.words for page in table.pages])
    return Evaluation(
        pd.DataFrame(rows),
        average_precision(p, labels, words),
        expected_calibration_error(p, labels),
        seed,
    )


def _group(page: LabelledPage, declared: Mapping[tuple[str, str], str]) -> Group:
    text = page.gold or "\n".join(page.texts)
    return language_group(text, declared.get((page.dataset, page.id), ""), page.language)


def _decided(page: LabelledPage, probabilities: Floats, policy: Policy) -> dict[str, object]:
    decision = decide(probabilities, page.measured.evidence.words, policy)
    return _scored(page.id, page.page_type, page.language, page.kept(decision.keep), page.gold) | {
        "confidence": decision.confidence
    }


def _scored(id_: str, page_type: str, language: str, text: str, gold: str) -> dict[str, object]:
    result = score(text, gold)
    return {
        "id": id_,
        "page_type": page_type,
        "language": language or "unknown",
        "precision": result.precision,
        "recall": result.recall,
        "f1": result.f1,
    }


def scored_page(page: GoldPage, group: Group, text: str) -> dict[str, object]:
    """A row of `Evaluation.pages`: the score of an extraction `text` from a page with a gold text."""
    row = _scored(page.id, page.page_type or "unknown", page.language or "", text, page.gold or "")
    return row | {"language_group": group}


def evaluate(pages: Iterable[GoldPage], extract: Callable[[bytes], str], seed: int = 0) -> Evaluation:
    """Score an extractor on pages with gold text.

    Pages whose gold is None are left out; an empty gold asks for an empty extraction.

    Args:
        pages: as `train.corpus.read` gives them.
        extract: page to text, such as `classifier.extract`.
        seed: draws the bootstrap resamples.

    Returns:
        Scores of every page.

    Raises:
        CorpusError: no page has a gold text.
    """
    return evaluate_pages(pages, lambda page: extract(page.page), seed)


def evaluate_pages(
    pages: Iterable[GoldPage], extract: Callable[[GoldPage], str], seed: int = 0
) -> Evaluation:
    """As `evaluate`, for an extractor that gets more of a page than its bytes.

    Raises:
        CorpusError: no page has a gold text.
    """
    rows = [scored_page(page, page_group(page), extract(page)) for page in pages if page.gold is not None]
    if not rows:
        raise CorpusError("none of the pages has a gold text to score against")
    return Evaluation(pd.DataFrame(rows), seed=seed)
