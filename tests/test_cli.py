import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, get_args

import joblib
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from classifier import Classifier, Model, ModelError, Page, __version__, cli, console, terminal
from classifier.decide import Favor
from classifier.features.lexical import SHAPES, Lexicon
from classifier.features.matrix import column_names
from classifier.limits import Limits
from classifier.pipeline import Format, PageKind
from classifier.segment import Kind

ROOT: Final = Path(__file__).parents[1]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
LEXICON: Final = Lexicon(**{name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()})
SENTENCE: Final = (
    "The river rises in the hills to the north, turns west below the old mill, and reaches the "
    "sea after some forty miles of meadows, weirs and quiet villages."
)
OTHER: Final = (
    "Bread was baked twice a week in the ovens of the square, where the neighbours met, talked, "
    "and waited with their loaves under a cloth until the fire had burned down."
)


def html(*paragraphs: str, title: str = "Rivers") -> str:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html><head><title>{title}</title></head><body><div>Log in</div>{body}</body></html>"


class WordCount:
    """Stands in for a trained stage: the more words a block has, the likelier it is content."""

    def predict_proba(self, X: Any, /) -> Any:
        words = X[:, column_names("text").index("words")]
        p = words / (words + 8)
        return np.column_stack((1 - p, p))


def stand_in() -> Classifier:
    usual = {kind: np.zeros(len(column_names(kind)), np.float32) for kind in KINDS}
    return Classifier(Model(kind, LEXICON, WordCount(), medians=usual[kind]) for kind in KINDS)


def classified(page: str) -> Page:
    return stand_in().classify(page)


class Result(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def declutter(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Run:
    """Runs the command in this process, in an empty folder, with the stand-in for a model."""
    monkeypatch.setattr(cli, "load_classifier", lambda options: stand_in())
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            status = cli.main(args)
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        captured = capsysbinary.readouterr()
        return Result(status, captured.out.decode(), captured.err.decode())

    return run


@pytest.fixture
def page(tmp_path: Path) -> str:
    (tmp_path / "page.html").write_text(html(SENTENCE))
    return "page.html"


@pytest.fixture
def second(tmp_path: Path) -> str:
    (tmp_path / "second.html").write_text(html(OTHER))
    return "second.html"


@pytest.fixture
def joblib_model(tmp_path: Path) -> str:
    width = len(column_names("text"))
    stage = DummyClassifier(strategy="prior").fit(np.zeros((4, width)), [0, 1, 1, 1])
    joblib.dump(Model("text", LEXICON, stage), tmp_path / "own.joblib")
    return str(tmp_path / "own.joblib")


def command(
    *args: str, variables: Mapping[str, str] = MappingProxyType({}), **how: Any
) -> "subprocess.CompletedProcess[bytes]":
    """Runs the real command in a process of its own."""
    started = [sys.executable, "-m", "classifier", *args]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        started, cwd=ROOT, timeout=60, stderr=subprocess.PIPE, env=environ | dict(variables), **how
    )


# --- the result


def test_the_content_goes_to_standard_output_and_nothing_to_standard_error(declutter: Run, page: str) -> None:
    assert declutter(page) == (0, SENTENCE + "\n", "")


@pytest.mark.parametrize("args", [("-",), ()], ids=["a dash", "no page named"])
def test_standard_input_is_a_page(declutter: Run, args: Sequence[str]) -> None:
    assert declutter(*args, stdin=html(SENTENCE).encode()).out == SENTENCE + "\n"


@pytest.mark.parametrize("name", get_args(Format))
def test_a_format_prints_the_attribute_of_that_name(declutter: Run, page: str, name: str) -> None:
    expected = getattr(classified(html(SENTENCE)), name)
    assert declutter("--format", name, page).out.rstrip("\n") == expected.rstrip("\n")


def test_json_of_one_page_is_its_to_dict(declutter: Run, page: str) -> None:
    expected = classified(html(SENTENCE)).to_dict()
    out = json.loads(declutter("--format", "json", page).out)
    assert out == json.loads(json.dumps(expected))


def test_json_of_several_pages_is_one_line_each_with_its_path(declutter: Run, page: str, second: str) -> None:
    lines = [json.loads(line) for line in declutter("--format=json", page, second).out.splitlines()]
    assert [(line["path"], line["text"]) for line in lines] == [(page, SENTENCE), (second, OTHER)]


def test_a_line_separator_in_a_page_does_not_end_a_json_line(
    declutter: Run, page: str, tmp_path: Path
) -> None:
    (tmp_path / page).write_text(html(SENTENCE, title="one\u2028two\x85three"), encoding="utf-8")
    (line,) = declutter("--format", "json", page).out.splitlines()
    assert json.loads(line)["text"] == SENTENCE


def test_several_pages_of_text_follow_a_heading_as_with_head(declutter: Run, page: str, second: str) -> None:
    out = declutter(page, second).out
    assert out == f"==> page.html <==\n{SENTENCE}\n\n==> second.html <==\n{OTHER}\n"


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_several_pages_of_markup_follow_a_comment(declutter: Run, page: str, second: str, name: str) -> None:
    out = declutter("--format", name, page, second).out
    assert [line for line in out.splitlines() if line.startswith("<!--")] == [
        "<!-- page.html -->",
        "<!-- second.html -->",
    ]


def test_a_file_name_cannot_end_the_comment_that_names_it(declutter: Run, tmp_path: Path) -> None:
    (tmp_path / "a--><b>.html").write_text(html(SENTENCE))
    out = declutter("--format", "html", "a--><b>.html", "a--><b>.html").out
    assert out.startswith("<!-- a--&gt;<b&gt;.html -->\n")


def test_the_result_is_utf_8_whatever_the_locale(joblib_model: str, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("Größe 河 naïve", encoding="utf-8")
    ascii_locale = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    args = ("--model", joblib_model, "--trust-model", str(tmp_path / "page.txt"))
    done = command(*args, variables=ascii_locale, stdout=subprocess.PIPE)
    assert done.stdout.decode("utf-8") == "Größe 河 naïve\n"


def test_a_file_name_that_is_not_utf_8_is_escaped_and_json_restores_it(
    declutter: Run, page: str, tmp_path: Path
) -> None:
    name = os.fsdecode(b"caf\xe9.html")
    (tmp_path / name).write_text(html(OTHER))
    last = declutter("--format", "json", page, name).out.splitlines()[-1]
    assert json.loads(last)["path"] == name


def test_output_goes_to_a_file_instead(declutter: Run, page: str, tmp_path: Path) -> None:
    assert declutter(page, "-o", "out.txt") == (0, "", "")
    assert (tmp_path / "out.txt").read_bytes() == SENTENCE.encode() + b"\n"


def test_a_page_is_not_overwritten_by_its_own_result(declutter: Run, page: str, tmp_path: Path) -> None:
    assert declutter(page, "-o", f"./{page}").status == 2
    assert (tmp_path / page).read_text() == html(SENTENCE)


# --- options


def test_a_threshold_of_0_keeps_every_block(declutter: Run, page: str) -> None:
    assert declutter("--threshold", "0", page).out == f"Log in\n\n{SENTENCE}\n"


def test_options_may_stand_between_pages(declutter: Run, page: str, second: str) -> None:
    assert declutter(page, "--threshold", "0", second).out == declutter("--threshold", "0", page, second).out


def test_favor_and_kind_reach_the_classifier(declutter: Run, page: str) -> None:
    out = declutter("--favor", "recall", "--kind", "text", "--format", "json", page).out
    assert json.loads(out)["kind"] == "text"


def test_the_choices_are_those_of_the_library(declutter: Run) -> None:
    out = declutter("--help").out
    for names in (get_args(Favor), get_args(PageKind), (*get_args(Format), "json")):
        assert "{" + ",".join(names) + "}" in out
    assert str(Limits().max_bytes) in out


def test_verbose_tells_kind_counts_confidence_and_title_on_standard_error(declutter: Run, page: str) -> None:
    result = declutter("-v", page)
    assert result.out == SENTENCE + "\n"
    assert result.err.startswith("declutter: page.html: html, 1 of 2 blocks are content, confidence 0.")
    assert result.err.endswith('title "Rivers"\n')


def test_a_title_cannot_steer_the_terminal(declutter: Run) -> None:
    err = declutter("-v", "-", stdin=html(SENTENCE, title="a\x1b]0;b\nc").encode()).err
    assert "\x1b" not in err and err.count("\n") == 1


def test_version_is_the_package_s(declutter: Run) -> None:
    assert declutter("--version") == (0, f"declutter {__version__}\n", "")


def test_help_documents_every_exit_status_and_shows_examples(declutter: Run) -> None:
    status, out, _ = declutter("--help")
    assert status == 0
    for number in ("0", "1", "2", "3", "4", "130", "141"):
        assert f"\n  {number:5}" in out
    assert "\nexamples:\n  declutter page.html\n" in out


@pytest.mark.parametrize(
    "args",
    [
        ("-", "-"),
        ("--threshold", "1.5", "-"),
        ("--threshold", "nan", "-"),
        ("--threshold", "0.5", "--favor", "recall", "-"),
        ("--max-bytes", "0", "-"),
        ("--format", "pdf", "-"),
        ("--format", "json", "--blocks", "-"),
        ("--format", "html", "--explain", "-"),
        ("--blo", "-"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_how_it_is_used(declutter: Run, args: Sequence[str]) -> None:
    status, out, err = declutter(*args)
    assert (status, out) == (2, "")
    assert err.startswith("usage: declutter")


# --- the table of blocks


def test_blocks_prints_label_probability_tag_and_text(declutter: Run, page: str) -> None:
    header, *rows = declutter("--blocks", page).out.splitlines()
    blocks = classified(html(SENTENCE)).blocks
    assert header.split() == ["label", "prob", "tag", "text"]
    assert [row.split(maxsplit=3) for row in rows] == [
        ["clutter", f"{blocks[0].probability:.3f}", "div", "Log in"],
        ["content", f"{blocks[1].probability:.3f}", "p", SENTENCE],
    ]


def test_the_table_is_cut_to_the_width_of_the_terminal(
    declutter: Run, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    last = declutter("--blocks", page).out.splitlines()[-1]
    assert len(last) == 40
    assert last.endswith("…")


def test_wide_characters_take_two_cells_of_the_width(declutter: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    body = html("山" * 60).encode()
    last = declutter("--blocks", "-", stdin=body).out.splitlines()[-1]
    assert terminal.cells(last) in (39, 40)
    assert last.count("山") == (40 - len("content  0.000  div  ") - 1) // 2


@pytest.mark.parametrize(
    ("text", "cells"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("\uff21", 2), ("한글", 4)]
)
def test_cells_are_those_that_a_terminal_uses(text: str, cells: int) -> None:
    assert terminal.cells(text) == cells


@pytest.mark.parametrize("room", range(1, 9))
def test_a_cut_text_never_exceeds_its_room(room: int) -> None:
    assert terminal.cells(terminal.fit("a日e\u0301本bc", room)) <= room


def test_a_text_that_fits_is_not_cut() -> None:
    assert terminal.fit("日本", 4) == "日本"


@pytest.mark.parametrize(
    ("environ", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_for_terminals_unless_the_environment_decides(
    declutter: Run,
    page: str,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    terminal: bool,
    coloured: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert ("\x1b[" in declutter("--blocks", page).out) is coloured


def test_a_page_s_text_cannot_steer_the_terminal_through_the_table(declutter: Run) -> None:
    body = f"{SENTENCE} \x1b[2J\x9b31m \u202e".encode()
    out = declutter("--blocks", "--kind", "text", "-", stdin=body).out
    assert not {"\x1b", "\x9b", "\u202e"} & set(out)


# --- why


@pytest.mark.parametrize("more", [(), ("--blocks",)], ids=["alone", "with --blocks"])
def test_explain_tells_beneath_each_row_what_moved_it(declutter: Run, page: str, more: Sequence[str]) -> None:
    explanation = classified(html(SENTENCE)).explain(1)
    out = declutter("--explain", *more, page).out.splitlines()
    *plain, last = declutter("--blocks", page).out.splitlines()
    beneath = out[out.index(last) + 1 :]
    assert [line for line in out if not line.startswith("   ")] == [*plain, last]
    assert [line.strip() for line in beneath] == [
        "0.00  a typical block",
        f"+{explanation.probability:.2f}  length and characters  words 29, usually 0",
    ]


def test_reasons_are_cut_to_the_width_and_dim(
    declutter: Run, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    last = declutter("--explain", page).out.splitlines()[-1]
    assert last.startswith(terminal.DIM) and last.endswith(f"…{terminal.PLAIN}")
    assert len(last) == 40 + len(terminal.DIM + terminal.PLAIN)


def test_json_tells_of_each_block_what_moved_it_if_asked(declutter: Run, page: str) -> None:
    expected = classified(html(SENTENCE)).to_dict(explain=True)
    out = json.loads(declutter("--format", "json", "--explain", page).out)
    assert out == json.loads(json.dumps(expected))
    assert out["blocks"][1]["explanation"]["influences"][0]["family"] == "shape"


@pytest.mark.parametrize("more", [(), ("--format", "json")], ids=["table", "json"])
def test_an_empty_page_has_nothing_to_explain(declutter: Run, more: Sequence[str]) -> None:
    assert declutter("--explain", *more, "-").status == 0


def test_a_model_that_does_not_know_what_is_usual_cannot_explain(joblib_model: str, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(SENTENCE)
    args = ("--model", joblib_model, "--trust-model", "--explain", str(tmp_path / "page.txt"))
    done = command(*args, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"page.txt: the model does not know what is usual" in done.stderr


# --- what goes wrong


def test_a_page_that_fails_is_named_and_the_others_are_printed(
    declutter: Run, page: str, second: str
) -> None:
    result = declutter(page, "missing.html", second)
    assert result.status == 1
    assert result.err == "declutter: missing.html: No such file or directory\n"
    assert result.out == f"==> page.html <==\n{SENTENCE}\n\n==> second.html <==\n{OTHER}\n"


def test_an_address_is_one_failed_page_with_advice(declutter: Run) -> None:
    status, out, err = declutter("https://example.org/")
    assert (status, out) == (1, "")
    assert err.endswith("No such file or directory (for an address: curl -sL ADDRESS | declutter)\n")


def test_a_folder_is_one_failed_page_with_advice(declutter: Run, tmp_path: Path) -> None:
    assert declutter(".") == (
        1,
        "",
        "declutter: .: Is a directory (for all of its files: declutter batch . OUT)\n",
    )


def test_a_file_that_may_not_be_read_is_one_failed_page(
    declutter: Run, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied", page)

    monkeypatch.setattr(Path, "open", refuse)
    assert declutter(page) == (1, "", "declutter: page.html: Permission denied\n")


def test_a_binary_page_is_one_failed_page(declutter: Run) -> None:
    status, out, err = declutter("-", stdin=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    assert (status, out) == (1, "")
    assert err.startswith("declutter: -: ") and "PDF" in err


def test_a_page_above_the_limit_is_read_up_to_there_and_no_further(declutter: Run) -> None:
    body = (html(SENTENCE) + f"<p>{SENTENCE}" * 9999).encode()
    status, out, err = declutter("--max-bytes", "1000", "-", stdin=body)
    assert status == 0 and out.startswith(SENTENCE[:20]) and len(out) < 1000
    assert err.startswith("declutter: -: note: it is read in part: ") and "max_bytes" in err


def test_a_page_without_end_is_not_read_on(declutter: Run) -> None:
    status, _, err = declutter("--max-bytes", "1000", "/dev/zero")
    assert status == 1 and "binary data" in err


def test_strict_refuses_a_page_above_the_limit(declutter: Run) -> None:
    body = f"<p>{SENTENCE}".encode() * 99
    status, out, err = declutter("--strict", "--max-bytes", "1000", "-", stdin=body)
    assert (status, out) == (1, "") and "max_bytes" in err


def test_a_page_of_just_the_limit_is_read(declutter: Run) -> None:
    body = html(SENTENCE).encode()
    assert declutter("--max-bytes", str(len(body)), "-", stdin=body).status == 0


def test_a_fault_of_the_package_costs_one_page_and_no_traceback(
    declutter: Run, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WordCount, "predict_proba", lambda self, X: 1 / 0)
    status, _, err = declutter(page)
    assert status == 1
    assert err.startswith("declutter: page.html: unexpected ZeroDivisionError: division by zero (")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", get_args(Format))
def test_an_empty_page_prints_nothing_and_leaves_a_note(declutter: Run, name: str) -> None:
    result = declutter("--format", name, "-")
    assert result == (0, "", "declutter: -: note: the page has no text\n")


def test_an_empty_page_is_still_a_json_document(declutter: Run) -> None:
    status, out, _ = declutter("--format", "json", "-")
    assert (status, json.loads(out)["text"]) == (0, "")


def test_a_page_of_clutter_only_leaves_a_note(declutter: Run, page: str) -> None:
    result = declutter("--threshold", "1", page)
    assert result == (0, "", "declutter: page.html: note: no block is content\n")


def test_an_output_that_cannot_be_opened_ends_with_4(declutter: Run, page: str) -> None:
    status, _, err = declutter(page, "-o", "no/such/folder")
    assert status == 4
    assert err == "declutter: the result cannot be written: No such file or directory\n"


def test_an_interruption_ends_with_130_and_says_nothing(
    declutter: Run, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(console, "read_page", interrupt)
    assert declutter(page) == (130, "", "")


@pytest.mark.parametrize(("stream", "status"), [("stdin", 1), ("stdout", 4)])
def test_a_standard_stream_that_is_closed_is_told(
    stream: str, status: int, page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, stream, None)
        found = cli.main(["-" if stream == "stdin" else page])
    name = {"stdin": "input", "stdout": "output"}[stream]
    assert found == status and f"standard {name} is closed" in capsys.readouterr().err


# --- models


def main_with_real_models(capsys: pytest.CaptureFixture[str], *args: str) -> Result:
    status = cli.main(args)
    return Result(status, *capsys.readouterr())


def test_a_joblib_model_is_used_when_it_is_trusted(
    joblib_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.txt").write_text(SENTENCE)
    result = main_with_real_models(
        capsys, "--model", joblib_model, "--trust-model", "--blocks", str(tmp_path / "page.txt")
    )
    assert result.status == 0
    assert "content  0.750" in result.out


@pytest.mark.parametrize("words", [[], ["batch"], ["inspect"], ["site"]], ids=str)
def test_a_joblib_model_is_refused_with_the_option_that_allows_it(
    words: list[str], joblib_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.txt").write_text(SENTENCE)
    out = {"batch": [str(tmp_path / "out")], "site": ["-o", str(tmp_path / "out")]}.get("".join(words), [])
    status, _, err = main_with_real_models(
        capsys, *words, "--model", joblib_model, str(tmp_path / "page.txt"), *out
    )
    assert status == 3
    assert err.startswith("declutter: the model cannot be loaded: ") and "--trust-model" in err


@pytest.mark.parametrize("content", [None, b"", b"no model", b"PK\x03\x04"], ids=str)
def test_a_missing_or_damaged_model_ends_with_3_and_leaves_the_output_alone(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = tmp_path / "a.model", tmp_path / "out.txt"
    out.write_text("precious")
    if content is not None:
        model.write_bytes(content)
    status, _, err = main_with_real_models(capsys, "--model", str(model), "-o", str(out), "-")
    assert (status, out.read_text()) == (3, "precious")
    assert err.startswith("declutter: the model cannot be loaded: ") and err.count("\n") == 1


def test_a_model_that_fails_in_a_way_its_loader_does_not_foresee_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("classifier.pipeline.load_model", lambda *args, **options: 1 / 0)
    assert main_with_real_models(capsys, "--model", str(tmp_path / "x.model"), "-").status == 3


def test_a_broken_shipped_model_ends_with_3(
    declutter: Run, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Classifier, kind: Kind) -> Model:
        raise ModelError("there is no model file")

    monkeypatch.setattr(Classifier, "model", fail)
    status, _, err = declutter(page)
    assert (status, err) == (3, "declutter: the model cannot be loaded: there is no model file\n")


# --- the real command


def test_the_real_command_finds_the_content_with_the_shipped_model() -> None:
    menu = "".join(f'<li><a href="/{i}">Section {i}</a></li>' for i in range(12))
    body = f"<html><body><nav><ul>{menu}</ul></nav><article><h1>A river</h1>"
    body += f"<p>{SENTENCE}</p><p>{OTHER}</p></article><footer>© 2024 Example</footer></body></html>"
    done = command("-", input=body.encode(), stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
    assert SENTENCE in done.stdout.decode() and "Section 7" not in done.stdout.decode()


@pytest.mark.parametrize("args", [("--help",), ("--trust-model", "pyproject.toml")], ids=str)
def test_a_reader_that_goes_away_ends_the_command_quietly_with_141(
    args: Sequence[str], joblib_model: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = command("--model", joblib_model, *args, stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_disk_ends_with_4(joblib_model: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = command("--model", joblib_model, "--trust-model", "pyproject.toml", stdout=full)
    expected = b"declutter: the result cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (4, expected)


def test_ctrl_c_ends_the_command_with_130_and_no_traceback(tmp_path: Path) -> None:
    pipe = tmp_path / "endless"
    os.mkfifo(pipe)
    started = [sys.executable, "-m", "classifier", str(pipe)]
    # A shell's background job ignores Ctrl-C, and so would what it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(started, cwd=ROOT, stderr=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        writer = writer_once_read(pipe, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        os.close(writer)
    finally:
        process.kill()  # nothing to do unless it has hung
    assert (process.returncode, err) == (130, b"")


def writer_once_read(pipe: Path, process: "subprocess.Popen[bytes]") -> int:
    """Opens a named pipe for writing as soon as the process has it open for reading."""
    while process.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.01)
    raise AssertionError("the process ended before it read the pipe")


def test_help_imports_neither_the_model_runtime_nor_anything_heavy_of_its_own() -> None:
    # The package itself is stood in for, so that only what the command asks for is counted.
    script = (
        "import sys, types\n"
        "package = types.ModuleType('classifier')\n"
        f"package.__path__, package.__version__ = [{str(ROOT / 'classifier')!r}], '0'\n"
        "sys.modules['classifier'] = package\n"
        "from classifier.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'turbohtml', 'classifier.pipeline'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
