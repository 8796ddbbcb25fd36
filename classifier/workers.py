"""Worker processes that work on items, such as pages: each may end at any time, and no item is lost with it.

Each worker is a process at the other end of a pipe of its own. So the end of a process is noticed
whatever it was doing, it is known which items it had, and nothing that another worker waits for ends with
it. The queues that `ProcessPoolExecutor` shares between its workers cannot promise that: a process that
is killed while it hands over a result leaves all others waiting.

A worker can be held to limits of time and memory. The system itself enforces them, so they hold in code of
any language, and also when the process that started the worker is gone.
"""

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from classifier.errors import ClassifierError, PageMemoryError, PageTimeoutError, WorkerError

__all__ = ["Crew", "Isolation", "attempt"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_GUARD: Final = (
    "where a script starts workers, all that it does must stand under if __name__ == '__main__':, "
    "because each worker imports the script"
)
# What the system ends a worker with when its time is up. Windows has no such timer.
_TIME_IS_UP: Final = "SIGALRM"
_HAS_TIMER: Final = hasattr(signal, "setitimer")
_MEMORY_IN_USE: Final = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Isolation:
    """What a page may take of the process that works on it, which is ended if it takes more.

    Time is limited on every POSIX system, memory on Linux.

    Raises:
        ValueError: a limit is not above zero.
    """

    seconds: float = 30.0
    """Wall-clock seconds; a page that takes longer is tried once more, alone, before it is given up."""
    memory: int = 2 << 30
    """Bytes of address space beyond what the worker holds when it is ready."""

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ValueError(f"seconds is {self.seconds!r}: it must be above 0")
        if not self.memory > 0:
            raise ValueError(f"memory is {self.memory!r}: it must be above 0")


def attempt(work: Callable[[Item], Result], item: Item) -> Result | Exception:
    """What becomes of an item, be it an exception."""
    try:
        return work(item)
    except Exception as error:
        return error


class Crew(Generic[Item, Result]):
    """Workers for a function; as many as there are threads that ask them at once.

    Args:
        work: can be pickled, and is, once a worker.
        isolation: what each item may take.
        warm_up: items to work on before the limits hold, so that loading a model is not held against a page.

    Raises:
        WorkerError: it cannot be pickled.
    """

    def __init__(
        self, work: Callable[[Item], Result], isolation: Isolation | None = None, warm_up: Sequence[Item] = ()
    ) -> None:
        try:
            self._orders = pickle.dumps((work, isolation, tuple(warm_up)), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # pickling fails in as many ways as there are classes
            raise WorkerError(
                f"the model cannot be sent to workers ({error}): use workers=1, or one that can be pickled"
            ) from error
        self._isolation = isolation
        self._lock = Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._dismissed = False

    def do(self, items: Sequence[Item]) -> list[Result | Exception]:
        """What becomes of each item; one that ends its worker is tried again, alone.

        Raises:
            WorkerError, ModelError: the worker, or the model in it, cannot be started.
        """
        outcomes: list[Result | Exception] = []
        while len(outcomes) < len(items):
            try:
                self._ask(items[len(outcomes) :], outcomes)
            except _WorkerDied:
                outcomes.append(self._alone(items[len(outcomes)]))
        return outcomes

    def _alone(self, item: Item) -> Result | Exception:
        outcomes: list[Result | Exception] = []
        try:
            self._ask([item], outcomes)
        except _WorkerDied as died:
            return self._obituary(str(died))
        return outcomes[0]

    def _obituary(self, cause: str) -> ClassifierError:
        if self._isolation is not None and cause == _TIME_IS_UP:
            return PageTimeoutError(
                f"the page took longer than {self._isolation.seconds:g} seconds, twice: allow more, or set a "
                "lower max_bytes"
            )
        return WorkerError(
            f"a worker process ended on this page ({cause}); if memory ran out, use fewer workers or a "
            "lower max_bytes"
        )

    def _ask(self, items: Sequence[Item], outcomes: list[Result | Exception]) -> None:
        """Add what becomes of each item to the outcomes, as it is known."""
        worker = self._hire()
        try:
            outcomes.extend(worker.ask(items))
        except BaseException:
            self._end(worker)
            raise
        with self._lock:
            self._idle.append(worker)

    def _hire(self) -> "_Worker":
        with self._lock:
            if self._dismissed:
                raise _WorkerDied("dismissed")
            if self._idle:
                return self._idle.pop()
            worker = _Worker(self._orders)
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
            self._all.difference_update(idle)  # those at work are ended by the threads that wait for them
        for worker in idle:
            worker.end()


class _WorkerDied(Exception):
    """A process has ended before its answer; says with which status."""


class _Worker:
    """A process that does a chunk at a time."""

    def __init__(self, orders: bytes) -> None:
        # A fresh interpreter: a fork would copy locks that threads of this process may hold.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, orders), daemon=True)
        self._ready = False
        try:
            self._process.start()
        except (AssertionError, OSError, RuntimeError) as error:
            self._connection.close()
            raise WorkerError(f"a worker cannot be started ({error}); {_GUARD}") from error
        finally:
            theirs.close()  # so that its end is noticed here

    def ask(self, items: Sequence[Any]) -> Iterator[Any]:
        """What becomes of each item.

        Raises:
            _WorkerDied: the process has ended.
            WorkerError: it has not come to work at all.
            ModelError: its model could not be loaded.
        """
        if not self._ready:
            self._await_start()
        try:
            self._connection.send(items)
            for _ in items:
                yield self._connection.recv()
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


def _serve(connection: Connection, orders: bytes) -> None:
    """What a worker does until the process that started it ends it or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for that process, which then ends this one
    with suppress(EOFError, OSError, MemoryError):  # the last where a page itself has no room
        try:
            work, isolation, warm_up = pickle.loads(orders)
            for item in warm_up:
                attempt(work, item)
            if isolation is not None:
                _accept(isolation)
        except Exception as error:
            connection.send(_start_failure(error))
            return
        connection.send(None)
        while True:
            for item in connection.recv():
                # One by one, so that this process works on while the other unpickles.
                outcome = attempt(work, item) if isolation is None else _within(isolation, work, item)
                connection.send(_portable(outcome) if isinstance(outcome, Exception) else outcome)


def _accept(isolation: Isolation) -> None:
    """Hold this process to the limits from now on."""
    if _HAS_TIMER:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends it, unless whoever started it ignored the signal
    _limit_memory(isolation.memory)


def _within(isolation: Isolation, work: Callable[[Item], Result], item: Item) -> Result | Exception:
    """What becomes of an item; when its time is up, the system ends this process, whatever code it is in."""
    if not _HAS_TIMER:
        return attempt(work, item)
    signal.setitimer(signal.ITIMER_REAL, isolation.seconds)
    outcome = attempt(work, item)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if isinstance(outcome, MemoryError):
        return PageMemoryError(
            f"the page needs more than {isolation.memory:,} bytes of memory: allow more, or set a lower "
            "max_bytes"
        )
    return outcome


def _limit_memory(extra: int) -> None:
    """Let this process take so many bytes of address space beyond those it has."""
    with suppress(FileNotFoundError):  # only Linux tells, and only there the limit has an effect
        pages = int(_MEMORY_IN_USE.read_text(encoding="ascii").split()[0])
        import resource

        most = pages * resource.getpagesize() + extra
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _start_failure(error: Exception) -> ClassifierError:
    if isinstance(error, ClassifierError):
        return error
    return WorkerError(
        f"the model does not arrive in the workers ({type(error).__name__}: {error}): its class must "
        "stand in a module that they can import"
    )


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
