"""Rows -> part files in a folder, each of which is there as a whole or not at all.

    OUT/part-000000.jsonl     rows, in the order of the input
    OUT/_run.json             what the run was asked to do
    OUT/_state/000000.json    what part 0 took from the input, and what it counts
    OUT/_summary.json         the counts of all parts: the run is complete
    OUT/_sites.sqlite3        what pages tell of their sites, if rows rest on it (`batch.sites`)

A file is written under another name, forced to the disk, and renamed. A part's state comes before it, so a
part that is there has one. Names that begin with an underscore are no data to pyarrow, Spark and their like.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Final

from classifier.batch.rows import Row, Settings
from classifier.batch.sinks import Format, Sink, check_format, open_sink
from classifier.batch.states import State
from classifier.errors import BatchError

__all__ = ["Parts", "write_json"]

_STATES: Final = "_state"
_LOCK: Final = "_lock"
_UNFINISHED: Final = "_unfinished"


class Parts:
    """The folder of a run, held by this process alone until it is closed.

    Args:
        description: what the run is asked to do; plain JSON values by name.

    Raises:
        BatchError: the folder holds something else, a run that was asked something else, or is in use; or
            the format cannot hold the rows.
        ImportError: the format needs a package that is not installed.
        OSError: it cannot be made or written.
    """

    def __init__(self, folder: Path, format: Format, settings: Settings, description: Row) -> None:
        self.folder = folder
        self._format = format
        self._settings = settings
        self._part: tuple[Sink, BinaryIO] | None = None
        check_format(format, settings)
        _make_folder(folder, description)
        self._lock = _locked(folder / _LOCK)
        try:
            _check_description(folder / "_run.json", description)
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        """Drop the part that is not finished; let others use the folder."""
        if self._part:
            with suppress(OSError):
                self._part[1].close()
            self._part = None
        with suppress(OSError):
            (self.folder / _UNFINISHED).unlink()
        self._lock.close()

    def done(self) -> Iterator[State]:
        """The states of the parts that are there, from the first one to the first that is missing."""
        number = 0
        while (state := self._state(number)) is not None:
            yield state
            number += 1

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number:06}.{self._format}"

    def _state_path(self, number: int) -> Path:
        return self.folder / _STATES / f"{number:06}.json"

    def _state(self, number: int) -> State | None:
        try:
            state = State.from_json(self._state_path(number).read_bytes())
            return state if self._path(number).stat().st_size == state.size else None
        except (OSError, ValueError, TypeError, KeyError):
            return None  # damaged, or never finished: made anew

    def write(self, row: Row) -> None:
        """Add a row to the part that is being written."""
        self._unfinished()[0].write(row)

    def _unfinished(self) -> tuple[Sink, BinaryIO]:
        if self._part is None:
            file = (self.folder / _UNFINISHED).open("wb")
            self._part = open_sink(file, self._format, self._settings), file
        return self._part

    def commit(self, number: int, sources: Sequence[tuple[str, int, int]], records: int, counts: Row) -> None:
        """Finish the part: from here on it outlives whatever happens."""
        sink, file = self._unfinished()
        sink.finish()
        size = file.tell()
        _force(file)
        file.close()
        self._part = None
        write_json(self._state_path(number), asdict(State(list(sources), records, size, counts)))
        (self.folder / _UNFINISHED).rename(self._path(number))
        _force_folder(self.folder)


def write_json(path: Path, values: Row) -> None:
    """Write a file that is there as a whole or not at all, whatever happens."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(
            json.dumps(values, ensure_ascii=False, indent=1).encode("utf-8", "surrogateescape") + b"\n"
        )
        _force(file)
    unfinished.rename(path)
    _force_folder(path.parent)


def _force(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _force_folder(folder: Path) -> None:
    """Make sure that a rename outlives a power cut; Windows opens no folders and needs no such thing."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _make_folder(folder: Path, description: Row) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise BatchError(f"{folder} is a file: name a folder, which the parts are written to") from None
    if not (folder / "_run.json").exists():
        # All that a run which ended before it could say what it is leaves behind.
        others = {one.name for one in folder.iterdir()} - {_LOCK, _STATES, "_run.json.unfinished"}
        if others:
            raise BatchError(f"{folder} holds files that are no batch run: name a new or an empty folder")


def _locked(path: Path) -> BinaryIO:
    """The file, held by this process until it closes it or ends."""
    file = path.open("ab")
    with suppress(ImportError):  # Windows
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise BatchError(f"{path.parent} is being written by another process") from None
    return file


def _check_description(path: Path, description: Row) -> None:
    """Write what the run is, or see that it is the one that was begun here."""
    try:
        before = json.loads(path.read_bytes())
    except FileNotFoundError:
        (path.parent / _STATES).mkdir(exist_ok=True)
        write_json(path, description)
        return
    except ValueError as error:
        raise BatchError(f"{path} is damaged ({error}): name another folder") from error
    differences = [
        f"{name}: {before.get(name)!r} then, {description.get(name)!r} now"
        for name in sorted({*before, *description})
        if before.get(name) != description.get(name)
    ]
    if differences:
        raise BatchError(
            f"{path.parent} holds a run of another kind: name another folder, or ask for the same "
            f"({'; '.join(differences)})"
        )
