import gc
import multiprocessing
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from classifier.batch.rows import Settings
from classifier.model import shipped_model

ROOT: Final = Path(__file__).parents[1]

# A page of 777 blocks ends the process.
POISON: Final = """
import os, signal

class Poison:
    def __init__(self, trees):
        self.trees = trees

    def predict_proba(self, X):
        if len(X) == 777:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.trees.predict_proba(X)
"""


@pytest.fixture
def no_child_stays_behind() -> Iterator[None]:
    """Fails if a process that the test has started, or let start, outlives it."""
    yield
    gc.collect()
    assert multiprocessing.active_children() == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless browser; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def importable_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a new process find the tests' own modules, also where they are started as `pytest` alone."""
    monkeypatch.syspath_prepend(ROOT)


@pytest.fixture(scope="session")
def poison(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shipped model, but a page of 777 blocks ends the process; any process can load it."""
    cloudpickle = pytest.importorskip("cloudpickle")
    # Pickled by value, as is whatever stands in a script.
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(POISON, space)
    model = shipped_model("html")
    path = tmp_path_factory.mktemp("model") / "poison.joblib"
    path.write_bytes(cloudpickle.dumps(replace(model, trees=space["Poison"](model.trees))))
    return Settings(path, trust_model=True)
