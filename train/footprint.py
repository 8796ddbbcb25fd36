"""What the classifier costs beside the time of a page: to import, in memory, and on pages of all sizes."""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from classifier.limits import Limits
from classifier.pipeline import Classifier
from train.compare import WARM_UP, sample
from train.corpus import read
from train.fresh import PEAK, ROOT, fresh

__all__ = ["imports", "memory", "odd_pages", "page_of_size", "run", "run_sizes", "size_costs", "throughput"]

# Bytes of the pages whose cost should grow with their size and no faster.
SIZES: Final = (10_000, 100_000, 1_000_000, 5_000_000, 20_000_000)
# Pages after which memory is read: between them nothing may pile up.
CHECKPOINTS: Final = (500, 2000)
MEMORY_PAGES: Final = 200
# Pages of the stream that one and several processes share, and how often.
STREAM_PAGES: Final = 1200
ROUNDS: Final = 5
# Above what any page here holds, so that each is measured to its end.
_UNBOUNDED: Final = Limits(**dict.fromkeys(("max_bytes", "max_nodes", "max_depth", "max_blocks"), 1 << 30))
_REPEATED_BELOW: Final = 2_000_000
_REPEATS: Final = 5

_IMPORTS: Final[Mapping[str, str]] = {
    "python": "",
    "import classifier": "import classifier",
    "from classifier import classify": "from classifier import classify",
    "and a first page": f"from classifier import classify; classify({WARM_UP!r}).text",
}
# Runs in a fresh interpreter: how much it holds now and held at most, in MB, after so many pages.
_MEMORY: Final = f"""{PEAK}
import itertools, json, os
from classifier import classify

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

wanted = set(map(int, sys.argv[2:]))
files = sorted(Path(sys.argv[1]).iterdir())
found = {{}}
for number, file in enumerate(itertools.cycle(files), 1):
    classify(file.read_bytes()).text
    if number in wanted:
        found[number] = resident(), peak()
        if len(found) == len(wanted):
            break
print(json.dumps(found))
"""


def _fresh(code: str, *arguments: str) -> str:
    """What a program prints in a new interpreter, on one thread.

    Raises:
        RuntimeError: it fails; the message ends with what it said.
    """
    done = fresh(code, *arguments)
    if done.returncode:
        raise RuntimeError(f"a measurement in a process of its own failed: {done.stderr.strip()}")
    return done.stdout


def imports(repeats: int = _REPEATS) -> pd.Series:
    """CPU seconds of a fresh interpreter, what starting Python takes included, by what it runs.

    Each is the median of so many interpreters; the steps contain one another.
    """
    tail = "\nimport time; print(time.process_time())"
    seconds = {
        name: float(np.median([float(_fresh(code + tail)) for _ in range(repeats)]))
        for name, code in _IMPORTS.items()
    }
    return pd.Series(seconds, name="CPU seconds").rename_axis("step")


def memory(pages: Sequence[bytes], checkpoints: Sequence[int] = CHECKPOINTS) -> pd.DataFrame:
    """Memory of a fresh interpreter that goes through the pages, again and again.

    Args:
        pages: at least one.
        checkpoints: after how many pages to look, in rising order.

    Returns:
        One row a checkpoint: `resident_mb` then, and `peak_mb` up to then.

    Raises:
        ValueError: there is no page.
        RuntimeError: it cannot be measured, such as where there is no `/proc`.
    """
    if not pages:
        raise ValueError("there is no page to measure memory with")
    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(pages):
            (Path(folder) / f"{number:06}").write_bytes(page)
        found = json.loads(_fresh(_MEMORY, folder, *map(str, checkpoints)))
    frame = pd.DataFrame.from_dict(found, orient="index", columns=["resident_mb", "peak_mb"])
    return frame.rename_axis("pages")


def throughput(
    pages: Sequence[bytes], classifier: Classifier, *, workers: int = 2, rounds: int = ROUNDS
) -> pd.DataFrame:
    """Wall-clock pages a second of `classify_many` in this process and in workers, in turn.

    A stream is long beside the start of workers, so that is told apart: it ends when the first page is back.

    Returns:
        One row a round: `here` and `workers`, pages a second once the first page is back; `start`, seconds
        until then with workers; and `ratio`, of the two speeds.

    Raises:
        ValueError: there are fewer than two pages.
    """
    if len(pages) < 2:
        raise ValueError("the speed of a stream shows only on two pages or more")

    def speed(processes: int) -> tuple[float, float]:
        start = time.perf_counter()
        found = classifier.classify_many(pages, workers=processes)
        next(found)
        first = time.perf_counter()
        for _ in found:
            pass
        return (len(pages) - 1) / (time.perf_counter() - first), first - start

    rows = []
    for _ in range(rounds):
        (here, _), (shared, start) = speed(1), speed(workers)
        rows.append({"here": here, "workers": shared, "start": start, "ratio": shared / here})
    return pd.DataFrame(rows).rename_axis("round")


def page_of_size(page: str, size: int) -> str:
    """A page whose body is repeated until the whole has at least so many characters."""
    start = page.index(">", page.index("<body")) + 1
    end = page.rindex("</body>")
    body = page[start:end]
    times = max(1, -(-(size - len(page) + len(body)) // len(body)))
    return page[:start] + body * times + page[end:]


def odd_pages(words: int = 200_000, depth: int = 100_000) -> dict[str, str]:
    """Pages that would show a cost that grows faster than they do."""
    return {
        f"{words:,} blocks of a word": "<p>word" * words,
        f"{depth:,} elements in each other": "<div>" * depth + "word" + "</div>" * depth,
    }


def size_costs(pages: Mapping[str, str], classifier: Classifier) -> pd.DataFrame:
    """What pages cost by their size; small ones are measured several times, and the median counts.

    Returns:
        One row a page: `mb`, `blocks`, `ms` (CPU milliseconds of `classify` and the text) and
        `ms_per_mb`, which is about the same from size to size where cost is linear.
    """
    classifier.classify(WARM_UP)
    rows = {}
    for name, page in pages.items():
        times = []
        for _ in range(_REPEATS if len(page) < _REPEATED_BELOW else 1):
            with threadpool_limits(limits=1):  # threads that wait would count as CPU time
                start = time.process_time_ns()
                found = classifier.classify(page, limits=_UNBOUNDED)
                _ = found.text
                times.append((time.process_time_ns() - start) / 1e6)
        mb, ms = len(page.encode()) / 1e6, float(np.median(times))
        rows[name] = {"mb": mb, "blocks": len(found), "ms": ms, "ms_per_mb": ms / mb}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("page")


def run(dataset: str, *, root: Path | None = None, limit: int | None = None, seed: int = 0) -> None:
    """Print import times and memory, the latter on pages of a data set.

    Raises:
        CorpusError: the data set is unknown or missing.
    """
    print(f"import, in fresh interpreters\n{imports().round(3).to_string()}\n")
    pages = [page.page for page in sample(read(dataset, root), limit or MEMORY_PAGES, seed)]
    print(f"memory, {len(pages)} pages of {dataset} again and again\n{memory(pages).round(1).to_string()}\n")
    stream = list(islice(cycle(pages), STREAM_PAGES))
    found = throughput(stream, Classifier(), rounds=ROUNDS)
    print(
        f"pages a second, here and with two workers, a stream of {len(stream)}\n{found.round(2).to_string()}"
    )
    print(f"median ratio {found['ratio'].median():.2f}\n")


def run_sizes(sizes: Sequence[int] = SIZES) -> None:
    """Print what pages cost by their size; takes minutes."""
    page = (ROOT / "data" / "pages" / "news-en" / "page.html").read_text(encoding="utf-8")
    pages = {f"{size:,} bytes": page_of_size(page, size) for size in sizes}
    print(f"by size\n{size_costs(pages | odd_pages(), Classifier()).round(3).to_string()}\n")
