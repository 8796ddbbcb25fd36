"""What a report is about: all that is measured of one kind of page, each thing when it is first asked for.

What takes minutes is kept in the work folder, beside what it was measured on, so that a second report is
quick. Whatever cannot be measured raises a `CorpusError` that says what is missing and which command makes
it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

import joblib
import numpy as np
import pandas as pd

from classifier import Classifier
from classifier.features.arrays import Floats
from classifier.segment import Kind
from train import speed
from train.compare import OWN_NAME as RACER
from train.compare import sample
from train.confidence import operating_points, threshold_curve
from train.deadline import DEADLINE
from train.errors import CorpusError
from train.evaluate import Evaluation, evaluate_probabilities
from train.fit import Fit
from train.forest import as_forest
from train.importance import Importance, permutation_importance
from train.learning import learning_curve
from train.losses import losses
from train.metrics import calibration_bins
from train.peers import installed_peers
from train.plaintext import page_text
from train.report.keep import Keeper, digest
from train.standings import OWN_NAME, evaluate_others, gold_pages, others
from train.table import Table, read_table

__all__ = ["Ablation", "Inputs", "Race", "Scope", "Study"]

# Pages whose time is measured, drawn at random, and how often.
RACE_PAGES: Final = 100
RACE_ROUNDS: Final = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the steps before have left of one kind of page."""

    kind: Kind
    table: Path
    """Folder of the table of blocks."""
    fit: Path
    """File of the fit."""
    ablation: Path
    """File of the ablation."""
    kept: Path
    """Folder for measurements that take long."""
    load_fit: Callable[[], Fit]
    """Raises a `CorpusError` where there is no fit."""
    judged: Callable[[Table], list[int]]
    """Indices of the pages that figures are about."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What to measure, and how."""

    peers: bool = True
    speed: bool = True
    fits: bool = True
    """Whether to fit anew, for the learning curve and for what features tell."""
    workers: int = 1
    """Processes for the other extractors."""
    deadline: float = DEADLINE
    """Seconds that another extractor has for a page."""
    seed: int = 0
    progress: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Race:
    """CPU time beside others, and by stage."""

    pages: int
    own: str
    """The row of `times` that is this classifier."""
    times: pd.DataFrame
    """As `train.speed.Race.table` gives it."""
    stages: pd.DataFrame
    """As `train.speed.stages` gives it."""


@dataclass(frozen=True, slots=True, eq=False)
class Ablation:
    """What `python -m train ablate` has left."""

    frame: pd.DataFrame
    scope: str


class Study:
    """The measurements of one kind of page."""

    def __init__(self, inputs: Inputs, scope: Scope) -> None:
        self.inputs = inputs
        self.kind: Kind = inputs.kind
        self.scope = scope
        self._kept = Keeper(inputs.kept, f"{inputs.kind}-")

    def name(self, what: str) -> str:
        """What a figure of this kind of page is called."""
        return f"{self.kind}-{what}"

    # -- what there is ----------------------------------------------------------------------------

    @cached_property
    def table(self) -> Table:
        """All pages, those that only help training included."""
        return read_table(self.inputs.table)

    @cached_property
    def fit(self) -> Fit:
        """The last fit of the table.

        Raises:
            CorpusError: there is none, or it is one of another table.
        """
        found = self.inputs.load_fit()
        known = [len(p) for p in found.validation.probabilities]
        if known != [len(page.texts) for page in self.table.pages]:
            raise CorpusError(
                f"{self.inputs.fit} was fitted on another table than {self.inputs.table}: fit anew with "
                f"python -m train fit --kind {self.kind}"
            )
        return found

    @cached_property
    def judged(self) -> list[int]:
        """Indices of the pages that figures are about."""
        return self.inputs.judged(self.table)

    @cached_property
    def pages(self) -> Table:
        """The pages that figures are about."""
        return Table(self.kind, [self.table.pages[i] for i in self.judged])

    @cached_property
    def probabilities(self) -> list[Floats]:
        """Of the blocks of these pages, out of fold."""
        return [self.fit.validation.probabilities[i] for i in self.judged]

    # -- what follows from the fit ----------------------------------------------------------------

    @cached_property
    def own(self) -> Evaluation:
        """The cross-validated scores of the fit."""
        return evaluate_probabilities(self.pages, self.probabilities, self.fit.seed)

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """One row a bin of claimed probability that holds a block, indexed by its number from 1: `blocks`,
        `claimed`, `observed`."""
        labels = np.concatenate([page.label for page in self.pages.pages])
        held, claimed, observed = calibration_bins(np.concatenate(self.probabilities), labels)
        frame = pd.DataFrame({"blocks": held.astype(int), "claimed": claimed, "observed": observed})
        return frame.set_axis(range(1, len(frame) + 1))[held > 0]

    @cached_property
    def points(self) -> pd.DataFrame:
        """Scores under each way to decide."""
        return self._kept(
            "points",
            self._fitted_on(),
            lambda: operating_points(self.pages, self.probabilities, self.fit.seed),
        )

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Mean precision and recall under fixed thresholds."""
        return self._kept("curve", self._fitted_on(), lambda: threshold_curve(self.pages, self.probabilities))

    @cached_property
    def losses(self) -> pd.DataFrame:
        """What each page lacks to an F1 of 1, by cause."""
        return self._kept("losses", self._fitted_on(), lambda: losses(self.pages, self.probabilities))

    @cached_property
    def ablation(self) -> Ablation:
        """What each part of the model is worth.

        Raises:
            CorpusError: it has not been measured, or on another table.
        """
        path, command = self.inputs.ablation, f"python -m train ablate --kind {self.kind}"
        if not path.is_file():
            raise CorpusError(f"what the parts of the model are worth was not measured: {command}")
        known = joblib.load(path)
        if known["pages"] != len(self.table):
            raise CorpusError(f"{path} was measured on another table: measure anew with {command}")
        return Ablation(known["frame"], known["scope"])

    # -- what takes minutes -----------------------------------------------------------------------

    @cached_property
    def others(self) -> dict[str, Evaluation]:
        """Scores of other extractors on the same pages, by name.

        Raises:
            CorpusError: none is wanted or installed, or the pages are not there.
        """
        if not self.scope.peers:
            raise CorpusError("left out: --no-peers")
        scope, extractors = self.scope, others(self.kind)
        if not extractors:
            raise CorpusError("no peer is installed: pip install 'clutter-classifier[peers]'")
        return self._kept(
            "others",
            {"table": self._table_digest, "deadline": scope.deadline, "seed": scope.seed} | self._versions(),
            lambda: evaluate_others(
                gold_pages(self.pages),
                self.kind,
                extractors,
                deadline=scope.deadline,
                workers=scope.workers,
                seed=scope.seed,
                progress=scope.progress,
            ),
        )

    @property
    def everyone(self) -> dict[str, Evaluation]:
        """The fit and, where they can be measured, the others."""
        try:
            return {OWN_NAME: self.own, **self.others}
        except CorpusError:
            return {OWN_NAME: self.own}

    @cached_property
    def race(self) -> Race:
        """CPU time of the fitted model, as it is once exported, and of the others on HTML.

        Raises:
            CorpusError: it is not wanted, or the pages are not there.
        """
        if not self.scope.speed:
            raise CorpusError("left out: --no-speed")
        return self._kept("race", self._fitted_on() | self._versions(), self._race)

    @cached_property
    def importance(self) -> Importance:
        """What the features tell.

        Raises:
            CorpusError: no fits are wanted, or there are too few pages.
        """
        return self._from_fits("importance", permutation_importance)

    @cached_property
    def learning(self) -> pd.DataFrame:
        """Word F1 by number of pages to learn from.

        Raises:
            CorpusError: no fits are wanted, or there are too few pages.
        """
        return self._from_fits("learning", learning_curve)

    def _from_fits(self, name: str, measure: Callable[..., T]) -> T:
        if not self.scope.fits:
            raise CorpusError("left out: --no-fits")
        seed, progress = self.scope.seed, self.scope.progress
        return self._kept(
            name,
            {"table": self._table_digest, "seed": seed},
            lambda: measure(self.table, self.judged, seed=seed, progress=progress),
        )

    def _race(self) -> Race:
        seed = self.scope.seed
        chosen = sample(gold_pages(self.pages), RACE_PAGES, seed)
        texts = [page_text(page, self.kind) for page in chosen]
        fitted = self.fit.model
        model = replace(fitted, trees=as_forest(fitted.trees) or fitted.trees)
        entrants = speed.entrants(Classifier([model]), self.kind)
        found = speed.race(texts, entrants, rounds=RACE_ROUNDS, seed=seed)
        stages = speed.stages([text.encode() for text in texts], self.kind, model)
        return Race(len(texts), RACER, found.table(RACER, seed), stages)

    # -- what it is kept with ---------------------------------------------------------------------

    @cached_property
    def _table_digest(self) -> str:
        return digest(*sorted(self.inputs.table.glob("*.parquet")))

    @cached_property
    def _fit_digest(self) -> str:
        return digest(self.inputs.fit)

    def _fitted_on(self) -> dict[str, object]:
        self.fit  # noqa: B018  it says what is missing
        return {"table": self._table_digest, "fit": self._fit_digest}

    def _versions(self) -> dict[str, object]:
        peers = installed_peers() if self.kind == "html" else {}
        return {name: peer.version() for name, peer in peers.items()}
