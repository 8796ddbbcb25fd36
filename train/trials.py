"""The steps of `python -m train` that try models: beside peers, against floors, under attack, at scale."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from classifier import load
from classifier.segment import Kind
from train import compare as comparison
from train import footprint, speed, structure
from train import hostile as hostile_pages
from train import scale as at_scale
from train.corpus import read
from train.fuzz import fuzz as run_fuzz
from train.gate import gate as judge
from train.gate import table as verdict_table

__all__ = ["compare", "fuzz", "gate", "hostile", "scale"]


def compare(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """The same pages through this classifier and every installed peer."""
    if options.speed:
        _compare_speed(options, kinds)
        return
    if options.structure:
        structure.run(options.dataset, limit=options.limit, seed=options.seed)
        return
    frame: pd.DataFrame = comparison.run(
        options.dataset, limit=options.limit, seed=options.seed, progress=not options.quiet
    )
    if len(frame) == 1:
        print("no peer is installed: pip install 'clutter-classifier[peers]'")


def _compare_speed(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    for kind in kinds:
        chosen = {"limit": options.limit, "rounds": options.rounds, "seed": options.seed}
        speed.run(options.dataset, kind, **chosen)
    footprint.run(options.dataset, limit=options.limit, seed=options.seed)
    if options.sizes:
        footprint.run_sizes()


def gate(options: argparse.Namespace, kinds: Sequence[Kind]) -> bool:
    """The shipped models, or others, against the floors; whether a floor is missed."""
    found = judge(load(options.model) if options.model else None)
    verdicts = list(tqdm(found, desc="gate", unit=" verdicts", disable=None, leave=False))
    print(verdict_table(verdicts))
    return any(verdict.outcome == "FAIL" for verdict in verdicts)


def fuzz(options: argparse.Namespace, kinds: Sequence[Kind]) -> bool:
    """Hostile input through each target; whether anything is wrong with one."""
    failed = False
    for name in options.target:
        guided = False if options.random else None
        report = run_fuzz(name, options.inputs, to=options.to, seed=options.seed, guided=guided)
        print(report, flush=True)
        failed = failed or bool(report.findings)
    return failed


def hostile(options: argparse.Namespace, kinds: Sequence[Kind]) -> bool:
    """What pages cost that are made to be dear; whether one costs too much."""
    return hostile_pages.run()


def scale(options: argparse.Namespace, kinds: Sequence[Kind]) -> bool:
    """What pages cost by the thousand: the batch command and Spark, on WARC files; whether one fails."""
    pages = [gold.page for gold in comparison.sample(read(options.dataset), options.pages, options.seed)]
    with tempfile.TemporaryDirectory(dir=options.to) as folder:
        try:
            at_scale.run(pages, options.pages, options.workers, Path(folder) / "run", options.ways)
        except RuntimeError as error:
            print(f"python -m train scale: {error}", file=sys.stderr)
            return True
    return False
