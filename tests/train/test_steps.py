import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

import classifier
from classifier.segment import Kind
from train import fit as fitting
from train import steps, trials
from train.__main__ import main
from train.corpus import GoldPage
from train.corpus.registry import DATA_VARIABLE
from train.errors import CorpusError
from train.fit import CrossValidation, Fit
from train.table import build_table

SITES = 6
KINDS: tuple[Kind, ...] = get_args(Kind)


def put_pages(root: Path, texts: int = 1) -> None:
    """Small pages in the layout of `data/pages`, the first `texts` of them plain text."""
    for number in range(SITES):
        folder = root / "pages" / f"page{number}"
        folder.mkdir(parents=True)
        body = f"The river number {number} rises in the hills and ends after {number} miles."
        html = f"<ul class=menu><li><a href=/>Home</a></ul><h1>Rivers</h1><p>{body}<p>It has weirs."
        text = f"Home\n\nRivers\n\n{body}\n\nIt has weirs."
        kind = "text" if number < texts else "html"
        (folder / f"page.{'txt' if kind == 'text' else 'html'}").write_text(text if kind == "text" else html)
        (folder / "gold.txt").write_text(f"Rivers\n{body}\nIt has weirs.")
        (folder / "meta.json").write_text(json.dumps({"type": "article", "language": "en", "kind": kind}))


def put_evaluation_set(root: Path) -> None:
    for folder, name, content in (
        ("input", "1.html", "<p>The weir was mended.<p>Log in"),
        ("GoldStandard", "1.txt", "URL: http://weir.example/\n<p>The weir was mended."),
    ):
        (root / "cleaneval-dev" / folder).mkdir(parents=True)
        (root / "cleaneval-dev" / folder / name).write_text(content)


@pytest.fixture(autouse=True)
def small_models(monkeypatch: pytest.MonkeyPatch) -> None:
    def forest(kind: Kind, seed: int) -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(
            max_iter=5, min_samples_leaf=2, early_stopping=False, random_state=seed
        )

    monkeypatch.setattr(fitting, "_forest", forest)
    monkeypatch.setattr(fitting, "phrase_samples", list)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of data sets with a few pages of our own layout and a set for evaluation only."""
    root = tmp_path / "data"
    put_pages(root)
    put_evaluation_set(root)
    monkeypatch.setenv(DATA_VARIABLE, str(root))
    # Else the data set `pages` is that of the project.
    monkeypatch.setattr("train.corpus.registry._OWN_DATA", root)
    return root


Capture = pytest.CaptureFixture[str]


def table(work: Path, *more: str) -> int:
    return main(["table", "--dataset", "pages", "--work", str(work), "--workers", "1", "--quiet", *more])


@pytest.fixture
def fitted(data: Path, tmp_path: Path, capsys: Capture) -> Iterator[Path]:
    """A work folder with a table and a fit of each kind."""
    work = tmp_path / "work"
    assert table(work) == 0
    assert main(["fit", "--work", str(work), "--quiet"]) == 0
    capsys.readouterr()
    yield work


@pytest.mark.usefixtures("data")
def test_table_writes_a_table_a_kind_and_prints_what_is_in_it(tmp_path: Path, capsys: Capture) -> None:
    assert table(tmp_path / "work") == 0
    told = capsys.readouterr().out
    assert f"html: {SITES - 1} pages of {SITES - 1} sites" in told
    assert f"text: {2 * (SITES - 1) + 1} pages of {SITES} sites" in told
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["html-table", "text-table"]


def test_from_pages_to_models_that_classify(fitted: Path, tmp_path: Path, capsys: Capture) -> None:
    models = tmp_path / "models"
    assert main(["export", "--work", str(fitted), "--to", str(models)]) == 0
    assert sorted(path.name for path in models.iterdir()) == [
        "html.md",
        "html.model",
        "text.md",
        "text.model",
    ]
    assert "html.model: " in capsys.readouterr().out
    loaded = classifier.load(models)
    for kind in KINDS:
        manifest = loaded.model(kind).manifest
        assert [row["name"] for row in manifest["training_data"]] == ["pages", "phrases"]
        assert manifest["training_pages"] == (SITES - 1 if kind == "html" else SITES)
        assert 0 <= manifest["figures"]["f1"] <= 1
    assert "weirs" in loaded.extract("<h1>Rivers</h1><p>The river rises.<p>It has weirs.")


def test_evaluate_prints_the_cross_validated_figures_of_both_kinds(fitted: Path, capsys: Capture) -> None:
    assert main(["evaluate", "--work", str(fitted)]) == 0
    told = capsys.readouterr().out
    assert "HTML, cross-validated in five folds grouped by site, seed 0" in told
    assert "plain text, cross-validated" in told
    assert told.count("average precision") == 2


def test_evaluate_scores_a_model_on_a_data_set(fitted: Path, tmp_path: Path, capsys: Capture) -> None:
    main(["export", "--work", str(fitted), "--to", str(tmp_path / "models"), "--kind", "html"])
    capsys.readouterr()
    arguments = ["--dataset", "cleaneval-dev", "--model", str(tmp_path / "models" / "html.model")]
    assert main(["evaluate", *arguments]) == 0
    told = capsys.readouterr().out
    assert told.startswith("cleaneval-dev, zero-shot")
    assert "f1_low" in told


@pytest.mark.usefixtures("data")
def test_trees_alone_are_fitted_if_asked_for(tmp_path: Path) -> None:
    work = tmp_path / "work"
    table(work, "--kind", "html")
    assert main(["fit", "--work", str(work), "--kind", "html", "--trees-only", "--quiet"]) == 0
    assert steps._load_fit(work, "html").model.network is None


def test_a_network_is_fitted_beside_the_trees(fitted: Path) -> None:
    assert all(steps._load_fit(fitted, kind).model.network is not None for kind in KINDS)


@pytest.mark.usefixtures("data")
def test_a_table_of_plain_text_alone_is_fitted_and_judged_as_it_is(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pages(tmp_path / "texts", texts=SITES)
    monkeypatch.setattr("train.corpus.registry._OWN_DATA", tmp_path / "texts")
    assert table(tmp_path / "work", "--kind", "text") == 0
    assert main(["fit", "--work", str(tmp_path / "work"), "--kind", "text", "--quiet"]) == 0
    assert "plain text, cross-validated" in capsys.readouterr().out


def judged(*datasets: str) -> list[str]:
    """Data sets of the pages that figures are about, of a table with a page of each."""
    page = GoldPage("a", "", b"<p>The weir was mended.<p>Log in", "The weir was mended.", "a.example")
    table = build_table([replace(page, dataset=one) for one in datasets], workers=1, progress=False)
    probabilities = [np.full(2, place, np.float32) for place in range(len(datasets))]
    answers = CrossValidation(np.arange(len(datasets)), probabilities, [""] * len(datasets))
    chosen, p = steps._judged(table, Fit(cast(Any, None), answers, seed=0))
    found = [one.dataset for one in chosen.pages]
    assert [datasets.index(one) for one in found] == [of_page[0] for of_page in p]
    return found


def test_data_sets_that_only_help_training_are_left_out_of_the_figures() -> None:
    assert judged("lessons", "pages", "readability", "my pages") == ["pages", "my pages"]


def test_data_sets_that_only_help_training_are_judged_where_there_is_nothing_else() -> None:
    assert judged("lessons", "readability") == ["lessons", "readability"]


@pytest.mark.usefixtures("data")
def test_data_for_evaluation_only_is_never_made_into_a_table(tmp_path: Path, capsys: Capture) -> None:
    arguments = ["--dataset", "pages", "cleaneval-dev", "--work", str(tmp_path / "work"), "--quiet"]
    assert main(["table", *arguments]) == 1
    assert "cleaneval-dev is for evaluation only" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("step", ["fit", "evaluate", "export"])
def test_a_step_without_the_one_before_says_what_to_run(step: str, tmp_path: Path, capsys: Capture) -> None:
    assert main([step, "--work", str(tmp_path)]) == 1
    assert f"python -m train {step}: " in (told := capsys.readouterr().err)
    assert "python -m train table" in told


@pytest.mark.usefixtures("data")
def test_a_table_without_a_fit_says_what_to_run(tmp_path: Path, capsys: Capture) -> None:
    table(tmp_path / "work")
    assert main(["export", "--work", str(tmp_path / "work"), "--to", str(tmp_path / "models")]) == 1
    assert "python -m train fit" in capsys.readouterr().err


def test_too_few_sites_are_told_in_one_line(data: Path, tmp_path: Path, capsys: Capture) -> None:
    for number in range(3, SITES):
        for file in (data / "pages" / f"page{number}").iterdir():
            file.unlink()
        (data / "pages" / f"page{number}").rmdir()
    table(tmp_path / "work")
    capsys.readouterr()
    assert main(["fit", "--work", str(tmp_path / "work"), "--quiet"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.usefixtures("data")
def test_a_data_set_without_a_gold_text_is_not_evaluated_with_a_traceback(
    data: Path, capsys: Capture
) -> None:
    root = data / "trafilatura-eval"
    (root / "html").mkdir(parents=True)
    (root / "html" / "a.html").write_text("<p>soup")
    entry = {"file": "a.html", "with": ["soup"], "without": []}
    (root / "evaldata.json").write_text(json.dumps({"https://inn.example/": entry}))
    assert main(["evaluate", "--dataset", "trafilatura-eval"]) == 1
    assert "gold text" in capsys.readouterr().err


@pytest.mark.usefixtures("data")
def test_an_unknown_data_set_is_told_with_the_known_ones(tmp_path: Path, capsys: Capture) -> None:
    assert main(["table", "--dataset", "nonesuch", "--work", str(tmp_path)]) == 1
    assert "known: wcxb" in capsys.readouterr().err


def test_without_the_variable_the_way_out_is_told(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    assert main(["table", "--work", str(tmp_path)]) == 1
    assert DATA_VARIABLE in capsys.readouterr().err


def test_a_step_must_be_named(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert "command" in capsys.readouterr().err


def test_help_lists_every_step(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(f"python -m train {step}" in told for step in steps.__all__)


def test_corpus_errors_are_errors_of_their_own() -> None:
    assert not issubclass(CorpusError, classifier.ClassifierError)


@pytest.mark.parametrize(("more", "sizes"), [([], 0), (["--sizes"], 1)])
def test_compare_can_measure_speed_alone(
    more: list[str], sizes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(trials.speed, "run", lambda name, kind, **options: ran.append((name, kind, options)))
    monkeypatch.setattr(trials.footprint, "run", lambda name, **options: ran.append(name))
    monkeypatch.setattr(trials.footprint, "run_sizes", lambda: ran.append("sizes"))
    assert main(["compare", "--speed", "--dataset", "wcxb", "--limit", "3", "--rounds", "2", *more]) == 0
    options = {"limit": 3, "rounds": 2, "seed": 0}
    assert ran[:3] == [("wcxb", "html", options), ("wcxb", "text", options), "wcxb"]
    assert ran[3:] == ["sizes"] * sizes


OWN_SITE = Path(__file__).parents[2] / "data" / "own-site"


def test_a_model_adapted_to_own_pages_is_written_for_declutter(tmp_path: Path, capsys: Capture) -> None:
    assert main(["adapt", str(OWN_SITE), "--to", str(tmp_path), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "word F1 before, and cross-validated after" in said and "html.model" in said
    html = (OWN_SITE / "pages" / "record-03" / "page.html").read_text(encoding="utf-8")
    assert "Shelf mark" in classifier.load(tmp_path).extract(html)
    assert "Shelf mark" not in classifier.extract(html)


def test_pages_are_suggested_by_name_alone_for_the_inspector(capsys: Capture) -> None:
    paths = sorted(map(str, OWN_SITE.glob("pages/record-0?/page.html")))
    assert main(["suggest", *paths, "--most", "3", "--names"]) == 0
    found = capsys.readouterr().out.splitlines()
    assert len(found) == 3 and set(found) <= set(paths)


def test_what_is_labelled_counts_for_suggestions(tmp_path: Path, capsys: Capture) -> None:
    labelled = tmp_path / "pages" / "done"
    labelled.parent.mkdir()
    shutil.copytree(OWN_SITE / "pages" / "record-01", labelled)
    paths = [str(OWN_SITE / "pages" / f"record-{number:02d}" / "page.html") for number in (3, 4, 7)]
    assert main(["suggest", *paths, "--labels", str(tmp_path), "--names"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == paths[0]


def test_a_file_that_is_no_page_is_told_and_left_out(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "b.html").write_text("<p>The river rises in the hills.")
    paths = [str(tmp_path / name) for name in ("a.pdf", "missing.html", ".", "b.html")]
    assert main(["suggest", *paths, "--names"]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(tmp_path / "b.html")
    assert "a.pdf" in said.err and "missing.html: No such file" in said.err and ": Is a directory" in said.err
    assert main(["suggest", str(tmp_path / "a.pdf")]) == 1


def test_too_few_labelled_pages_are_refused_in_words_that_help(tmp_path: Path, capsys: Capture) -> None:
    shutil.copytree(OWN_SITE / "pages" / "record-01", tmp_path / "pages" / "one")
    assert main(["adapt", str(tmp_path), "--to", str(tmp_path), "--quiet"]) == 1
    assert "label more of them with declutter inspect" in capsys.readouterr().err
