"""What pages cost by the thousand: the batch command and Spark against bare `classify`, on WARC files."""

import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from train.fresh import ROOT

__all__ = ["WAYS", "Cost", "cost_of", "run", "same_rows", "write_warcs"]

FILES: Final = 4  # so as many workers at most share them evenly
SITES: Final = 100
WAYS: Final = ("read", "bare", "batch", "spark", "batch by site", "spark by site")
_WRITE: Final = WAYS[2:]
# Seconds between two looks at the processes of a run.
_PERIOD: Final = 0.2
_LEVEL: Final = 6
_GZIP_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_HTTP: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
_END: Final = b"\r\n\r\n"
_READ: Final = """
import sys
from classifier.batch.containers import read_source
from classifier.batch.records import PageFields
from classifier.limits import DEFAULT_LIMITS
for path in sys.argv[1:]:
    for record in read_source(path, PageFields(), DEFAULT_LIMITS.max_bytes, lambda _: None):
        pass
"""
# Reading is part of it, as so many pages do not fit into memory; `read` tells how much.
_BARE: Final = _READ.replace("import sys\n", "import sys\nfrom classifier import classify\n").replace(
    "pass", "classify(record.data).text"
)
# So many processes, each with its share of the files.
_AT_ONCE: Final = """
import subprocess, sys
count, code, paths = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
shares = [paths[number::count] for number in range(count)]
running = [subprocess.Popen([sys.executable, "-c", code, *share]) for share in shares]
sys.exit(max(one.wait() for one in running))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took, its child processes included."""

    seconds: float
    """Wall clock."""
    cpu: float
    """Seconds of all processes."""
    memory: tuple[float, float]
    """The most megabytes of all processes together, in the second and in the last quarter of the run;
    what they share is counted once."""


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command on one thread a process and watch it; Linux alone tells all of this.

    Raises:
        RuntimeError: it fails; the message ends with what it said.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    cpu: dict[int, float] = {}
    memory: list[float] = []
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=errors) as process:
            while process.poll() is None:
                looked = {pid: _look(pid) for pid in _family(process.pid)}
                cpu |= {pid: found[0] for pid, found in looked.items() if found[0]}
                memory.append(sum(found[1] for found in looked.values()))
                time.sleep(_PERIOD)
        seconds = time.perf_counter() - began
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace").strip()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ... failed: {said[-2000:]}")
    looks = len(memory)
    second, last = memory[looks // 4 : looks // 2 + 1], memory[-max(1, looks // 4) :]
    return Cost(seconds, sum(cpu.values()), (max(second), max(last)))


def _family(root: int) -> Iterator[int]:
    """A process and all below it."""
    yield root
    try:
        children = [path.read_text() for path in Path(f"/proc/{root}/task").glob("*/children")]
    except OSError:
        return
    for child in " ".join(children).split():
        yield from _family(int(child))


def _look(pid: int) -> tuple[float, float]:
    """Seconds and megabytes of a process; zeros if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().split()
    except OSError:
        return 0.0, 0.0
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK"), int(rollup[rollup.index("Pss:") + 1]) * 1024 / 1e6


def write_warcs(pages: Sequence[bytes], count: int, folder: Path) -> list[str]:
    """Write so many records, the pages again and again under other names, to a few `.warc.gz` files."""
    paths = [folder / f"{number}.warc.gz" for number in range(FILES)]
    blocks = [_HTTP + page + _END for page in pages[:count]]
    deflated = [zlib.compress(block, _LEVEL, -zlib.MAX_WBITS) for block in blocks]
    for index, path in enumerate(paths):
        with path.open("wb") as file:
            for number in range(index, count, FILES):
                page = number % len(blocks)
                file.write(_record(number, blocks[page], deflated[page]))
    return [str(path) for path in paths]


def _record(number: int, block: bytes, deflated: bytes) -> bytes:
    """A member of a gzip file (RFC 1952): the header as it is, then the block, compressed before."""
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:page:{number}>\r\n"
        f"WARC-Target-URI: https://{number % SITES}.example.org/{number}\r\n"
        "WARC-Date: 2024-05-18T01:58:10Z\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block) - len(_END)}\r\n\r\n"
    ).encode()
    stored = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF) + head
    check = struct.pack("<II", zlib.crc32(block, zlib.crc32(head)), len(head) + len(block))
    return _GZIP_HEADER + stored + deflated + check


def same_rows(one: Path, other: Path) -> bool:
    """Whether two folders of Parquet hold the same rows, in whatever order."""
    order = [("source", "ascending"), ("position", "ascending")]
    mine, theirs = (pq.read_table(folder).sort_by(order) for folder in (one, other))
    return bool(mine.equals(theirs))


def run(
    pages: Sequence[bytes], count: int, workers: int, work: Path, ways: Sequence[str] = WAYS[:4]
) -> pd.DataFrame:
    """Measure and print; the files are written to `work` and left there.

    Args:
        ways: which of them.

    Returns:
        One row a way, `bare` being `workers` processes that read and classify, each its share of the
        files; with CPU milliseconds a page beside what the start takes, pages a second with it, that start
        in seconds, and the most memory in the second and in the last quarter of the run, MB.

    Raises:
        RuntimeError: a way fails, or the rows are not the same.
    """
    (work / "few").mkdir(parents=True)
    warcs, few = write_warcs(pages, count, work), write_warcs(pages, FILES, work / "few")
    commands = _commands(workers)
    rows = {}
    for name in ways:
        command = commands[name]
        outs = ([str(work / name)], [str(work / "few" / name)]) if name in _WRITE else ([], [])
        start, whole = cost_of([*command, *few, *outs[1]]), cost_of([*command, *warcs, *outs[0]])
        rows[name] = {
            "CPU ms a page": 1000 * (whole.cpu - start.cpu) / (count - FILES),
            "pages/s, start included": count / whole.seconds,
            "start, s": start.seconds,
            "MB, second quarter": whole.memory[0],
            "MB, last quarter": whole.memory[1],
        }
        print(f"{name}: {rows[name]}", flush=True)
    frame = pd.DataFrame.from_dict(rows, orient="index")
    print(frame.round(2).to_string())
    for one, other in (("batch", "spark"), ("batch by site", "spark by site")):
        if {one, other} <= set(ways):
            if not same_rows(work / one, work / other):
                raise RuntimeError(f"{one} and {other} give other rows")
            print(f"the same {count:,} rows from {one} and {other}")
    return frame


def _commands(workers: int) -> dict[str, list[str]]:
    """What to run for each way, before the files and, if it writes, its folder."""
    python = [sys.executable, "-m"]
    batch = [*python, "classifier", "batch", "-q", "--format", "parquet", "--workers", str(workers)]
    spark = [*python, "classifier.spark", "--master", f"local[{workers}]"]
    return {
        "read": [sys.executable, "-c", _READ],
        "bare": [sys.executable, "-c", _AT_ONCE, str(workers), _BARE],
        "batch": batch,
        "spark": spark,
        "batch by site": [*batch, "--by-site"],
        "spark by site": [*spark, "--by-site"],
    }
