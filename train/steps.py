"""The steps of `python -m train`: each reads what the one before wrote under the work folder."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import joblib
import pandas as pd

from classifier import Classifier, load
from classifier.segment import Kind
from train import compare as comparison
from train.corpus import READERS, read
from train.errors import CorpusError
from train.evaluate import Evaluation, evaluate_probabilities
from train.evaluate import evaluate as score
from train.export import Provenance
from train.export import export as write_model
from train.fit import Fit, FitConfig
from train.fit import fit as fit_model
from train.gate import gate as judge
from train.gate import table as verdict_table
from train.table import Table, build_table, read_table

__all__ = ["compare", "evaluate", "export", "fit", "gate", "table"]

# The figures of a text model are those of one rendering, the one that web archives use, and of pages
# that are plain text to begin with; HTML pages are trained on in both renderings.
JUDGED: Final = {"html": ("html",), "text": ("lines", "as is")}


def _table_folder(work: Path, kind: Kind) -> Path:
    return work / f"{kind}-table"


def _fit_path(work: Path, kind: Kind) -> Path:
    return work / f"{kind}-fit.joblib"


def table(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Pages of the data sets -> tables."""
    for name in options.dataset:
        if name in READERS and not READERS[name].trainable:
            raise CorpusError(f"{name} is for evaluation only: its licence does not allow training")
    pages = [page for name in options.dataset for page in read(name)]
    for kind in kinds:
        made = build_table(pages, kind, workers=options.workers, progress=not options.quiet)
        made.write(_table_folder(options.work, kind))
        print(made.summary())


def fit(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Tables -> models with their cross-validation, kept as joblib files."""
    for kind in kinds:
        data = read_table(_table_folder(options.work, kind))
        config = FitConfig(two_stages=options.second_stage, seed=options.seed, progress=not options.quiet)
        result = fit_model(data, config)
        joblib.dump(result, _fit_path(options.work, kind), compress=3)
        print(_validated(data, result).report(_title(data, result)))


def _load_fit(work: Path, kind: Kind) -> Fit:
    path = _fit_path(work, kind)
    if not path.is_file():
        raise CorpusError(f"there is no fit {path}: make one with python -m train fit")
    result: Fit = joblib.load(path)
    return result


def _validated(data: Table, result: Fit) -> Evaluation:
    chosen = [i for i, page in enumerate(data.pages) if page.rendering in JUDGED[data.kind]]
    judged = Table(data.kind, [data.pages[i] for i in chosen])
    probabilities = [result.validation.probabilities[i] for i in chosen]
    return evaluate_probabilities(judged, probabilities, result.seed)


def _title(data: Table, result: Fit) -> str:
    what = "HTML" if data.kind == "html" else "plain text"
    return f"{what}, cross-validated in five folds grouped by site, seed {result.seed}"


def evaluate(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Print the figures of the last fit, or of a model on a data set."""
    if options.dataset is None and options.model is None:
        for kind in kinds:
            data = read_table(_table_folder(options.work, kind))
            result = _load_fit(options.work, kind)
            print(_validated(data, result).report(_title(data, result)), end="\n\n")
        return
    classifier = load(options.model) if options.model else Classifier()
    name = options.dataset or "wcxb"
    print(score(read(name), classifier.extract, options.seed).report(f"{name}, zero-shot"))


def export(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Fits -> model files and cards."""
    for kind in kinds:
        data = read_table(_table_folder(options.work, kind))
        result = _load_fit(options.work, kind)
        provenance = Provenance(
            datasets=sorted({page.dataset for page in data.pages}),
            pages=len({page.id for page in data.pages if page.trainable}),
            seed=result.seed,
            figures=_validated(data, result).figures(),
        )
        path = write_model(result.model, options.to / f"{kind}.model", provenance)
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def compare(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """The same pages through this classifier and every installed peer."""
    frame: pd.DataFrame = comparison.run(options.dataset, limit=options.limit, seed=options.seed)
    if len(frame) == 1:
        print("no peer is installed: pip install 'clutter-classifier[peers]'")


def gate(options: argparse.Namespace, kinds: Sequence[Kind]) -> bool:
    """The shipped models, or others, against the floors; whether a floor is missed."""
    verdicts = list(judge(load(options.model) if options.model else None))
    print(verdict_table(verdicts))
    return any(verdict.outcome == "FAIL" for verdict in verdicts)
