"""Figures as the cells of a report's tables."""

import pandas as pd

from train.evaluate import with_intervals

__all__ = ["by_share", "percent", "rounded", "with_interval_cells"]


def percent(share: float) -> str:
    """A share, 0 to 1, in full per cent."""
    return f"{100 * share:.0f} %"


def rounded(frame: pd.DataFrame, index: str, digits: int = 3, **titles: str) -> pd.DataFrame:
    """A table with its cells as text: fractions rounded, what is no number left empty.

    Args:
        frame: of numbers and strings.
        index: title of the index.
        digits: of fractions.
        titles: of columns, by name.
    """

    def cell(value: object) -> str:
        if isinstance(value, float):
            return "" if value != value else f"{value:.{digits}f}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    cells = [[cell(value) for value in row] for row in frame.astype(object).to_numpy().tolist()]
    shown = pd.DataFrame(cells, index=frame.index, columns=frame.columns)
    return shown.rename(columns=titles).rename_axis(index)


def with_interval_cells(frame: pd.DataFrame, index: str) -> pd.DataFrame:
    """A table of scores, each with its interval in its cell, under short titles: the caption says what
    they are."""
    table = with_intervals(frame)
    table.columns = pd.Index([str(name).split(" (")[0] for name in table])
    return rounded(table, index, f1="F1")


def by_share(frame: pd.DataFrame) -> pd.DataFrame:
    """A table that has shares for its index, with these in per cent."""
    return frame.set_axis([percent(share) for share in frame.index])
