"""A batch that weighs each page by the others of its site: two passes, which outlive what ends a run."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

import classifier.batch.rows as rows_module
from classifier import SiteProfile, classify, cli
from classifier.batch.progress import Watch
from classifier.batch.records import Record
from classifier.batch.rows import Settings, row_of, sketch_of
from classifier.batch.run import Job, run_batch
from classifier.batch.sites import _TABLES, SiteStore, _shelf, profile_of, site_of
from classifier.errors import BatchError
from classifier.site import MAX_PAGES
from classifier.workers import Isolation

ROOT: Final = Path(__file__).parents[2]
QUIET: Final = Watch(int, wanted=False)
STORE: Final = "_sites.sqlite3"
FOOTER: Final = "All our prices include the tax, and delivery within the country takes three days at most."
SITES: Final = ("https://www.mill.example", "http://mill.example:8080", "https://pond.example")


class PowerCut(BaseException):
    """Stands for the end of the process: nothing catches it."""


def html(number: int) -> str:
    letters = "".join(chr(ord("a") + int(digit)) * 3 for digit in str(number))
    body = "".join(
        f"<p>In {season} the river near {letters} turns west and then south, and nobody who lives in "
        f"{letters} remembers that it ever did anything else.</p>"
        for season in ("spring", "summer", "autumn")
    )
    return f"<title>{number}</title><h1>{letters}</h1>{body}<div class=note><p>{FOOTER}</p></div>"


def line(number: int) -> dict[str, Any]:
    site = SITES[number % len(SITES)]
    return {"id": str(number), "url": f"{site}/{number}.html", "html": html(number)}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Pages of two sites, one of a third, one without an address, and one that is no page."""
    lines = [line(number) for number in range(14)]
    lines += [{"id": "lone", "url": "https://lone.example/", "html": html(20)}, {"id": "?", "html": html(21)}]
    lines += [{"id": "odd", "url": "https://mill.example/odd", "html": None}]
    folder = tmp_path / "in"
    folder.mkdir()
    for name, some in (("a", lines[:8]), ("b", lines[8:])):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, some)))
    settings = Settings(by_site=True, extras=("blocks",))
    return Job((str(folder),), tmp_path / "out", settings, part_rows=5, isolation=None)


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    lines = [line for part in sorted(folder.glob("part-*")) for line in part.read_text().splitlines()]
    found = [json.loads(line) for line in lines]
    assert len({row["id"] for row in found}) == len(found)
    return {row["id"]: row for row in found}


def files(folder: Path) -> dict[str, bytes]:
    """All but the store, whose pages SQLite lays out as it likes."""
    found = {str(one.relative_to(folder)): one for one in folder.rglob("*") if one.is_file()}
    return {name: one.read_bytes() for name, one in found.items() if STORE not in name}


def pages_of(folder: Path) -> list[tuple[str, bytes]]:
    with sqlite3.connect(folder / STORE) as database:
        return database.execute("SELECT site, profile FROM pages ORDER BY site, fingerprint").fetchall()


def test_each_row_is_what_classify_says_with_the_profile_of_its_host(job: Job) -> None:
    run_batch(job, QUIET)
    found = rows(job.out)
    for own in ({0, 1}, {2}):
        numbers = [number for number in range(14) if number % 3 in own]
        profile = SiteProfile.of(classify(html(number)) for number in numbers)
        for number in numbers:
            page, row = classify(html(number), site=profile), found[str(number)]
            assert (row["text"], row["site_pages"]) == (page.text, page.site_pages)
            shown = [block["probability"] for block in row["blocks"]]
            assert shown == [round(block.probability, 4) for block in page.blocks]
            assert 0 < row["site_pages"] < len(numbers)


def test_what_all_pages_of_a_site_carry_is_less_likely_content(job: Job) -> None:
    run_batch(job, QUIET)
    run_batch(replace(job, out=job.out.with_name("alone"), settings=Settings(extras=("blocks",))), QUIET)

    def footer(folder: Path, page: str) -> float:
        blocks = rows(folder)[page]["blocks"]
        return next(one["probability"] for one in blocks if one["text"] == FOOTER)

    assert footer(job.out, "3") < footer(job.out.with_name("alone"), "3")


def test_a_page_without_another_of_its_site_is_read_alone(job: Job) -> None:
    run_batch(job, QUIET)
    run_batch(replace(job, out=job.out.with_name("alone"), settings=Settings(extras=("blocks",))), QUIET)
    together, alone = rows(job.out), rows(job.out.with_name("alone"))
    for name in ("lone", "?"):
        assert together[name] == alone[name] | {"site_pages": 0}
    assert together["odd"] == alone["odd"] | {"site_pages": None}


@pytest.mark.parametrize("isolation", [None, Isolation()])
def test_workers_write_the_same(job: Job, tmp_path: Path, isolation: Isolation | None) -> None:
    run_batch(job, QUIET)
    other = replace(job, out=tmp_path / "other", workers=2, isolation=isolation)
    run_batch(other, QUIET)
    assert rows(other.out) == rows(job.out)
    assert pages_of(other.out) == pages_of(job.out)


@pytest.mark.parametrize("before", [True, False])
def test_a_power_cut_around_any_commit_costs_nothing(
    job: Job, tmp_path: Path, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_batch(job, QUIET)
    expected, left = files(job.out), 0
    commits: dict[str, Callable[..., None]] = {"commit": SiteStore.commit, "complete": SiteStore.complete}

    def cut(name: str) -> Callable[..., None]:
        def called(self: SiteStore, *values: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0 and before:
                raise PowerCut
            commits[name](self, *values)
            if left == 0:
                raise PowerCut

        return called

    for name in commits:
        monkeypatch.setattr(SiteStore, name, cut(name))
    for moment in range(1, 99):
        out, left = tmp_path / f"out-{moment}", moment
        try:
            run_batch(replace(job, out=out), QUIET)
        except PowerCut:
            assert not list(out.glob("part-*"))
            run_batch(replace(job, out=out), QUIET)
            assert files(out) == expected and pages_of(out) == pages_of(job.out)
        else:
            assert moment == 6  # four parts, then that they are all
            return


def test_a_killed_command_goes_on_where_it_was(job: Job, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "classifier", "batch", "-q", "--by-site", "--part-rows", "1"]
    command += ["--no-isolate", "--workers", "1", *job.inputs]
    began = time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole")], cwd=ROOT, check=True)
    whole, expected, kills = time.monotonic() - began, files(tmp_path / "whole"), 0
    for attempt in range(99):
        out = tmp_path / f"out-{attempt}"
        with subprocess.Popen([*command, str(out)], cwd=ROOT) as process:
            time.sleep(whole * (0.5 + 0.05 * (attempt % 10)))
            process.send_signal(signal.SIGKILL)
        subprocess.run([*command, str(out)], cwd=ROOT, check=True)
        assert files(out) == expected and pages_of(out) == pages_of(tmp_path / "whole")
        kills += process.returncode == -signal.SIGKILL
        if kills == 5:
            return
    raise AssertionError(f"only {kills} kills came in time")


def test_a_file_that_changes_between_the_passes_is_noticed(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("classifier.batch.run.RowCrew", after_first_pass)
        with pytest.raises(PowerCut):
            run_batch(replace(job, workers=2), QUIET)
    Path(job.inputs[0], "c.jsonl").write_text(json.dumps(line(30)))
    with pytest.raises(BatchError, match=r"c\.jsonl is new"):
        run_batch(job, QUIET)


def after_first_pass(*_: object) -> None:
    raise PowerCut


@pytest.mark.parametrize("change", ["new", "gone", "other"])
def test_so_it_is_in_the_same_run(job: Job, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, complete = Path(job.inputs[0]), SiteStore.complete

    def changing(self: SiteStore) -> None:
        complete(self)
        match change:
            case "new":
                (folder / "c.jsonl").write_text(json.dumps(line(30)))
            case "gone":
                (folder / "b.jsonl").unlink()
            case "other":
                (folder / "b.jsonl").write_text(json.dumps(line(30)))

    monkeypatch.setattr(SiteStore, "complete", changing)
    with pytest.raises(BatchError, match="the input has changed"):
        run_batch(job, QUIET)


def test_once_all_is_done_the_store_may_go(job: Job) -> None:
    run_batch(job, QUIET)
    before = files(job.out)
    (job.out / STORE).unlink()
    report = run_batch(job, QUIET)
    assert report.new.total["pages"] == 0 and report.all.total["pages"] == 17
    assert files(job.out) == before and not (job.out / STORE).exists()


def test_no_character_of_an_address_ends_a_run(job: Job) -> None:
    odd = [{"id": f"odd-{n}", "url": f"http://a\ud800b\0{n % 2}.example/", "html": html(n)} for n in range(4)]
    Path(job.inputs[0], "c.jsonl").write_text("\n".join(map(json.dumps, odd)))
    run_batch(job, QUIET)
    assert [rows(job.out)[f"odd-{n}"]["site_pages"] for n in range(4)] == [1, 1, 1, 1]


def test_a_page_has_the_memory_that_profiles_at_hand_take(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    run_batch(job, QUIET)
    settings = replace(job.settings, profiles=job.out / STORE)
    record = Record("0", "", 1, url=SITES[0], data=html(0))
    expected, really, at_hand = row_of(record, settings), rows_module._page_row, []

    def page_row(*given: Any) -> Any:
        at_hand.append(len(_shelf._profiles))
        if len(at_hand) == 1:
            raise MemoryError
        return really(*given)

    monkeypatch.setattr(rows_module, "_page_row", page_row)
    assert row_of(record, settings) == expected
    assert at_hand[0] > 0 == at_hand[1]


def test_profiles_at_hand_are_bounded_by_their_bytes(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    run_batch(job, QUIET)
    _shelf.clear()
    store = job.out / STORE
    mill = profile_of(store, "mill.example")
    assert mill is not None and profile_of(store, "mill.example") is mill
    assert profile_of(store, "lone.example") is None
    monkeypatch.setattr("classifier.batch.sites._AT_HAND", 4000 + 4 * mill.nbytes)
    profile_of(store, "pond.example")  # lets go of what was used longest ago
    assert profile_of(store, "mill.example") is not mill


def test_damaged_states_of_the_store_end_the_command_with_2(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    run_batch(job, QUIET)
    (job.out / "_summary.json").unlink()
    with sqlite3.connect(job.out / STORE) as database:
        database.execute("UPDATE states SET state = '{}'")
    words = ["--part-rows", "5", "--add", "blocks", "--no-isolate", *job.inputs, str(job.out)]
    assert cli.main(["batch", "--by-site", *words]) == 2
    assert "delete that file" in capsys.readouterr().err


def test_a_run_with_sites_and_one_without_do_not_mix(job: Job) -> None:
    run_batch(job, QUIET)
    with pytest.raises(BatchError, match="by_site: True then, False now"):
        run_batch(replace(job, settings=replace(job.settings, by_site=False)), QUIET)


def test_a_damaged_store_ends_the_run_and_costs_no_row(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    run_batch(job, QUIET)
    (job.out / "_summary.json").unlink()
    before = files(job.out)
    (job.out / STORE).write_bytes(b"no database" * 999)
    words = ["--part-rows", "5", "--add", "blocks", "--no-isolate", *job.inputs, str(job.out)]
    assert cli.main(["batch", "--by-site", *words]) == 2
    assert "profiles of sites" in capsys.readouterr().err
    assert files(job.out) == before


def test_a_store_that_breaks_in_the_middle_is_no_error_of_a_page(tmp_path: Path) -> None:
    (tmp_path / STORE).write_bytes(b"no database" * 999)
    settings = Settings(by_site=True, profiles=tmp_path / STORE)
    with pytest.raises(BatchError, match="delete that file"):
        row_of(Record("1", "", 1, url="https://mill.example/", data=html(1)), settings)


def test_a_store_that_cannot_grow_ends_the_command_with_4(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["batch", "--by-site", "--no-isolate", "--workers", "1", *job.inputs, str(job.out)]
    with monkeypatch.context() as patch:
        patch.setattr(
            "classifier.batch.sites._TABLES", f"PRAGMA page_size = 512; PRAGMA max_page_count = 9; {_TABLES}"
        )
        assert cli.main(words) == 4
    assert "disk is full" in capsys.readouterr().err
    assert cli.main(words) == 0


def test_of_a_large_site_the_store_keeps_as_many_pages_as_a_profile(tmp_path: Path) -> None:
    records = [Record(str(n), "", n, url="http://a.example/", data=html(n)) for n in range(MAX_PAGES + 40)]
    store = SiteStore(tmp_path / STORE, tmp_path)
    for number, start in enumerate(range(0, len(records), 60)):
        for record in records[start : start + 60]:
            store.write(sketch_of(record, Settings(by_site=True)))
            store.write(sketch_of(record, Settings(by_site=True)))  # again, as after a crash
        store.commit(number, [], 0, {})
    store.complete()
    store.close()
    assert len(pages_of(tmp_path)) == MAX_PAGES
    found = profile_of(tmp_path / STORE, "a.example")
    assert found == SiteProfile.of(classify(record.data) for record in records)
    assert profile_of(tmp_path / STORE, "b.example") is None


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.Mill.example:8080/a?b#c", "mill.example"),
        ("http://user:word@mill.example./", "mill.example"),
        ("https://www.example", "example"),
        ("//mill.example/a", "mill.example"),
        ("https://[2001:db8::1]/", "2001:db8::1"),
        ("https://[mill/", None),
        ("https://a\ud800.example/", "a\\ud800.example"),
        ("https://" + 999 * "a", 253 * "a"),
        ("mill.example/a", None),
        ("urn:page:7", None),
        ("", None),
        (None, None),
    ],
)
def test_the_site_of_a_page_is_the_host_of_its_address(url: str | None, site: str | None) -> None:
    assert site_of(url) == site
