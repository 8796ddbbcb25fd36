import gc
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]


@pytest.fixture
def no_child_stays_behind() -> Iterator[None]:
    """Fails if a process that the test has started, or let start, outlives it."""
    yield
    gc.collect()
    assert multiprocessing.active_children() == []


@pytest.fixture
def importable_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a new process find the tests' own modules, also where they are started as `pytest` alone."""
    monkeypatch.syspath_prepend(ROOT)
