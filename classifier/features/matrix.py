"""The registry: which families make up the features of a kind of page, in which order."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from classifier.features import (
    compiled,
    context,
    lexical,
    links,
    neighbours,
    plain,
    position,
    repetition,
    shape,
    structure,
    topic,
)
from classifier.features.arrays import Column, Floats, measure
from classifier.features.lexical import Evidence, Lexicon, collect
from classifier.features.tree import build_tree
from classifier.kernel import native
from classifier.segment import Kind, Segments

__all__ = [
    "Measured",
    "column_docs",
    "column_families",
    "column_names",
    "feature_matrix",
    "measure_in_python",
    "measure_page",
]

FAMILIES: Final[dict[Kind, dict[str, tuple[Column, ...]]]] = {
    "html": {
        "shape": shape.COLUMNS,
        "links": links.COLUMNS,
        "position": position.COLUMNS,
        "repetition": repetition.COLUMNS,
        "topic": topic.COLUMNS,
        "neighbours": neighbours.COLUMNS,
        "context": context.COLUMNS,
        "structure": structure.COLUMNS,
        "lexical": lexical.COLUMNS + lexical.TREE_COLUMNS,
    },
    "text": {
        "shape": shape.COLUMNS,
        "plain": plain.COLUMNS,
        "position": position.COLUMNS,
        "repetition": repetition.COLUMNS,
        "topic": topic.COLUMNS,
        "neighbours": neighbours.COLUMNS,
        "context": context.COLUMNS,
        "lexical": lexical.COLUMNS,
    },
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What models need to know of a page: all that can be computed without a lexicon."""

    base: Floats
    """Shape (blocks, columns before the family "lexical"), float32."""
    evidence: Evidence


@cache
def column_names(kind: Kind) -> tuple[str, ...]:
    """Names of the feature columns of a kind of page, in order."""
    return tuple(name for columns in FAMILIES[kind].values() for name, _ in columns)


def column_docs(kind: Kind) -> dict[str, str]:
    """What each feature column holds."""
    return {name: doc for columns in FAMILIES[kind].values() for name, doc in columns}


def column_families(kind: Kind) -> dict[str, str]:
    """The family of each feature column."""
    return {name: family for family, columns in FAMILIES[kind].items() for name, _ in columns}


def measure_page(segments: Segments) -> Measured:
    """All features of a page that need no lexicon."""
    if native is not None:
        families = FAMILIES[segments.kind]
        width = sum(len(columns) for family, columns in families.items() if family != "lexical")
        return Measured(*compiled.measure_page(segments, width))
    return measure_in_python(segments)


def measure_in_python(segments: Segments) -> Measured:
    """The same without the compiled kernel."""
    page = measure(segments)
    is_html = segments.kind == "html"
    tree = build_tree(page) if is_html else None
    families = [
        shape.compute(page),
        links.compute(page) if is_html else plain.compute(segments),
        position.compute(page),
        repetition.compute(page),
        topic.compute(page),
        neighbours.compute(page),
        context.compute(page),
    ]
    if tree is not None:
        families.append(structure.compute(page, tree))
    return Measured(np.concatenate(families, axis=1), collect(page, tree))


def feature_matrix(measured: Measured, lexicon: Lexicon) -> Floats:
    """The features of a page's blocks; shape (blocks, len(column_names(kind))), float32."""
    if native is not None:
        wording = compiled.lexicon_columns(measured.evidence, lexicon)
    else:
        wording = lexicon.columns(measured.evidence)
    return np.concatenate((measured.base, wording), axis=1)
