"""Wording: learned log-odds of words, phrases, class and id names, and tags.

No word list is made by hand and no language is preferred. A `Lexicon` holds two kinds of tables over
hashed words (feature hashing, Weinberger et al. 2009): log-odds that text with a word is content,
counted on labelled pages with every page counting once (naive Bayes with additive smoothing), and the
weights of a linear model, which sees all words or names of a block at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import (
    Arrays,
    Char,
    Column,
    Floats,
    classes,
    code_points,
    ratio,
    shift,
    stack,
    wordy_up_to,
)
from classifier.features.hashing import buckets, range_hashes
from classifier.features.tree import Tree

__all__ = [
    "COLUMNS",
    "SHAPES",
    "TABLES",
    "TREE_COLUMNS",
    "Evidence",
    "Lexicon",
    "LinearWording",
    "collect",
    "steps_out",
    "word_scale",
]

Ints = npt.NDArray[np.int32]

# Rows of each table as a power of two: large enough that few of the words seen collide.
TABLES: Final = {"word": 17, "pair": 17, "phrase": 16, "name": 16, "tag": 12}
# Words are counted in blocks up to this length: there they are labels, not prose.
SHORT_WORDS: Final = 14
CUE_WINDOWS: Final = (5, 15, 40)
NAME_LEVELS: Final = 5
# The linear model has weights for the names of a block's element, of the three around it, and of any.
WEIGHT_LEVELS: Final = 4
ANY_LEVEL: Final = WEIGHT_LEVELS
# An element bears several names and a block has many ancestors; this keeps their sum in bounds.
NAME_SCALE: Final = 0.5
MAX_WEIGHT: Final = 20.0

COLUMNS: Final[tuple[Column, ...]] = (
    ("word_mean", "mean log-odds of the block's words"),
    ("word_min", "lowest log-odds among the block's words"),
    ("word_max", "highest log-odds among the block's words"),
    ("word_sum", "sum of the log-odds of the block's words, between -20 and 20"),
    ("word_first", "log-odds of the block's first word"),
    ("pair_mean", "mean log-odds of the block's pairs of adjacent words"),
    ("pair_min", "lowest log-odds among the block's pairs of adjacent words"),
    ("phrase", "log-odds of the block's whole text"),
    *((f"cue_before_{w}", f"lowest word_mean of short blocks among the {w} before") for w in CUE_WINDOWS),
    ("cue_after_5", "lowest word_mean of short blocks among the 5 after"),
    ("cue_high_before_15", "highest word_mean of short blocks among the 15 before"),
    ("word_mean_previous", "word_mean of the block before"),
    ("word_mean_next", "word_mean of the block after"),
    ("phrase_before_5", "lowest log-odds of a whole text among the 5 blocks before"),
    ("linear_words", "linear model of the block's words, pairs of words and whole text"),
    ("linear_words_previous", "linear_words of the block before"),
    ("linear_words_next", "linear_words of the block after"),
    ("linear_words_before_5", "lowest linear_words among the 5 blocks before"),
)
TREE_COLUMNS: Final[tuple[Column, ...]] = (
    ("tag_odds", "log-odds of the tags of the block's element and the two around it"),
    ("name_sum", "sum of the log-odds of the names of all elements around the block"),
    ("name_min", "lowest log-odds of an element's names among all around the block"),
    ("name_max", "highest log-odds of an element's names among all around the block"),
    *((f"name_{k}", f"log-odds of the names of the element {k} steps out") for k in range(NAME_LEVELS)),
    ("name_page", "log-odds of the names of html and body"),
    ("linear_names", "linear model of the tags and names of the elements around the block"),
    ("linear_names_previous", "linear_names of the block before"),
    ("linear_names_next", "linear_names of the block after"),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A page's words, phrases, names and tags as rows of the lexicon's tables. n blocks, m elements."""

    words: npt.NDArray[np.int64]
    """Number of words; shape (n,)."""
    word: Ints
    """Row of each word, and the block it stands in; shape (words of the page,)."""
    word_block: Ints
    pair: Ints
    pair_block: Ints
    phrase: Ints
    """Row of each block's whole text; shape (n,)."""
    tag: Ints
    name: Ints
    """Row of each token of the distinct names, and the index of its name, ascending."""
    name_index: Ints
    identity: Ints
    """Index of each element's name; shape (m,), empty for plain text."""
    parent: Ints
    owner: Ints
    """The block's element; shape (n,)."""
    span: Ints
    """First block and end block of each element; shape (2, m)."""


def collect(page: Arrays, tree: Tree | None) -> Evidence:
    """Reduce a page to what a lexicon looks up; `tree` is None for plain text."""
    hashes, block = page.token_hash, page.token_block
    together = block[1:] == block[:-1]
    pair = (hashes[:-1] * np.uint64(31) + hashes[1:])[together] * np.uint64(0x9E3779B97F4A7C15)
    none = np.zeros(0, np.int32)
    tag = name = name_index = identity = parent = owner = none
    span = np.zeros((2, 0), np.int32)
    if tree is not None:
        owner = np.maximum(np.asarray(page.segments.element, np.int64), 0).astype(np.int32)
        tag = _tag_rows(tree, owner)
        name, name_index = _name_rows(tree)
        identity, parent = tree.identity.astype(np.int32), tree.parent.astype(np.int32)
        span = np.stack((tree.first, tree.end)).astype(np.int32)
    return Evidence(
        words=page.words,
        word=buckets(hashes, TABLES["word"]).astype(np.int32),
        word_block=block.astype(np.int32),
        pair=buckets(pair, TABLES["pair"]).astype(np.int32),
        pair_block=block[1:][together].astype(np.int32),
        phrase=buckets(page.phrase_hash, TABLES["phrase"]).astype(np.int32),
        tag=tag,
        name=name,
        name_index=name_index,
        identity=identity,
        parent=parent,
        owner=owner,
        span=span,
    )


def _tag_rows(tree: Tree, owner: Ints) -> Ints:
    points, start, end = code_points(tree.tag_names)
    own = range_hashes(points, start, end)[tree.tag]
    up = tree.parent[owner]
    mixed = own[owner] * np.uint64(961) + own[up] * np.uint64(31) + own[tree.parent[up]]
    return buckets(mixed * np.uint64(0x9E3779B97F4A7C15), TABLES["tag"]).astype(np.int32)


def _name_rows(tree: Tree) -> tuple[Ints, Ints]:
    """Tokens of names: runs of letters (`post`, `Content`) and whole names (`post-content`).

    Only of names around blocks, or of elements right inside the root: nothing looks at the others.
    """
    around = np.zeros(len(tree.names), bool)
    around[tree.identity[(tree.end > tree.first) | (tree.parent == 0)]] = True
    place = np.flatnonzero(around)
    names = [tree.names[i] for i in place.tolist()]
    points, start, end = code_points(names)
    index = np.repeat(np.arange(len(names)), end - start + 1)[: len(points)]
    kinds = classes(points)
    upper = kinds == Char.UPPER
    low = np.where(upper & (points < 128), points + 32, points).astype(np.uint32)
    letter = wordy_up_to(kinds, Char.UNSPACED)
    hump = upper & np.concatenate(([False], kinds[:-1] == Char.LOWER))
    first, last = _runs(letter, hump)
    whole_first, whole_last = _runs(kinds != Char.SPACE)
    # A name that is one run of letters counts once.
    ends = np.zeros(len(points), np.int64)
    ends[first] = last
    compound = ends[whole_first] != whole_last
    first = np.concatenate((first, whole_first[compound]))
    last = np.concatenate((last, whole_last[compound]))
    rows = buckets(range_hashes(low, first, last), TABLES["name"])
    of = place[index[first]]
    order = np.argsort(of, kind="stable")
    return rows[order].astype(np.int32), of[order].astype(np.int32)


def _runs(
    member: npt.NDArray[np.bool_], cut: npt.NDArray[np.bool_] | None = None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Starts and ends of runs of members; a `cut` begins a new run."""
    fresh = ~np.concatenate(([False], member[:-1]))
    begin = member & (fresh if cut is None else fresh | cut)
    after = np.concatenate((begin[1:] | ~member[1:], [True]))
    return np.flatnonzero(begin), np.flatnonzero(member & after) + 1


SHAPES: Final[dict[str, tuple[int, ...]]] = {
    **{kind: (1 << bits,) for kind, bits in TABLES.items()},
    **{f"{kind}_weight": (1 << bits,) for kind, bits in TABLES.items()},
    "name_weight": (WEIGHT_LEVELS + 1, 1 << TABLES["name"]),
}


@dataclass(frozen=True, slots=True)
class LinearWording:
    """Weights of a linear model, which sees all words or names of a block at once; shapes as in `SHAPES`."""

    word_weight: Floats
    pair_weight: Floats
    phrase_weight: Floats
    tag_weight: Floats
    name_weight: Floats

    def odds(self, evidence: Evidence) -> Floats:
        """What words and, in HTML, names say together; shape (blocks,)."""
        words = self.words(evidence)
        return words + self.names(evidence) if len(evidence.identity) else words

    def words(self, evidence: Evidence) -> Floats:
        """What a block's words, pairs and whole text say together, between -20 and 20; shape (blocks,)."""
        n = len(evidence.words)
        words = np.bincount(evidence.word_block, self.word_weight[evidence.word], n)
        pairs = np.bincount(evidence.pair_block, self.pair_weight[evidence.pair], n)
        score = (words + pairs) * word_scale(evidence) + self.phrase_weight[evidence.phrase]
        clipped: Floats = np.clip(score, -MAX_WEIGHT, MAX_WEIGHT).astype(np.float32)
        return clipped

    def names(self, evidence: Evidence) -> Floats:
        """What the names around a block, level by level and along all ancestors, and its tags say together,
        between -20 and 20; shape (blocks,)."""
        rows, index = evidence.name, evidence.name_index
        by_level = _sums(self.name_weight[:, rows], index, int(evidence.identity.max()) + 1)
        anywhere = by_level[ANY_LEVEL][evidence.identity].astype(np.float32)
        score = _sum_of_ancestors(anywhere, evidence.parent)[evidence.owner]
        for level, (element, inside) in enumerate(steps_out(evidence, WEIGHT_LEVELS)):
            score = score + np.where(inside, by_level[level][evidence.identity[element]], 0)
        score = score * NAME_SCALE + self.tag_weight[evidence.tag]
        clipped: Floats = np.clip(score, -MAX_WEIGHT, MAX_WEIGHT).astype(np.float32)
        return clipped


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Tables over the rows of each kind of evidence, float32; shapes as in `SHAPES`."""

    word: Floats
    pair: Floats
    phrase: Floats
    name: Floats
    tag: Floats
    word_weight: Floats
    pair_weight: Floats
    phrase_weight: Floats
    tag_weight: Floats
    name_weight: Floats

    @property
    def linear(self) -> LinearWording:
        """The linear model alone."""
        return LinearWording(
            self.word_weight, self.pair_weight, self.phrase_weight, self.tag_weight, self.name_weight
        )

    def columns(self, evidence: Evidence) -> Floats:
        """The columns of `COLUMNS`, for HTML followed by `TREE_COLUMNS`; shape (blocks, columns)."""
        text = self._text_columns(evidence)
        if not len(evidence.identity):
            return text
        return np.concatenate((text, self._tree_columns(evidence)), axis=1)

    def _text_columns(self, evidence: Evidence) -> Floats:
        n = len(evidence.words)
        odds = self.word[evidence.word]
        block = evidence.word_block
        mean, low, high, total = _per_block(odds, block, n)
        pair_mean, pair_low, _, _ = _per_block(self.pair[evidence.pair], evidence.pair_block, n)
        first = np.zeros(n, np.float32)
        first[block[::-1]] = odds[::-1]  # the last assignment, of the first word, wins
        phrase = self.phrase[evidence.phrase]
        cue = np.where(evidence.words <= SHORT_WORDS, mean, 0).astype(np.float32)
        linear = self.linear.words(evidence)
        return stack(
            (
                mean,
                low,
                high,
                np.clip(total, -20, 20),
                first,
                pair_mean,
                pair_low,
                phrase,
                *(_lowest_before(cue, w) for w in CUE_WINDOWS),
                _lowest_before(cue[::-1], 5)[::-1],
                -_lowest_before(-cue, 15),
                shift(mean, -1),
                shift(mean, 1),
                _lowest_before(phrase, 5),
                linear,
                shift(linear, -1),
                shift(linear, 1),
                _lowest_before(linear, 5),
            ),
            n,
        )

    def _tree_columns(self, evidence: Evidence) -> Floats:
        names = int(evidence.identity.max()) + 1
        _, low, high, total = _per_block(self.name[evidence.name], evidence.name_index, names)
        # The strongest cue of a name counts, whichever way it points, and a little of the others.
        strongest = np.where(-low > high, low, high)
        own = (0.7 * strongest + 0.3 * np.clip(total, -6, 6)).astype(np.float32)
        element = own[evidence.identity]
        total_up = _sum_of_ancestors(element, evidence.parent)
        low_up, high_up = _extremes_of_ancestors(element, evidence.parent)
        owner = evidence.owner
        steps = []
        at = owner
        for _ in range(NAME_LEVELS):
            steps.append(element[at])
            at = evidence.parent[at]
        # The root is its own parent here: this takes html, head and body.
        page = element[evidence.parent == 0].sum()
        linear = self.linear.names(evidence)
        return stack(
            (
                self.tag[evidence.tag],
                np.clip(total_up[owner], -30, 30),
                low_up[owner],
                high_up[owner],
                *steps,
                page,
                linear,
                shift(linear, -1),
                shift(linear, 1),
            ),
            len(owner),
        )


def word_scale(evidence: Evidence) -> Floats:
    """What a block's words weigh in the linear model, so that long blocks do not drown short ones."""
    return (1 / np.sqrt(np.maximum(evidence.words, 1))).astype(np.float32)


def steps_out(evidence: Evidence, levels: int) -> Iterator[tuple[Ints, npt.NDArray[np.bool_]]]:
    """For each level the element that many steps out of each block's, and whether there is one."""
    at = evidence.owner
    inside = np.ones(len(at), bool)
    for _ in range(levels):
        yield at, inside
        inside = inside & (at != 0)
        at = evidence.parent[at]


def _per_block(odds: Floats, block: Ints, n: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean, lowest (at most 0), highest (at least 0) and sum of `odds` for each of n blocks."""
    total = np.bincount(block, weights=odds, minlength=n)
    count = np.bincount(block, minlength=n)
    low = np.zeros(n, np.float32)
    high = np.zeros(n, np.float32)
    np.minimum.at(low, block, odds)
    np.maximum.at(high, block, odds)
    return ratio(total, count), low, high, total.astype(np.float32)


def _sums(values: Floats, group: Ints, n: int) -> npt.NDArray[np.float64]:
    """Sums over runs of equal `group`, which ascends; shape (len(values), n)."""
    out = np.zeros((len(values), n))
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    if len(starts):
        out[:, group[starts]] = np.add.reduceat(values, starts, axis=1, dtype=np.float64)
    return out


def _sum_of_ancestors(element: Floats, parent: Ints) -> Floats:
    """Sum from each element to the root, by pointer doubling."""
    total = element.copy()
    total[0] = 0
    jump = parent
    while jump.any():
        total = total + total[jump]
        jump = jump[jump]
    with_root: Floats = total + element[0]
    return with_root


def _extremes_of_ancestors(element: Floats, parent: Ints) -> tuple[Floats, Floats]:
    """Minimum and maximum from each element to the root, by pointer doubling."""
    low = high = element
    jump = parent
    while jump.any():
        low = np.minimum(low, low[jump])
        high = np.maximum(high, high[jump])
        jump = jump[jump]
    return np.minimum(low, low[0]), np.maximum(high, high[0])


def _lowest_before(values: Floats, window: int) -> Floats:
    """Minimum of the `window` values before each, and 0; by doubling, so a few steps whatever it is."""
    lowest = shift(values, -1)
    have = 1
    while have < window:
        step = min(have, window - have)
        lowest = np.minimum(lowest, shift(lowest, -step))
        have += step
    return np.minimum(lowest, 0)
