"""Sections of a model card that only measuring can fill (Mitchell et al. 2019, "Model Cards")."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from classifier import Classifier, Label
from classifier.segment import Kind
from train.align import align
from train.confidence import confidence_error, coverage, handed_over, reliability
from train.corpus import GoldPage, read
from train.evaluate import Evaluation, with_intervals
from train.metrics import score
from train.plaintext import page_text

__all__ = ["Section", "ablation_section", "markdown_table", "measured_sections", "own_page_sections"]

Section = tuple[str, str]
"""Heading and Markdown of a section."""

# Worst own pages shown, and mistakes shown of each.
WORST: Final = 4
MISTAKES: Final = 3
_SHOWN: Final = 80


def measured_sections(found: Evaluation, points: pd.DataFrame) -> Iterator[Section]:
    """What cross-validation says, by page type, by confidence and by way to decide.

    Args:
        found: the cross-validated evaluation of the judged pages.
        points: that of each way to decide, as `train.confidence.operating_points` gives it.
    """
    yield (
        "By page type",
        "Mean word precision, recall and F1 with 95 % bootstrap intervals over pages.\n\n"
        + markdown_table(with_intervals(found.by("page_type")), "page type"),
    )
    yield (
        "Ways to decide",
        "`favor` chooses between these; figures as above.\n\n"
        + markdown_table(with_intervals(points), "favor"),
    )
    pages = found.pages
    yield (
        "Confidence",
        f"`page.confidence` is the word F1 that is expected of the page. Out of fold its rank correlation "
        f"(Spearman) with the F1 reached is {found.confidence_correlation:.2f}, its calibration error "
        f"{confidence_error(pages):.3f}. Ten bins of equally many pages:\n\n"
        + markdown_table(reliability(pages).round(3), "bin")
        + "\n\nThe surest share of the pages alone:\n\n"
        + markdown_table(coverage(pages).round(3), "share")
        + "\n\nWhere that is not enough, send the least sure pages elsewhere: to a person, a larger model. "
        "If no mistake is made there:\n\n" + markdown_table(handed_over(pages).round(3), "share"),
    )


def ablation_section(frame: pd.DataFrame, scope: str) -> Section:
    """What each part is worth, as `python -m train ablate` measured it."""
    return (
        "What each part is worth",
        "Word F1 cross-validated with one part left out or exchanged, with a third of the trees; gains with "
        f"95 % bootstrap intervals over pages; {scope}.\n\n" + markdown_table(frame.round(4), "part"),
    )


def own_page_sections(classifier: Classifier, kind: Kind) -> Iterator[Section]:
    """Languages, and mistakes on pages of this project (`data/pages`), for models that learnt from others.

    Nothing where the project's own pages are not at hand, as in an installed package.
    """
    pages = _own_pages(kind)
    if not pages:
        return
    rows, mistakes = [], []
    for page in pages:
        answer = classifier.classify(page_text(page, kind), kind=kind)
        f1 = score(answer.text, page.gold or "").f1
        rows.append({"language": page.language, "page": page.id, "f1": round(f1, 3)})
        labels = align([block.text for block in answer.blocks], page.gold or "").labels
        wrong = [
            f"  - {'kept' if block.label is Label.CONTENT else 'cut'} at {block.probability:.2f}: "
            f"{_short(block.text)}"
            for block, right in zip(answer.blocks, labels, strict=True)
            if (block.label is Label.CONTENT) != right
        ]
        mistakes.append((f1, page.id, wrong))
    frame = pd.DataFrame(rows).groupby("language").agg(pages=("f1", "size"), f1=("f1", "mean")).round(3)
    yield (
        "Languages",
        "Word F1 on the pages of this project, `data/pages`. The model has not learnt from them; the weight "
        "of `data/lessons` was chosen on them:\n\n" + markdown_table(frame, "language"),
    )
    worst = sorted(mistakes, key=lambda row: row[0])[:WORST]
    lines = [f"- `{name}`, F1 {f1:.2f}\n" + "\n".join(_spread(wrong)) for f1, name, wrong in worst]
    yield (
        "What it gets wrong",
        "The worst of the same pages, some wrong blocks of each:\n\n" + "\n".join(lines),
    )


def _own_pages(kind: Kind) -> list[GoldPage]:
    folder = Path(__file__).resolve().parents[1] / "data"
    if not (folder / "pages").is_dir():
        return []
    return [page for page in read("pages", folder) if page.kind == "html" or kind == "text"]


def _spread(lines: Sequence[str]) -> list[str]:
    """Some of the lines, from all over."""
    if not lines:
        return []
    places = np.unique(np.linspace(0, len(lines) - 1, MISTAKES).round().astype(int))
    return [lines[place] for place in places]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


def markdown_table(frame: pd.DataFrame, index: str) -> str:
    """A table in Markdown, its index in the first column; cells without a figure stay empty."""
    head = [index, *map(str, frame.columns)]
    rows = [
        [str(name), *("" if value != value else str(value) for value in row)]
        for name, row in zip(frame.index, frame.itertuples(index=False), strict=True)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])
