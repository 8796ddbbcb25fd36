"""What each part of a model is worth: cross-validate without it, and compare page by page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from classifier.decide import Policy, decide
from classifier.features.arrays import Floats
from classifier.features.matrix import FAMILIES, column_families
from classifier.segment import Kind
from train.ensemble import fit_ensemble
from train.fit import WORKERS, FitConfig, OutOfFold
from train.metrics import bootstrap_interval, score
from train.table import Table

__all__ = ["ablate", "page_scores", "plot", "small_forest"]

# A third of the shipped model's trees, at three times the rate: what a part is worth shows as well, and
# all parts together take minutes.
ROUNDS: Final = 100
RATE: Final = 0.15
DEFAULT_POLICY: Final = Policy()


@dataclass(frozen=True, slots=True)
class _Setting:
    """One cross-validation: what is used."""

    columns: npt.NDArray[np.bool_]
    """Feature columns that are used; shape (columns,)."""
    network: bool = False


def ablate(
    table: Table, judged: Sequence[int], *, n_folds: int = 5, seed: int = 0, progress: bool = True
) -> pd.DataFrame:
    """Mean word F1 with a part of the model left out or exchanged, and what that costs.

    The model that all others are compared with is a small gradient boosting over all features, that
    decides by expected F. Each row changes one thing.

    Args:
        judged: indices of the pages that F1 is taken of; the others are only learnt from.
        n_folds: how many of the five folds are judged: fewer take less time.

    Returns:
        One row a part, indexed by it: `f1` without it, for the network with it; `gain`, how much
        higher F1 is with the part than without; `gain_low`, `gain_high`: its 95 % bootstrap interval.
    """
    config = FitConfig(network=False, seed=seed, progress=False)
    parts = _prepared(table, config)
    chosen = [i for i in judged if parts.fold[i] < n_folds]
    family = np.array(list(column_families(table.kind).values()))
    everything = np.ones(len(family), bool)
    bar = tqdm(desc=f"ablate {table.kind}", unit=" settings", disable=not progress)

    def f1(parts: OutOfFold, setting: _Setting) -> Floats:
        found = _probabilities(parts, setting, n_folds)
        bar.update()
        return page_scores(table, chosen, found)

    rows = {}
    full = _probabilities(parts, _Setting(everything), n_folds)
    whole = page_scores(table, chosen, full)
    rows["all features, trees alone"] = _row(whole, None, seed)
    for name in FAMILIES[table.kind]:
        rows[f"features: {name}"] = _row(f1(parts, _Setting(family != name)), whole, seed)
    rows["decision: expected F in place of a threshold of 0.5"] = _row(
        page_scores(table, chosen, full, Policy(threshold=0.5)), whole, seed
    )
    for name, other in _other_lessons(config):
        rows[name] = _row(f1(_prepared(table, other), _Setting(everything)), whole, seed)
    both = f1(parts, _Setting(everything, network=True))
    rows["network beside the trees"] = _row(whole, both, seed) | {"f1": float(both.mean())}
    bar.close()
    return pd.DataFrame.from_dict(rows, orient="index")


def small_forest(seed: int) -> HistGradientBoostingClassifier:
    """The trees that experiments are made with, not fitted."""
    return HistGradientBoostingClassifier(
        max_iter=ROUNDS, learning_rate=RATE, min_samples_leaf=40, l2_regularization=1.0, max_features=0.3,
        early_stopping=False, random_state=seed,
    )  # fmt: skip


def _prepared(table: Table, config: FitConfig) -> OutOfFold:
    parts = OutOfFold(table, config)
    parts.prepare_lexicons()
    return parts


def _other_lessons(config: FitConfig) -> Iterator[tuple[str, FitConfig]]:
    yield "lessons: phrases of many languages", replace(config, phrases=False)
    yield "lessons: pages as in a strange language", replace(config, foreign_share=0.0)


def _probabilities(parts: OutOfFold, setting: _Setting, n_folds: int) -> dict[int, Floats]:
    with threadpool_limits(limits=1, user_api="blas"):
        found = Parallel(n_jobs=WORKERS, prefer="threads")(
            delayed(_of_fold)(parts, setting, fold) for fold in range(n_folds)
        )
    return {page: p for of_fold in found for page, p in of_fold.items()}


def _of_fold(parts: OutOfFold, setting: _Setting, fold: int) -> dict[int, Floats]:
    seed = parts.config.seed
    forest = small_forest(seed)
    matrices, pages = parts.lessons(frozenset({fold}))
    used = [matrix[:, setting.columns] for matrix in matrices]
    ensemble = fit_ensemble(forest, used, pages, network=setting.network, seed=seed)
    at, matrices = parts.judged(fold)
    own = [matrix[:, setting.columns] for matrix in matrices]
    return dict(zip(at, ensemble.probabilities(own, [parts.table.pages[i] for i in at]), strict=True))


def page_scores(
    table: Table, chosen: Sequence[int], found: Mapping[int, Floats], policy: Policy = DEFAULT_POLICY
) -> Floats:
    """Word F1 of each of the chosen pages under probabilities of their blocks, by page.

    Returns:
        Shape (len(chosen),), float32.
    """
    out = []
    for index in chosen:
        page = table.pages[index]
        p = found.get(index, np.zeros(0, np.float32))
        keep = decide(p, page.measured.evidence.words, policy).keep
        out.append(score(page.kept(keep), page.gold).f1)
    return np.array(out, np.float32)


def _row(without: Floats, whole: Floats | None, seed: int) -> dict[str, float]:
    row = {"f1": float(without.mean())}
    if whole is not None:
        low, high = bootstrap_interval((whole - without).astype(np.float64), seed)
        row |= {"gain": float((whole - without).mean()), "gain_low": low, "gain_high": high}
    return row


def plot(found: pd.DataFrame, path: Path, kind: Kind) -> None:
    """Draw the gains with their intervals as bars, the largest on top, into an SVG or PNG file."""
    import matplotlib.pyplot as plt

    rows = found.dropna(subset=["gain"]).sort_values("gain")
    figure, axes = plt.subplots(figsize=(8, 0.4 * len(rows) + 1.2), layout="constrained")
    spread = np.abs(rows[["gain_low", "gain_high"]].to_numpy().T - rows["gain"].to_numpy())
    axes.barh(rows.index, rows["gain"], xerr=spread, color="#4477aa", ecolor="#888888")
    axes.axvline(0, color="#888888", linewidth=0.8)
    axes.set_xlabel("gain in word F1")
    axes.set_title(f"What each part is worth, {'HTML' if kind == 'html' else 'plain text'}")
    figure.savefig(path)
    plt.close(figure)
