"""Fit a `Lexicon` on labelled pages: how far words, phrases, names and tags go with content."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from classifier.features.lexical import (
    ANY_LEVEL,
    NAME_SCALE,
    SHAPES,
    SHORT_WORDS,
    TABLES,
    WEIGHT_LEVELS,
    Evidence,
    Lexicon,
    steps_out,
    word_scale,
)

__all__ = [
    "Sample",
    "fit_lexicon",
    "foreign_evidence",
    "linear_tables",
    "name_matrix",
    "sample_page",
    "word_matrix",
]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]
Shares = npt.NDArray[np.float32]
Means = tuple[Rows, Shares]

# Pages of neutral evidence added to each row: a word seen on one page says little.
SMOOTHING: Final = 3.0
# Strength of the linear models' regularisation and passes over the data, by cross-validation.
ALPHA: Final = 3e-6
EPOCHS: Final = 4
# Elements around a block that are gathered for the linear model; few pages nest deeper.
MAX_ANCESTORS: Final = 40
# Order of the linear models' columns: tables of the lexicon side by side.
_WORD_TABLES: Final = ("word", "pair", "phrase")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a lexicon is fitted on, of one page with n blocks."""

    rows: dict[str, Rows]
    """Per kind of evidence the rows seen on the page."""
    content: dict[str, Shares]
    """For each of them the share of its occurrences that is content."""
    words: sparse.csr_matrix
    """Words, pairs and whole text of each block; shape (n, rows of those tables)."""
    names: sparse.csr_matrix | None
    """Tags and names around each block; None for plain text."""
    label: npt.NDArray[np.bool_]
    weight: Floats
    """Weight of each block; shape (n,)."""
    pages: float = 1.0
    """How many pages the sample counts for in the log-odds."""


def sample_page(
    evidence: Evidence, share: Shares, label: npt.NDArray[np.bool_], weight: Floats, pages: float = 1.0
) -> Sample:
    """Gather a page, on which every row seen weighs `pages`, however often it occurs.

    Args:
        share: share of each block's words that are content, shape (n,).
        label: True where a block is content, shape (n,).
        weight: weight of each block, shape (n,).
    """
    ones = np.ones(len(share))
    short = evidence.words <= SHORT_WORDS
    gathered = {
        "word": _shares(evidence.word, evidence.word_block, short, share),
        "pair": _shares(evidence.pair, evidence.pair_block, short, share),
        "phrase": _mean(evidence.phrase, share, ones),
    }
    is_html = bool(len(evidence.identity))
    if is_html:
        gathered["tag"] = _mean(evidence.tag, share, ones)
        gathered["name"] = _names(evidence, share)
    return Sample(
        rows={kind: rows for kind, (rows, _) in gathered.items()},
        content={kind: content for kind, (_, content) in gathered.items()},
        words=word_matrix(evidence),
        names=name_matrix(evidence) if is_html else None,
        label=label,
        weight=weight,
        pages=pages,
    )


# -- log-odds -------------------------------------------------------------------------------------


def _shares(rows: Rows, blocks: Rows, chosen: npt.NDArray[np.bool_], share: Shares) -> Means:
    keep = chosen[blocks]
    return _mean(rows[keep], share[blocks[keep]], np.ones(int(keep.sum())))


def _mean(rows: Rows, values: npt.NDArray[np.floating], weights: Floats) -> Means:
    """Distinct rows, and the weighted mean of the values of each."""
    distinct, inverse = np.unique(rows, return_inverse=True)
    total = np.bincount(inverse, weights=weights, minlength=len(distinct))
    hit = np.bincount(inverse, weights=weights * values, minlength=len(distinct))
    return distinct.astype(np.int32), (hit / np.maximum(total, 1e-9)).astype(np.float32)


def _names(evidence: Evidence, share: Shares) -> Means:
    """Share of content among the words inside the elements that bear a name."""
    total = np.concatenate(([0.0], np.cumsum(evidence.words, dtype=np.float64)))
    content = np.concatenate(([0.0], np.cumsum(evidence.words * share, dtype=np.float64)))
    first, end = evidence.span
    names = int(evidence.identity.max()) + 1
    words: Floats = np.bincount(evidence.identity, total[end] - total[first], names).astype(np.float64)
    hit: Floats = np.bincount(evidence.identity, content[end] - content[first], names).astype(np.float64)
    some = words[evidence.name_index] > 0
    index = evidence.name_index[some]
    return _mean(evidence.name[some], hit[index] / words[index], words[index])


def _log_odds(pages: Sequence[Sample], kind: str) -> Shares:
    """Log-odds of content for every row, relative to the mean of its kind, 0 for rows never seen."""
    chosen = [page for page in pages if len(page.rows.get(kind, ()))]
    size = 1 << TABLES[kind]
    if not chosen:
        return np.zeros(size, np.float32)
    row = np.concatenate([page.rows[kind] for page in chosen])
    hit = np.concatenate([page.content[kind] for page in chosen])
    weight = np.concatenate([np.full(len(page.rows[kind]), page.pages) for page in chosen])
    seen = np.bincount(row, weights=weight, minlength=size)
    content = np.bincount(row, weights=weight * hit, minlength=size)
    prior = np.clip(content.sum() / seen.sum(), 1e-3, 1 - 1e-3)
    clutter = seen - content
    odds = np.log(content + SMOOTHING * prior) - np.log(clutter + SMOOTHING * (1 - prior))
    odds -= np.log(prior) - np.log1p(-prior)
    return np.where(seen > 0, odds, 0).astype(np.float32)


# -- linear models --------------------------------------------------------------------------------


def word_matrix(evidence: Evidence) -> sparse.csr_matrix:
    """What the linear model sees of the words of a page's n blocks; shape (n, rows of those tables)."""
    n = len(evidence.words)
    scale = word_scale(evidence)
    sizes = [1 << TABLES[kind] for kind in _WORD_TABLES]
    block = np.concatenate((evidence.word_block, evidence.pair_block, np.arange(n)))
    column = np.concatenate((evidence.word, sizes[0] + evidence.pair, sizes[0] + sizes[1] + evidence.phrase))
    value = np.concatenate((scale[evidence.word_block], scale[evidence.pair_block], np.ones(n, np.float32)))
    return sparse.csr_matrix((value, (block, column)), shape=(n, sum(sizes)))


def name_matrix(evidence: Evidence) -> sparse.csr_matrix:
    """What the linear model sees of the tags and names around the n blocks of an HTML page."""
    n = len(evidence.owner)
    width = 1 << TABLES["name"]
    count = np.bincount(evidence.name_index, minlength=int(evidence.identity.max()) + 1)
    start = np.cumsum(count) - count
    blocks, columns = [np.arange(n)], [(WEIGHT_LEVELS + 1) * width + evidence.tag.astype(np.int64)]
    for level, (element, inside) in enumerate(steps_out(evidence, MAX_ANCESTORS)):
        block = np.flatnonzero(inside)
        if not len(block):
            break
        name = evidence.identity[element[block]]
        size = count[name]
        place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        row = evidence.name[np.repeat(start[name], size) + place].astype(np.int64)
        for table in (level, ANY_LEVEL) if level < WEIGHT_LEVELS else (ANY_LEVEL,):
            blocks.append(np.repeat(block, size))
            columns.append(table * width + row)
    value = np.full(sum(map(len, blocks)), NAME_SCALE, np.float32)
    value[:n] = 1
    shape = (n, (WEIGHT_LEVELS + 1) * width + (1 << TABLES["tag"]))
    return sparse.csr_matrix((value, (np.concatenate(blocks), np.concatenate(columns))), shape=shape)


def _linear(matrices: Sequence[sparse.csr_matrix], pages: Sequence[Sample], seed: int) -> Shares:
    """Weights of a logistic regression of the labels on the matrices' columns."""
    X = sparse.vstack(matrices, format="csr")
    y = np.concatenate([page.label for page in pages])
    weight = np.concatenate([page.weight for page in pages])
    if y.all() or not y.any():
        return np.zeros(X.shape[1], np.float32)
    model = SGDClassifier(
        loss="log_loss", alpha=ALPHA, max_iter=EPOCHS, tol=None, average=True, random_state=seed
    )
    model.fit(X, y, sample_weight=weight / weight.mean())
    return np.asarray(model.coef_[0], np.float32)


def fit_lexicon(pages: Sequence[Sample], seed: int = 0) -> Lexicon:
    """Fit all tables on pages; the same pages and seed give the same tables."""
    tables = {kind: _log_odds(pages, kind) for kind in TABLES}
    words = _linear([page.words for page in pages], pages, seed)
    with_names = [page for page in pages if page.names is not None]
    names = _linear([page.names for page in with_names], with_names, seed) if with_names else None
    tables |= linear_tables(words, names)
    return Lexicon(**{name: _rounded(tables.get(name), shape) for name, shape in SHAPES.items()})


def linear_tables(words: Shares, names: Shares | None) -> dict[str, Shares]:
    """The weights of the columns of `word_matrix` and `name_matrix`, as the tables that hold them."""
    cuts = np.cumsum([1 << TABLES[kind] for kind in _WORD_TABLES])[:-1]
    parts = zip(_WORD_TABLES, np.split(words, cuts), strict=True)
    tables = {f"{kind}_weight": weights for kind, weights in parts}
    if names is not None:
        size = (WEIGHT_LEVELS + 1) << TABLES["name"]
        tables |= {"name_weight": names[:size], "tag_weight": names[size:]}
    return tables


def _rounded(table: Shares | None, shape: tuple[int, ...]) -> Shares:
    """The table as a model file keeps it, so that training and use see the same numbers."""
    if table is None:
        return np.zeros(shape, np.float32)
    return table.reshape(shape).astype(np.float16).astype(np.float32)


def foreign_evidence(evidence: Evidence, seed: int) -> Evidence:
    """The evidence of the same page in a language that no lexicon knows.

    All words, pairs and whole texts move by one random distance to other rows of the tables, so that what
    they say is noise, as it is for words never seen that share a row with others.
    """
    shift = int(np.random.default_rng(seed).integers(1, 1 << 30))
    rows = {
        kind: ((getattr(evidence, kind).astype(np.int64) + shift) % (1 << TABLES[kind])).astype(np.int32)
        for kind in ("word", "pair", "phrase")
    }
    return replace(evidence, **rows)
