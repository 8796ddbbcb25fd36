"""`declutter inspect`: files in, a report out."""

import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from classifier import cli

PAGE = "<title>Rivers</title><p>The river rises in the hills, turns west and reaches the sea.<p>Log in"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    return path


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the report is made of, in the place of the report."""
    from classifier.inspect import report

    found: list[dict[str, Any]] = []
    monkeypatch.setattr(report, "report_of", lambda given: found.extend(given) or "the report")
    return found


def test_a_report_is_written_to_the_file_named(page: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert cli.main(["inspect", str(page), "-o", str(out)]) == 0
    assert out.read_bytes().startswith(b"<!doctype html>")


def test_pages_are_named_by_their_paths_and_come_in_order(
    page: Path, tmp_path: Path, entries: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Some notes\n")
    assert cli.main(["inspect", str(page), str(text)]) == 0
    assert [(one["name"], one["kind"]) for one in entries] == [(str(page), "html"), (str(text), "text")]
    assert entries[0]["source"] == PAGE
    assert capsys.readouterr().out == "the report"


def test_standard_input_is_a_page(monkeypatch: pytest.MonkeyPatch, entries: list[dict[str, Any]]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PAGE.encode())))
    assert cli.main(["inspect", "-"]) == 0
    assert [(one["name"], one["title"]) for one in entries] == [("-", "Rivers")]


def test_why_and_features_are_in_it_and_can_be_left_out(page: Path, entries: list[dict[str, Any]]) -> None:
    cli.main(["inspect", str(page)])
    cli.main(["inspect", "--no-explain", "--no-features", str(page)])
    whole, bare = entries
    assert len(whole["features"][0]) == len(whole["texts"]) == len(whole["explanations"]["baselines"])
    assert (bare["features"], bare["explanations"]) == (None, None)


def test_the_policy_decides_the_labels_that_the_report_begins_with(
    page: Path, entries: list[dict[str, Any]]
) -> None:
    cli.main(["inspect", "--threshold", "0", str(page)])
    cli.main(["inspect", "--threshold", "1", str(page)])
    assert [one["keep"] for one in entries] == [[1, 1], [0, 0]]


def test_a_page_that_cannot_be_read_is_told_and_the_others_are_in_the_report(
    page: Path, tmp_path: Path, entries: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    binary = tmp_path / "image.png"
    binary.write_bytes(b"\x89PNG\r\n\x1a\n")
    missing = tmp_path / "missing.html"
    assert cli.main(["inspect", str(binary), str(missing), str(page)]) == 1
    assert [one["name"] for one in entries] == [str(page)]
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"declutter: {binary}: the page is a PNG image")
    assert told[1] == f"declutter: {missing}: No such file or directory"


def test_a_report_among_the_pages_is_passed_over_and_may_be_written_anew(
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.html"
    for _ in range(2):
        assert cli.main(["inspect", "-o", str(out), *map(str, sorted(tmp_path.glob("*.html")))]) == 0
    told = f"declutter: {out}: passed over: it is a report of declutter inspect, not a page\n"
    assert capsys.readouterr().err == told
    with pytest.raises(SystemExit):
        cli.main(["inspect", "-o", str(out), str(out)])
    assert "name a page beside the reports" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_nothing_of_a_page_from_a_pipe_is_lost(tmp_path: Path, entries: list[dict[str, Any]]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(PAGE,))
    writer.start()
    assert cli.main(["inspect", str(pipe)]) == 0
    writer.join()
    assert entries[0]["source"] == PAGE


def test_for_a_folder_it_is_said_how_its_files_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["inspect", f"{tmp_path}/"]) == 1
    assert f"(for all of its files: declutter inspect -o report.html {tmp_path}/*.html)" in (
        capsys.readouterr().err
    )


def test_without_any_page_no_report_is_written(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert cli.main(["inspect", str(tmp_path / "missing.html"), "-o", str(out)]) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "options",
    [["-", "-"], ["--threshold", "2", "-"], ["--max-bytes", "0", "-"], ["--format", "json", "-"]],
    ids=" ".join,
)
def test_wrong_usage_ends_with_status_2(options: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["inspect", *options])
    assert caught.value.code == 2


def test_a_report_is_not_written_over_a_page(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["inspect", str(page), "-o", str(page)])
    assert "is one of the pages" in capsys.readouterr().err
    assert page.read_text() == PAGE


def test_a_report_is_not_written_to_a_terminal(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with pytest.raises(SystemExit):
        cli.main(["inspect", str(page)])
    assert "-o report.html" in capsys.readouterr().err


def test_a_model_that_cannot_be_loaded_is_told_with_status_3(page: Path, tmp_path: Path) -> None:
    assert cli.main(["inspect", "--model", str(tmp_path / "no.model"), str(page)]) == 3


def test_a_report_that_cannot_be_written_is_told_with_status_4(
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["inspect", str(page), "-o", str(tmp_path / "none" / "report.html")]) == 4
    assert "cannot be written" in capsys.readouterr().err
