"""Pages in processes of their own: what one does to its process, it does to no other page."""

import ctypes
import gc
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest

from classifier import (
    BinaryPageError,
    Classifier,
    Limits,
    Model,
    Page,
    PageTooLargeError,
    WorkerError,
    classify,
)
from classifier.batch.progress import Watch
from classifier.batch.records import Record
from classifier.batch.rows import Settings, row_of
from classifier.batch.run import Job, run_batch
from classifier.errors import PageMemoryError, PageTimeoutError
from classifier.features.lexical import SHAPES, Lexicon
from classifier.isolate import _crews, classify_isolated, isolation_of
from classifier.many import classify_stream
from classifier.workers import Crew, Isolation

LEXICON: Final = Lexicon(**{name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()})
pytestmark = pytest.mark.usefixtures("no_child_stays_behind")

PROSE: Final = "The river rises in the hills, turns west below the old mill, and reaches the sea."
ON_LINUX: Final = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is limited on Linux"
)

# Stands in for trained trees. A page of three blocks ends the process, one of four takes memory without
# end, one of five hangs, one of six hangs in the first process that sees it.
GREEDY: Final = """
import os, signal, time
import numpy as np

class Greedy:
    def __init__(self, mark=""):
        self.mark = mark

    def predict_proba(self, X):
        if len(X) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        if len(X) == 4:
            held = [bytes(1 << 26) for _ in range(1000)]
        if len(X) == 5 or len(X) == 6 and not os.path.exists(self.mark):
            open(self.mark, "w").close()
            time.sleep(600)
        p = np.full(len(X), 0.75)
        return np.column_stack((1 - p, p))
"""


def page(number: int, blocks: int = 1) -> str:
    return f"<title>{number}</title>" + f"<p>{PROSE}</p>" * blocks


@pytest.fixture
def greedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Classifier]:
    (tmp_path / "greedy_trees.py").write_text(GREEDY)
    monkeypatch.syspath_prepend(tmp_path)
    import greedy_trees

    trees: ModuleType | Any = greedy_trees
    own = Classifier([Model("html", LEXICON, trees.Greedy(str(tmp_path / "mark")))])
    yield own
    for crew in _crews.pop(own, {}).values():  # pytest holds on to what it has handed out
        crew.dismiss()
    del sys.modules["greedy_trees"]


def many(classifier: Classifier, pages: list[str], isolation: Isolation) -> list[str]:
    found = classify_stream(
        classifier, pages, {}, workers=1, errors="return", progress=False, isolation=isolation
    )
    return [one.title if isinstance(one, Page) else type(one).__name__ for one in found]


def test_an_isolated_page_is_the_same_page() -> None:
    own, html = Classifier(), page(1, 2)
    alone, isolated = (
        classify(html, favor="recall"),
        classify_isolated(own, html, Isolation(), favor="recall"),
    )
    assert (alone.to_dict(), alone.html) == (isolated.to_dict(), isolated.html)
    assert isolated.markup == html and not isolated.keep.flags.writeable


def test_classify_hands_its_options_to_the_process_that_it_isolates_a_page_in() -> None:
    own, data = Classifier(), f"<p>{PROSE}<p>Привет, мир".encode("windows-1251")
    options: dict[str, Any] = {"kind": "text", "encoding": "windows-1251", "threshold": 0.0}
    options["limits"] = Limits(max_bytes=len(data) - 2)
    alone, isolated = (own.classify(data, isolate=isolate, **options) for isolate in (False, True))
    assert alone.to_dict() == isolated.to_dict()
    assert isolated.kind == "text" and isolated.truncated and isolated.text.endswith("Привет, м")
    with pytest.raises(PageTooLargeError):
        own.classify(data, isolate=True, strict=True, limits=options["limits"])


def test_a_worker_stays_for_the_next_page_and_goes_with_its_classifier() -> None:
    own = Classifier()
    for number in range(3):
        classify_isolated(own, page(number), Isolation())
        assert len(multiprocessing.active_children()) == 1
    del own
    gc.collect()
    assert multiprocessing.active_children() == []


def test_what_classify_raises_is_raised() -> None:
    own = Classifier()
    with pytest.raises(BinaryPageError):
        classify_isolated(own, b"%PDF-1.7\n" + b"\0" * 99, Isolation())
    with pytest.raises(ValueError, match="favor"):
        classify_isolated(own, "x", Isolation(), favor="speed")


def test_a_forked_process_has_workers_of_its_own() -> None:
    own = Classifier()
    classify_isolated(own, page(1), Isolation())
    if (child := os.fork()) == 0:
        try:
            os._exit(0 if classify_isolated(own, page(2), Isolation()).title == "2" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert classify_isolated(own, page(3), Isolation()).title == "3"


@ON_LINUX
def test_a_page_costs_only_itself_whatever_it_does(greedy: Classifier) -> None:
    pages = [page(number, {2: 3, 4: 4, 6: 5}.get(number, 1)) for number in range(10)]
    found = many(greedy, pages, Isolation(seconds=0.5, memory=1 << 29))
    assert found == ["0", "1", "WorkerError", "3", "PageMemoryError", "5", "PageTimeoutError", "7", "8", "9"]


@ON_LINUX
@pytest.mark.parametrize(
    ("blocks", "error", "advice"),
    [
        (3, WorkerError, "SIGKILL"),
        (4, PageMemoryError, "more than 536,870,912 bytes"),
        (5, PageTimeoutError, "longer than 0.5 seconds"),
    ],
)
def test_an_error_says_what_the_page_exceeded(
    greedy: Classifier, blocks: int, error: type[Exception], advice: str
) -> None:
    isolation = Isolation(seconds=0.5, memory=1 << 29)
    with pytest.raises(error, match=advice):
        classify_isolated(greedy, page(0, blocks), isolation)
    assert classify_isolated(greedy, page(1), isolation).title == "1"


def test_a_page_that_was_late_once_is_tried_again(greedy: Classifier) -> None:
    assert many(greedy, [page(0), page(1, 6), page(2)], Isolation(seconds=1.0)) == ["0", "1", "2"]


def test_a_worker_that_hangs_ends_by_itself_when_nobody_waits(tmp_path: Path) -> None:
    crew: Crew[float, None] = Crew(time.sleep, Isolation(seconds=0.5))
    worker = crew._hire()
    worker._await_start()
    worker._connection.send([600.0])
    worker._process.join(10)
    assert worker._process.exitcode is not None
    crew._end(worker)


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": float("nan")}, {"memory": -1}])
def test_a_limit_is_above_zero(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Isolation(**wrong)


def test_isolate_is_a_wish_or_its_terms() -> None:
    own = Isolation(seconds=5)
    assert (isolation_of(False), isolation_of(True), isolation_of(own)) == (None, Isolation(), own)


def poisoned(record: Record, settings: Settings) -> dict[str, Any]:
    if record.data == b"a page that hangs":
        time.sleep(600)
    if record.data == b"a page that crashes":
        ctypes.string_at(0)
    return row_of(record, settings)


@pytest.mark.usefixtures("importable_tests")  # so that the workers find `poisoned`
def test_a_poison_page_of_a_batch_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    poison = {0: b"a page that hangs", 3: b"a page that crashes", 7: b"a page that hangs"}
    for number in range(9):
        (tmp_path / "in" / f"{number}.html").write_bytes(poison.get(number) or page(number).encode())
    monkeypatch.setattr("classifier.batch.crew.row_of", poisoned)
    job = Job((str(tmp_path / "in"),), tmp_path / "out", isolation=Isolation(seconds=0.3))
    report = run_batch(job, Watch(int, wanted=False))
    assert report.all.status == {"ok": 6, "error": 3}
    assert report.all.error == {"PageTimeoutError": 2, "WorkerError": 1}
    rows = [json.loads(line) for line in (job.out / "part-000000.jsonl").read_text().splitlines()]
    assert [row["status"] == "ok" for row in rows] == [number not in poison for number in range(9)]
    assert "SIGSEGV" in rows[3]["error"]
