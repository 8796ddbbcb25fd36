"""A run ends as if nothing had happened, whatever did."""

import errno
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from classifier import cli
from classifier.batch.cli import NO_WORKER
from classifier.batch.progress import Watch
from classifier.batch.run import Job, Report, run_batch
from classifier.errors import BatchError, WorkerError
from classifier.workers import Isolation
from tests.batch.helpers import after

ROOT: Final = Path(__file__).parents[2]
PROSE: Final = "The river rises in the hills, turns west below the old mill, and reaches the sea at last."
PAGES: Final = 23
KILLS: Final = 12
QUIET: Final = Watch(int, wanted=False)


class PowerCut(BaseException):
    """Stands for the end of the process: nothing catches it."""


def html(number: int) -> str:
    return f"<title>{number}</title><p>{PROSE} {number}</p><p>Home</p>"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Pages, a file without any at the end of a part, and one that is cut off."""
    folder = tmp_path / "in"
    folder.mkdir()
    lines = [json.dumps({"id": str(n), "html": html(n)}) for n in range(PAGES)]
    (folder / "a.html").write_text(html(100))
    (folder / "b.pdf").write_bytes(b"%PDF-1.7\n" + b"\0" * 99)
    (folder / "c.jsonl").write_text("\n".join(lines[:13]))
    (folder / "d.wat").write_bytes(b"")
    # Its bytes must not depend on chance: where it is cut decides how many lines there are.
    (folder / "e.jsonl.gz").write_bytes(gzip.compress("\n".join(lines[13:]).encode(), mtime=0)[:-6])
    (folder / "f.wat").write_bytes(b"")
    return folder


@pytest.fixture
def job(pages: Path, tmp_path: Path) -> Job:
    return Job((str(pages),), tmp_path / "out", part_rows=5, isolation=None)


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def rows(folder: Path) -> list[dict[str, Any]]:
    parts = [part.read_text(encoding="utf-8") for part in sorted(folder.glob("part-*"))]
    return [json.loads(line) for part in parts for line in part.splitlines()]


def undisturbed(job: Job, tmp_path: Path) -> dict[str, bytes]:
    run_batch(replace(job, out=tmp_path / "undisturbed"), QUIET)
    return files(tmp_path / "undisturbed")


def test_every_page_has_one_row_in_the_order_of_the_input(job: Job) -> None:
    report = run_batch(job, QUIET)
    found = rows(job.out)
    titles = [row["title"] for row in found if row["status"] == "ok"]
    assert titles[0] == "100" and titles[1:14] == [str(number) for number in range(13)]
    assert [row["error"].split(":")[0] for row in found if row["error"]] == [
        "BinaryPageError",
        "DamagedSource",
    ]
    assert report.all.total["pages"] == len(found) and report.all.total["damaged"] == 1
    summary = json.loads((job.out / "_summary.json").read_text())
    assert summary["status"] == {"error": 2, "ok": len(found) - 2}
    assert all(len(part.read_text().splitlines()) == 5 for part in sorted(job.out.glob("part-*"))[:-1])


@pytest.mark.parametrize("format", ["jsonl", "jsonl.gz", "parquet", "wet.gz"])
def test_a_power_cut_at_any_moment_costs_nothing(
    job: Job, tmp_path: Path, format: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    job = replace(job, format=format, part_rows=9)
    expected = undisturbed(job, tmp_path)
    really_rename, calls_left = Path.rename, 0

    def rename(self: Path, target: Path) -> Path:
        """Cuts the power before and after each rename."""
        nonlocal calls_left
        for stage in (0, 1):
            calls_left -= 1
            if calls_left == 0:
                raise PowerCut
            if not stage:
                really_rename(self, target)
        return target

    cuts = 0
    monkeypatch.setattr(Path, "rename", rename)
    for moment in range(1, 100):
        calls_left = moment
        try:
            run_batch(replace(job, out=tmp_path / f"out-{moment}"), QUIET)
        except PowerCut:
            cuts += 1
            calls_left = 0
            run_batch(replace(job, out=tmp_path / f"out-{moment}"), QUIET)
        assert files(tmp_path / f"out-{moment}") == expected
        if calls_left > 0:
            break
    parts = sum(name.startswith("part-") for name in expected)
    assert cuts == 2 * (2 * parts + 2) - 1 or cuts == 2 * (2 * parts + 2)


def test_a_killed_command_goes_on_where_it_was(job: Job, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "classifier", "batch", "-q", "--part-rows", "2", "--no-isolate"]
    command += ["--workers", "1", *job.inputs]
    began = time.monotonic()
    assert subprocess.run([*command, str(tmp_path / "whole")], cwd=ROOT).returncode == 1
    whole, expected = time.monotonic() - began, files(tmp_path / "whole")
    chance, kills = random.Random(0), 0
    for attempt in range(10 * KILLS):
        out, before, began = tmp_path / f"out-{attempt}", kills, time.monotonic()
        while True:
            process = subprocess.Popen([*command, str(out)], cwd=ROOT)
            try:
                # The first half of the time goes into imports and the model.
                status = process.wait(chance.uniform(0.5, 0.9) * whole if kills < KILLS else 60)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
            else:
                assert status == 1
                break
        if kills == before:  # a whole run, on a machine that is less busy by now
            whole = min(whole, time.monotonic() - began)
        assert files(out) == expected
        if kills >= KILLS:
            return
    raise AssertionError(f"only {kills} kills came in time")


def test_isolated_workers_write_the_same_and_a_second_run_does_nothing(job: Job, tmp_path: Path) -> None:
    expected = undisturbed(replace(job, isolation=Isolation()), tmp_path)
    job = replace(job, isolation=Isolation(), workers=2)
    run_batch(job, QUIET)
    assert files(job.out) == expected
    report = run_batch(job, QUIET)
    assert files(job.out) == expected and report.new.total["pages"] == 0
    assert report.all.total["pages"] == len(rows(job.out))


def test_a_part_that_is_lost_or_damaged_is_made_again(job: Job, tmp_path: Path) -> None:
    expected = undisturbed(job, tmp_path)
    run_batch(job, QUIET)
    (job.out / "part-000001.jsonl").unlink()
    run_batch(job, QUIET)
    assert files(job.out) == expected
    (job.out / "part-000002.jsonl").write_bytes(b"")
    (job.out / "_state" / "000003.json").write_bytes(b"{")
    run_batch(job, QUIET)
    assert files(job.out) == expected


def cut_short(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends after its second part."""
    with monkeypatch.context() as patch:
        patch.setattr("classifier.batch.parts._force_folder", after(6, PowerCut()))
        with pytest.raises(PowerCut):
            run_batch(job, QUIET)
    assert len(list(job.out.glob("part-*"))) == 2


def change(folder: Path) -> None:
    (folder / "c.jsonl").write_text("{}")


def rename(folder: Path) -> None:
    (folder / "a.html").rename(folder / "aa.html")


def add(folder: Path) -> None:
    (folder / "0.html").write_text("")


@pytest.mark.parametrize(
    ("harm", "name"), [(change, "c.jsonl is another"), (rename, "aa.html is in"), (add, "0.html is in")]
)
def test_an_input_that_has_changed_is_named(
    job: Job, pages: Path, harm: Callable[[Path], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(job, monkeypatch)
    before = files(job.out)
    harm(pages)
    with pytest.raises(BatchError, match=name):
        run_batch(job, QUIET)
    assert files(job.out) == before


def test_a_file_that_is_new_after_a_run_is_named(job: Job, pages: Path) -> None:
    run_batch(job, QUIET)
    (pages / "z.html").write_text("")
    with pytest.raises(BatchError, match=r"z\.html is new"):
        run_batch(job, QUIET)


def test_a_run_of_another_kind_is_refused_and_what_differs_is_named(job: Job) -> None:
    run_batch(job, QUIET)
    other = replace(job, settings=replace(job.settings, favor="recall"))
    with pytest.raises(BatchError, match="favor: 'balance' then, 'recall' now"):
        run_batch(other, QUIET)


def test_a_folder_with_other_files_is_refused(job: Job) -> None:
    job.out.mkdir()
    (job.out / "thesis.txt").write_text("")
    with pytest.raises(BatchError, match="no batch run"):
        run_batch(job, QUIET)
    assert files(job.out) == {"thesis.txt": b""}


def test_two_runs_do_not_share_a_folder(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fcntl")
    refused: list[str] = []

    def meanwhile(*_: object) -> Report:
        monkeypatch.undo()
        with pytest.raises(BatchError) as caught:
            run_batch(job, QUIET)
        refused.append(str(caught.value))
        raise PowerCut

    monkeypatch.setattr("classifier.batch.run.resume", meanwhile)
    with pytest.raises(PowerCut):
        run_batch(job, QUIET)
    assert "another process" in refused[0]


def test_a_full_disk_ends_the_command_with_4_and_the_next_one_goes_on(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = undisturbed(job, tmp_path)
    words = ["batch", "-q", "--part-rows", "5", "--no-isolate", "--workers", "1", *job.inputs, str(job.out)]
    with monkeypatch.context() as patch:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        patch.setattr("classifier.batch.parts._force", after(7, full))
        assert cli.main(words) == 4
    assert "cannot be written: No space left on device" in capsys.readouterr().err
    assert not (job.out / "_unfinished").exists()
    assert cli.main(words) == 1
    assert files(job.out) == expected


def test_ctrl_c_says_how_to_go_on(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("classifier.batch.parts._force", after(4, KeyboardInterrupt()))
    assert cli.main(["batch", "--no-isolate", "--workers", "1", *job.inputs, str(job.out)]) == 130
    assert "goes on from here" in capsys.readouterr().err


def test_the_command_sums_up_on_standard_error(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["batch", "--no-isolate", "--workers", "1", *job.inputs, str(job.out)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "pages/s" in err and "words kept" in err and "1 BinaryPageError" in err


@pytest.mark.parametrize(
    "words", [[], ["in"], ["in", "out", "--workers", "0"], ["in", "out", "--seconds", "0"]]
)
def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(["batch", *words])
    assert leaving.value.code == 2


def test_an_input_that_is_not_there_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["batch", str(tmp_path / "missing"), str(tmp_path / "out")]) == 2
    assert "no such file or folder" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_worker_that_cannot_start_ends_the_command_and_is_told(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*given: object) -> Report:
        raise WorkerError("a worker cannot be started")

    monkeypatch.setattr("classifier.batch.run.run_batch", fail)
    assert cli.main(["batch", *job.inputs, str(job.out)]) == NO_WORKER
    assert capsys.readouterr().err == "declutter: a worker cannot be started\n"


def test_an_output_that_is_a_file_or_damaged_is_told_in_words_that_help(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["batch", "--no-isolate", *job.inputs, str(job.out)]
    job.out.write_text("notes")
    assert cli.main(words) == 2
    assert "is a file: name a folder" in capsys.readouterr().err
    job.out.unlink()
    job.out.mkdir()
    (job.out / "_run.json").write_text("{")
    assert cli.main(words) == 2
    assert "_run.json is damaged" in capsys.readouterr().err


def test_parquet_without_pyarrow_says_what_to_install(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert cli.main(["batch", "--format", "parquet", *job.inputs, str(job.out)]) == 2
    assert "pip install 'clutter-classifier[batch]'" in capsys.readouterr().err


def test_an_empty_folder_gives_one_empty_part(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    run_batch(Job((str(tmp_path / "in"),), tmp_path / "out", isolation=None), QUIET)
    assert (tmp_path / "out" / "part-000000.jsonl").read_bytes() == b""


def test_the_choices_are_those_of_the_library() -> None:
    from typing import get_args

    from classifier.batch import cli as batch_cli
    from classifier.batch.rows import EXTRAS
    from classifier.batch.sinks import FORMATS
    from classifier.decide import Favor
    from classifier.limits import Limits
    from classifier.pipeline import PageKind

    parse = batch_cli.parse
    for option, choices in (
        ("--format", FORMATS),
        ("--favor", get_args(Favor)),
        ("--kind", get_args(PageKind)),
    ):
        for choice in choices:
            parse([option, choice, "in", "out"])
    for choice in EXTRAS:
        parse(["--add", choice, "in", "out"])
    job = batch_cli.job_of(parse(["in", "out"]))
    assert replace(job, workers=1) == Job(("in",), Path("out"))
    assert Limits().max_bytes == parse(["in", "out"]).max_bytes


def test_a_file_called_batch_is_still_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "batch").write_text(html(1))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["--format", "json", "./batch"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "1"


def test_a_single_page_imports_nothing_of_this() -> None:
    code = (
        "import sys; from classifier import classify; from classifier.cli import main; classify('<p>x')\n"
        "main(['data/pages/news-en/page.html', '-o', '/dev/null'])\n"
        "found = {'classifier.batch', 'classifier.workers', 'classifier.isolate', 'pyarrow'}\n"
        "sys.exit(', '.join(found & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_bar_is_told_of_every_row(job: Job) -> None:
    class Counted(Watch):
        told = 0

        def page(self) -> None:
            self.told += 1

    watch = Counted(int, wanted=False)
    run_batch(job, watch)
    assert watch.told == len(rows(job.out))
