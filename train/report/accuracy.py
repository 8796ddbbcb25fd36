"""Sections on what a fit scores: each a generator of parts, which ends with a `CorpusError` where something
is missing."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from train.confidence import confidence_error, coverage, handed_over, reliability
from train.losses import CAUSES
from train.report import figures
from train.report.cells import by_share, rounded, with_interval_cells
from train.report.parts import Drawn, Grid, Part
from train.report.study import Study
from train.standings import OWN_NAME, standings

__all__ = ["beside_others", "by_type", "calibration", "in_short", "operating", "sure_pages", "where_lost"]

# Of the other extractors, the best are drawn by page type, and all are in the table.
DRAWN_OTHERS: Final = 3
SHARES: Final = tuple(round(0.02 * step, 2) for step in range(1, 51))


def in_short(study: Study) -> Iterator[Part]:
    """The main figures, and what they are figures of."""
    own, pages = study.own, study.pages
    datasets = ", ".join(sorted({page.dataset for page in pages.pages}))
    yield (
        f"{len(pages):,} pages of {len(set(pages.sites)):,} sites ({datasets}) with "
        f"{sum(len(page.texts) for page in pages.pages):,} blocks. All figures are cross-validated in five "
        f"folds grouped by site, seed {study.fit.seed}: a page is judged by models that saw none of its "
        "site. Precision, recall and F1 are those of words, as WCXB defines them, the mean over pages; "
        "intervals are bootstrapped over pages."
    )
    summary = own.summary()
    rows = {
        name: f"{summary[key]:.3f} ({summary[f'{key}_low']:.3f} to {summary[f'{key}_high']:.3f})"
        for name, key in (("word F1", "f1"), ("precision", "precision"), ("recall", "recall"))
    }
    rows |= {
        "average precision of blocks, weighted by words": f"{own.average_precision:.3f}",
        "calibration error of block probabilities": f"{own.calibration_error:.3f}",
        "calibration error of page confidence": f"{confidence_error(own.pages):.3f}",
        "rank correlation of page confidence with F1": f"{own.confidence_correlation:.3f}",
        "share of pages with F1 under 0.5": f"{100 * own.figures()['failed share']:.1f} %",
    }
    yield Grid("The main figures, with 95 % intervals.", pd.DataFrame({"value": rows}).rename_axis("figure"))


def beside_others(study: Study) -> Iterator[Part]:
    """Word F1 of this classifier and of others on the same pages."""
    if study.kind == "text":
        yield "Few other extractors take plain text, so rules without learning stand beside it."
    own = study.own
    others = study.others
    found = standings({OWN_NAME: own, **others})
    best, second = found.index[:2]
    yield Drawn(
        study.name("standings"),
        figures.standing(study.name("standings"), found, OWN_NAME),
        f"Dot plot of the mean word F1 of {len(found)} extractors; {best} leads with "
        f"{found['f1'].iloc[0]:.3f} before {second} with {found['f1'].iloc[1]:.3f}.",
        "The same pages through each. Dots are means, lines 95 % intervals.",
    )
    columns = [name for name in found if not str(name).startswith("f1 ")]
    yield Grid(
        "Means over pages with 95 % intervals. Errors: pages on which an extractor failed or took longer "
        f"than {study.scope.deadline:g} s, which count as empty answers.",
        with_interval_cells(found[columns], "extractor"),
    )


def by_type(study: Study) -> Iterator[Part]:
    """Word F1 by page type, beside the best of the others."""
    everyone = study.everyone
    found = standings(everyone)
    drawn = [OWN_NAME, *[name for name in found.index if name != OWN_NAME][:DRAWN_OTHERS]]
    types = study.own.by("page_type")
    yield Drawn(
        study.name("types"),
        figures.by_type(study.name("types"), {name: everyone[name].by("page_type") for name in drawn}),
        "Dot plot of mean word F1 by page type: "
        + ", ".join(f"{name} {f1:.2f}" for name, f1 in types["f1"].items())
        + (f"; beside it {', '.join(drawn[1:])}." if drawn[1:] else "."),
        "Mean word F1 by page type"
        + (" beside the best of the others." if drawn[1:] else ", no other extractor having been measured."),
    )
    yield Grid("This classifier, with 95 % intervals.", with_interval_cells(types, "page type"))
    if drawn[1:]:
        table = found[[name for name in found if str(name).startswith("f1 ")]]
        table = table.rename(columns=lambda name: str(name).removeprefix("f1 "))
        yield Grid("Mean F1 of all, the best in the mean over pages first.", rounded(table, "extractor"))


def calibration(study: Study) -> Iterator[Part]:
    """Whether probabilities of blocks and confidences of pages come true."""
    blocks, pages = study.calibration, reliability(study.own.pages)
    error, page_error = study.own.calibration_error, confidence_error(study.own.pages)
    yield (
        "Where a probability or a confidence means what it says, the marks lie on the dashed line. The size "
        "of a mark shows how many blocks or pages it stands for."
    )
    yield Drawn(
        study.name("calibration"),
        figures.reliability_of(
            study.name("calibration"),
            blocks,
            ("claimed", "observed", "blocks"),
            ("probability of content", "share that is content"),
        ),
        f"Reliability curve of block probabilities in {len(blocks)} bins; calibration error {error:.3f}.",
        f"Block probabilities, in bins of equal width. Calibration error {error:.3f}.",
    )
    yield Drawn(
        study.name("confidence"),
        figures.reliability_of(
            study.name("confidence"),
            pages,
            ("confidence", "f1", "pages"),
            ("confidence", "mean word F1 reached"),
        ),
        f"Reliability curve of page confidence in {len(pages)} bins; calibration error {page_error:.3f}.",
        f"Page confidence, in bins of equally many pages. Calibration error {page_error:.3f}.",
    )
    yield Grid("Block probabilities.", rounded(blocks, "bin"))
    yield Grid("Page confidence.", rounded(pages, "bin", f1="F1 reached"))


def operating(study: Study) -> Iterator[Part]:
    """Precision and recall by threshold, and where the ways to decide lie."""
    curve, points = study.curve, study.points
    yield Drawn(
        study.name("operating"),
        figures.operating(study.name("operating"), curve, points),
        "Precision/recall curve under fixed thresholds, with the operating points "
        + ", ".join(f"{favor} {row['precision']:.2f}/{row['recall']:.2f}" for favor, row in points.iterrows())
        + ".",
        "Line: one fixed threshold for all pages, some of them marked. Marks: the choice of `favor`, which "
        "decides page by page.",
    )
    yield Grid("What `favor` chooses, with 95 % intervals.", with_interval_cells(points, "favor"))
    yield Grid("Fixed thresholds.", rounded(curve, "threshold", f1="F1"))


def sure_pages(study: Study) -> Iterator[Part]:
    """Word F1 of the surest pages, and if the others were done elsewhere."""
    pages = study.own.pages
    found = coverage(pages, SHARES)
    table = coverage(pages)
    yield Drawn(
        study.name("coverage"),
        figures.risk(study.name("coverage"), found, coverage(pages.assign(confidence=pages["f1"]), SHARES)),
        f"Curve of mean word F1 by share of pages kept, from {table['f1'].iloc[-1]:.2f} for all of them to "
        f"{table['f1'].iloc[0]:.2f} for the surest tenth.",
        "The pages of the highest confidence alone. Dashed: the best that any order could do; dotted: none.",
    )
    yield Grid(
        "The surest share of the pages; confidence: the bar to set for it.",
        rounded(by_share(table), "share kept", f1="mean F1"),
    )
    yield Grid(
        "The least sure share done elsewhere without a mistake, and as many pages drawn blindly.",
        rounded(
            by_share(handed_over(pages)), "handed over",
            f1_of_these="their F1 without help", f1="mean F1 of all", f1_if_random="if drawn blindly",
        ),
    )  # fmt: skip


def where_lost(study: Study) -> Iterator[Part]:
    """What is lacking to an F1 of 1, by cause."""
    found = study.losses
    by_type = found.groupby("page_type")[list(CAUSES)].mean()
    by_type = by_type.loc[found["page_type"].value_counts().index]
    by_type.loc["all"] = found[list(CAUSES)].mean()
    whole = by_type.loc["all"]
    largest = str(whole.idxmax())
    yield Drawn(
        study.name("losses"),
        figures.lost(study.name("losses"), by_type),
        f"Stacked bars of the mean loss of word F1 by page type and cause; over all pages the largest is "
        f"“{largest}” with {whole[largest]:.3f}.",
        "What is lacking to an F1 of 1, in the mean over pages.",
    )
    causes = pd.DataFrame({"what it means": CAUSES, "mean loss": whole})
    yield Grid("Over all pages.", rounded(causes.loc[list(CAUSES)], "cause"))
