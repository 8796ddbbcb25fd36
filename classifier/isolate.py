"""A page in a process of its own, which limits of time and memory hold and which may end without harm."""

import os
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary, finalize

from classifier.many import Classifies, PageCrew
from classifier.page import Page
from classifier.workers import Isolation

__all__ = ["classify_isolated", "isolation_of"]


# Starting a worker costs as much as some dozen pages, so it stays for the next one, as long as its
# classifier lives. A forked process has its own: it shares no pipe with another.
_crews: Final[WeakKeyDictionary[Classifies, dict[tuple[int, Isolation], PageCrew]]] = WeakKeyDictionary()
_lock: Final = Lock()


def isolation_of(isolate: bool | Isolation) -> Isolation | None:
    """What an option `isolate` asks for: none, the usual one, or the one given."""
    return isolate if isinstance(isolate, Isolation) else Isolation() if isolate else None


def classify_isolated(
    classifier: Classifies, page: str | bytes, isolate: bool | Isolation, **options: Any
) -> Page:
    """Classify a page in a worker process.

    Args:
        options: of the method `classify`, without `isolate`.

    Raises:
        PageTimeoutError, PageMemoryError: the page exceeds the limits.
        WorkerError: the worker ended on the page, or cannot start.
        Exception: whatever `classify` raises.
    """
    isolation = isolation_of(isolate) or Isolation()
    # A view of foreign memory cannot be pickled.
    portable = bytes(page) if isinstance(page, bytearray | memoryview) else page
    (outcome,) = _crew_of(classifier, isolation).do([portable], classifier.model, options)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _crew_of(classifier: Classifies, isolation: Isolation) -> PageCrew:
    home = os.getpid()
    with _lock:
        crews = _crews.setdefault(classifier, {})
        if (home, isolation) not in crews:
            crew = crews[home, isolation] = PageCrew(classifier.classify, isolation)
            finalize(classifier, _dismiss, crew, home)
        return crews[home, isolation]


def _dismiss(crew: PageCrew, home: int) -> None:
    if os.getpid() == home:  # a fork has inherited the crew's records, but not its processes
        crew.dismiss()
