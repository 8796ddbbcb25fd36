from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import classifier
from classifier import Classifier, ModelError, load
from classifier.features.arrays import Floats
from classifier.features.matrix import column_names, measure_page
from classifier.modelfile import array_bytes, read_model_file, write_model_file
from classifier.segment import Kind, segment_html
from train import export as exporting
from train.corpus import READERS, GoldPage
from train.export import Provenance, export
from train.fit import Fit, FitConfig, fit
from train.table import build_table

ROOT = Path(__file__).parents[2]
REAL_PAGES = sorted((ROOT / "data" / "pages").glob("*/page.html"))
PROVENANCE = Provenance(["wcxb"], pages=12, seed=0, figures={"f1": 0.91234567}, date="2026-01-02")


def small() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=10, min_samples_leaf=2, early_stopping=False, random_state=0
    )


def page(number: int) -> GoldPage:
    body = [f"The {what} number {number} rises here and ends after it." for what in ("river", "road")]
    html = f"<ul class=menu><li><a href=/>Home</a></ul><h1>About {number}</h1><p>{'<p>'.join(body)}"
    gold = "\n".join([f"About {number}", *body])
    return GoldPage(
        id=str(number), dataset="invented", page=html.encode(), gold=gold, site=f"s{number}.example"
    )


def fitted(estimator: ClassifierMixin, kind: Kind = "html", network: bool = False) -> Fit:
    """Fitted on pages of two types, those of odd numbers being forums."""
    pages = [replace(page(n), page_type="forum" if n % 2 else "article") for n in range(10)]
    table = build_table(pages, kind, renderings=("lines",), workers=1, progress=False)
    return fit(table, FitConfig(estimator, network=network, phrases=False, progress=False))


@pytest.fixture(scope="module")
def boosted() -> Fit:
    """A fit with all parts that a model can have."""
    found = fitted(small(), network=True)
    assert found.model.network is not None and found.model.types is not None
    return found


def agrees(model: classifier.Model, path: Path, html: str) -> float:
    """The largest difference between a page's probabilities by the model and by its exported file."""
    measured = measure_page(segment_html(html))
    matrix = model.matrix(measured)
    exported = classifier.load(path).model("html")
    gap = np.abs(model.probabilities(measured, matrix) - exported.probabilities(measured, matrix))
    return float(gap.max())


@pytest.mark.parametrize("path", REAL_PAGES[::5], ids=lambda path: path.parent.name)
def test_exported_probabilities_are_those_of_scikit_learn_on_real_pages(
    boosted: Fit, tmp_path: Path, path: Path
) -> None:
    file = export(boosted.model, tmp_path / "html.model", PROVENANCE)
    assert agrees(boosted.model, file, path.read_text(encoding="utf-8")) < 1e-5


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(n_estimators=5, random_state=0),
        LogisticRegression(max_iter=5000),
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)),
    ],
    ids=["random forest", "logistic regression", "pipeline"],
)
def test_estimators_of_ones_own_export_too(estimator: ClassifierMixin, tmp_path: Path) -> None:
    model = fitted(estimator).model
    file = export(model, tmp_path / "html.model", PROVENANCE)
    assert agrees(model, file, page(3).page.decode()) < 1e-4


def test_an_exported_model_is_loaded_and_labels_pages(boosted: Fit, tmp_path: Path) -> None:
    file = export(boosted.model, tmp_path / "new" / "html.model", PROVENANCE)
    assert "About 42" in classifier.load(file).extract(page(42).page)


def test_a_text_model_of_trees_alone_is_exported_as_such(tmp_path: Path) -> None:
    alone = replace(fitted(small(), "text").model, types=None)
    file = export(alone, tmp_path / "text.model", PROVENANCE)
    model = classifier.load(tmp_path).model("text")
    assert (model.kind, model.network, model.types) == ("text", None, None)
    found = read_model_file(file)
    assert not found.has("network") and not found.has("types")
    assert "types" not in found.manifest


def test_the_medians_are_read_as_they_were_written(boosted: Fit, tmp_path: Path) -> None:
    read = classifier.load(export(boosted.model, tmp_path / "html.model", PROVENANCE)).model("html").medians
    assert read is not None and boosted.model.medians is not None
    assert read.tolist() == boosted.model.medians.tolist()


def test_a_model_without_medians_is_exported_as_such(boosted: Fit, tmp_path: Path) -> None:
    file = export(replace(boosted.model, medians=None), tmp_path / "html.model", PROVENANCE)
    assert classifier.load(file).model("html").medians is None


def test_the_network_is_read_as_it_was_written(boosted: Fit, tmp_path: Path) -> None:
    read = classifier.load(export(boosted.model, tmp_path / "html.model", PROVENANCE)).model("html").network
    assert read is not None and boosted.model.network is not None
    for (name, one), (_, two) in zip(boosted.model.network.arrays(), read.arrays(), strict=True):
        assert one.dtype == two.dtype == np.float32, name
        assert np.array_equal(one, two), name


def test_page_types_are_told_by_the_file_as_by_the_model(boosted: Fit, tmp_path: Path) -> None:
    file = export(boosted.model, tmp_path / "html.model", PROVENANCE)
    assert read_model_file(file).manifest["types"] == ["article", "forum"]
    for number in range(20, 24):
        own, read = (one.classify(page(number).page) for one in (Classifier([boosted.model]), load(file)))
        assert own.type == read.type in ("article", "forum")
        assert own.type_probability == pytest.approx(read.type_probability, abs=1e-5)


def damaged(file: Path, name: str, array: Floats) -> Path:
    """The model file with another array in the place of one, checksums right."""
    found = read_model_file(file)
    write_model_file(file, found.manifest, {**found.members, name: array_bytes(array)})
    return file


@pytest.mark.parametrize("part", ["network/convolution", "network/output_bias", "types/weight", "types/bias"])
def test_an_array_of_a_wrong_shape_is_named(boosted: Fit, tmp_path: Path, part: str) -> None:
    file = export(boosted.model, tmp_path / "html.model", PROVENANCE)
    with pytest.raises(ModelError, match=rf"{part} of .*html\.model has the shape \(3, 3\), not \("):
        load(damaged(file, f"{part}.npy", np.zeros((3, 3), np.float32)))


@pytest.mark.parametrize("part", ["network/pool", "types/bias"])
def test_an_array_that_is_missing_is_a_model_error(boosted: Fit, tmp_path: Path, part: str) -> None:
    file = export(boosted.model, tmp_path / "html.model", PROVENANCE)
    found = read_model_file(file)
    members = {name: data for name, data in found.members.items() if name != f"{part}.npy"}
    write_model_file(file, found.manifest, members)
    with pytest.raises(ModelError, match=rf"(?s)html\.model.*{part}|{part}.*html\.model"):
        load(file)


@pytest.mark.parametrize("types", [None, [], ["article"], 7])
def test_names_of_page_types_that_do_not_fit_their_arrays_are_a_model_error(
    boosted: Fit, tmp_path: Path, types: object
) -> None:
    file = export(boosted.model, tmp_path / "html.model", PROVENANCE)
    found = read_model_file(file)
    write_model_file(file, {**found.manifest, "types": types}, found.members)
    with pytest.raises(ModelError, match=r"html\.model"):
        load(file)


def test_the_same_model_is_the_same_file_to_the_byte(boosted: Fit, tmp_path: Path) -> None:
    one, two = (export(boosted.model, tmp_path / f"{name}.model", PROVENANCE) for name in "ab")
    assert one.read_bytes() == two.read_bytes()


def test_the_same_seed_gives_the_same_file_to_the_byte(boosted: Fit, tmp_path: Path) -> None:
    one = export(boosted.model, tmp_path / "a.model", PROVENANCE)
    two = export(fitted(small(), network=True).model, tmp_path / "b.model", PROVENANCE)
    assert one.read_bytes() == two.read_bytes()


def test_the_manifest_says_what_the_model_was_made_from(boosted: Fit, tmp_path: Path) -> None:
    manifest = read_model_file(export(boosted.model, tmp_path / "html.model", PROVENANCE)).manifest
    assert manifest["features"] == list(column_names("html"))
    assert manifest["figures"] == {"f1": 0.9123}
    assert (manifest["kind"], manifest["seed"], manifest["training_pages"], manifest["date"]) == (
        "html",
        0,
        12,
        "2026-01-02",
    )
    wcxb = READERS["wcxb"]
    assert manifest["training_data"] == [{"name": "wcxb", "licence": wcxb.licence, "credit": wcxb.credit}]
    assert manifest["versions"]["clutter-classifier"] == classifier.__version__


def test_without_a_date_the_model_is_of_today(boosted: Fit, tmp_path: Path) -> None:
    file = export(boosted.model, tmp_path / "html.model", replace(PROVENANCE, date=""))
    year, month, day = read_model_file(file).manifest["date"].split("-")
    assert (len(year), len(month), len(day)) == (4, 2, 2)


def test_a_card_is_written_beside_the_file_and_into_it(boosted: Fit, tmp_path: Path) -> None:
    file = export(boosted.model, tmp_path / "html.model", PROVENANCE)
    card = (tmp_path / "html.md").read_text(encoding="utf-8")
    assert read_model_file(file).members["card.md"].decode() == card
    assert card.startswith("# Model for HTML pages")
    assert "Murrough Foley 2026" in card and "CC BY 4.0" in card
    assert "| f1 | 0.9123 |" in card


def test_a_model_of_pages_that_are_no_published_set_names_them(boosted: Fit, tmp_path: Path) -> None:
    file = export(boosted.model, tmp_path / "html.model", replace(PROVENANCE, datasets=["my pages"]))
    (row,) = read_model_file(file).manifest["training_data"]
    assert (row["name"], row["licence"]) == ("my pages", "not stated")
    assert "my pages" in (tmp_path / "html.md").read_text(encoding="utf-8")


class Coin(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator that ONNX has no words for."""

    def predict_proba(self, X: Floats) -> Floats:
        return np.full((len(X), 2), 0.5, np.float32)


def test_an_estimator_that_cannot_be_exported_is_named(boosted: Fit, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"(?s)Coin cannot be exported to ONNX.*joblib"):
        export(replace(boosted.model, trees=Coin()), tmp_path / "html.model", PROVENANCE)
    assert not (tmp_path / "html.model").exists()


def test_it_can_still_be_used_unexported(boosted: Fit) -> None:
    own = Classifier([replace(boosted.model, trees=Coin(), network=None, calibration=(1.0, 0.0))])
    assert set(own.classify(page(1).page).probabilities.tolist()) == {0.5}


def test_probabilities_that_change_on_the_way_are_an_error(
    boosted: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(ModelError, match="differ from the original"):
        export(boosted.model, tmp_path / "html.model", PROVENANCE)
