"""Many pages through one function: in order, as a stream, here or in worker processes."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from typing import Any, Final, Literal

from classifier.errors import ClassifierError
from classifier.page import Page
from classifier.workers import Crew, Outcome, Work, attempt

__all__ = ["CHUNKS_A_WORKER", "CHUNK_PAGES", "Errors", "classify_stream"]

Errors = Literal["raise", "return"]
Bar = Callable[[], AbstractContextManager[Any]]

# Pages travel in chunks: enough for the journey to cost little beside the work, few enough that no
# worker is left with a long last one.
CHUNK_PAGES: Final = 8
CHUNK_SIZE: Final = 1 << 20
# Chunks that are read and not yet given out, at most: one in work and one in wait.
CHUNKS_A_WORKER: Final = 2


def classify_stream(
    work: Work, pages: Iterable[str | bytes], *, workers: int, errors: Errors, progress: bool
) -> Iterator[Page | ClassifierError]:
    """Run pages through a function as `Classifier.classify_many` says; mistakes are raised at once."""
    if errors not in ("raise", "return"):
        raise ValueError(f"errors is {errors!r}: it must be raise or return")
    if workers < 1:
        raise ValueError(f"workers is {workers}: it must be 1 or more")
    work("")  # brings out a mistake in the options
    bar = _progress_bar(pages) if progress else nullcontext
    outcomes = _here(work, pages) if workers == 1 else _in_processes(work, pages, workers)
    return _settled(outcomes, errors, bar)


def _settled(
    outcomes: Generator[Outcome, None, None], errors: Errors, progress: Bar
) -> Iterator[Page | ClassifierError]:
    """The outcomes, but exceptions that are not to be returned are raised."""
    with closing(outcomes), progress() as bar:
        for outcome in outcomes:
            if isinstance(outcome, Page) or (errors == "return" and isinstance(outcome, ClassifierError)):
                yield outcome
            else:
                raise outcome
            if bar is not None:
                bar.update()


def _progress_bar(pages: Iterable[str | bytes]) -> Bar:
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError("progress needs tqdm: pip install tqdm") from None
    return partial(tqdm, total=len(pages) if isinstance(pages, Sized) else None, unit="page")


def _here(work: Work, pages: Iterable[str | bytes]) -> Generator[Outcome, None, None]:
    for page in pages:
        yield attempt(work, page)


def _in_processes(work: Work, pages: Iterable[str | bytes], workers: int) -> Generator[Outcome, None, None]:
    """What becomes of each page; however the iterator ends, no process stays behind.

    A thread for each worker waits for it, so the workers go on while the caller is busy.
    """
    crew = Crew(work)
    threads = ThreadPoolExecutor(workers, "classify_many")
    waiting: deque[Future[list[Outcome]]] = deque()
    try:
        for chunk in _chunks(pages):
            waiting.append(_failed(chunk) if isinstance(chunk, Exception) else threads.submit(crew.do, chunk))
            while waiting and (len(waiting) >= CHUNKS_A_WORKER * workers or waiting[0].done()):
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        crew.dismiss()
        threads.shutdown()


def _chunks(pages: Iterable[str | bytes]) -> Iterator[list[str | bytes] | Exception]:
    """The pages in chunks; last, if the iterable raises, what it raises."""
    chunk: list[str | bytes] = []
    size = 0
    failure: Exception | None = None
    try:
        for page in pages:
            # A view of foreign memory cannot be pickled.
            chunk.append(bytes(page) if isinstance(page, bytearray | memoryview) else page)
            size += len(page) if isinstance(page, str | bytes) else 0
            if len(chunk) == CHUNK_PAGES or size >= CHUNK_SIZE:
                yield chunk
                chunk, size = [], 0
    except Exception as error:
        failure = error
    if chunk:
        yield chunk
    if failure:
        yield failure


def _failed(error: Exception) -> Future[list[Outcome]]:
    future: Future[list[Outcome]] = Future()
    future.set_exception(error)
    return future
