"""Extractors side by side: the same pages through each, words and CPU time measured."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from classifier.decode import decode
from train.corpus import GoldPage, read
from train.metrics import (
    Score,
    SnippetScore,
    bootstrap_interval,
    mean_score,
    score,
    snippet_score,
)
from train.peers import Peer, as_is, installed_peers

Extractor = Callable[[str], str]

# Shown to each extractor before the clock runs, so that imports and first loads are not timed.
WARM_UP = "<html><body><main><p>The first page pays for what is loaded once.</p></main></body>"
OWN_NAME = "classifier"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one extractor made of one page; `score` is None where the page has no gold text."""

    milliseconds: float
    failed: bool
    score: Score | None
    snippets: SnippetScore


def compare(
    pages: Sequence[GoldPage],
    extractors: Mapping[str, Extractor | Peer],
    seed: int = 0,
    *,
    progress: bool = False,
) -> pd.DataFrame:
    """Run every page through every extractor and measure words and time.

    Page by page, all extractors take their turn, in one process, so that a slow spell of the
    machine meets all of them alike. Time is CPU time of the process. A peer that answers in
    Markdown or HTML is timed without the reduction to plain text. An exception counts as an error
    and as empty text.

    Args:
        pages: pages with gold text or with snippets.
        extractors: name to a function from HTML to plain text, or a peer.
        seed: draws the bootstrap resamples.
        progress: show a bar where standard error is a terminal.

    Returns:
        One row an extractor, indexed by name: `pages`, `errors`; `precision`, `recall`, `f1`
        (word measure of WCXB, mean over pages with gold text), `f1_low`, `f1_high` (95 % bootstrap
        interval); `with_share`, `without_share`, `snippet_f1` (over all snippets); `ms_mean`,
        `ms_median`, `ms_p95` (CPU milliseconds a page). A measure without pages is nan.
    """
    outcomes: dict[str, list[_Outcome]] = {name: [] for name in extractors}
    for extractor in extractors.values():
        with suppress(Exception):  # counted below, page by page
            _steps(extractor)[0](WARM_UP)
    bar = tqdm(pages, desc="compare", unit=" pages", disable=None if progress else True, leave=False)
    with bar, threadpool_limits(limits=1):  # threads that wait would count as CPU time
        for page in bar:
            html = decode(page.page)
            for name, extractor in extractors.items():
                outcomes[name].append(_outcome(page, html, extractor))
    rows = {name: _row(results, seed) for name, results in outcomes.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("extractor")


def _steps(extractor: Extractor | Peer) -> tuple[Extractor, Extractor]:
    if isinstance(extractor, Peer):
        return extractor.answer, extractor.plain
    return extractor, as_is


def _outcome(page: GoldPage, html: str, extractor: Extractor | Peer) -> _Outcome:
    answer, plain = _steps(extractor)
    text, failed = "", False
    start = time.process_time_ns()
    try:
        text = answer(html)
    except Exception:  # any failure of a foreign extractor is a result, not the end of the run
        failed = True
    milliseconds = (time.process_time_ns() - start) / 1e6
    text = plain(text)
    return _Outcome(
        milliseconds,
        failed,
        None if page.gold is None else score(text, page.gold),
        snippet_score(text, page.with_snippets, page.without_snippets),
    )


def _row(outcomes: Sequence[_Outcome], seed: int) -> dict[str, float]:
    times = [outcome.milliseconds for outcome in outcomes] or [float("nan")]
    return {
        "pages": len(outcomes),
        "errors": sum(outcome.failed for outcome in outcomes),
        **_word_measures([one.score for one in outcomes if one.score is not None], seed),
        **_snippet_measures([outcome.snippets for outcome in outcomes]),
        "ms_mean": float(np.mean(times)),
        "ms_median": float(np.median(times)),
        "ms_p95": float(np.quantile(times, 0.95)),
    }


def _word_measures(scores: Sequence[Score], seed: int) -> dict[str, float]:
    if not scores:
        return dict.fromkeys(("precision", "recall", "f1", "f1_low", "f1_high"), float("nan"))
    mean = mean_score(scores)
    low, high = bootstrap_interval([one.f1 for one in scores], seed)
    return {
        "precision": mean.precision,
        "recall": mean.recall,
        "f1": mean.f1,
        "f1_low": low,
        "f1_high": high,
    }


def _snippet_measures(counts: Sequence[SnippetScore]) -> dict[str, float]:
    total = sum(counts, start=SnippetScore(0, 0, 0, 0))
    if total == SnippetScore(0, 0, 0, 0):
        return dict.fromkeys(("with_share", "without_share", "snippet_f1"), float("nan"))
    return {
        "with_share": total.with_share,
        "without_share": total.without_share,
        "snippet_f1": total.f1,
    }


def sample(pages: Iterable[GoldPage], limit: int | None, seed: int) -> list[GoldPage]:
    """Draw at most `limit` pages, all if None, while holding no more than those in memory.

    Source: reservoir sampling, Vitter's algorithm R (1985).
    """
    if limit is None:
        return list(pages)
    generator = random.Random(seed)
    kept: list[GoldPage] = []
    for number, page in enumerate(pages):
        if number < limit:
            kept.append(page)
        elif (place := generator.randint(0, number)) < limit:
            kept[place] = page
    return kept


def run(
    dataset: str,
    root: Path | None = None,
    limit: int | None = None,
    seed: int = 0,
    *,
    progress: bool = False,
) -> pd.DataFrame:
    """Compare this extractor with the installed peers on a data set, print the table, give it.

    Args:
        dataset: a key of `train.corpus.READERS`.
        root: the folder that holds the data sets; `data_root()` if left out.
        limit: how many pages, drawn at random; all if left out.
        seed: draws the pages and the bootstrap resamples.
        progress: show a bar where standard error is a terminal.

    Raises:
        CorpusError: the data set is unknown or missing.
    """
    from classifier import extract  # late: it loads the model, which `compare` does without

    pages = sample(read(dataset, root), limit, seed)
    table = compare(pages, {OWN_NAME: extract, **installed_peers()}, seed, progress=progress)
    print(f"{dataset}: {len(pages)} pages, seed {seed}")
    print(table.sort_values("f1", ascending=False).round(3).to_string())
    return table
