"""A fitted model -> the pickle-free model file that `classifier.load` reads, with its card inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

import classifier
from classifier.decide import BETAS, NOTHING_BELOW
from classifier.errors import ModelError
from classifier.features.arrays import Floats
from classifier.features.lexical import Lexicon, LinearWording
from classifier.features.matrix import column_names
from classifier.forest import DTYPES as FOREST_ARRAYS
from classifier.forest import Forest
from classifier.model import (
    CORRECTION,
    FEATURES,
    FOREST,
    NETWORK,
    ONNX,
    TYPES,
    Model,
    OnnxModel,
    Predictor,
)
from classifier.modelfile import array_bytes, write_model_file
from classifier.segment import Kind
from train.corpus import READERS
from train.forest import as_forest

__all__ = ["Provenance", "export"]

LIMITS: Final = (
    "Nearly all training pages with gold texts by others are English, of 2024 to 2026; other "
    "languages are known from phrases and a few pages written for this project. What counts as "
    "content follows the gold texts of the training data: the body and the headings inside it yes; "
    "the page's main title (WCXB keeps it apart), navigation, related links, bylines and comments "
    "under articles mostly no. Listing and shop pages, where people disagree about what the content "
    "is, are the hardest."
)
# Operator sets that ONNX Runtime 1.16 and newer know.
OPSETS: Final = {"": 17, "ai.onnx.ml": 3}
# Exported and original probabilities may differ by rounding alone.
MAX_DIFFERENCE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a model was made from, for its manifest and its card."""

    datasets: Sequence[str]
    """Names of data sets; those in `train.corpus.READERS` are credited."""
    pages: int
    seed: int
    figures: Mapping[str, float]
    """Cross-validated figures, as `train.evaluate` gives them."""
    date: str = ""
    """ISO date; today if empty."""
    sections: Sequence[tuple[str, str]] = ()
    """Further sections of the card: heading and Markdown."""
    adapted_to: int = 0
    """Pages that the model was adapted to (`train.adapt`), on which the figures then are."""


def export(model: Model, path: Path, provenance: Provenance) -> Path:
    """Write a model file. The same model and provenance give the same bytes.

    Args:
        model: as `train.fit.fit` makes it.
        path: of the file, which is to end with `.model`.
        provenance: what it was made from; goes into the manifest and the card.

    Returns:
        The path.

    Raises:
        ModelError: the estimator is one that ONNX cannot express, or its probabilities change.
    """
    width = len(column_names(model.kind))
    members = _trees(model.trees, width)
    members |= _tables("lexicon", model.lexicon)
    if model.correction is not None:
        members |= _tables(CORRECTION, model.correction)
    manifest = _manifest(model.kind, model.calibration, provenance)
    if model.network is not None:
        for name, array in model.network.arrays():
            members[f"{NETWORK}/{name}.npy"] = array_bytes(array)
    if model.types is not None:
        manifest["types"] = list(model.types.names)
        members[f"{TYPES}/weight.npy"] = array_bytes(model.types.weight)
        members[f"{TYPES}/bias.npy"] = array_bytes(model.types.bias)
    if model.medians is not None:
        members[f"{FEATURES}/median.npy"] = array_bytes(model.medians.astype(np.float32))
    card = _card(model.kind, manifest, provenance)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_model_file(path, manifest, {**members, "card.md": card.encode()})
    path.with_suffix(".md").write_text(card, encoding="utf-8")
    return path


def _tables(folder: str, wording: Lexicon | LinearWording) -> dict[str, bytes]:
    tables = {table.name: getattr(wording, table.name) for table in fields(wording)}
    return {f"{folder}/{name}.npy": array_bytes(table.astype(np.float16)) for name, table in tables.items()}


def _trees(estimator: Predictor, width: int) -> dict[str, bytes]:
    """The estimator as a forest, else as an ONNX graph, checked against the original on random rows."""
    rows = np.random.default_rng(0).normal(size=(256, width)).astype(np.float32)
    forest = as_forest(estimator)
    exported: Forest | OnnxModel
    if forest is not None:
        exported = forest
        members = {f"{FOREST}/{name}.npy": array_bytes(getattr(forest, name)) for name in FOREST_ARRAYS}
    else:
        graph = _graph(estimator, rows)
        exported = OnnxModel(graph)
        members = {ONNX: graph}
    gap = np.abs(exported.predict_proba(rows)[:, 1] - estimator.predict_proba(rows)[:, 1])
    if gap.max() > MAX_DIFFERENCE:
        raise ModelError(f"exported probabilities differ from the original by {gap.max():.2g}")
    return members


def _graph(estimator: Predictor, rows: Floats) -> bytes:
    if isinstance(estimator, OnnxModel):
        return estimator.graph
    kind = type(estimator).__name__
    try:
        from skl2onnx import to_onnx
    except ImportError:
        raise ModelError(
            f"{kind} can only be exported to ONNX: pip install 'clutter-classifier[onnx,train]'"
        ) from None
    try:
        onnx = to_onnx(estimator, rows[:1], options={"zipmap": False}, target_opset=OPSETS)
    except Exception as error:  # skl2onnx raises several unrelated kinds
        raise ModelError(
            f"{kind} cannot be exported to ONNX ({error}); keep it as a joblib file for your own use, or fit "
            "a scikit-learn estimator that skl2onnx supports"
        ) from error
    onnx.producer_version = ""
    graph: bytes = onnx.SerializeToString(deterministic=True)
    return graph


def _manifest(kind: Kind, calibration: tuple[float, float], provenance: Provenance) -> dict[str, Any]:
    return {
        "kind": kind,
        "features": list(column_names(kind)),
        "calibration": list(calibration),
        "decision": {"rule": f"expected F{BETAS['balance']:g}", "nothing_below": NOTHING_BELOW},
        "seed": provenance.seed,
        "date": provenance.date or datetime.now(UTC).date().isoformat(),
        "versions": {
            "clutter-classifier": classifier.__version__,
            **{name: version(name) for name in ("scikit-learn", "numpy", "turbohtml")},
        },
        "training_data": [_credit(name) for name in provenance.datasets],
        "training_pages": provenance.pages,
        "figures": {name: round(float(value), 4) for name, value in provenance.figures.items()},
    }


def _credit(name: str) -> dict[str, str]:
    """What is owed to a data set; of pages that are no published set only the name is known."""
    if name == "phrases":
        return {"name": name, "licence": "Apache-2.0", "credit": "Phrases of this project, train/phrases"}
    known = READERS.get(name)
    if known is None:
        return {"name": name, "licence": "not stated", "credit": "pages of whoever trained the model"}
    return {"name": name, "licence": known.licence, "credit": known.credit}


def _card(kind: Kind, manifest: Mapping[str, Any], provenance: Provenance) -> str:
    """The model card, for people (Mitchell et al. 2019)."""
    what = "HTML pages" if kind == "html" else "plain text"
    data = [f"- {row['name']}: {row['credit']} ({row['licence']})" for row in manifest["training_data"]]
    figures = [f"| {name} | {value:.4f} |" for name, value in manifest["figures"].items()]
    return "\n".join(
        [
            f"# Model for {what}",
            "",
            f"Labels each block of {what} content or clutter, with a probability. Made on "
            f"{manifest['date']} with seed {manifest['seed']} from {manifest['training_pages']} pages.",
            "",
            "## Training data",
            "",
            *data,
            "",
            "## Figures",
            "",
            _figures_of(provenance),
            "",
            "| figure | value |",
            "| --- | --- |",
            *figures,
            "",
            *(line for heading, text in provenance.sections for line in (f"## {heading}", "", text, "")),
            "## Limits",
            "",
            LIMITS,
            "",
            "## Retrain",
            "",
            *(f"    python -m train {step}" for step in _steps(kind, manifest, provenance)),
            "",
            f"Made with {', '.join(f'{name} {number}' for name, number in manifest['versions'].items())}.",
            "",
        ]
    )


def _figures_of(provenance: Provenance) -> str:
    if provenance.adapted_to:
        return (
            f"Of {provenance.adapted_to} pages of whoever adapted the model, cross-validated by page; word "
            "F1 is WCXB's."
        )
    return "Cross-validated in five folds grouped by registrable domain; word F1 is WCXB's."


def _steps(kind: Kind, manifest: Mapping[str, Any], provenance: Provenance) -> list[str]:
    """The steps of `python -m train` that make such a model."""
    if provenance.adapted_to:
        return ["adapt labels.jsonl --to models"]
    names = [row["name"] for row in manifest["training_data"] if row["name"] != "phrases"]
    return [
        f"table --kind {kind} --dataset {' '.join(names)}",
        f"fit --kind {kind} --seed {manifest['seed']}",
        f"ablate --kind {kind} --seed {manifest['seed']}",
        f"export --kind {kind} --to models",
    ]
