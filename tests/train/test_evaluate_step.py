"""`python -m train evaluate`, on a fit that is put in the place of a real one."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from train import steps
from train.__main__ import main
from train.corpus import read
from train.corpus.registry import DATA_VARIABLE
from train.errors import CorpusError
from train.table import build_table

Capture = pytest.CaptureFixture[str]


def put_page(root: Path, name: str, content: str, gold: str, kind: str) -> None:
    folder = root / "pages" / name
    folder.mkdir(parents=True)
    (folder / ("page.html" if kind == "html" else "page.txt")).write_text(content)
    (folder / "gold.txt").write_text(gold)
    (folder / "meta.json").write_text(json.dumps({"type": "article", "language": "en", "kind": kind}))


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pages of HTML and one of plain text as the data set `pages`, and no other data set."""
    put_page(tmp_path, "a", "<p>The weir was mended.<p>Log in", "The weir was mended.", "html")
    put_page(tmp_path, "b", "<p>Menu<p>The river is calm.", "The river is calm.", "html")
    put_page(tmp_path, "c", "The lock is shut.\n\nMenu", "The lock is shut.", "text")
    monkeypatch.setattr("train.corpus.registry._OWN_DATA", tmp_path)
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    return tmp_path


@pytest.fixture(autouse=True)
def fitted(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits whose cross-validation knows every label."""
    tables = {kind: build_table(read("pages"), kind, workers=1, progress=False) for kind in ("html", "text")}
    fits = {
        kind: SimpleNamespace(
            seed=0,
            validation=SimpleNamespace(
                probabilities=[np.where(page.label, 0.9, 0.1).astype(np.float32) for page in table.pages]
            ),
        )
        for kind, table in tables.items()
    }
    monkeypatch.setattr(steps, "read_table", lambda folder: tables[folder.name.removesuffix("-table")])
    monkeypatch.setattr(steps, "_load_fit", lambda work, kind: fits[kind])


@pytest.fixture
def one_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "others", lambda kind: {"shouting": str.upper, "broken": int})


@pytest.mark.usefixtures("one_peer")
@pytest.mark.parametrize(("kind", "pages"), [("html", 2), ("text", 3)])
def test_a_fit_is_shown_beside_others_on_the_same_pages(kind: str, pages: int, capsys: Capture) -> None:
    assert main(["evaluate", "--kind", kind, "--quiet"]) == 0
    told = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in told.splitlines() if line.strip()}
    assert rows["clutter-classifier"][1] == rows["shouting"][1] == rows["broken"][1] == str(pages)
    assert rows["broken"][-2:] == [str(pages), "0.000"]  # errors, and F1 of the only page type
    assert "by group of languages" in told
    assert "operating points" in told
    assert "the surest share" in told


@pytest.mark.usefixtures("one_peer")
def test_plain_text_is_beside_rules_and_says_so(capsys: Capture) -> None:
    main(["evaluate", "--kind", "text", "--quiet"])
    assert "rules without learning" in capsys.readouterr().out


def test_without_peers_none_is_asked(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(steps, "others", None)
    assert main(["evaluate", "--no-peers", "--quiet"]) == 0
    assert "clutter-classifier" not in capsys.readouterr().out


@pytest.mark.parametrize("workers", ["0", "-1", "two"])
def test_a_number_of_workers_is_one_or_more(workers: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", "--workers", workers])
    assert "whole number from 1" in capsys.readouterr().err


def test_where_the_pages_are_gone_the_figures_are_those_of_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def gone(table: object) -> None:
        raise CorpusError("the data set is gone")

    monkeypatch.setattr(steps, "gold_pages", gone)
    assert main(["evaluate", "--kind", "html", "--quiet"]) == 0
    told = capsys.readouterr()
    assert "the data set is gone" in told.err
    assert told.out.startswith("HTML, cross-validated")
    assert "clutter-classifier" not in told.out


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, dict[str, object]]]:
    """What the shipped classifier is asked."""
    calls: list[tuple[object, dict[str, object]]] = []

    def extract(page: object, **options: object) -> str:
        calls.append((page, options))
        return ""

    monkeypatch.setattr(steps, "Classifier", lambda: SimpleNamespace(extract=extract))
    return calls


def test_a_data_set_is_scored_as_its_pages_come(asked: list[tuple[object, object]], capsys: Capture) -> None:
    assert main(["evaluate", "--dataset", "pages"]) == 0
    assert [type(page) for page, _ in asked] == [bytes] * 3
    assert capsys.readouterr().out.startswith("pages, zero-shot")


def test_for_kind_html_only_html_pages_are_scored(
    asked: list[tuple[object, object]], capsys: Capture
) -> None:
    assert main(["evaluate", "--dataset", "pages", "--kind", "html"]) == 0
    assert [options for _, options in asked] == [{"kind": "html"}] * 2
    assert asked[0][0] == "<p>The weir was mended.<p>Log in"
    assert capsys.readouterr().out.startswith("pages as HTML, zero-shot")


def test_for_kind_text_html_pages_are_scored_by_their_text(
    asked: list[tuple[object, object]], capsys: Capture
) -> None:
    assert main(["evaluate", "--dataset", "pages", "--kind", "text"]) == 0
    assert [options for _, options in asked] == [{"kind": "text"}] * 3
    assert [page for page, _ in asked][::2] == ["The weir was mended.\nLog in", "The lock is shut.\n\nMenu"]
    assert capsys.readouterr().out.startswith("pages as plain text, zero-shot")
