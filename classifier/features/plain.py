"""Plain text: what stands in for the markup that it lacks - bullets, numbers and blank lines."""

from typing import Final

import numpy as np

from classifier.features.arrays import Column, Floats, stack
from classifier.segment import Segments

__all__ = ["COLUMNS", "compute"]

MAX_BLANK: Final = 3
MARKS: Final = {"p": 0, "li": 1, "h": 2, "blockquote": 3}

COLUMNS: Final[tuple[Column, ...]] = (
    ("mark", "0 without, 1 bullet or number, 2 heading mark, 3 quotation mark"),
    ("blank_before", "blank lines before, at most 3"),
    ("blank_after", "blank lines after, at most 3"),
    ("page_blank_share", "share of the page's blocks with a blank line before"),
)


def compute(segments: Segments) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    spans = np.array(segments.line_spans, np.int64).reshape(-1, 2)
    gaps = np.minimum(spans[1:, 0] - spans[:-1, 1] - 1, MAX_BLANK)
    before = np.concatenate(([0], gaps))
    marks = np.array([MARKS.get(tag, 0) for tag in segments.tags])
    return stack((marks, before, np.concatenate((gaps, [0])), (before > 0).mean()), len(segments))
