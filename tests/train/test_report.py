"""`python -m train report`, on tables and fits that are made here and hold no more than they must."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import joblib
import numpy as np
import pandas as pd
import pytest

from classifier.model import shipped_model
from classifier.segment import Kind
from train import ablate as ablating
from train import fit as fitting
from train import steps
from train.__main__ import main
from train.confidence import confidence_error
from train.corpus import read
from train.corpus.registry import DATA_VARIABLE
from train.errors import CorpusError
from train.evaluate import evaluate_probabilities
from train.fit import CrossValidation, Fit
from train.report import study as studies
from train.table import Table, build_table, read_table

Capture = pytest.CaptureFixture[str]
Report = Callable[..., tuple[str, str]]
SITES = 8
TITLES = (
    "In short", "Beside others", "By page type", "Does a probability mean what it says?",
    "Precision against recall", "Keeping the sure pages alone", "Where the rest is lost",
    "What the features tell", "More pages to learn from", "Speed",
)  # fmt: skip
FIGURES = {
    "standings", "types", "calibration", "confidence", "operating", "coverage", "losses", "families",
    "features", "learning", "speed",
}  # fmt: skip
QUICK = ("--no-speed", "--no-fits")


def put_pages(root: Path, page_type: str) -> None:
    """Small pages as the data set `pages`, one of plain text."""
    for number in range(SITES):
        folder = root / "pages" / f"page{number}"
        folder.mkdir(parents=True)
        body = f"The river number {number} rises in the hills and ends after {number} miles."
        kind = "text" if number == 0 else "html"
        html = f"<ul class=menu><li><a href=/>Home</a></ul><h1>Rivers</h1><p>{body}<p>It has weirs."
        text = f"Home\n\nRivers\n\n{body}\n\nIt has weirs."
        (folder / f"page.{'txt' if kind == 'text' else 'html'}").write_text(text if kind == "text" else html)
        (folder / "gold.txt").write_text(f"Rivers\n{body}\nIt has weirs.")
        meta = {"type": page_type if number % 2 else "article", "language": "en", "kind": kind}
        (folder / "meta.json").write_text(json.dumps(meta))


def put_fit(work: Path, table: Table, seed: int = 0) -> Fit:
    """A fit whose probabilities are mostly right, with the shipped model in it."""
    generator = np.random.default_rng(seed)
    p = [
        np.clip(np.where(page.label, 0.8, 0.2) + generator.normal(0, 0.2, len(page.texts)), 0, 1)
        for page in table.pages
    ]
    validation = CrossValidation(
        np.zeros(len(table), np.int64), [one.astype(np.float32) for one in p], [""] * len(table)
    )
    fit = Fit(shipped_model(table.kind), validation, seed)
    joblib.dump(fit, work / f"{table.kind}-fit.joblib")
    return fit


def small(patch: pytest.MonkeyPatch, data: Path) -> None:
    """Trees of two rounds, no phrases, extractors of a line, and a folder as the data set `pages`."""
    patch.setattr(ablating, "ROUNDS", 2)
    patch.setattr(fitting, "phrase_samples", list)
    patch.setattr(studies, "others", lambda kind: {"shouting": str.upper, "broken": int})
    patch.setattr(studies, "installed_peers", dict)
    patch.setattr("train.speed.installed_peers", dict)
    patch.setattr("train.corpus.registry._OWN_DATA", data)
    patch.delenv(DATA_VARIABLE, raising=False)


def put_work(root: Path) -> None:
    """A table and a fit of each kind from the pages of `root / "data"`."""
    for kind in get_args(Kind):
        table = build_table(read("pages"), kind, workers=1, progress=False)
        table.write(root / "work" / f"{kind}-table")
        put_fit(root / "work", table)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pages, and with tables, fits and a report on all there is to measure of them."""
    root = tmp_path_factory.mktemp("made")
    put_pages(root / "data", "listing")
    with pytest.MonkeyPatch.context() as patch:
        small(patch, root / "data")
        put_work(root)
        assert main(["report", "--work", str(root / "work"), "--quiet"]) == 0
    return root


@pytest.fixture
def work(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the work folder."""
    small(monkeypatch, made / "data")
    shutil.copytree(made / "work", tmp_path / "work")
    return tmp_path / "work"


def texts(work: Path) -> tuple[str, str]:
    html, markdown = (
        (work / "report" / f"report.{suffix}").read_text(encoding="utf-8") for suffix in ("html", "md")
    )
    return html, markdown


@pytest.fixture
def html(made: Path) -> str:
    return texts(made / "work")[0]


@pytest.fixture
def markdown(made: Path) -> str:
    return texts(made / "work")[1]


@pytest.fixture
def report(work: Path) -> Report:
    """Writes a report, on HTML pages alone where nothing else is said, and gives its HTML and Markdown."""

    def make(*options: str) -> tuple[str, str]:
        kind = () if "--kind" in options else ("--kind", "html")
        assert main(["report", "--work", str(work), "--quiet", *kind, *options]) == 0
        return texts(work)

    return make


def section(markdown: str, title: str, chapter: str = "HTML pages") -> str:
    """The text of a section."""
    of_chapter = markdown.split(f"\n## {chapter}\n")[1].split("\n## ")[0]
    return of_chapter.split(f"### {title}\n")[1].split("\n### ")[0]


def cells(markdown: str) -> list[list[str]]:
    """The rows of all tables."""
    lines = [line for line in markdown.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_section_is_in_both_files_with_its_figures_beside_the_markdown(
    made: Path, html: str, markdown: str
) -> None:
    assert re.findall(r"<h3 id=[^>]*>(.*)</h3>", html) == [*TITLES, *TITLES]
    assert re.findall(r"^### (.*)$", markdown, re.M) == [*TITLES, *TITLES]
    assert "Not here" not in re.sub("Not here: what the parts[^\n]*", "", markdown)
    named = set(re.findall(r"!\[[^\]]+\]\(figures/(\S+)\.svg\)", markdown))
    written = {path.stem for path in (made / "work" / "report" / "figures").iterdir()}
    # Others take HTML, so there is no race on plain text.
    wanted = {f"{kind}-{name}" for kind in ("html", "text") for name in FIGURES} - {"text-speed"}
    assert named == written == wanted
    assert html.count("<svg ") == len(wanted)


def test_the_figures_are_those_of_the_evaluation(made: Path, markdown: str) -> None:
    table = read_table(made / "work" / "html-table")
    fit: Fit = joblib.load(made / "work" / "html-fit.joblib")
    own = evaluate_probabilities(table, fit.validation.probabilities)
    shown = {row[0]: row[1] for row in cells(section(markdown, "In short"))}
    summary = own.summary()
    assert shown["word F1"] == f"{own.f1:.3f} ({summary['f1_low']:.3f} to {summary['f1_high']:.3f})"
    assert shown["calibration error of block probabilities"] == f"{own.calibration_error:.3f}"
    assert shown["calibration error of page confidence"] == f"{confidence_error(own.pages):.3f}"
    assert f"{len(table)} pages of {SITES - 1} sites" in section(markdown, "In short")


def test_others_stand_beside_it_with_their_errors(markdown: str) -> None:
    rows = {row[0]: row for row in cells(section(markdown, "Beside others"))}
    assert rows["broken"][1] == rows["broken"][-1] == str(SITES - 1)
    assert rows["clutter-classifier"][-1] == "0"
    assert "shouting" in section(markdown, "By page type")


def test_the_bins_of_probability_hold_all_blocks(made: Path, markdown: str) -> None:
    rows = cells(section(markdown, "Does a probability mean what it says?").split("Page confidence.\n")[0])
    counts = [int(row[1].replace(",", "")) for row in rows if row[0].isdecimal()]
    assert sum(counts) == sum(len(page.texts) for page in read_table(made / "work" / "html-table").pages)


def test_a_second_report_measures_nothing_anew(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    first = report()
    for name in ("evaluate_others", "permutation_importance", "learning_curve", "threshold_curve", "losses"):
        monkeypatch.setattr(studies, name, None)
    monkeypatch.setattr(studies.speed, "race", None)
    assert report() == first


def test_after_another_fit_what_hangs_on_it_is_measured_anew(
    report: Report, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = report("--kind", "html", *QUICK)[1]
    put_fit(work, read_table(work / "html-table"), seed=5)
    monkeypatch.setattr(studies, "evaluate_others", None)  # the others know nothing of the fit
    after = report(*QUICK)[1]
    for title in ("In short", "Precision against recall", "Where the rest is lost"):
        assert section(before, title) != section(after, title)


def test_what_another_version_has_left_is_measured_anew(report: Report, work: Path) -> None:
    first = report("--no-peers", *QUICK)
    (path,) = (work / "measured").glob("html-points.joblib")
    path.write_bytes(b"cno_such_module\nGone\n.")  # a pickle of a class that is not there any more
    assert report("--no-peers", *QUICK) == first


def test_without_a_fit_the_rest_is_still_reported(report: Report, work: Path) -> None:
    (work / "html-fit.joblib").unlink()
    html, markdown = report("--no-speed")
    for title in TITLES[:7]:
        assert "`python -m train fit`" in section(markdown, title)
    assert "<code>python -m train fit</code>" in html
    assert "html-learning.svg" in section(markdown, "More pages to learn from")


def test_with_nothing_at_all_the_report_says_where_to_begin(tmp_path: Path, capsys: Capture) -> None:
    assert main(["report", "--work", str(tmp_path), "--to", str(tmp_path / "out"), "--quiet"]) == 0
    markdown = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert markdown.count("Not here: ") == 2 * (len(TITLES) + 1)  # features are asked for in two ways
    assert "python -m train table" in section(markdown, "In short")
    assert capsys.readouterr().out.split() == [
        str(tmp_path / "out" / name) for name in ("report.html", "report.md")
    ]


def test_without_peers_installed_it_says_how_to_get_them(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "others", lambda kind: {})
    html, markdown = report(*QUICK)
    assert "`pip install 'clutter-classifier[peers]'`" in section(markdown, "Beside others")
    assert "html-types.svg" in section(markdown, "By page type")
    assert html.count("no peer is installed") == 1


def test_without_the_data_set_the_figures_of_the_fit_are_still_there(
    report: Report, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(table: Table) -> None:
        raise CorpusError("the data set is gone")

    shutil.rmtree(work / "measured")
    monkeypatch.setattr(studies, "gold_pages", gone)
    _, markdown = report("--no-fits")
    for title in ("Beside others", "Speed"):
        assert section(markdown, title).strip().endswith("> Not here: the data set is gone.")
    assert "html-operating.svg" in section(markdown, "Precision against recall")


@pytest.mark.parametrize(
    ("option", "title"),
    [("--no-peers", "Beside others"), ("--no-speed", "Speed"), ("--no-fits", "More pages to learn from")],
)
def test_what_is_not_wanted_is_named(option: str, title: str, report: Report) -> None:
    _, markdown = report(*QUICK, "--no-peers")
    assert f"Not here: left out: `{option}`" in section(markdown, title)


def put_ablation(work: Path, pages: int) -> None:
    rows = {"f1": [0.9, 0.8], "gain": [np.nan, 0.1], "gain_low": [np.nan, 0.05], "gain_high": [np.nan, 0.15]}
    frame = pd.DataFrame(rows, index=["all features, trees alone", "features: links"])
    kept = {"frame": frame, "scope": "2 of 5 folds", "pages": pages}
    joblib.dump(kept, steps._ablation_path(work, "html"))


def test_an_ablation_is_shown_with_its_scope(report: Report, work: Path) -> None:
    put_ablation(work, pages=SITES - 1)
    html, markdown = report("--no-peers", *QUICK)
    told = section(markdown, "What the features tell")
    assert "html-ablation.svg" in told and "2 of 5 folds" in told
    assert "the most: features: links, 0.100" in html


def test_an_ablation_of_another_table_is_left_out_and_told(report: Report, work: Path) -> None:
    put_ablation(work, pages=99)
    _, markdown = report("--no-peers", *QUICK)
    told = section(markdown, "What the features tell")
    assert "another table" in told and "html-ablation.svg" not in told


def test_a_fit_of_another_table_is_told(report: Report, work: Path) -> None:
    put_fit(work, build_table(list(read("pages"))[2:], workers=1, progress=False))
    _, markdown = report("--no-peers", *QUICK)
    assert "was fitted on another table" in section(markdown, "In short")


def test_what_data_sets_call_their_types_is_text_and_no_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch, tmp_path / "data")
    put_pages(tmp_path / "data", "<script>|alert(1)")
    put_work(tmp_path)
    assert main(["report", "--work", str(tmp_path / "work"), "--kind", "html", "--quiet", *QUICK]) == 0
    html, markdown = texts(tmp_path / "work")
    assert "<script" not in html
    assert "&lt;script&gt;|alert(1)" in html
    assert "<script" not in markdown
    types = section(markdown, "By page type").split("This classifier")[1].split("Mean F1")[0]
    assert "&lt;script>\\|alert(1)" in types


def test_one_kind_alone_is_reported_where_it_is_asked_for(report: Report) -> None:
    _, markdown = report("--kind", "text", "--no-peers", *QUICK)
    assert re.findall("^## (.*)$", markdown, re.M) == ["Plain text"]


def test_the_page_lets_nothing_run_or_be_fetched(html: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"<script|<link|<img|\bstyle=|javascript:|@import", html)
    assert "http" not in html.replace('http-equiv="', "").replace("http://www.w3.org/", "")


def test_every_identifier_stands_once_and_what_is_referred_to_is_there(html: str) -> None:
    names = re.findall(r'\bid="([^"]+)"', html)
    assert len(names) == len(set(names))
    assert set(re.findall(r'(?:href|labelledby)="#?([^"]+)"', html)) <= set(names)
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(names)


def test_figures_and_tables_are_told_to_those_who_cannot_see_them(html: str) -> None:
    figures: list[Any] = re.findall(r"<svg ([^>]*)>", html)
    assert all('role="img"' in one and re.search('aria-label="[^"]{20,}"', one) for one in figures)
    assert html.count("<caption>") == html.count("<table>") > 10
    assert html.count('<th scope="col">') > 30 and html.count('<th scope="row">') > 60
