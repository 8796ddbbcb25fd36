"""Many pages through one function: in order, as a stream, here or in worker processes."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeVar

from classifier.errors import ClassifierError
from classifier.page import Page
from classifier.segment import Kind
from classifier.workers import Crew, Isolation, attempt

if TYPE_CHECKING:
    from classifier.model import Model

__all__ = [
    "CHUNKS_A_WORKER",
    "CHUNK_PAGES",
    "WARM_UP",
    "Classifies",
    "Errors",
    "PageCrew",
    "classify_stream",
    "in_order",
]

Errors = Literal["raise", "return"]
Work = Callable[..., Page]
Bar = Callable[[], AbstractContextManager[Any]]
Item = TypeVar("Item")
Result = TypeVar("Result")

# Pages travel in chunks: enough for the journey to cost little beside the work, few enough that no
# worker is left with a long last one.
CHUNK_PAGES: Final = 8
CHUNK_SIZE: Final = 1 << 20
# Chunks that are read and not yet given out, at most: so many in wait that workers go on while one page takes
# long, or the caller is busy with results; but of large pages one in work and one in wait.
CHUNKS_A_WORKER: Final = 8
_LARGE_CHUNKS_A_WORKER: Final = 2
_SIZE_A_WORKER: Final = 4 << 20
# A page that makes a worker load the model for HTML.
WARM_UP: Final = "<p>A worker is warm once it has seen a page.</p>"
_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class Classifies(Protocol):
    """What classifies pages, knows by which models, and can be pickled: a `Classifier`."""

    @property
    def classify(self) -> Callable[..., Page]: ...

    def model(self, kind: Kind) -> "Model": ...


def classify_stream(
    classifier: Classifies,
    pages: Iterable[str | bytes],
    options: Mapping[str, Any],
    *,
    workers: int,
    errors: Errors,
    progress: bool,
    isolation: Isolation | None = None,
) -> Iterator[Page | ClassifierError]:
    """Classify pages as `Classifier.classify_many` says; mistakes are raised at once.

    Args:
        options: of the method `classify`.
        isolation: what each page may take; with them even a single worker is a process of its own.
    """
    if errors not in ("raise", "return"):
        raise ValueError(f"errors is {errors!r}: it must be raise or return")
    if workers < 1:
        raise ValueError(f"workers is {workers}: it must be 1 or more")
    classifier.classify("", **options)  # brings out a mistake in the options
    bar = _progress_bar(pages) if progress else nullcontext
    if workers == 1 and isolation is None:
        outcomes = _here(classifier, pages, options)
    else:
        outcomes = _in_processes(classifier, pages, options, workers, isolation)
    return _settled(outcomes, errors, bar)


def _settled(
    outcomes: Generator[Page | Exception, None, None], errors: Errors, progress: Bar
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


def _here(
    classifier: Classifies, pages: Iterable[str | bytes], options: Mapping[str, Any]
) -> Generator[Page | Exception, None, None]:
    work = partial(classifier.classify, **options)
    for page in pages:
        yield attempt(work, page)


def _in_processes(
    classifier: Classifies,
    pages: Iterable[str | bytes],
    options: Mapping[str, Any],
    workers: int,
    isolation: Isolation | None,
) -> Generator[Page | Exception, None, None]:
    # A view of foreign memory cannot be pickled.
    portable = (bytes(page) if isinstance(page, bytearray | memoryview) else page for page in pages)
    crew = PageCrew(classifier.classify, isolation, options)
    do = partial(crew.do, model_of=classifier.model)
    return in_order(do, portable, workers, size=_size, end=crew.dismiss)


def _size(page: str | bytes) -> int:
    return len(page) if isinstance(page, str | bytes) else 0


def in_order(
    do: Callable[[Sequence[Item]], list[Result]],
    items: Iterable[Item],
    workers: int,
    *,
    size: Callable[[Item], int],
    end: Callable[[], None],
) -> Generator[Result, None, None]:
    """The results of items that several threads share, in the items' order.

    Each thread waits for a worker, so the workers go on while the caller is busy. Items are read at most
    some chunks ahead.

    Args:
        do: results of a chunk; called in `workers` threads at once.
        size: of an item, as `CHUNK_SIZE` counts it.
        end: called however the iterator ends; all calls of `do` return soon after.
    """
    threads = ThreadPoolExecutor(workers, "classify_many")
    waiting: deque[tuple[Future[list[Result]], int]] = deque()
    held = 0

    def is_full() -> bool:
        """Whether no more is to be read before the next results are given out."""
        large = held >= _SIZE_A_WORKER * workers
        return len(waiting) >= (_LARGE_CHUNKS_A_WORKER if large else CHUNKS_A_WORKER) * workers

    try:
        for chunk in _chunks(items, size):
            if isinstance(chunk, Exception):
                waiting.append((_failed(chunk), 0))
            else:
                waiting.append((threads.submit(do, chunk), sum(map(size, chunk))))
            held += waiting[-1][1]
            while waiting and (is_full() or waiting[0][0].done()):
                done, freed = waiting.popleft()
                held -= freed
                yield from done.result()
        while waiting:
            yield from waiting.popleft()[0].result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        end()
        threads.shutdown()


def _chunks(items: Iterable[Item], size_of: Callable[[Item], int]) -> Iterator[list[Item] | Exception]:
    """The items in chunks; last, if the iterable raises, what it raises."""
    chunk: list[Item] = []
    size = 0
    failure: Exception | None = None
    try:
        for item in items:
            chunk.append(item)
            size += size_of(item)
            if len(chunk) == CHUNK_PAGES or size >= CHUNK_SIZE:
                yield chunk
                chunk, size = [], 0
    except Exception as error:
        failure = error
    if chunk:
        yield chunk
    if failure:
        yield failure


def _failed(error: Exception) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future


class PageCrew:
    """Workers that classify pages; these come back without their source and model, which are here already.

    Args:
        work: the method `classify` of a classifier.
        isolation: what each page may take.
        options: of that method, for all pages; a worker gets them once.
    """

    def __init__(
        self, work: Work, isolation: Isolation | None = None, options: Mapping[str, Any] = _NONE
    ) -> None:
        warm_up = [_Letter(WARM_UP, {})] if isolation is not None else []
        self._crew = Crew(_Packing(work, dict(options)), isolation, warm_up)
        self.dismiss = self._crew.dismiss

    def do(
        self,
        pages: Sequence[str | bytes],
        model_of: "Callable[[Kind], Model]",
        options: Mapping[str, Any] = _NONE,
    ) -> list[Page | Exception]:
        """What becomes of each page.

        Args:
            model_of: gives the models that judge the pages.
            options: of the method `classify`, for these pages.

        Raises:
            WorkerError, ModelError: the worker, or the model in it, cannot be started.
        """
        outcomes = self._crew.do([_Letter(page, dict(options)) for page in pages])
        return [
            outcome if isinstance(outcome, Exception) else outcome.unpacked(page, model_of)
            for outcome, page in zip(outcomes, pages, strict=True)
        ]


class _Letter(NamedTuple):
    """What travels to a worker."""

    page: str | bytes
    options: dict[str, Any]


class _Parcel(NamedTuple):
    """What comes back."""

    page: Page
    is_whole: bool
    """Whether its source was left out because the receiver has it: the page as it was sent."""

    def unpacked(self, sent: str | bytes, model_of: "Callable[[Kind], Model]") -> Page:
        return replace(self.page, source=sent if self.is_whole else self.page.source, model_of=model_of)


@dataclass(frozen=True, slots=True)
class _Packing:
    work: Work
    options: dict[str, Any]

    def __call__(self, letter: _Letter) -> _Parcel:
        options = self.options | letter.options
        page = self.work(letter.page, **options)
        # Decoding is quicker than what pickling and unpickling a text costs, and few callers need it.
        declared = bool(options.get("encoding"))
        can_decode = isinstance(letter.page, bytes) and not page.truncated and not declared
        is_whole = page.source is letter.page or can_decode
        source = "" if is_whole else page.source
        return _Parcel(replace(page, source=source, model_of=None), is_whole)
