"""Measures of an extraction, of a page and of probabilities."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"\w+")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of one page's words, or their means over pages; each 0 to 1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class SnippetScore:
    """Counts over snippets that must (`with`) or must not (`without`) appear; they add up."""

    found: int
    missed: int
    leaked: int
    avoided: int

    def __add__(self, other: "SnippetScore") -> "SnippetScore":
        return SnippetScore(
            self.found + other.found,
            self.missed + other.missed,
            self.leaked + other.leaked,
            self.avoided + other.avoided,
        )

    @property
    def with_share(self) -> float:
        """Share of the wanted snippets that are present; 1 when none is wanted."""
        return _ratio(self.found, self.found + self.missed)

    @property
    def without_share(self) -> float:
        """Share of the unwanted snippets that are absent; 1 when none is unwanted."""
        return _ratio(self.avoided, self.avoided + self.leaked)

    @property
    def precision(self) -> float:
        """Found / (found + leaked)."""
        return _ratio(self.found, self.found + self.leaked)

    @property
    def recall(self) -> float:
        """Found / (found + missed)."""
        return self.with_share

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _harmonic(self.precision, self.recall)

    @property
    def accuracy(self) -> float:
        """Right answers / all snippets."""
        total = self.found + self.missed + self.leaked + self.avoided
        return _ratio(self.found + self.avoided, total)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def words(text: str) -> list[str]:
    r"""Cut a text into lower-cased runs of `\w`, as WCXB does (Foley 2026, arXiv 2605.21097)."""
    return _WORD.findall(text.lower())


def score(predicted: str, gold: str) -> Score:
    """Compare the words of an extraction with those of the gold text, as multisets (WCXB).

    Order does not count, repetition does. Two texts without words agree fully (1, 1, 1);
    one text without words against one with words agrees nowhere (0, 0, 0).
    """
    guess, truth = Counter(words(predicted)), Counter(words(gold))
    if not guess and not truth:
        return Score(1.0, 1.0, 1.0)
    if not guess or not truth:
        return Score(0.0, 0.0, 0.0)
    shared = (guess & truth).total()
    precision, recall = shared / guess.total(), shared / truth.total()
    return Score(precision, recall, _harmonic(precision, recall))


def mean_score(scores: Iterable[Score]) -> Score:
    """Average precision, recall and F1 over pages, each page alike (WCXB's macro mean).

    Raises:
        ValueError: there is no score.
    """
    rows = [(one.precision, one.recall, one.f1) for one in scores]
    if not rows:
        raise ValueError("no scores to average")
    precision, recall, f1 = (float(value) for value in np.mean(rows, axis=0))
    return Score(precision, recall, f1)


def snippet_score(text: str, with_: Sequence[str], without: Sequence[str]) -> SnippetScore:
    """Count which snippets stand in a text, verbatim, as trafilatura's evaluation does.

    Sum the counts over pages before taking precision, recall or F1: they are micro averages.
    Source: Barbaresi 2021, https://aclanthology.org/2021.acl-demo.15
    """
    found = sum(snippet in text for snippet in with_)
    leaked = sum(snippet in text for snippet in without)
    return SnippetScore(found, len(with_) - found, leaked, len(without) - leaked)


def bootstrap_interval(
    values: Sequence[float] | Floats, seed: int, rounds: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """Give the percentile bootstrap interval of a mean (Efron 1979).

    Args:
        values: one value a page, shape (pages,).
        seed: draws the resamples.
        rounds: how many resamples.
        level: the share of resampled means that the interval covers.

    Raises:
        ValueError: there is no value, or `level` is not between 0 and 1.
    """
    sample = np.asarray(values, dtype=np.float64)
    if not sample.size:
        raise ValueError("no values to resample")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: it must lie between 0 and 1")
    generator = np.random.default_rng(seed)
    # One round at a time: rounds x pages indices at once would not fit for large page sets.
    means = [sample[generator.integers(0, sample.size, sample.size)].mean() for _ in range(rounds)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _checked(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    guess = np.asarray(probabilities, dtype=np.float64)
    truth = np.asarray(labels, dtype=np.float64)
    weight = np.ones_like(guess) if weights is None else np.asarray(weights, dtype=np.float64)
    if guess.ndim != 1 or guess.shape != truth.shape or guess.shape != weight.shape:
        raise ValueError(f"shapes differ: {guess.shape}, {truth.shape}, {weight.shape}")
    return guess, truth, weight


def calibration_bins(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    bins: int = 15,
) -> tuple[Floats, Floats, Floats]:
    """Claimed probability against observed share, in bins of equal width.

    Shapes as in `expected_calibration_error`.

    Returns:
        Of each bin, from the lowest: the weight in it, its mean claimed probability, and the share of
        content observed in it; shape (bins,) each, the last two nan where a bin is empty.

    Raises:
        ValueError: shapes differ.
    """
    guess, truth, weight = _checked(probabilities, labels, weights)
    place = np.minimum((guess * bins).astype(np.int64), bins - 1)  # 1.0 falls into the last bin
    held, claimed, observed = (
        np.bincount(place, weights=values, minlength=bins)
        for values in (weight, weight * guess, weight * truth)
    )
    some = np.where(held > 0, held, np.nan)
    return held.astype(np.float64), claimed / some, observed / some


def expected_calibration_error(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    bins: int = 15,
) -> float:
    """Mean gap between claimed probability and observed share, over bins of equal width.

    Source: Naeini, Cooper and Hauskrecht 2015; 15 bins as in Guo et al. 2017.

    Args:
        probabilities: claimed probability of content, shape (blocks,), 0 to 1.
        labels: 1 for content and 0 for clutter, shape (blocks,).
        weights: weight of each block, such as its words, shape (blocks,); all 1 if left out.
        bins: how many bins.

    Returns:
        0 (calibrated) to 1.

    Raises:
        ValueError: shapes differ, or the weights sum to nothing.
    """
    held, claimed, observed = calibration_bins(probabilities, labels, weights, bins)
    if not held.sum() > 0:
        raise ValueError("the weights sum to nothing")
    return float(np.nansum(held * np.abs(claimed - observed)) / held.sum())


def average_precision(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> float:
    """Area under the precision-recall curve of the content class, as a step function.

    Shapes as in `expected_calibration_error`. Without a content block there is no curve: nan.

    Raises:
        ValueError: shapes differ.
    """
    guess, truth, weight = _checked(probabilities, labels, weights)
    total = float((weight * truth).sum())
    if not total > 0:
        return float("nan")
    order = np.argsort(-guess, kind="stable")
    guess, truth, weight = guess[order], truth[order], weight[order]
    # Blocks of equal probability enter together: only the last of them is a threshold.
    last = np.append(np.flatnonzero(np.diff(guess)), guess.size - 1)
    found = np.cumsum(weight * truth)[last]
    taken = np.cumsum(weight)[last]
    gained = np.diff(found, prepend=0.0)
    some = taken > 0  # a threshold that only blocks of no weight have passed gains nothing
    return float((gained[some] * found[some] / taken[some]).sum() / total)
