"""Worker processes that work on pages: each may end at any time, and no page is lost with it.

Each worker is a process at the other end of a pipe of its own. So the end of a process is noticed
whatever it was doing, it is known which pages it had, and nothing that another worker waits for ends with
it. The queues that `ProcessPoolExecutor` shares between its workers cannot promise that: a process that
is killed while it hands over a result leaves all others waiting.
"""

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from threading import Lock
from typing import Final

from classifier.errors import ClassifierError, WorkerError
from classifier.page import Page

__all__ = ["Crew", "Outcome", "Work", "attempt"]

Work = Callable[[str | bytes], Page]
Outcome = Page | Exception

_GUARD: Final = (
    "where a script starts workers, all that it does must stand under if __name__ == '__main__':, "
    "because each worker imports the script"
)


def attempt(work: Work, page: str | bytes) -> Outcome:
    """What becomes of a page, be it an exception."""
    try:
        return work(page)
    except Exception as error:
        return error


class Crew:
    """Workers for a function; as many as there are threads that ask them at once.

    Args:
        work: can be pickled, and is, once a worker.

    Raises:
        WorkerError: it cannot be pickled.
    """

    def __init__(self, work: Work) -> None:
        try:
            self._work = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # pickling fails in as many ways as there are classes
            raise WorkerError(
                f"the model cannot be sent to workers ({error}): use workers=1, or one that can be pickled"
            ) from error
        self._lock = Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._dismissed = False

    def do(self, pages: Sequence[str | bytes]) -> list[Outcome]:
        """What becomes of each page; if that ends the worker, they are tried again, one by one.

        Raises:
            WorkerError, ModelError: the worker, or the model in it, cannot be started.
        """
        try:
            return self._ask(pages)
        except _WorkerDied:
            return [self._alone(page) for page in pages]

    def _alone(self, page: str | bytes) -> Outcome:
        try:
            return self._ask([page])[0]
        except _WorkerDied as died:
            return WorkerError(
                f"a worker process ended on this page ({died}); if memory ran out, use fewer workers or a "
                "lower max_bytes"
            )

    def _ask(self, pages: Sequence[str | bytes]) -> list[Outcome]:
        worker = self._hire()
        try:
            outcomes = worker.ask(pages)
        except BaseException:
            self._end(worker)
            raise
        with self._lock:
            self._idle.append(worker)
        return outcomes

    def _hire(self) -> "_Worker":
        with self._lock:
            if self._dismissed:
                raise _WorkerDied("dismissed")
            if self._idle:
                return self._idle.pop()
            worker = _Worker(self._work)
            self._all.add(worker)
            return worker

    def _end(self, worker: "_Worker") -> None:
        with self._lock:
            self._all.discard(worker)
        worker.end()

    def dismiss(self) -> None:
        """End all workers, at once, and start no more."""
        with self._lock:
            self._dismissed = True
            for worker in self._all:
                worker.kill()
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()


class _WorkerDied(Exception):
    """A process has ended before its answer; says with which status."""


class _Worker:
    """A process that does a chunk at a time."""

    def __init__(self, work: bytes) -> None:
        # A fresh interpreter: a fork would copy locks that threads of this process may hold.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self._ready = False
        try:
            self._process.start()
        except (AssertionError, OSError, RuntimeError) as error:
            self._connection.close()
            raise WorkerError(f"a worker cannot be started ({error}); {_GUARD}") from error
        finally:
            theirs.close()  # so that its end is noticed here

    def ask(self, pages: Sequence[str | bytes]) -> list[Outcome]:
        """What becomes of each page.

        Raises:
            _WorkerDied: the process has ended.
            WorkerError: it has not come to work at all.
            ModelError: its model could not be loaded.
        """
        if not self._ready:
            self._await_start()
        try:
            self._connection.send(pages)
            return [_unpacked(self._connection.recv(), page) for page in pages]
        except (EOFError, OSError) as error:
            raise _WorkerDied(self._status()) from error

    def _await_start(self) -> None:
        try:
            failure: Exception | None = self._connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerError(f"a worker ended as it started ({self._status()}): {_GUARD}") from error
        if failure is not None:
            raise failure
        self._ready = True

    def _status(self) -> str:
        self._process.join()
        code = self._process.exitcode or 0
        with suppress(ValueError):
            return signal.Signals(-code).name
        return f"exit status {code}"

    def kill(self) -> None:
        """End the process; another thread may be waiting for it."""
        self._process.kill()

    def end(self) -> None:
        """End the process and leave nothing of it."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._connection.close()


def _serve(connection: Connection, pickled: bytes) -> None:
    """What a worker does until the process that started it ends it or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for that process, which then ends this one
    with suppress(EOFError, OSError):
        try:
            work: Work = pickle.loads(pickled)
        except Exception as error:
            connection.send(_start_failure(error))
            return
        connection.send(None)
        while True:
            for page in connection.recv():
                # One by one, so that this process works on while the other unpickles.
                connection.send(_packed(attempt(work, page), page))


def _start_failure(error: Exception) -> ClassifierError:
    if isinstance(error, ClassifierError):
        return error
    return WorkerError(
        f"the model does not arrive in the workers ({type(error).__name__}: {error}): its class must "
        "stand in a module that they can import"
    )


# An outcome, and whether its markup was left out because the receiver has it: the page itself.
_Parcel = tuple[Outcome, bool]


def _packed(outcome: Outcome, page: str | bytes) -> _Parcel:
    if isinstance(outcome, Page):
        return (replace(outcome, markup=""), True) if outcome.markup == page else (outcome, False)
    return _portable(outcome), False


def _unpacked(parcel: _Parcel, page: str | bytes) -> Outcome:
    outcome, without_markup = parcel
    if isinstance(outcome, Page):
        # A page made anew: pickling forgets that its arrays are read-only.
        return replace(outcome, markup=str(page) if without_markup else outcome.markup)
    return outcome


def _portable(error: Exception) -> Exception:
    """The exception if it can travel, else one that tells of it."""
    trace = "".join(traceback.format_exception(error)).rstrip()
    if not isinstance(error, ClassifierError):  # a mistake or a fault: say where
        error.add_note(trace)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # that of a model of one's own need not be made for pickling
        return RuntimeError(trace)
    return error
