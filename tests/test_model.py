import hashlib
import json
import pickle
import shutil
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Final, get_args

import joblib
import numpy as np
import pytest

import classifier
from classifier import FeatureMismatchError, Model, ModelError, UntrustedModelError
from classifier.features.lexical import SHAPES, Lexicon
from classifier.features.matrix import column_names, measure_page
from classifier.model import OnnxModel, calibrate, check_features, combine, load_model, shipped_model
from classifier.modelfile import array_bytes, read_model_file, write_model_file
from classifier.segment import Kind, segment_html, segment_text

KINDS: tuple[Kind, ...] = get_args(Kind)
SHIPPED: Final = Path(classifier.__file__).parent / "models"
LEXICON: Final = Lexicon(**{name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()})
PAGES: Final = {"html": "<p>The river rises.<p>Log in", "text": "The river rises.\nLog in"}


class Half:
    """Stands in for trained trees: every block is content by half."""

    def predict_proba(self, X: Any, /) -> Any:
        return np.full((len(X), 2), 0.5, np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the shipped model for HTML."""
    return Path(shutil.copy(SHIPPED / "html.model", tmp_path / "html.model"))


def change(path: Path, edit: Callable[[dict[str, Any], dict[str, bytes]], object]) -> Path:
    """Write a model file again with its manifest and members edited, checksums right."""
    found = read_model_file(path)
    manifest, members = dict(found.manifest), dict(found.members)
    edit(manifest, members)
    write_model_file(path, manifest, members)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_models_load_and_say_what_they_were_made_from(kind: Kind) -> None:
    model = shipped_model(kind)
    assert model.kind == kind
    assert model.manifest["features"] == list(column_names(kind))
    assert model.medians is not None
    assert model.medians.shape == (len(column_names(kind)),)
    assert all(row["licence"] and row["credit"] for row in model.manifest["training_data"])
    assert (SHIPPED / f"{kind}.md").read_text(encoding="utf-8").startswith("# Model for")


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_models_were_trained_on_nothing_that_forbids_it(kind: Kind) -> None:
    registry = pytest.importorskip("train.corpus").READERS
    names = [row["name"] for row in shipped_model(kind).manifest["training_data"]]
    assert names and all(name == "phrases" or registry[name].trainable for name in names)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_are_one_float_a_block_between_zero_and_one(kind: Kind) -> None:
    model = shipped_model(kind)
    measured = measure_page((segment_html if kind == "html" else segment_text)(PAGES[kind]))
    matrix = model.matrix(measured)
    found = model.probabilities(measured, matrix)
    assert matrix.shape == (2, len(column_names(kind)))
    assert found.shape == (2,)
    assert found.dtype == np.float32
    assert ((found > 0) & (found < 1)).all()


def test_calibration_moves_probabilities_along_the_logistic_curve() -> None:
    p = np.array([0.1, 0.5, 0.9])
    assert calibrate(p, (1.0, 0.0)).tolist() == pytest.approx([0.1, 0.5, 0.9])
    assert calibrate(p, (1.0, 1.0))[1] == pytest.approx(1 / (1 + np.exp(-1)))
    assert calibrate(p, (2.0, 0.0))[2] == pytest.approx(81 / 82)


def test_calibration_keeps_zero_and_one_finite() -> None:
    assert np.isfinite(calibrate(np.array([0.0, 1.0]), (3.0, -1.0))).all()


def test_calibration_goes_no_further_than_float32_can_tell() -> None:
    steep = calibrate(np.array([0.0, 1.0]), (1000.0, 0.0))
    assert steep.tolist() == pytest.approx([1 / (1 + np.exp(30)), 1.0], rel=1e-3, abs=0)
    assert calibrate(np.array([0.0, 1.0]), (1.0, 0.0)).tolist() == pytest.approx([1e-6, 1 - 1e-6], rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_trees_and_network_meet_halfway_on_the_logit(kind: Kind) -> None:
    model = shipped_model(kind)
    measured = measure_page((segment_html if kind == "html" else segment_text)(PAGES[kind]))
    matrix = model.matrix(measured)
    assert model.network is not None
    trees = model.trees.predict_proba(matrix)[:, 1]
    logits = (np.log(trees / (1 - trees)) + model.network.logits(matrix, measured.evidence.words)) / 2
    both = combine(trees, matrix, measured.evidence.words, model.network)
    assert both.tolist() == pytest.approx((1 / (1 + np.exp(-logits))).tolist(), rel=1e-4)
    alone = combine(trees, matrix, measured.evidence.words, None)
    assert alone.dtype == np.float32 and alone.tolist() == pytest.approx(trees.tolist())


class Fixed(Half):
    """Gives every block one probability."""

    def __init__(self, p: float) -> None:
        self.p = p

    def predict_proba(self, X: Any, /) -> Any:
        return np.tile(np.array([1 - self.p, self.p], np.float32), (len(X), 1))


@pytest.mark.parametrize(("p", "told"), [(0.9, 0.9), (float("nan"), 0.5)])
def test_a_block_has_the_probability_of_content_and_a_half_where_it_is_no_number(
    p: float, told: float
) -> None:
    page = classifier.Classifier([Model("html", LEXICON, Fixed(p))]).classify(PAGES["html"])
    assert page.probabilities.tolist() == pytest.approx([told, told])


def test_a_model_without_types_tells_none() -> None:
    page = classifier.Classifier([Model("html", LEXICON, Half())]).classify(PAGES["html"])
    assert (page.type, page.type_probability) == (None, 0.0)


def _types(names: Any, count: int) -> Callable[[dict[str, Any], dict[str, bytes]], object]:
    """Other page types, with arrays of their number."""

    def edit(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        manifest["types"] = names
        for name in ("types/weight.npy", "types/bias.npy"):
            members[name] = array_bytes(np.load(BytesIO(members[name]))[..., :count])

    return edit


def test_a_model_for_another_kind_of_page_names_it(file: Path) -> None:
    with pytest.raises(ModelError, match="pages of kind 'pdf', which"):
        load_model(change(file, lambda manifest, members: manifest.update(kind="pdf")))


def test_two_types_of_pages_are_enough(file: Path) -> None:
    page = classifier.load(change(file, _types(["article", "forum"], 2))).classify(PAGES["html"])
    assert page.type in ("article", "forum") and page.type_probability >= 0.5


@pytest.mark.parametrize("names", [["article"], ["article", "article"], {"article": 1, "forum": 2}])
def test_types_that_are_no_two_names_are_refused(names: Any, file: Path) -> None:
    with pytest.raises(ModelError, match="no list of two names or more"):
        classifier.load(change(file, _types(names, len(names))))


def test_a_file_without_a_network_or_types_is_a_model_of_trees_alone(file: Path) -> None:
    def edit(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        for name in [name for name in members if name.startswith(("network/", "types/"))]:
            del members[name]

    model = load_model(change(file, edit))
    assert (model.network, model.types) == (None, None)


def test_a_missing_model_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.model"):
        classifier.load(tmp_path / "gone.model")


def test_a_model_cut_short_is_always_a_model_error(file: Path) -> None:
    whole = file.read_bytes()
    for length in [*range(0, 2000, 97), *range(2000, len(whole), len(whole) // 40), len(whole) - 1]:
        file.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            classifier.load(file)


def test_a_model_with_a_flipped_bit_is_refused_or_unharmed(file: Path) -> None:
    whole = file.read_bytes()
    members = dict(read_model_file(file).members)
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        file.write_bytes(damaged)
        try:
            assert dict(read_model_file(file).members) == members
        except ModelError:
            continue


def test_a_model_of_another_format_version_is_refused(file: Path) -> None:
    encoded = json.dumps({**read_model_file(file).manifest, "format_version": 99}).encode()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", encoded)
        archive.comment = hashlib.sha256(encoded).hexdigest().encode()
    with pytest.raises(ModelError, match="format version 99"):
        classifier.load(file)


def test_a_model_of_other_features_names_those_that_differ(file: Path) -> None:
    def edit(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        first, *others = manifest["features"]
        manifest["features"] = [f"new_{first}", *others]

    first = column_names("html")[0]
    with pytest.raises(FeatureMismatchError, match=rf"lacks {first}; it expects new_{first}") as raised:
        classifier.load(change(file, edit))
    assert column_names("html")[1] not in str(raised.value)


def test_the_same_features_in_another_order_are_told_as_such() -> None:
    with pytest.raises(FeatureMismatchError, match="another order"):
        check_features("x", ["b", "a"], ["a", "b"])


def test_the_same_features_pass() -> None:
    check_features("x", ["a", "b"], ("a", "b"))


def _put(part: str, value: Any) -> Callable[[dict[str, Any], dict[str, bytes]], object]:
    return lambda manifest, members: manifest.update({part: value})


def _member(name: str, value: bytes) -> Callable[[dict[str, Any], dict[str, bytes]], object]:
    return lambda manifest, members: members.update({name: value})


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest, members: manifest.pop("kind"),
        _put("kind", "pdf"),
        _put("kind", ["html"]),
        lambda manifest, members: manifest.pop("features"),
        _put("features", 7),
        _put("features", [1, 2]),
        lambda manifest, members: manifest.pop("calibration"),
        _put("calibration", [1.0]),
        _put("calibration", ["a", "b"]),
        _put("calibration", [10**400, 0]),
        _put("calibration", ["nan", 0]),
        _put("calibration", [1, "inf"]),
        _put("types", ["article"]),
        _put("types", "articles"),
        lambda manifest, members: members.pop("forest/value.npy"),
        _member("forest/value.npy", b"no array"),
        _member("network/input.npy", b"no array"),
        _member("types/weight.npy", b"no array"),
        _member("features/median.npy", b"no array"),
        _member("features/median.npy", array_bytes(np.zeros(3, np.float32))),
        _member("features/median.npy", array_bytes(np.full(len(column_names("html")), np.nan, np.float32))),
        _member("features/median.npy", array_bytes(np.zeros(len(column_names("html")), np.int32))),
        lambda manifest, members: members.pop("lexicon/word.npy"),
        _member("lexicon/word.npy", b""),
        _member("lexicon/word.npy", b"no array"),
        _member("lexicon/word.npy", b"PK\x05\x06" + b"\0" * 18),
        _member("lexicon/word.npy", pickle.dumps([1])),
        _member("lexicon/word.npy", array_bytes(np.zeros(3, np.float16))),
        _member("lexicon/word.npy", array_bytes(np.zeros((2, 2), np.float16))),
        _member("lexicon/word.npy", array_bytes(np.full(SHAPES["word"], "x"))),
    ],
)
def test_a_file_that_lacks_a_part_or_has_it_in_a_wrong_shape_is_a_model_error(
    edit: Callable[[dict[str, Any], dict[str, bytes]], object], file: Path
) -> None:
    with pytest.raises(ModelError, match=r"html\.model|ONNX Runtime"):
        classifier.load(change(file, edit))


def _changed(name: str, change_array: Callable[[Any], object]) -> Any:
    def edit(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        array = np.load(BytesIO(members[name]))
        change_array(array)
        members[name] = array_bytes(array)

    return edit


@pytest.mark.parametrize(
    ("name", "index", "value", "told"),
    [
        ("forest/feature.npy", 0, len(column_names("html")), "looks at column"),
        ("network/scale.npy", 3, 0.0, "not above zero"),
        ("network/scale.npy", 3, -1.0, "not above zero"),
        ("network/input.npy", (2, 2), np.inf, "no finite number"),
    ],
)
def test_an_array_that_would_lead_out_of_bounds_is_refused(
    name: str, index: Any, value: float, told: str, file: Path
) -> None:
    with pytest.raises(ModelError, match=told):
        classifier.load(change(file, _changed(name, lambda array: array.__setitem__(index, value))))


def test_a_file_without_medians_labels_pages_and_explains_none(file: Path) -> None:
    loaded = classifier.load(change(file, lambda manifest, members: members.pop("features/median.npy")))
    page = loaded.classify(PAGES["html"])
    assert page.probabilities.tolist() == classifier.classify(PAGES["html"]).probabilities.tolist()
    with pytest.raises(classifier.ExplanationError):
        page.explanations()


@pytest.mark.parametrize("suffix", ["joblib", "pkl", "pickle"])
def test_a_pickle_is_not_even_opened_unless_it_is_trusted(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine.{suffix}"
    joblib.dump(Model("html", LEXICON, Half()), path)
    with pytest.raises(UntrustedModelError, match="trusted=True"):
        classifier.load(path)


def test_no_code_of_an_untrusted_pickle_runs(tmp_path: Path) -> None:
    path = tmp_path / "evil.pkl"
    path.write_bytes(b"cpathlib\nPath\n(S'" + str(tmp_path / "ran").encode() + b"'\ntR.")
    with pytest.raises(UntrustedModelError):
        classifier.load(path)


def test_a_pickle_under_the_name_of_a_model_file_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "html.model"
    joblib.dump(Model("html", LEXICON, Half()), path)
    with pytest.raises(ModelError, match="not a model file"):
        classifier.load(path, trusted=True)


def test_a_trusted_pickle_is_loaded_and_used(tmp_path: Path) -> None:
    joblib.dump(Model("html", LEXICON, Half()), tmp_path / "mine.joblib")
    mine = classifier.load(tmp_path / "mine.joblib", trusted=True)
    assert mine.classify(PAGES["html"]).probabilities.tolist() == [0.5, 0.5]


def test_a_pickle_of_something_else_says_what_it_holds(tmp_path: Path) -> None:
    joblib.dump({"a": 1}, tmp_path / "mine.joblib")
    with pytest.raises(ModelError, match="holds a dict, not a Model"):
        classifier.load(tmp_path / "mine.joblib", trusted=True)


@pytest.mark.parametrize("content", [b"", b"junk", b"cno_such_module\nThing\n."])
def test_a_pickle_that_cannot_be_read_is_a_model_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine.pkl").write_bytes(content)
    with pytest.raises(ModelError, match="cannot be unpickled"):
        classifier.load(tmp_path / "mine.pkl", trusted=True)


def test_a_missing_pickle_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file"):
        load_model(tmp_path / "gone.joblib", trusted=True)


def test_a_folder_of_one_model_leaves_the_other_kind_to_the_shipped_one(file: Path) -> None:
    loaded = classifier.load(file.parent)
    assert loaded.model("html") is not classifier.Classifier().model("html")
    assert loaded.model("text") is classifier.Classifier().model("text")


def test_a_folder_without_models_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"neither html\.model nor text\.model"):
        classifier.load(tmp_path)


def test_a_path_may_be_a_str(file: Path) -> None:
    assert classifier.load(str(file)).model("html").kind == "html"


# -- what is optional -----------------------------------------------------------------------------


def _softmax_graph() -> bytes:
    """An ONNX graph that turns two columns into two probabilities."""
    helper = pytest.importorskip("onnx").helper
    pytest.importorskip("onnxruntime")
    values = [helper.make_tensor_value_info(name, 1, [None, 2]) for name in ("X", "P")]
    graph = helper.make_graph([helper.make_node("Softmax", ["X"], ["P"])], "g", values[:1], values[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(made.SerializeToString())


def test_a_pickled_onnx_model_is_the_same_model() -> None:
    model = OnnxModel(_softmax_graph())
    rows = np.array([[0.0, 1.0], [2.0, 0.0]], np.float32)
    again = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(model))))
    assert again.predict_proba(rows).tolist() == model.predict_proba(rows).tolist()


def test_a_graph_that_is_none_is_a_model_error() -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(ModelError, match="ONNX Runtime cannot load"):
        OnnxModel(b"no graph")


@pytest.mark.parametrize("package", ["onnxruntime", "joblib"])
def test_a_package_that_is_not_installed_is_told_with_what_to_install(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelError, match="pip install"):
        OnnxModel(b"") if package == "onnxruntime" else load_model(tmp_path / "a.pkl", trusted=True)


def test_nobody_is_trusted_unless_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(UntrustedModelError):
        load_model(tmp_path / "a.pkl")


def test_a_model_that_was_never_exported_has_no_card() -> None:
    assert Model("html", LEXICON, Half()).card == ""


def test_a_model_that_an_earlier_version_pickled_lacks_the_parts_that_have_come_since() -> None:
    state = ["text", LEXICON, shipped_model("text").trees, None, (2.0, 0.5), None, {"seed": 3}, "# A card"]
    earlier = Model.__new__(Model)
    earlier.__setstate__(state)
    assert (earlier.kind, earlier.calibration, earlier.card) == ("text", (2.0, 0.5), "# A card")
    assert (earlier.medians, earlier.correction) == (None, None)
    assert len(classifier.Classifier([earlier]).classify("The river rises.", kind="text")) == 1
