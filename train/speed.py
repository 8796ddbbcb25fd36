"""How long a page takes: this classifier beside others, page by page, and stage by stage."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from classifier.decide import Policy, decide
from classifier.decode import decode
from classifier.features.matrix import measure_page
from classifier.model import Model
from classifier.parser import parse
from classifier.pipeline import Classifier
from classifier.render import render_text
from classifier.segment import Kind, segment_html, segment_text
from train.compare import OWN_NAME, WARM_UP, Extractor, sample
from train.corpus import read
from train.metrics import Floats
from train.peers import installed_peers
from train.plaintext import page_text

__all__ = ["LONG_TEXT", "Clock", "Race", "entrants", "race", "run", "run_stages", "stages"]

# CPU time in nanoseconds.
Clock = Callable[[], int]

ROUNDS: Final = 5
PARSE_ONLY: Final = "parse only"
LONG_TEXT_LINES: Final = 300
# A page of plain text with lines of a menu among its prose, as web archives keep pages.
LONG_TEXT: Final = "\n".join(
    "Home" if line % 10 == 0 else f"Mile {line} of the river: {'a weir, a mill, ' * (line % 7)}and willows."
    for line in range(LONG_TEXT_LINES)
)
_RESAMPLES: Final = 1000

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Race:
    """What a race measured."""

    milliseconds: Mapping[str, Floats]
    """CPU milliseconds by extractor; shape (rounds, pages)."""
    errors: Mapping[str, int]
    """Calls that raised, by extractor."""

    def table(self, own: str, seed: int = 0) -> pd.DataFrame:
        """One row an extractor, the fastest first.

        Columns: `ms_mean`, `ms_median`, `ms_p95` over pages, each page with the median of its rounds,
        so that a slow spell of the machine counts little; `ratio`, the mean of `own` over this mean
        (below 1: `own` is faster), with `ratio_low` and `ratio_high`; `errors`.

        The interval is a 95 % bootstrap over pages, both means of the same pages. Rounds would be a
        poorer measure of doubt: they repeat the same pages, and what a ratio depends on is the pages.
        """
        medians = {name: np.median(times, axis=0) for name, times in self.milliseconds.items()}
        rows = {
            name: {
                "ms_mean": float(times.mean()),
                "ms_median": float(np.median(times)),
                "ms_p95": float(np.quantile(times, 0.95)),
                **_ratio(medians[own], times, seed),
                "errors": self.errors[name],
            }
            for name, times in medians.items()
        }
        frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("extractor")
        return frame.sort_values("ms_mean")


def _ratio(own: Floats, other: Floats, seed: int) -> dict[str, float]:
    generator = np.random.default_rng(seed)
    drawn = (generator.integers(0, own.size, own.size) for _ in range(_RESAMPLES))
    ratios = [_quotient(own[pages].mean(), other[pages].mean()) for pages in drawn]
    low, high = np.quantile(ratios, [0.025, 0.975])
    return {
        "ratio": _quotient(own.mean(), other.mean()),
        "ratio_low": float(low),
        "ratio_high": float(high),
    }


def _quotient(one: float, other: float) -> float:
    """A clock that did not move gives no ratio: nan."""
    return float(one / other) if other > 0 else float("nan")


def race(
    pages: Sequence[str],
    extractors: Mapping[str, Callable[[str], object]],
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
    clock: Clock = time.process_time_ns,
) -> Race:
    """Run every page through every extractor, several times, and measure CPU time.

    All take their turn at a page before the next page comes, in an order that is drawn anew each time,
    so that none always finds the page in the caches or the machine in a slow spell. What a call raises
    is counted, and its time with it. Libraries of linear algebra get one thread: others that wait for
    work would count as CPU time.

    Args:
        pages: what the extractors get; at least one.
        extractors: name to a function of a page.
        rounds: how often all pages are gone through, 1 or more.
        seed: draws the orders.
        clock: CPU nanoseconds of this process.

    Raises:
        ValueError: there is no page or no round.
    """
    if not pages or rounds < 1:
        raise ValueError(f"{len(pages)} pages in {rounds} rounds leave nothing to measure")
    times = {name: np.zeros((rounds, len(pages))) for name in extractors}
    errors = dict.fromkeys(extractors, 0)
    order = list(extractors)
    shuffle = random.Random(seed).shuffle
    for extractor in extractors.values():
        with suppress(Exception):  # counted below
            extractor(WARM_UP)
    with threadpool_limits(limits=1):
        for turn, (number, page) in product(range(rounds), enumerate(pages)):
            shuffle(order)
            for name in order:
                start = clock()
                try:
                    extractors[name](page)
                except Exception:  # a failure is a result, not the end of the run
                    errors[name] += 1
                times[name][turn, number] = (clock() - start) / 1e6
    return Race(dict(times), errors)


@dataclass(slots=True)
class _Watch:
    """Calls functions and adds up what each stage takes."""

    clock: Clock = time.process_time_ns
    nanoseconds: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __call__(self, stage: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        start = self.clock()
        result = function(*args, **kwargs)
        self.nanoseconds[stage] += self.clock() - start
        return result


def run_stages(page: bytes, kind: Kind, model: Model, watch: _Watch) -> str:
    """The text of a page by the calls that `Classifier.classify` and `Page.text` make, each on the watch."""
    text = watch("decode", decode, page)
    segments = watch("segment", segment_html if kind == "html" else segment_text, text)
    if not len(segments):
        return ""
    measured = watch("features", measure_page, segments)
    matrix = watch("matrix", model.matrix, measured)
    probabilities = watch("model", model.probabilities, measured, matrix)
    decision = watch("decide", decide, probabilities, measured.evidence.words, Policy())
    watch("type", model.page_type, measured, matrix, probabilities)
    return watch("render", render_text, segments, decision.keep)


def stages(
    pages: Sequence[bytes], kind: Kind, model: Model, *, clock: Clock = time.process_time_ns
) -> pd.DataFrame:
    """Where the time of a page goes, on one thread as in `race`.

    Args:
        pages: at least one; the first is gone through once more before, unmeasured.
        kind: how to read them.
        model: for that kind.
        clock: CPU nanoseconds of this process.

    Returns:
        One row a stage, in order, and a last one `all`: `ms_mean`, CPU milliseconds a page, and
        `share` of the whole, 0 to 1.
    """
    run_stages(pages[0], kind, model, _Watch())
    watch = _Watch(clock)
    with threadpool_limits(limits=1):
        for page in pages:
            run_stages(page, kind, model, watch)
    mean = pd.Series(watch.nanoseconds, dtype=float) / 1e6 / len(pages)
    mean["all"] = mean.sum()
    return pd.DataFrame({"ms_mean": mean, "share": mean / mean["all"]}).rename_axis("stage")


def entrants(classifier: Classifier, kind: Kind) -> dict[str, Callable[[str], object]]:
    """Who takes part in a race: this classifier, and for HTML a bare parse and the installed peers."""

    def own(page: str) -> str:
        return classifier.classify(page, kind=kind).text

    if kind == "text":
        return {OWN_NAME: own}  # the others take HTML
    peers: dict[str, Extractor] = {name: peer.answer for name, peer in installed_peers().items()}
    return {OWN_NAME: own, PARSE_ONLY: parse, **peers}


def run(
    dataset: str,
    kind: Kind = "html",
    *,
    root: Path | None = None,
    limit: int | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> None:
    """Race on a data set against a bare parse and the installed peers, and print that and the stages.

    For plain text, which the peers do not take, it is this classifier alone, with a page of 300 lines
    apart.

    Raises:
        CorpusError: the data set is unknown or missing.
        ValueError: it has no page of this kind.
    """
    fit = (page for page in read(dataset, root) if kind in ("text", page.kind))
    pages = [page_text(page, kind) for page in sample(fit, limit, seed)]
    classifier = Classifier()
    found = race(pages, entrants(classifier, kind), rounds=rounds, seed=seed)
    print(f"{dataset} as {kind}: {len(pages)} pages, {rounds} rounds, CPU ms of one process, seed {seed}")
    print(found.table(OWN_NAME, seed).round(3).to_string(), end="\n\n")
    model = classifier.model(kind)
    print(f"stages\n{stages([page.encode() for page in pages], kind, model).round(3).to_string()}\n")
    if kind == "text":
        lines = [LONG_TEXT.encode()] * rounds
        print(f"stages, {LONG_TEXT_LINES} lines\n{stages(lines, kind, model).round(3).to_string()}\n")
