"""A trained model: features -> calibrated probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any, Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from classifier.errors import FeatureMismatchError, ModelError, UntrustedModelError
from classifier.features.arrays import Floats
from classifier.features.lexical import SHAPES, Lexicon, LinearWording
from classifier.features.matrix import Measured, column_names, feature_matrix
from classifier.forest import DTYPES as FOREST_ARRAYS
from classifier.forest import Forest
from classifier.modelfile import ModelFile, read_model_file
from classifier.network import Network
from classifier.network import shapes as network_shapes
from classifier.pagetype import PageTypes
from classifier.pagetype import shapes as type_shapes
from classifier.segment import Kind

__all__ = ["Model", "Predictor", "combine", "load_model", "logit", "shipped_model"]

# Members of a model file: the trees are a forest or, where they were exported from another estimator, ONNX.
FOREST: Final = "forest"
ONNX: Final = "trees.onnx"
NETWORK: Final = "network"
TYPES: Final = "types"
FEATURES: Final = "features"
CORRECTION: Final = "correction"
PICKLE_SUFFIXES: Final = frozenset({".joblib", ".pkl", ".pickle"})
# Keeps the logarithm of a probability of 0 or 1 finite.
_TINY: Final = 1e-6
# Beyond this the exponential would leave the range of float32, and a probability says nothing new.
MAX_LOGIT: Final = 30.0


class Predictor(Protocol):
    """What the trees need to be: any scikit-learn classifier of two classes is one."""

    def predict_proba(self, X: Floats, /) -> npt.NDArray[np.floating]:
        """Probabilities of clutter and content; shape (rows, 2)."""
        ...


class OnnxModel:
    """Any estimator that ONNX can express, run by ONNX Runtime on one thread.

    Raises:
        ModelError: ONNX Runtime is not installed, or cannot load the graph.
    """

    def __init__(self, graph: bytes) -> None:
        try:
            import onnxruntime as ort
        except ImportError:
            raise ModelError(
                "the model holds an ONNX graph: pip install 'clutter-classifier[onnx]' to run it"
            ) from None
        self.graph = graph
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions share no base but this one
            raise ModelError(f"ONNX Runtime cannot load the model: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[-1].name

    def __reduce__(self) -> tuple[type["OnnxModel"], tuple[bytes]]:
        """Pickled, it is its graph: the runtime's session cannot be."""
        return OnnxModel, (self.graph,)

    def predict_proba(self, X: Floats, /) -> npt.NDArray[np.floating]:
        """Probabilities of clutter and content; shape (rows, 2), float32."""
        (probabilities,) = self._session.run([self._output], {self._input: X})
        return cast("npt.NDArray[np.floating]", probabilities)


@dataclass(frozen=True, slots=True)
class Model:
    """A model for one kind of page."""

    kind: Kind
    lexicon: Lexicon
    trees: Predictor
    network: Network | None = None
    """Has half of the say; None: the trees decide alone."""
    calibration: tuple[float, float] = (1.0, 0.0)
    """Slope and intercept on the logit of the probability (Platt 1999)."""
    types: PageTypes | None = None
    """Tells the type of a page; None: the training pages had no types."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """Training data and credit, figures, versions; empty for a model that was never exported."""
    card: str = ""
    """The model card, Markdown; empty for a model that was never exported."""
    medians: Floats | None = None
    """Median of each feature over the training blocks, shape (columns,): what `Page.explain` compares with;
    None: pages cannot be explained."""
    correction: LinearWording | None = None
    """Added to the calibrated log-odds: what a user's own pages taught (`train.adapt`); None: nothing."""

    def __setstate__(self, state: Sequence[object]) -> None:
        """Unpickle; parts that a model pickled by an earlier version lacks are left out of this one, too."""
        known = fields(self)
        for one, value in zip(known, state, strict=False):
            object.__setattr__(self, one.name, value)
        for one in known[len(state) :]:
            object.__setattr__(self, one.name, one.default)

    def matrix(self, measured: Measured) -> Floats:
        """The features of a page's blocks; shape (blocks, len(column_names(kind))), float32."""
        return feature_matrix(measured, self.lexicon)

    def probabilities(self, measured: Measured, matrix: Floats) -> Floats:
        """Calibrated probability of content of each block; shape (blocks,), float32."""
        # A model of a stranger may hold numbers whose sums leave the range of float32.
        with np.errstate(over="ignore", invalid="ignore"):
            p = self.trees.predict_proba(matrix)[:, 1]
            p = calibrate(combine(p, matrix, measured.evidence.words, self.network), self.calibration)
            if self.correction is not None:
                p = _sigmoid(logit(p) + self.correction.odds(measured.evidence))
        return np.nan_to_num(p, copy=False, nan=0.5)

    def page_type(self, measured: Measured, matrix: Floats, p: Floats) -> tuple[str | None, float]:
        """The most likely type of a page and its probability; None and 0 if the model tells no types."""
        if self.types is None:
            return None, 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            name, probability = self.types.most_likely(matrix, p, measured.evidence.words)
        return name, float(np.nan_to_num(probability))


def combine(
    trees: npt.NDArray[np.floating], matrix: Floats, words: npt.NDArray[np.integer], network: Network | None
) -> Floats:
    """The trees' probabilities and the network's, meeting halfway on the logit; shape (blocks,)."""
    if network is None:
        return trees.astype(np.float32)
    return _sigmoid((logit(trees) + network.logits(matrix, words)) / 2)


def _sigmoid(odds: npt.NDArray[np.floating]) -> Floats:
    out: Floats = (1 / (1 + np.exp(-np.clip(odds, -MAX_LOGIT, MAX_LOGIT)))).astype(np.float32)
    return out


def logit(p: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Log-odds of probabilities; those of 0 and 1 are finite."""
    clipped = np.clip(p, _TINY, 1 - _TINY)
    odds: npt.NDArray[np.floating] = np.log(clipped) - np.log1p(-clipped)
    return odds


def calibrate(p: npt.NDArray[np.floating], calibration: tuple[float, float]) -> Floats:
    """Probabilities moved along the logistic curve by slope and intercept."""
    slope, intercept = calibration
    return _sigmoid(slope * logit(p) + intercept)


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
        slope, intercept = map(float, file.manifest["calibration"])
        if not (np.isfinite(slope) and np.isfinite(intercept)):
            raise ModelError(f"the calibration of {path} is not finite: {slope}, {intercept}")
        model = Model(
            kind=kind,
            lexicon=_lexicon(path, file),
            trees=_trees(path, file, len(column_names(kind))),
            network=_network(path, file, len(column_names(kind))),
            calibration=(slope, intercept),
            types=_types(path, file, len(column_names(kind))),
            manifest=file.manifest,
            card=file.card,
            medians=_medians(path, file, len(column_names(kind))),
            correction=_correction(path, file),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, EOFError, OverflowError) as error:
        raise ModelError(f"{path} lacks a part of a model, or has it in a wrong shape: {error}") from error
    return model


def _trees(path: Path, file: ModelFile, columns: int) -> Predictor:
    if not file.has(FOREST):
        return OnnxModel(file.members[ONNX])
    arrays: dict[str, Any] = {name: file.array(f"{FOREST}/{name}.npy") for name in FOREST_ARRAYS}
    forest = Forest(**arrays)
    if forest.width > columns:
        raise ModelError(f"the forest of {path} looks at column {forest.width} of {columns}")
    return forest


def _lexicon(path: Path, file: ModelFile) -> Lexicon:
    return Lexicon(**_arrays(path, file, "lexicon", SHAPES))


def _network(path: Path, file: ModelFile, columns: int) -> Network | None:
    if not file.has(NETWORK):
        return None
    hidden = len(file.array(f"{NETWORK}/output.npy"))
    arrays = _arrays(path, file, NETWORK, network_shapes(columns, hidden))
    if (arrays["scale"] <= 0).any():
        raise ModelError(f"{NETWORK}/scale of {path} is not above zero everywhere")
    return Network(**arrays)


def _types(path: Path, file: ModelFile, columns: int) -> PageTypes | None:
    if not file.has(TYPES):
        return None
    names = file.manifest["types"]
    if not isinstance(names, list) or len(set(map(str, names))) < 2:
        raise ModelError(f"the page types of {path} are no list of two names or more: {names!r}")
    return PageTypes(tuple(map(str, names)), **_arrays(path, file, TYPES, type_shapes(columns, len(names))))


def _medians(path: Path, file: ModelFile, columns: int) -> Floats | None:
    if not file.has(FEATURES):
        return None
    return _arrays(path, file, FEATURES, {"median": (columns,)})["median"]


def _correction(path: Path, file: ModelFile) -> LinearWording | None:
    if not file.has(CORRECTION):
        return None
    shapes = {one.name: SHAPES[one.name] for one in fields(LinearWording)}
    return LinearWording(**_arrays(path, file, CORRECTION, shapes))


def _arrays(
    path: Path, file: ModelFile, folder: str, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Floats]:
    """The arrays of a part of the model, as float32, if they have the shapes that they must have."""
    found = {}
    for name, shape in shapes.items():
        array = file.array(f"{folder}/{name}.npy")
        if array.shape != shape:
            raise ModelError(f"{folder}/{name} of {path} has the shape {array.shape}, not {shape}")
        with np.errstate(over="ignore"):
            found[name] = array.astype(np.float32)
        if array.dtype.kind != "f" or not np.isfinite(found[name]).all():
            raise ModelError(f"{folder}/{name} of {path} holds what is no finite number")
    return found


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
