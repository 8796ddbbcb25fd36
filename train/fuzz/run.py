"""A fuzzer's run: a child process goes through the inputs, its parent sees it crash or hang."""

import gc
import hashlib
import importlib.util
import multiprocessing
import random
import time
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from typing import Any, Final

from train.fuzz.mutation import MAX_BYTES, Mutator
from train.fuzz.targets import TARGETS, Target, probe

__all__ = ["Finding", "Report", "can_guide", "fuzz"]

# Wall-clock time after which an input hangs, on a machine that may be busy with other work.
HANG_SECONDS: Final = 60.0
# How often the parent looks.
_LOOK_SECONDS: Final = 0.2
# Children that may be lost before the run is given up.
MAX_LOST: Final = 20
# Modules whose coverage counts.
_GUIDING: Final = ("classifier.", "train.corpus")
_SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong, and the first input on which it did."""

    what: str
    path: Path


@dataclass(frozen=True, slots=True)
class Report:
    """The run of one target."""

    target: str
    inputs: int
    seconds: float
    """Wall-clock time."""
    guided: bool
    """Whether coverage chose the inputs (atheris), or chance."""
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        how = "guided by coverage" if self.guided else "at random"
        seconds, found = self.seconds, len(self.findings)
        head = f"{self.target}: {self.inputs:,} inputs {how} in {seconds:,.0f} s: {found} findings"
        return "\n".join([head, *(f"  {one.what}\n    {one.path}" for one in self.findings)])


@dataclass(frozen=True, slots=True)
class _Shared:
    """What parent and child both see: the input at hand, and how many were before it."""

    done: Any = field(default_factory=lambda: RawValue("Q", 0))
    size: Any = field(default_factory=lambda: RawValue("Q", 0))
    body: Any = field(default_factory=lambda: RawArray("B", MAX_BYTES))

    def begin(self, data: bytes) -> None:
        self.body[: len(data)] = data
        self.size.value = len(data)

    def input(self) -> bytes:
        return bytes(self.body[: self.size.value])


def can_guide() -> bool:
    """Whether atheris is installed, so that coverage can choose the inputs."""
    return importlib.util.find_spec("atheris") is not None


def fuzz(name: str, inputs: int, *, to: Path, seed: int = 0, guided: bool | None = None) -> Report:
    """Run a target of `TARGETS` on so many inputs.

    Args:
        name: a key of `TARGETS`.
        inputs: how many.
        to: folder for the inputs that something is wrong with.
        seed: chooses the inputs; without coverage the same seed gives the same ones.
        guided: let coverage choose them; left out, where atheris is installed.
    """
    guided = can_guide() if guided is None else guided
    started = time.monotonic()
    shared = _Shared()
    found: dict[str, Finding] = {}
    lost = 0
    while shared.done.value < inputs and lost < MAX_LOST:
        ours, theirs = _SPAWN.Pipe(duplex=False)
        work = (name, inputs, seed, guided, shared, theirs)
        child = _SPAWN.Process(target=_guided if guided else _random, args=work, daemon=True)
        child.start()
        theirs.close()
        for what, data in _watch(child, ours, shared, inputs):
            if what not in found:
                found[what] = _keep(to, name, what, data)
        if shared.done.value < inputs:
            lost += 1
            shared.done.value += 1
    return Report(name, shared.done.value, time.monotonic() - started, guided, tuple(found.values()))


def _keep(to: Path, name: str, what: str, data: bytes) -> Finding:
    to.mkdir(parents=True, exist_ok=True)
    path = to / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.bin"
    path.write_bytes(data)
    return Finding(what, path)


def _watch(child: BaseProcess, ours: Connection, shared: _Shared, inputs: int) -> list[tuple[str, bytes]]:
    """What a child finds until it ends, and what ended it."""
    found: list[tuple[str, bytes]] = []
    seen, since = -1, time.monotonic()
    while True:
        try:
            if ours.poll(_LOOK_SECONDS):
                found.append(ours.recv())
                continue
        except EOFError:  # the child has ended
            child.join()
            if shared.done.value < inputs:
                found.append((f"crash: the process ended with {child.exitcode}", shared.input()))
            return found
        if shared.done.value != seen:
            seen, since = shared.done.value, time.monotonic()
        elif time.monotonic() - since > HANG_SECONDS:
            child.kill()
            child.join()
            return [*found, (f"hang: over {HANG_SECONDS:g} s", shared.input())]


def _tester(name: str, shared: _Shared, theirs: Connection) -> Callable[[bytes], None]:
    """Runs the target on an input and tells the parent, once each, what is wrong."""
    target = TARGETS[name]
    told: set[str] = set()

    def test(data: bytes) -> None:
        shared.begin(data)
        what = probe(target, data)
        if what and what not in told:
            told.add(what)
            theirs.send((what, data))
        shared.done.value += 1

    return test


def _mutator(target: Target) -> Mutator:
    return Mutator(target.seeds(), target.words)


def _random(name: str, inputs: int, seed: int, _: bool, shared: _Shared, theirs: Connection) -> None:
    """A child that takes inputs by chance; each depends on its number alone."""
    test, mutator = _tester(name, shared, theirs), _mutator(TARGETS[name])
    while shared.done.value < inputs:
        test(mutator.make(random.Random(f"{seed} {name} {shared.done.value}")))


def _guided(name: str, inputs: int, seed: int, _: bool, shared: _Shared, theirs: Connection) -> None:
    """A child that keeps inputs which reach code that none before has reached, and changes those."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    mutator = _mutator(TARGETS[name])
    for made in gc.get_objects():
        if isinstance(made, types.FunctionType) and str(made.__module__).startswith(_GUIDING):
            atheris.instrument_func(made)

    def mutate(data: bytes, max_size: int, chance: int) -> bytes:
        generator = random.Random(chance)
        return mutator.change(data, generator) if data else mutator.make(generator)

    left = inputs - shared.done.value
    options = [
        f"-runs={left}",
        f"-seed={seed + 1}",
        f"-max_len={MAX_BYTES}",
        "-verbosity=0",
        "-rss_limit_mb=0",
    ]
    atheris.Setup(["fuzz", *options], _tester(name, shared, theirs), custom_mutator=mutate)
    atheris.Fuzz()
