"""Pages by the thousand: what a command takes with all its processes, and files with the right pages."""

import sys
from pathlib import Path

import pytest

from classifier.batch.containers import read_source
from classifier.batch.records import PageFields
from train import scale
from train.__main__ import _parser

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone tells")

CHILD = "import time; held = bytearray(80_000_000); began = time.process_time()\n"
CHILD += "while time.process_time() < began + 1: pass"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


def test_the_cost_of_a_command_is_that_of_all_its_processes() -> None:
    found = scale.cost_of([sys.executable, "-c", PARENT])
    assert 0.6 < found.cpu < 3 and found.seconds > 1
    assert max(found.memory) > 80


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        scale.cost_of([sys.executable, "-c", "raise SystemExit('no such luck')"])


def test_pages_are_repeated_under_names_of_their_own(tmp_path: Path) -> None:
    paths = scale.write_warcs([b"<p>one", b"<p>two", b"<p>three"], 10, tmp_path)
    found = [record for path in paths for record in read_source(path, PageFields(), 99, lambda _: None)]
    assert sorted((one.id, one.data) for one in found) == [
        (f"urn:page:{number}", (b"<p>one", b"<p>two", b"<p>three")[number % 3]) for number in range(10)
    ]
    assert not any(one.error for one in found)


def test_the_same_rows_may_come_in_any_order(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    rows = [{"source": "a", "position": n, "text": f"text {n}"} for n in range(3)]
    for name, found in (("one", rows), ("other", rows[::-1]), ("less", rows[1:])):
        (tmp_path / name).mkdir()
        pq.write_table(pa.Table.from_pylist(found), tmp_path / name / "part.parquet")
    assert scale.same_rows(tmp_path / "one", tmp_path / "other")
    assert not scale.same_rows(tmp_path / "one", tmp_path / "less")


def test_the_command_offers_every_way_there_is() -> None:
    options = _parser().parse_args(["scale", "--ways", *scale.WAYS])
    assert options.ways == list(scale.WAYS) == list(scale._commands(2))
