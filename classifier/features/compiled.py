"""The features by the compiled kernel: the same figures as the families beside this module give."""

from array import array
from collections.abc import Sequence
from dataclasses import fields
from typing import Final

import numpy as np

from classifier.features import plain, shape, structure
from classifier.features.arrays import Floats, class_table, lower_case
from classifier.features.lexical import Evidence, Lexicon
from classifier.kernel import native
from classifier.segment import Segments
from classifier.segment.segments import integers

__all__ = ["lexicon_columns", "measure_page"]

_TABLES: Final = tuple(table.name for table in fields(Lexicon))


def measure_page(segments: Segments, width: int) -> tuple[Floats, Evidence]:
    """All features of a page that need no lexicon, and what a lexicon looks up.

    Args:
        width: how many features there are, of which the kernel must know.

    Raises:
        ValueError: the columns of `segments` contradict each other, or the kernel has other features.
    """
    assert native is not None
    is_html = segments.kind == "html"
    gap = 0 if is_html else len(plain.COLUMNS)
    values, words, *rows = native.measure(
        segments.texts,
        lower_case("\n".join(segments.texts)),
        segments.title.lower(),
        class_table(),
        width,
        gap,
        _markup(segments) if is_html else None,
    )
    base: Floats = np.frombuffer(values, np.float32).reshape(-1, width)
    if gap:
        first = len(shape.COLUMNS)
        base[:, first : first + gap] = plain.compute(segments)
    columns = [np.frombuffer(row, np.int32) for row in rows]
    columns[-1] = columns[-1].reshape(2, -1)
    return base, Evidence(np.frombuffer(words, np.int64), *columns)


def _markup(segments: Segments) -> tuple[object, ...]:
    elements = segments.elements
    blocks = (
        segments.element,
        segments.link_chars,
        segments.links,
        segments.emphasis_chars,
        segments.images,
        segments.controls,
        segments.hidden,
        segments.source,
    )
    tree = (elements.parent, elements.first_block, elements.end_block)
    return (
        tuple(map(_integers, blocks)),
        tuple(map(_integers, tree)),
        segments.tags,
        elements.tag,
        elements.identity,
        structure.TAG_CODES,
        structure.ENTRY,
        len(structure.INSIDE),
    )


def _integers(column: Sequence[int]) -> "array[int]":
    try:
        return column if isinstance(column, array) else integers(column)
    except OverflowError:
        raise ValueError("a number of a page is out of range") from None


def lexicon_columns(evidence: Evidence, lexicon: Lexicon) -> Floats:
    """What `Lexicon.columns` gives.

    Raises:
        ValueError: the evidence is none that a page can give.
    """
    assert native is not None
    values = native.lexicon_columns(
        evidence.words,
        (evidence.word, evidence.word_block, evidence.pair, evidence.pair_block, evidence.phrase),
        (
            evidence.tag,
            evidence.name,
            evidence.name_index,
            evidence.identity,
            evidence.parent,
            evidence.owner,
        ),
        tuple(getattr(lexicon, name) for name in _TABLES),
    )
    columns: Floats = np.frombuffer(values, np.float32).reshape(len(evidence.words), -1)
    return columns
