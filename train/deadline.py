"""Foreign extractors in processes of their own: where one hangs, a page is lost and not the run."""

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Final

__all__ = ["DEADLINE", "Answer", "guarded_answers"]

Extractor = Callable[[str], str]

# Wall-clock seconds an extractor has for a page; the first page of a process pays for imports as well.
# On the 1,356 pages of WCXB with a gold text no peer overran it, on one core of a busy machine.
DEADLINE: Final = 20.0
# How long a new process may take until it is ready to work.
_START: Final = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What one extractor made of one page."""

    page: int
    """Place of the page in the order given, from 0."""
    extractor: str
    text: str
    """Empty where it failed."""
    error: str = ""
    """`deadline`, `died` (the process ended), the name of an exception, or empty if all went well."""


def guarded_answers(
    pages: Iterable[str],
    extractors: Mapping[str, Extractor],
    *,
    deadline: float = DEADLINE,
    workers: int = 1,
) -> Iterator[Answer]:
    """Run every extractor on every page, each call under a deadline, and give answers as they come.

    The calls are made in worker processes. One that overruns its deadline is killed and another
    takes its place; the page counts as failed for that extractor. So does a page on which an
    extractor raises or brings its process down. Pages are drawn only as they are needed.

    Args:
        pages: what the extractors get, read once.
        extractors: name to a function that can be pickled.
        deadline: wall-clock seconds a call.
        workers: processes.

    Raises:
        ValueError: there is no worker.
        RuntimeError: a worker process does not start.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}: it must be 1 or more")
    tasks = ((number, name, page) for number, page in enumerate(pages) for name in extractors)
    idle: list[_Worker] = []
    busy: dict[Connection, _Worker] = {}
    try:
        while True:
            while len(busy) < workers and (task := next(tasks, None)) is not None:
                worker = idle.pop() if idle else _Worker(extractors)
                busy[worker.connection] = worker  # before it is asked: else it would outlive an error
                worker.ask(*task, deadline)
            if not busy:
                return
            yield from _answered(busy, idle)
    finally:
        for worker in (*idle, *busy.values()):
            worker.end()


def _answered(busy: "dict[Connection, _Worker]", idle: "list[_Worker]") -> list[Answer]:
    """Wait until a worker has answered or is overdue; those that can go on become idle."""
    wait(list(busy), max(0.0, min(worker.due for worker in busy.values()) - time.monotonic()))
    answers = []
    for connection, worker in list(busy.items()):
        answer = worker.answer()
        if answer is not None:
            answers.append(answer)
            del busy[connection]
            if worker.spent:
                worker.end()
            else:
                idle.append(worker)
    return answers


class _Worker:
    """A process that answers one call at a time."""

    def __init__(self, extractors: Mapping[str, Extractor]) -> None:
        # A fresh interpreter: a fork would copy locks that threads of this process may hold.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, dict(extractors)), daemon=True)
        self.process.start()
        theirs.close()  # so that its end is noticed here
        self.spent = False
        self.due = 0.0
        self._page, self._name = 0, ""
        try:
            ready = self.connection.poll(_START) and self.connection.recv()
        except EOFError:
            ready = False
        if not ready:
            self.end()
            raise RuntimeError("a process for the extractors did not start")

    def ask(self, page: int, name: str, html: str, deadline: float) -> None:
        """Hand it a page; the deadline, in seconds, runs from here."""
        self._page, self._name = page, name
        self.due = time.monotonic() + deadline
        with suppress(OSError):  # where it has ended: `answer` notices
            self.connection.send((name, html))

    def answer(self) -> Answer | None:
        """The answer, also if it came late but before it was missed; None while there is time left."""
        text, error = "", "deadline"
        try:
            if self.connection.poll():
                text, error = self.connection.recv()
                return Answer(self._page, self._name, text, error)
        except (EOFError, OSError):
            error = "died"
        if error == "deadline" and time.monotonic() < self.due:
            return None
        self.spent = True
        return Answer(self._page, self._name, "", error)

    def end(self) -> None:
        """Kill the process: one that hangs inside a C library heeds nothing else."""
        self.process.kill()
        self.process.join()
        self.process.close()
        self.connection.close()


def _serve(connection: Connection, extractors: Mapping[str, Extractor]) -> None:
    """What a worker process does until its parent ends it or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this
    logging.disable()  # what extractors complain about is counted, not told
    try:
        connection.send(True)
        while True:
            name, html = connection.recv()
            connection.send(_outcome(extractors[name], html))
    except (EOFError, OSError):
        return


def _outcome(extractor: Extractor, html: str) -> tuple[str, str]:
    try:
        return extractor(html), ""
    except Exception as error:  # any failure of a foreign extractor is a result, not the end of the run
        return "", type(error).__name__
