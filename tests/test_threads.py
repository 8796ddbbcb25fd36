"""One classifier in many threads, after a fork, in spawned processes and in sub-interpreters."""

import multiprocessing
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from classifier import Classifier, Page, classify
from classifier.kernel import SWITCH

pytestmark = pytest.mark.usefixtures("no_child_stays_behind")

ROOT: Final = Path(__file__).parents[1]
THREADS: Final = 8
PAGES: Final = 200
WORDS: Final = (
    "The river rises in the hills turns west below the old mill and reaches the sea after ninety miles "
    "Über dem Fluss steht eine Mühle Ríos y montañas 川は 西へ 流れる Read more Log in Share 12 1998"
).split()


def page(number: int) -> str:
    """An invented page of a few blocks; one in four is plain text."""
    draw = random.Random(number)
    texts = [
        " ".join(draw.choices(WORDS, k=draw.choice((2, 3, 20, 60)))) for _ in range(draw.randrange(1, 12))
    ]
    if number % 4 == 0:
        return "\n\n".join(texts)
    tags = draw.choices(("p", "li", "h2", "td", "pre", "a href=/x", "div class=menu"), k=len(texts))
    body = "".join(f"<{tag}>{text}</{tag.split()[0]}>" for tag, text in zip(tags, texts, strict=True))
    return f"<!doctype html><title>Page {number}</title><main id=content>{body}</main>"


def result(page: Page) -> tuple[object, ...]:
    """Everything that a caller sees of a page, to the bit."""
    arrays = (page.probabilities.tobytes(), page.keep.tobytes(), page.features.tobytes())
    return *arrays, page.text, page.markdown, page.html, page.title, page.confidence, page.type


@cache
def expected() -> list[tuple[object, ...]]:
    """What one thread makes of the pages, one after the other."""
    classifier = Classifier()
    return [result(classifier.classify(page(number))) for number in range(PAGES)]


@pytest.fixture
def nervous() -> Iterator[None]:
    """Threads take turns a thousand times as often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("nervous")
def test_eight_threads_that_share_a_classifier_give_what_one_gives() -> None:
    classifier = Classifier()
    together = threading.Barrier(THREADS)

    def work(seed: int) -> list[int]:
        """Half of the pages in an order of this thread's own; numbers of those that differ."""
        numbers = random.Random(seed).sample(range(PAGES), PAGES // 2)
        together.wait(60)
        return [n for n in numbers if result(classifier.classify(page(n))) != expected()[n]]

    expected()
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(work, range(THREADS))) == [[]] * THREADS


def test_a_page_that_threads_share_is_rendered_alike_in_each() -> None:
    shared = [classify(page(number)) for number in range(40)]
    with ThreadPoolExecutor(THREADS) as pool:
        for found in [pool.submit(list, map(result, shared)) for _ in range(THREADS)]:
            assert found.result(60) == expected()[:40]


def in_a_process(code: str, *options: str, **variables: str) -> str:
    """What a Python process of its own prints, which must end well."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8", **variables},
        capture_output=True,
        timeout=60,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


FIRST_USE: Final = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
sys.setswitchinterval(5e-6)
together = threading.Barrier(8)

def work(number):
    together.wait(60)
    from classifier import classify
    return classify("<p>The river rises in the hills and reaches the sea.<li>Log in").probabilities.tolist()

with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(work, range(8)))
assert len(found[0]) == 2 and found == found[:1] * 8, found
"""


@pytest.mark.parametrize("kernel", ["on", "off"])
def test_threads_may_use_the_package_first_at_the_same_time(kernel: str) -> None:
    in_a_process(FIRST_USE, **{SWITCH: kernel})


ON_ONE_THREAD: Final = """
import time
from classifier import classify

page = "".join(f"<li>Home {n}<p>The river number {n} rises in the hills and is long." for n in range(600))
classify(page)
whole, own = time.process_time(), time.thread_time()
for _ in range(5):
    classify(page)
own = time.thread_time() - own
print((time.process_time() - whole - own) / own)
"""


def test_a_page_takes_the_time_of_one_thread_alone() -> None:
    # Threads of OpenBLAS that wait for work burn time, and on a busy machine the page waits for them.
    share_of_others = float(in_a_process(ON_ONE_THREAD, OPENBLAS_NUM_THREADS="2"))
    assert share_of_others < 0.02


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_gives_what_its_parent_gives() -> None:
    expected()  # the parent has used its models, and threads
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(classify, [page(number) for number in range(40)]).get(60)
        pool.close()
        pool.join()
    assert [result(one) for one in found] == expected()[:40]


def test_a_spawned_process_gives_what_its_parent_gives() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.map_async(Classifier().classify, [page(number) for number in range(40)]).get(60)
        pool.close()
        pool.join()
    assert [result(one) for one in found] == expected()[:40]


# NumPy works in a sub-interpreter that shares the lock of the main one, though it warns of it; for one with
# a lock of its own it refuses to be imported.
SUBINTERPRETER: Final = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
one = interpreters.create(*({config} if sys.version_info >= (3, 12) else ()))
code = '''
import warnings
warnings.simplefilter("ignore")
try:
    from classifier import classify
except ImportError as error:
    print("refused:", "subinterpreters" in str(error))
else:
    page = classify("<p>The river rises in the hills and reaches the sea.<li>Log in")
    print("works:", [round(float(p), 6) for p in page.probabilities])
'''
failed = interpreters.run_string(one, code)
assert failed is None, failed
interpreters.destroy(one)
"""


HAS_SUBINTERPRETERS: Final = any(find_spec(name) for name in ("_interpreters", "_xxsubinterpreters"))


@pytest.mark.skipif(not HAS_SUBINTERPRETERS, reason="this Python has no sub-interpreters")
@pytest.mark.parametrize("own_lock", [False, True])
def test_a_subinterpreter_gives_the_same_or_a_clear_import_error(own_lock: bool) -> None:
    shared = '["legacy"]' if sys.version_info >= (3, 13) else "[]"
    told = in_a_process(SUBINTERPRETER.replace("{config}", "[]" if own_lock else shared))
    here = classify("<p>The river rises in the hills and reaches the sea.<li>Log in")
    works = f"works: {[round(float(p), 6) for p in here.probabilities]}"
    assert told.strip() in (works, "refused: True")
