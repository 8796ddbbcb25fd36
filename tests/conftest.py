import gc
import multiprocessing
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_child_stays_behind() -> Iterator[None]:
    """Fails if a process that the test has started, or let start, outlives it."""
    yield
    gc.collect()
    assert multiprocessing.active_children() == []
