"""How word F1 grows with the pages to learn from."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from classifier.features.arrays import Floats
from train.ablate import page_scores, small_forest
from train.ensemble import fit_ensemble
from train.errors import CorpusError
from train.fit import WORKERS, FitConfig, OutOfFold
from train.metrics import bootstrap_interval
from train.table import Table

__all__ = ["learning_curve"]

SIZES: Final = (25, 50, 100, 200, 400, 800)
# Of the five folds: fewer take less time.
JUDGED_FOLDS: Final = 2

Name = tuple[str, str]


def learning_curve(
    table: Table,
    judged: Sequence[int],
    *,
    sizes: Sequence[int] = SIZES,
    n_folds: int = JUDGED_FOLDS,
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Word F1 of pages that were not learnt from, by the number of pages that were.

    Each size is a fit of its own, of lexicon and trees (`train.ablate.small_forest`, without the network
    and without calibration), on so many of the judged pages of the other folds, drawn at random; a larger
    size holds the pages of the smaller ones. Pages that are not judged, which only help, are always learnt
    from, as are the phrases.

    Args:
        table: at least five sites.
        judged: indices of the pages that F1 is taken of, and of whose kind more or fewer are learnt from.
        sizes: how many, rising; the last row is all there are.
        n_folds: how many of the five folds are judged, one after the other: fewer take less time.
        seed: draws the folds and the pages.
        progress: show a bar.

    Returns:
        One row a size, indexed by it (`pages`): `f1`, and its 95 % bootstrap interval over pages, `f1_low`
        and `f1_high`.

    Raises:
        CorpusError: too few pages to learn from.
    """
    config = FitConfig(network=False, seed=seed, progress=False)
    whole = OutOfFold(table, config)
    drawn = [_in_random_order(whole, judged, fold) for fold in range(n_folds)]
    most = min(map(len, drawn))
    if not most:
        raise CorpusError("no page to learn from is left: the table has too few pages with their gold text")
    steps = [*(size for size in sizes if size < most), most]
    by_job = _scores(whole, judged, drawn, steps, progress)
    rows = {size: _row([by_job[fold, size] for fold in range(n_folds)], seed) for size in steps}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("pages")


def _scores(
    whole: OutOfFold,
    judged: Sequence[int],
    drawn: Sequence[Sequence[Name]],
    steps: Sequence[int],
    progress: bool,
) -> dict[tuple[int, int], Floats]:
    """Word F1 of the judged pages by fold and size, the largest fits first."""
    jobs = [(fold, size) for size in reversed(steps) for fold in range(len(drawn))]
    bar = tqdm(desc=f"learning curve {whole.table.kind}", total=len(jobs), unit=" fits", disable=not progress)

    def run(fold: int, size: int) -> Floats:
        found = _score_after(whole, judged, fold, set(drawn[fold][:size]))
        bar.update()
        return found

    with bar, threadpool_limits(limits=1, user_api="blas"):
        scores = Parallel(n_jobs=WORKERS, prefer="threads")(delayed(run)(*job) for job in jobs)
    return dict(zip(jobs, scores, strict=True))


def _row(scores: Sequence[Floats], seed: int) -> dict[str, float]:
    f1 = np.concatenate(scores).astype(np.float64)
    low, high = bootstrap_interval(f1, seed)
    return {"f1": float(f1.mean()), "f1_low": low, "f1_high": high}


def _name(table: Table, page: int) -> Name:
    return table.pages[page].dataset, table.pages[page].id


def _in_random_order(whole: OutOfFold, judged: Sequence[int], fold: int) -> list[Name]:
    """The pages that can be learnt from while a fold is judged; one in two renderings is one page."""
    among = set(judged)
    names = {_name(whole.table, i): None for i in whole.pages(frozenset({fold})) if i in among}
    order = np.random.default_rng([whole.config.seed, fold]).permutation(len(names))
    known = list(names)
    return [known[place] for place in order]


def _score_after(whole: OutOfFold, judged: Sequence[int], fold: int, chosen: set[Name]) -> Floats:
    """Word F1 of the judged pages of a fold after a fit on the chosen pages and those never judged."""
    table, seed = whole.table, whole.config.seed
    counted = {_name(table, i) for i in judged}
    learnt = {i for i in range(len(table)) if (name := _name(table, i)) in chosen or name not in counted}
    parts = OutOfFold(table, whole.config, only=learnt)
    matrices, pages = parts.lessons(frozenset({fold}))
    ensemble = fit_ensemble(small_forest(seed), matrices, pages, network=False, seed=seed)
    at, held = parts.judged(fold)
    p = dict(zip(at, ensemble.probabilities(held, [table.pages[i] for i in at]), strict=True))
    return page_scores(table, [i for i in judged if parts.fold[i] == fold], p)
