import gc
import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]


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
