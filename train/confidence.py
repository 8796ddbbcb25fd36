"""What the confidence of a page is worth: reliability, coverage, and what `favor` trades for what.

The functions take the `pages` of an `Evaluation`: one row a page, with `confidence` and `f1`, 0 to 1.
"""

from collections.abc import Sequence
from typing import Final, get_args

import numpy as np
import pandas as pd

from classifier.decide import Favor, Policy
from classifier.features.arrays import Floats
from train.evaluate import Evaluation, evaluate_probabilities
from train.table import Table

__all__ = [
    "confidence_error",
    "confidence_report",
    "coverage",
    "handed_over",
    "operating_points",
    "reliability",
    "threshold_curve",
]

BINS: Final = 10
COVERED: Final = tuple(round(0.1 * tenth, 1) for tenth in range(1, 11))
HANDED_OVER: Final = (0.05, 0.10, 0.20)
THRESHOLDS: Final = (0.02, 0.05, *COVERED[:-1], 0.95, 0.98)


def reliability(pages: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Claimed against reached F1, in bins of equally many pages, from the least to the most sure.

    Returns:
        One row a bin, indexed by its number from 1: `pages`, `confidence`, `f1` (means). Fewer
        bins where there are fewer pages.
    """
    rows = [
        {"pages": len(part), "confidence": float(part["confidence"].mean()), "f1": float(part["f1"].mean())}
        for part in _parts(pages, bins)
    ]
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="bin"))


def confidence_error(pages: pd.DataFrame, bins: int = BINS) -> float:
    """Expected calibration error of page confidence: mean gap over `reliability`'s bins, 0 to 1."""
    table = reliability(pages, bins)
    gaps = (table["confidence"] - table["f1"]).abs()
    return float((gaps * table["pages"]).sum() / table["pages"].sum())


def coverage(pages: pd.DataFrame, shares: Sequence[float] = COVERED) -> pd.DataFrame:
    """Mean F1 of the surest pages alone.

    Returns:
        One row a share, indexed by it: `pages`; `confidence`, that of the least sure page of these,
        so the bar to set for this share; `f1`, their mean.
    """
    surest = _by_confidence(pages).iloc[::-1]
    rows = {}
    for share in shares:
        part = surest.iloc[: _count(share, len(surest))]
        rows[share] = {
            "pages": len(part),
            "confidence": float(part["confidence"].min()),
            "f1": float(part["f1"].mean()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"pages": int}).rename_axis("share")


def handed_over(pages: pd.DataFrame, shares: Sequence[float] = HANDED_OVER) -> pd.DataFrame:
    """Mean F1 of all pages if someone who makes no mistakes did the least sure ones.

    Returns:
        One row a share, indexed by it: `pages`, how many are handed over; `confidence`, that of the
        surest of these, so the bar to set; `f1_of_these`, what they score without help; `f1`, the
        mean over all pages with help; `f1_if_random`, the mean with help on as many pages drawn
        blindly.
    """
    ordered = _by_confidence(pages)
    rows = {}
    for share in shares:
        number = _count(share, len(ordered))
        part, rest = ordered.iloc[:number], ordered.iloc[number:]
        rows[share] = {
            "pages": number,
            "confidence": float(part["confidence"].max()),
            "f1_of_these": float(part["f1"].mean()),
            "f1": float((number + rest["f1"].sum()) / len(ordered)),
            "f1_if_random": float(1 - (1 - ordered["f1"].mean()) * (1 - number / len(ordered))),
        }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"pages": int}).rename_axis("share")


def operating_points(table: Table, probabilities: Sequence[Floats], seed: int = 0) -> pd.DataFrame:
    """Means under each way to decide.

    Args:
        table: the judged pages.
        probabilities: out-of-fold probability of each block, an array a page.
        seed: draws the bootstrap resamples.

    Returns:
        One row a value of `favor`, indexed by it, with the columns of `Evaluation.summary`.
    """
    rows = {
        favor: evaluate_probabilities(table, probabilities, seed, Policy(favor)).summary()
        for favor in get_args(Favor)
    }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"pages": int}).rename_axis("favor")


def threshold_curve(
    table: Table, probabilities: Sequence[Floats], thresholds: Sequence[float] = THRESHOLDS
) -> pd.DataFrame:
    """Means if every block of at least a fixed probability were kept: the curve beside which the operating
    points stand.

    Args:
        table: the judged pages.
        probabilities: out-of-fold probability of each block, an array a page.
        thresholds: rising, 0 to 1.

    Returns:
        One row a threshold, indexed by it: mean `precision`, `recall` and `f1` over pages.
    """
    rows = {
        threshold: evaluate_probabilities(table, probabilities, policy=Policy(threshold=threshold))
        .pages[["precision", "recall", "f1"]]
        .mean()
        for threshold in thresholds
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("threshold")


def confidence_report(evaluation: Evaluation) -> str:
    """The tables on confidence as text, as `python -m train evaluate` prints them."""
    pages = evaluation.pages
    return "\n".join(
        [
            "page confidence against F1, bins of equally many pages; calibration error "
            f"{confidence_error(pages):.4f}",
            reliability(pages).round(3).to_string(),
            "",
            "the surest share of the pages alone; confidence: the least among them",
            coverage(pages).round(3).to_string(),
            "",
            "the least sure share of the pages done without a mistake elsewhere; confidence: the most "
            "among them",
            handed_over(pages).round(3).to_string(),
        ]
    )


def _by_confidence(pages: pd.DataFrame) -> pd.DataFrame:
    """From the least to the most sure; of equally sure ones in the order given."""
    return pages.sort_values("confidence", kind="stable")


def _parts(pages: pd.DataFrame, bins: int) -> list[pd.DataFrame]:
    ordered = _by_confidence(pages)
    places = np.array_split(np.arange(len(ordered)), min(bins, len(ordered)))
    return [ordered.iloc[place] for place in places]


def _count(share: float, pages: int) -> int:
    """How many of the pages a share is, one at the least."""
    return max(1, round(share * pages))
