"""The figures of a report, drawn in the stand-in colours of `train.report.svg`: frames in, SVG out.

All are narrow enough to be read on a telephone at their own size.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from train.report.svg import INKS, themed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "bars", "by_type", "lost", "operating", "over_pages", "reliability_of", "risk", "standing", "times",
]  # fmt: skip

# Units are those of SVG, of which matplotlib counts 72 to the inch.
WIDTH: Final = 400
ROW: Final = 22
SQUARE: Final = 330
FONT: Final = 11
# Letters of a row's name before it is wrapped.
NAME: Final = 24
SERIES: Final = ("own", "second", "third", "fourth", "fifth")
MARKS: Final = ("o", "s", "^", "D", "v")
_TEXT, _QUIET, _LINE, _GROUND, _OWN = (
    INKS[name].drawn for name in ("text", "quiet", "line", "ground", "own")
)
_STYLE: Final[Any] = {
    "font.size": FONT,
    "font.family": "DejaVu Sans",
    "text.color": _TEXT,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _QUIET,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": _LINE,
    "grid.linewidth": 0.7,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _QUIET,
    "ytick.labelcolor": _TEXT,
    "legend.frameon": False,
    "legend.fontsize": FONT - 1,
    "legend.handlelength": 1.4,
    "lines.linewidth": 1.8,
}


class _Drawing:
    """Axes to draw on, and what came of it."""

    def __init__(self, axes: "Axes") -> None:
        self.axes = axes
        self.svg = ""


@contextmanager
def _drawing(name: str, height: float) -> Iterator[_Drawing]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        drawing = _Drawing(figure.subplots())
        yield drawing
        drawing.svg = themed(figure, name)


def _rows(axes: "Axes", names: Sequence[str]) -> None:
    """A row a name, the first on top."""
    axes.set_yticks(range(len(names)), [fill(name, NAME) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _spread(frame: pd.DataFrame, name: str) -> Any:
    """How far an interval reaches below and above; shape (2, rows)."""
    low, high = frame[f"{name}_low"], frame[f"{name}_high"]
    return np.maximum(np.array([frame[name] - low, high - frame[name]]), 0)


def standing(name: str, found: pd.DataFrame, own: str) -> str:
    """Mean F1 of extractors with intervals.

    Args:
        name: of the figure.
        found: of `train.standings.standings`.
        own: the row to stand out.
    """
    with _drawing(name, 62 + ROW * len(found)) as drawing:
        axes = drawing.axes
        _rows(axes, list(found.index))
        spread = _spread(found, "f1")
        for place, (extractor, f1) in enumerate(found["f1"].items()):
            ink, weight = (_OWN, "bold") if extractor == own else (_QUIET, "normal")
            axes.errorbar(f1, place, xerr=spread[:, [place]], fmt="o", color=ink, capsize=0)
            axes.annotate(
                f"{f1:.3f}", (1.02, place), xycoords=("axes fraction", "data"), va="center", weight=weight
            )
        axes.set_xlabel("mean word F1, with 95 % interval")
    return drawing.svg


def by_type(name: str, found: Mapping[str, pd.DataFrame]) -> str:
    """Mean F1 of some extractors by page type, with intervals.

    Args:
        name: of the figure.
        found: of each extractor the frame of `Evaluation.by("page_type")`, this classifier's first; five
            at most.
    """
    types = list(next(iter(found.values())).index)
    with _drawing(name, 96 + (10 + 11 * len(found)) * len(types)) as drawing:
        axes = drawing.axes
        _rows(axes, types)
        gap = 0.8 / (len(found) + 1)
        for number, (extractor, frame) in enumerate(found.items()):
            frame = frame.reindex(types)
            place = np.arange(len(types)) + gap * (number - (len(found) - 1) / 2)
            axes.errorbar(
                frame["f1"], place, xerr=_spread(frame, "f1"), fmt=MARKS[number], ms=5, lw=1.3,
                color=INKS[SERIES[number]].drawn, label=extractor,
            )  # fmt: skip
        axes.set_xlabel("mean word F1, with 95 % interval")
        if len(found) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(-0.3, 1), ncols=2, columnspacing=1)
    return drawing.svg


def reliability_of(
    name: str, found: pd.DataFrame, columns: tuple[str, str, str], labels: tuple[str, str]
) -> str:
    """Claimed against observed, the size of a mark being how many fall there.

    Args:
        name: of the figure.
        found: one row a bin.
        columns: of the claimed, the observed, and how many.
        labels: of the two axes.
    """
    claimed, observed, count = (found[column] for column in columns)
    with _drawing(name, SQUARE) as drawing:
        axes = drawing.axes
        axes.plot([0, 1], [0, 1], color=_QUIET, lw=1, ls=(0, (4, 3)))
        axes.plot(claimed, observed, color=_OWN, lw=1.2)
        axes.scatter(claimed, observed, s=24 + 120 * count / count.max(), color=_OWN, zorder=3, clip_on=False)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel=labels[0], ylabel=labels[1])
        axes.set_aspect("equal")
    return drawing.svg


def operating(name: str, curve: pd.DataFrame, points: pd.DataFrame) -> str:
    """Mean precision and recall under fixed thresholds, and of the ways to decide.

    Args:
        name: of the figure.
        curve: of `train.confidence.threshold_curve`.
        points: of `train.confidence.operating_points`.
    """
    with _drawing(name, SQUARE) as drawing:
        axes = drawing.axes
        axes.plot(curve["recall"], curve["precision"], color=_QUIET, lw=1.3, label="fixed threshold")
        shown = curve[[any(abs(t - one) < 1e-6 for one in (0.1, 0.3, 0.5, 0.7, 0.9)) for t in curve.index]]
        axes.plot(shown["recall"], shown["precision"], "o", ms=3.5, color=_QUIET)
        for threshold, row in shown.iterrows():
            axes.annotate(
                f"{threshold:g}", (row["recall"], row["precision"]), xytext=(-5, -4), size=FONT - 1,
                textcoords="offset points", ha="right", va="top", color=_QUIET,
            )  # fmt: skip
        for number, (favor, row) in enumerate(points.iterrows()):
            axes.plot(
                row["recall"], row["precision"], MARKS[number], ms=8, color=INKS[SERIES[number]].drawn,
                label=f"favor={favor}",
            )  # fmt: skip
        axes.set(xlabel="mean recall", ylabel="mean precision")
        axes.margins(0.12)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.1, 1), ncols=2, columnspacing=1)
    return drawing.svg


def risk(name: str, found: pd.DataFrame, best: pd.DataFrame) -> str:
    """Mean F1 of the surest share of the pages.

    Args:
        name: of the figure.
        found: of `train.confidence.coverage`.
        best: the same, if confidence were the F1 itself.
    """
    with _drawing(name, 290) as drawing:
        axes = drawing.axes
        axes.plot(best.index, best["f1"], color=_QUIET, lw=1.2, ls=(0, (4, 3)), label="by F1 itself")
        axes.plot(found.index, found["f1"], color=_OWN, label="by confidence")
        axes.axhline(found["f1"].iloc[-1], color=_QUIET, lw=1.2, ls=(0, (1, 2)), label="at random")
        axes.set(xlabel="share of the pages kept", ylabel="their mean word F1", xlim=(0, 1))
        axes.legend(loc="lower left", bbox_to_anchor=(-0.05, 1), ncols=3, columnspacing=1)
    return drawing.svg


def bars(name: str, found: pd.DataFrame, column: str, label: str) -> str:
    """A bar a row with its interval, in the order of the rows.

    Args:
        name: of the figure.
        found: has `column`, and its `_low` and `_high`.
        column: what is drawn.
        label: of its axis.
    """
    names = [fill(str(one), NAME) for one in found.index]
    lines = sum(1 + one.count("\n") for one in names)
    with _drawing(name, 62 + 0.55 * ROW * lines + 0.45 * ROW * len(names)) as drawing:
        axes = drawing.axes
        _rows(axes, list(map(str, found.index)))
        axes.barh(range(len(found)), found[column], height=0.62, color=_OWN)
        axes.errorbar(
            found[column], range(len(found)), xerr=_spread(found, column), fmt="none", ecolor=_TEXT, lw=1
        )
        axes.axvline(0, color=_QUIET, lw=0.8)
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(label)
    return drawing.svg


def over_pages(name: str, found: pd.DataFrame) -> str:
    """Mean F1 by number of pages to learn from, of `train.learning.learning_curve`."""
    from matplotlib.ticker import FixedLocator, NullLocator

    with _drawing(name, 270) as drawing:
        axes = drawing.axes
        axes.fill_between(found.index, found["f1_low"], found["f1_high"], color=_OWN, alpha=0.18, lw=0)
        axes.plot(found.index, found["f1"], "o-", color=_OWN, ms=5)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(list(found.index)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda pages, _: f"{pages:.0f}")
        axes.set(xlabel="pages to learn from (logarithmic)", ylabel="mean word F1")
    return drawing.svg


def lost(name: str, found: pd.DataFrame) -> str:
    """What is lacking to an F1 of 1, stacked by cause.

    Args:
        name: of the figure.
        found: one row a page type, one column a cause; five at most.
    """
    with _drawing(name, 110 + ROW * len(found)) as drawing:
        axes = drawing.axes
        _rows(axes, list(found.index))
        left = np.zeros(len(found))
        for ink, cause in zip(SERIES, found, strict=False):
            axes.barh(
                range(len(found)), found[cause], left=left, height=0.62, label=cause, color=INKS[ink].drawn,
                edgecolor=_GROUND, lw=0.8,
            )  # fmt: skip
            left += found[cause].to_numpy()
        axes.set_xlabel("mean loss of word F1")
        axes.legend(loc="lower left", bbox_to_anchor=(-0.3, 1), ncols=2, columnspacing=1)
    return drawing.svg


def times(name: str, found: pd.DataFrame, own: str) -> str:
    """CPU time a page: the mean, and from the median to the 95th percentile.

    Args:
        name: of the figure.
        found: of `train.speed.Race.table`.
        own: the row to stand out.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    with _drawing(name, 62 + ROW * len(found)) as drawing:
        axes = drawing.axes
        _rows(axes, list(found.index))
        for place, (extractor, row) in enumerate(found.iterrows()):
            ink, weight = (_OWN, "bold") if extractor == own else (_QUIET, "normal")
            axes.plot([row["ms_median"], row["ms_p95"]], [place, place], color=ink)
            axes.plot(row["ms_mean"], place, "o", color=ink)
            axes.annotate(
                f"{row['ms_mean']:.1f}", (1.02, place), xycoords=("axes fraction", "data"), va="center",
                weight=weight,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda ms, _: f"{ms:g}")
        axes.set_xlabel("CPU milliseconds a page (logarithmic)")
    return drawing.svg
