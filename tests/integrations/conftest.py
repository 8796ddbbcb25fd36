"""The same pages for every engine, and the rows that `declutter batch` makes of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from classifier.batch.progress import Watch
from classifier.batch.rows import Settings
from classifier.batch.run import Job, run_batch
from classifier.workers import Isolation

DATA: Final = Path(__file__).parents[2] / "data"
PROSE: Final = "The river rises in the hills, turns west below the old mill, and reaches the sea at last."
COUNT: Final = 60
# What a page may take in these tests; the machine may be busy.
ISOLATION: Final = Isolation(seconds=120)

HOSTILE: Final[list[bytes | None]] = [
    b"",
    None,
    b"%PDF-1.7\n" + b"\0" * 99,
    b"\x89PNG\r\n\x1a\n\xff\xd8",
    bytes(range(256)) * 9,
    f"<p>{PROSE} кошка".encode("windows-1251"),
    f"<p>{PROSE} кошка".encode("utf-16-le"),
    b"<meta charset=utf-16><p>" + PROSE.encode(),
    b"<div>" * 50_000 + PROSE.encode(),
    f"<p>{PROSE}</p>".encode() * 9_000,
    b"<table><tr><td" * 3_000,
    b"<p>x" * 777,  # of which the fixture `poison` dies
    "<p>\ufeff\u2028\0 {PROSE}".encode(),
]


@dataclass(frozen=True)
class Pages:
    """Pages as rows of a table, the same in a file, and the rows of `declutter batch` for them."""

    table: list[dict[str, Any]]
    file: Path
    settings: Settings
    rows: list[dict[str, Any]]


@pytest.fixture(scope="session")
def batch_rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[dict[str, Any]]]:
    """What `declutter batch` makes of files."""

    def make(settings: Settings, *paths: Path) -> list[dict[str, Any]]:
        out = tmp_path_factory.mktemp("rows") / "out"
        run_batch(Job(tuple(map(str, paths)), out, settings, isolation=ISOLATION), Watch(int, wanted=False))
        parts = [part.read_text(encoding="utf-8") for part in sorted(out.glob("part-*"))]
        return [json.loads(line) for part in parts for line in part.splitlines()]

    return make


@pytest.fixture(scope="session")
def pages(
    poison: Settings, batch_rows: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Pages:
    """Sixty pages, hostile ones among them; one of them ends its process."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    files = sorted(DATA.glob("*/*/page.html"))[: COUNT - len(HOSTILE)]
    found = [file.read_bytes() for file in files]
    table = [
        {"id": f"page-{number:02}", "url": f"https://example.org/{number}", "encoding": "windows-1251"}
        | {"html": page, "language": f"l{number}"}
        for number, page in enumerate([*HOSTILE, *found])
    ]
    assert len(table) == COUNT
    path = tmp_path_factory.mktemp("pages") / "pages.parquet"
    pq.write_table(pa.Table.from_pylist(table), path)
    rows = batch_rows(poison, path)
    assert {row["status"] for row in rows} == {"ok", "error"}
    assert sum((row["error"] or "").startswith("WorkerError") for row in rows) == 1
    return Pages(table, path, poison, rows)
