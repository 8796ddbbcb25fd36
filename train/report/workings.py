"""Sections on how a model comes to its figures and what it takes, made like those of `accuracy`."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from classifier.features.matrix import column_docs
from train.errors import CorpusError
from train.importance import REPEATS
from train.learning import JUDGED_FOLDS
from train.report import figures
from train.report.cells import percent, rounded
from train.report.parts import Absent, Drawn, Grid, Part
from train.report.study import Study

__all__ = ["features", "learning", "times"]

TOP_FEATURES: Final = 15


def features(study: Study) -> Iterator[Part]:
    """What parts of the model, families of features and single features are worth."""
    try:
        ablation = study.ablation
    except CorpusError as error:
        yield Absent(str(error))
    else:
        gains = ablation.frame.dropna(subset=["gain"]).sort_values("gain", ascending=False)
        yield Drawn(
            study.name("ablation"),
            figures.bars(study.name("ablation"), gains, "gain", "gain in mean word F1"),
            f"Bars of what each part of the model is worth; the most: {gains.index[0]}, "
            f"{gains['gain'].iloc[0]:.3f}.",
            "Cross-validated without a part, or with another in its place, by a third of the trees: "
            f"{ablation.scope}.",
        )
    yield from _shuffled(study)


def _shuffled(study: Study) -> Iterator[Part]:
    found = study.importance
    top = found.features.head(TOP_FEATURES)
    how = (
        f"on {found.pages:,} pages that were not learnt from (one fold), by small trees fitted for this, "
        f"without the network: word F1 {found.f1:.3f}, average precision of blocks "
        f"{found.average_precision:.3f}"
    )
    yield Drawn(
        study.name("families"),
        figures.bars(study.name("families"), found.families, "loss", "loss of mean word F1"),
        f"Bars of what shuffling a family of features costs; the most: {found.families.index[0]}, "
        f"{found.families['loss'].iloc[0]:.3f}.",
        f"Families, all their features shuffled together, {how}.",
    )
    yield Drawn(
        study.name("features"),
        figures.bars(study.name("features"), top, "loss", "loss of average precision of blocks"),
        f"Bars of what shuffling one feature costs; the most: {top.index[0]}, {top['loss'].iloc[0]:.4f}.",
        f"The {len(top)} features that cost most when shuffled alone, of the same trees on the same pages; "
        f"lines: the least and the most of {REPEATS} orders. Features that say nearly the same stand in for "
        "one another.",
    )
    table = top.assign(meaning=[column_docs(study.kind)[name] for name in top.index])
    yield Grid("What they hold.", rounded(table[["family", "loss", "meaning"]], "feature", 4))


def learning(study: Study) -> Iterator[Part]:
    """Word F1 by number of pages to learn from."""
    found = study.learning
    yield Drawn(
        study.name("learning"),
        figures.over_pages(study.name("learning"), found),
        f"Learning curve: mean word F1 rises from {found['f1'].iloc[0]:.3f} with {found.index[0]} pages to "
        f"{found['f1'].iloc[-1]:.3f} with {found.index[-1]}.",
        "Each mark is a fit of its own, of the lexicon and of small trees without the network, so that the "
        f"curve lies below the figures of the whole model; judged on the pages of {JUDGED_FOLDS} of the five "
        "folds. Pages are drawn at random, larger sets hold the smaller. Band: 95 % interval over the "
        "judged pages.",
    )
    yield Grid(
        "Mean word F1 with its interval.", rounded(found, "pages", f1="F1", f1_low="from", f1_high="to")
    )


def times(study: Study) -> Iterator[Part]:
    """CPU time of a page beside others, and by stage."""
    found = study.race
    times = found.times
    if len(times) > 1:
        yield Drawn(
            study.name("speed"),
            figures.times(study.name("speed"), times, found.own),
            "CPU milliseconds a page, mean: "
            + ", ".join(f"{name} {ms:.1f}" for name, ms in times["ms_mean"].items())
            + ".",
            f"{found.pages} pages drawn at random, page by page in turn, one process on one thread. Dots are "
            "means, lines reach from the median to the 95th percentile.",
        )
    else:
        yield "The others take HTML, so this classifier is measured alone."
    yield Grid(
        "CPU milliseconds a page; ours / theirs with a 95 % interval over pages.",
        rounded(_with_ratio(times), "extractor", 1),
    )
    stages = found.stages.assign(share=[percent(share) for share in found.stages["share"]])
    yield Grid("Where our time goes.", rounded(stages, "stage", 2, ms_mean="ms"))


def _with_ratio(times: pd.DataFrame) -> pd.DataFrame:
    ratio = [
        f"{row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
        for _, row in times.iterrows()
    ]
    table = times[["ms_mean", "ms_median", "ms_p95"]].assign(ratio=ratio, errors=times["errors"])
    return table.rename(
        columns={
            "ms_mean": "mean",
            "ms_median": "median",
            "ms_p95": "95th percentile",
            "ratio": "ours / theirs",
        }
    )
