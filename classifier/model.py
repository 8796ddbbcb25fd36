"""A trained model: features -> calibrated probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any, Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from classifier.errors import FeatureMismatchError, ModelError, UntrustedModelError
from classifier.features import surroundings
from classifier.features.arrays import Floats
from classifier.features.lexical import SHAPES, Lexicon
from classifier.features.matrix import Measured, column_names, feature_matrix
from classifier.modelfile import ModelFile, read_model_file
from classifier.segment import Kind

__all__ = ["Model", "Predictor", "load_model", "second_stage_matrix", "shipped_model"]

# Members of a model file that hold the stages.
FIRST: Final = "first.onnx"
SECOND: Final = "second.onnx"
PICKLE_SUFFIXES: Final = frozenset({".joblib", ".pkl", ".pickle"})
# Keeps the logarithm of a probability of 0 or 1 finite.
_TINY: Final = 1e-6


class Predictor(Protocol):
    """What a stage needs to be: any scikit-learn classifier of two classes is one."""

    def predict_proba(self, X: Floats, /) -> npt.NDArray[np.floating]:
        """Probabilities of clutter and content; shape (rows, 2)."""
        ...


class OnnxForest:
    """A tree ensemble run by ONNX Runtime, on one thread: a page has a few hundred rows."""

    def __init__(self, graph: bytes) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions share no base but this one
            raise ModelError(f"ONNX Runtime cannot load the model: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[-1].name

    def predict_proba(self, X: Floats, /) -> npt.NDArray[np.floating]:
        """Probabilities of clutter and content; shape (rows, 2), float32."""
        (probabilities,) = self._session.run([self._output], {self._input: X})
        return cast("npt.NDArray[np.floating]", probabilities)


@dataclass(frozen=True, slots=True)
class Model:
    """A model for one kind of page."""

    kind: Kind
    lexicon: Lexicon
    first: Predictor
    second: Predictor | None = None
    """Sees the features and the first stage's surroundings; None: the first stage decides."""
    calibration: tuple[float, float] = (1.0, 0.0)
    """Slope and intercept on the logit of the last stage's probability (Platt 1999)."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """Training data and credit, figures, versions; empty for a model that was never exported."""

    def matrix(self, measured: Measured) -> Floats:
        """The features of a page's blocks; shape (blocks, len(column_names(kind))), float32."""
        return feature_matrix(measured, self.lexicon)

    def probabilities(self, measured: Measured, matrix: Floats) -> Floats:
        """Calibrated probability of content of each block; shape (blocks,), float32."""
        p = self.first.predict_proba(matrix)[:, 1]
        if self.second is not None:
            p = self.second.predict_proba(second_stage_matrix(measured, matrix, p))[:, 1]
        return calibrate(p, self.calibration)


def second_stage_matrix(measured: Measured, matrix: Floats, first: npt.NDArray[np.floating]) -> Floats:
    """The second stage's input: the features, then the surroundings in the first stage's eyes."""
    around = surroundings.compute(
        first.astype(np.float32), measured.evidence.words, measured.path, measured.level
    )
    return np.concatenate((matrix, around), axis=1)


def calibrate(p: npt.NDArray[np.floating], calibration: tuple[float, float]) -> Floats:
    """Probabilities moved along the logistic curve by slope and intercept."""
    slope, intercept = calibration
    clipped = np.clip(p, _TINY, 1 - _TINY)
    logit = np.log(clipped) - np.log1p(-clipped)
    out: Floats = (1 / (1 + np.exp(-(slope * logit + intercept)))).astype(np.float32)
    return out


def load_model(path: Path, *, trusted: bool = False) -> Model:
    """Load a model: our own format, or, if `trusted`, a joblib file made with `train`.

    Raises:
        ModelError: missing, damaged, or of another version.
        FeatureMismatchError: trained on features that differ from this package's.
        UntrustedModelError: a joblib or pickle file, and the caller does not say it is trusted.
    """
    if path.suffix in PICKLE_SUFFIXES:
        return _load_joblib(path, trusted)
    return _from_file(path, read_model_file(path))


def shipped_model(kind: Kind) -> Model:
    """The model that comes with this package for a kind of page."""
    with resources.as_file(resources.files("classifier") / "models" / f"{kind}.model") as path:
        return load_model(path)


def _from_file(path: Path, file: ModelFile) -> Model:
    try:
        kind = file.manifest["kind"]
        if kind not in ("html", "text"):
            raise ModelError(f"{path} is for pages of kind {kind!r}, which this package does not know")
        check_features(str(path), file.manifest["features"], column_names(kind))
        if SECOND in file.members:
            check_features(str(path), file.manifest["second_features"], surroundings.column_names(kind))
        slope, intercept = map(float, file.manifest["calibration"])
        model = Model(
            kind=kind,
            lexicon=_lexicon(path, file),
            first=OnnxForest(file.members[FIRST]),
            second=OnnxForest(file.members[SECOND]) if SECOND in file.members else None,
            calibration=(slope, intercept),
            manifest=file.manifest,
        )
    except (KeyError, TypeError, ValueError, AttributeError, EOFError, OverflowError) as error:
        raise ModelError(f"{path} lacks a part of a model, or has it in a wrong shape: {error}") from error
    return model


def _lexicon(path: Path, file: ModelFile) -> Lexicon:
    tables = {}
    for table in fields(Lexicon):
        array = file.array(f"lexicon/{table.name}.npy")
        if array.shape != SHAPES[table.name]:
            raise ModelError(f"the table {table.name} of {path} has the shape {array.shape}")
        tables[table.name] = array.astype(np.float32)
    return Lexicon(**tables)


def check_features(where: str, theirs: Sequence[str], ours: Sequence[str]) -> None:
    """Raise `FeatureMismatchError` unless the two lists of feature names are the same."""
    if list(theirs) == list(ours):
        return
    missing = [name for name in ours if name not in set(theirs)]
    unknown = [name for name in theirs if name not in set(ours)]
    told = [f"it lacks {', '.join(missing)}"] if missing else []
    told += [f"it expects {', '.join(unknown)}, which this package does not compute"] if unknown else []
    raise FeatureMismatchError(
        f"{where} was trained on other features: {'; '.join(told) or 'the same ones in another order'}. "
        "Retrain it with this version, or install the version that it was trained with."
    )


def _load_joblib(path: Path, trusted: bool) -> Model:
    if not trusted:
        raise UntrustedModelError(
            f"{path} is a pickle, which can run any code when loaded. If it is your own work, say so: "
            "load(path, trusted=True); to give it to others, export it (python -m train export)."
        )
    try:
        import joblib
    except ImportError:
        raise ModelError(f"{path} needs joblib: pip install 'clutter-classifier[train]'") from None
    try:
        model = joblib.load(path)
    except FileNotFoundError:
        raise ModelError(f"there is no model file {path}") from None
    except Exception as error:  # unpickling fails in as many ways as there are classes
        raise ModelError(f"{path} cannot be unpickled: {error}") from error
    if not isinstance(model, Model):
        raise ModelError(f"{path} holds a {type(model).__name__}, not a Model made with train.fit")
    return model
