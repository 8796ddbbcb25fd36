"""Many pages in worker processes: new interpreters, so what they run lies in a module of its own."""

import gc
import itertools
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

import classifier
from classifier import (
    BinaryPageError,
    Classifier,
    ClassifierError,
    Model,
    Page,
    PageTooLargeError,
    SiteProfile,
    WorkerError,
    classify,
    classify_many,
    load,
)
from classifier.features.lexical import SHAPES, Lexicon
from classifier.features.matrix import column_names
from classifier.limits import Limits
from classifier.many import CHUNK_PAGES, CHUNK_SIZE, CHUNKS_A_WORKER

ROOT: Final = Path(classifier.__file__).parents[1]
MODELS: Final = ROOT / "classifier" / "models"
LEXICON: Final = Lexicon(**{name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()})
pytestmark = pytest.mark.usefixtures("no_child_stays_behind")

PROSE: Final = "The river rises in the hills, turns west below the old mill, and reaches the sea."
PDF: Final = b"%PDF-1.7\n" + b"\0" * 99

# Stands in for trained trees. A page of three blocks ends the process, one of four raises, one of five
# raises what cannot be pickled, one of six hangs.
DEADLY: Final = """
import os, signal, time
import numpy as np

class Stubborn(Exception):
    def __init__(self, first, second):
        super().__init__(first)

class Deadly:
    def predict_proba(self, X):
        if len(X) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        if len(X) == 4:
            raise RuntimeError("four blocks")
        if len(X) == 5:
            raise Stubborn("five", "blocks")
        if len(X) == 6:
            time.sleep(600)
        p = np.full(len(X), 0.75)
        return np.column_stack((1 - p, p))

class Anchored(Deadly):
    def __reduce__(self):
        raise TypeError("it holds a socket")

class Lost(Deadly):
    def __reduce__(self):
        return stay, (os.getpid(),)

def stay(home):
    if os.getpid() != home:
        raise LookupError("no such class here")
    return Lost()
"""


def page(number: int, blocks: int = 1) -> str:
    return f"<title>{number}</title>" + f"<p>{PROSE}</p>" * blocks


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "deadly_trees.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("deadly_trees", None)
    import deadly_trees

    yield deadly_trees
    del sys.modules["deadly_trees"]


def with_trees(trees: Any) -> Classifier:
    return Classifier([Model("html", LEXICON, trees)])


def titles(found: Any) -> list[str]:
    return [one.title if isinstance(one, Page) else type(one).__name__ for one in found]


def test_pages_come_back_in_order_as_they_do_from_one_process() -> None:
    pages: list[str | bytes] = [
        page(0, 2),
        page(1, 9).encode(),
        f"Home\n\n{PROSE}",
        "",
        "<p></p>",
        b"\xff\xfe" + page(5).encode("utf-16-le"),
        bytearray(page(6).encode()),
        *map(page, range(7, 40)),
    ]
    alone, shared = (list(classify_many(pages, workers=workers)) for workers in (1, 2))
    for one, two in zip(alone, shared, strict=True):
        assert isinstance(one, Page) and isinstance(two, Page)
        assert (one.to_dict(), one.markdown, one.html) == (two.to_dict(), two.markdown, two.html)
        assert (one.markup, one.feature_names) == (two.markup, two.feature_names)
        assert (one.features is None) == (two.features is None)
        assert one.features is None or np.array_equal(one.features, two.features)  # type: ignore[arg-type]


def test_a_page_from_a_worker_is_rendered_in_the_encoding_that_was_declared() -> None:
    data = f"<h2>Привет</h2><p>{PROSE}".encode("windows-1251")
    for workers in (1, 2):
        (found,) = classify_many([data], workers=workers, encoding="windows-1251", threshold=0.0)
        assert isinstance(found, Page) and "## Привет" in found.markdown


def test_the_arrays_of_a_page_from_a_worker_are_read_only_as_well() -> None:
    (found,) = classify_many([page(0)], workers=2)
    assert isinstance(found, Page)
    assert not any(array.flags.writeable for array in (found.keep, found.probabilities))


class CountedProfile(SiteProfile):
    """A profile that counts how often it is pickled."""

    pickled = 0

    def __reduce__(self) -> Any:
        type(self).pickled += 1
        return super().__reduce__()


def test_a_profile_of_the_site_goes_to_a_worker_once_and_not_with_each_page() -> None:
    pages = [page(number) for number in range(40)]
    profile = CountedProfile.of(classify_many(pages))
    found = list(classify_many(pages, workers=2, site=profile))
    assert len(found) == 40 and CountedProfile.pickled == 1
    assert titles(found) == titles(classify_many(pages, site=profile))


def test_pages_are_read_some_chunks_ahead_and_no_further() -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        for read in itertools.count(1):
            yield page(read)

    found = classify_many(endless(), workers=2)
    assert read == 0
    for number in range(1, 30):
        assert titles([next(found)]) == [str(number)]
        assert read <= number + CHUNK_PAGES * (2 * CHUNKS_A_WORKER + 1)
    found.close()  # type: ignore[attr-defined]


def test_large_pages_travel_in_smaller_chunks() -> None:
    read: list[int] = []

    def large() -> Iterator[str]:
        for number in range(12):
            read.append(number)
            yield page(number) + f"<!--{'x' * CHUNK_SIZE}-->"

    found = classify_many(large(), workers=2)
    next(found)
    assert len(read) <= 2 * CHUNKS_A_WORKER
    assert titles(found) == list(map(str, range(1, 12)))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_stands_in_its_place(workers: int) -> None:
    pages: list[str | bytes] = [page(0), PDF, page(2), page(3) + "x" * 9000]
    found = list(
        classify_many(pages, workers=workers, errors="return", limits=Limits(max_bytes=5000), strict=True)
    )
    assert titles(found) == ["0", "BinaryPageError", "2", "PageTooLargeError"]
    assert isinstance(found[3], PageTooLargeError) and "more than 5,000 bytes" in str(found[3])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_is_raised_after_the_pages_before_it(workers: int) -> None:
    found = classify_many([page(0), page(1), PDF, page(3)], workers=workers)
    assert titles([next(found), next(found)]) == ["0", "1"]
    with pytest.raises(BinaryPageError):
        next(found)
    assert list(found) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_iterable_raises_comes_after_the_pages_that_it_gave(workers: int) -> None:
    def broken() -> Iterator[str]:
        yield page(0)
        raise OSError("the disk is gone")

    found = classify_many(broken(), workers=workers, errors="return")
    assert titles([next(found)]) == ["0"]
    with pytest.raises(OSError, match="the disk is gone"):
        next(found)


def test_a_mistake_of_the_caller_is_raised_with_the_place_in_the_worker() -> None:
    found = classify_many([page(0), None], workers=2, errors="return")  # type: ignore[list-item]
    next(found)
    with pytest.raises(TypeError, match="not NoneType") as caught:
        next(found)
    assert "pipeline.py" in "".join(caught.value.__notes__)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"favor": "speed"}, ValueError),
        ({"threshold": 2}, ValueError),
        ({"kind": "pdf"}, ValueError),
        ({"errors": "ignore"}, ValueError),
        ({"colour": "red"}, TypeError),
    ],
)
def test_wrong_options_are_told_at_once(
    options: dict[str, Any], error: type[Exception], workers: int
) -> None:
    with pytest.raises(error):
        classify_many(iter(()), workers=workers, **options)


@pytest.mark.parametrize("workers", [0, -1])
def test_without_a_worker_nothing_would_be_done(workers: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        classify_many([], workers=workers)


def test_where_there_is_no_page_there_is_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classifier.workers._Worker", None)
    assert list(classify_many([], workers=2)) == []


def test_options_and_a_model_of_ones_own_reach_the_workers() -> None:
    rows = np.zeros((4, len(column_names("html"))), np.float32)
    own = with_trees(DummyClassifier(strategy="prior").fit(rows, [True, True, True, False]))
    (found,) = own.classify_many([page(0, 2)], workers=2, threshold=0.8)
    assert isinstance(found, Page)
    assert found.probabilities.tolist() == pytest.approx([0.75, 0.75])
    assert not found.keep.any()


@pytest.mark.parametrize("path", [MODELS, MODELS / "html.model"])
def test_a_loaded_model_reaches_the_workers(path: Path) -> None:
    (found,) = load(path).classify_many([page(0)], workers=2)
    assert isinstance(found, Page)
    assert np.array_equal(found.probabilities, classify(page(0)).probabilities)


def test_a_loaded_model_needs_its_file_no_more(tmp_path: Path) -> None:
    path = tmp_path / "html.model"
    path.write_bytes((MODELS / "html.model").read_bytes())
    loaded = load(path)
    path.unlink()
    assert titles(loaded.classify_many([page(0)], workers=2)) == ["0"]


@pytest.mark.parametrize(
    ("trees", "why"), [("Anchored", "it holds a socket"), ("Lost", "no such class here")]
)
def test_a_model_that_cannot_travel_says_what_to_do(deadly: ModuleType, trees: str, why: str) -> None:
    own = with_trees(getattr(deadly, trees)())
    with pytest.raises(WorkerError, match=why):
        list(own.classify_many([page(0)], workers=2, errors="return"))
    assert titles(own.classify_many([page(0)])) == ["0"]


def test_a_page_that_ends_its_worker_is_an_error_in_its_place(deadly: ModuleType) -> None:
    pages = [page(number, 3 if number in (2, 21) else 1) for number in range(24)]
    found = list(with_trees(deadly.Deadly()).classify_many(pages, workers=2, errors="return"))
    assert titles(found) == [
        "WorkerError" if number in (2, 21) else str(number) for number in range(len(pages))
    ]
    assert "SIGKILL" in str(found[2]) and "fewer workers" in str(found[2])


def test_a_page_that_ends_its_worker_ends_the_run_unless_errors_are_returned(deadly: ModuleType) -> None:
    found = with_trees(deadly.Deadly()).classify_many([page(0), page(1, 3)], workers=2)
    assert titles([next(found)]) == ["0"]
    with pytest.raises(WorkerError):
        next(found)


@pytest.mark.parametrize(("blocks", "why"), [(4, "four blocks"), (5, "Stubborn: five")])
def test_whatever_a_model_raises_arrives(deadly: ModuleType, blocks: int, why: str) -> None:
    found = with_trees(deadly.Deadly()).classify_many([page(0), page(1, blocks)], workers=2, errors="return")
    assert titles([next(found)]) == ["0"]
    with pytest.raises(RuntimeError, match=why):
        next(found)


def close(results: Any) -> None:
    results.close()


def interrupt(results: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)


@pytest.mark.parametrize("end", [close, interrupt])
def test_an_early_end_leaves_no_process_even_of_one_that_hangs(
    deadly: ModuleType, end: Callable[[Any], None]
) -> None:
    pages = (page(number, 6 if number >= CHUNK_PAGES else 1) for number in itertools.count())
    results = with_trees(deadly.Deadly()).classify_many(pages, workers=2)
    next(results)
    children = [child.pid for child in multiprocessing.active_children()]
    assert 1 <= len(children) <= 2
    end(results)
    assert multiprocessing.active_children() == []
    for pid in children:
        with pytest.raises(ProcessLookupError):
            os.kill(pid or 0, 0)


def test_results_that_nobody_holds_end_their_workers() -> None:
    results = classify_many(map(page, itertools.count()), workers=2)
    next(results)
    del results
    gc.collect()
    assert multiprocessing.active_children() == []


def script(tmp_path: Path, code: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "script.py"
    path.write_text(f"from classifier import classify_many\npages = [{page(0)!r}] * 20\n{code}")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, str(path)], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_script_with_a_guard_works(tmp_path: Path) -> None:
    done = script(
        tmp_path, "if __name__ == '__main__':\n    print(len(list(classify_many(pages, workers=2))))"
    )
    assert (done.returncode, done.stdout.strip()) == (0, "20"), done.stderr


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    done = script(tmp_path, "print(len(list(classify_many(pages, workers=2))))")
    assert done.returncode == 1
    assert "if __name__ == '__main__'" in done.stderr.splitlines()[-1]


def test_a_script_may_end_before_its_results(tmp_path: Path) -> None:
    code = "if __name__ == '__main__':\n    results = classify_many(pages, workers=2)\n    next(results)"
    done = script(tmp_path, code)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_is_a_bar_on_standard_error(workers: int, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    assert titles(classify_many([page(0), page(1)], workers=workers, progress=True)) == ["0", "1"]
    out, err = capsys.readouterr()
    assert (out, "2/2" in err) == ("", True)


def test_progress_without_tqdm_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ImportError, match="pip install tqdm"):
        classify_many([], progress=True)


def test_errors_of_pages_are_of_the_packages_own_kind(deadly: ModuleType) -> None:
    found = with_trees(deadly.Deadly()).classify_many([page(0, 3), PDF], workers=2, errors="return")
    assert all(isinstance(one, ClassifierError) for one in found)
