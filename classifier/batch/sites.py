"""What the pages of a batch tell of their sites: a sketch a page, kept in one file until it is asked for.

    record -> sketch (its site, and the page as a profile of its own) -> store -> the profile of a site

The store is a file of SQLite. It grows a part at a time, as the rows do, so that it outlives whatever ends
the run; and it takes next to no memory, however many sites there are.
"""

import errno
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from classifier.batch.states import State
from classifier.errors import BatchError, SiteError
from classifier.page import Page
from classifier.site import MAX_PAGES, SiteProfile
from classifier.site.file import read_marks, write_marks
from classifier.site.marks import block_keys, marks_of

__all__ = ["SiteStore", "Sketch", "profile_of", "site_of"]

# Profiles that a process keeps at hand, some 1 MB each at most in the mean.
_AT_HAND: Final = 64
_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS pages (
        site TEXT, fingerprint BLOB, profile BLOB, PRIMARY KEY (site, fingerprint)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS states (number INTEGER PRIMARY KEY, state TEXT);
    CREATE TABLE IF NOT EXISTS complete (yes INTEGER PRIMARY KEY);
"""
_ADD: Final = "INSERT OR IGNORE INTO pages VALUES (?, ?, ?)"
# A profile keeps the pages with the lowest fingerprints: no other is ever asked for.
_PRUNE: Final = f"""
    DELETE FROM pages WHERE site = ?1 AND fingerprint > (
        SELECT fingerprint FROM pages WHERE site = ?1 ORDER BY fingerprint LIMIT 1 OFFSET {MAX_PAGES - 1}
    )
"""


class Sketch(NamedTuple):
    """What a page tells of its site."""

    site: str
    fingerprint: int
    """The page's own, 64 bits."""
    profile: bytes
    """The profile of a site that has this page alone."""

    @classmethod
    def of(cls, site: str, page: Page) -> "Sketch":
        """The sketch of a page with text, which was read alone."""
        marks = marks_of(block_keys(page.segments), page.probabilities)
        return cls(site, marks.fingerprint, write_marks([marks]))


def site_of(url: str | None) -> str | None:
    """The name of the site that an address belongs to: its host without `www.`; None where it has none."""
    try:
        host = urlsplit(url or "").hostname
    except ValueError:  # brackets that hold no address
        return None
    return (host or "").strip(".").removeprefix("www.") or None


class SiteStore:
    """The sketches of a batch, and how far it has come; a `Store`.

    Raises:
        BatchError: the file is damaged.
        OSError: it cannot be made or written.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.folder = folder
        self._path = path
        self._sites: set[str] = set()
        with _told(path):
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.executescript(_TABLES)
            self._database.execute("BEGIN")

    def close(self) -> None:
        """Drop the part that is not finished."""
        self._database.close()

    @property
    def is_complete(self) -> bool:
        """Whether all pages are in it."""
        with _told(self._path):
            return self._database.execute("SELECT yes FROM complete").fetchone() is not None

    def done(self) -> Iterator[State]:
        """The states of the parts that are there."""
        with _told(self._path):
            states = self._database.execute("SELECT state FROM states ORDER BY number").fetchall()
        return (State.from_json(state) for (state,) in states)

    def write(self, sketch: Sketch | None) -> None:
        """Add a sketch to the part that is being written."""
        if sketch is not None:
            with _told(self._path):
                fingerprint = sketch.fingerprint.to_bytes(8, "big")
                self._database.execute(_ADD, (sketch.site, fingerprint, sketch.profile))
            self._sites.add(sketch.site)

    def commit(self, number: int, sources: Sequence[Any], records: int, counts: dict[str, Any]) -> None:
        """Finish the part: from here on it outlives whatever happens."""
        state = json.dumps({"sources": sources, "records": records, "size": 0, "counts": counts})
        with _told(self._path):
            self._database.executemany(_PRUNE, [(site,) for site in self._sites])
            self._database.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (number, state))
            self._database.execute("COMMIT")
            self._database.execute("BEGIN")
        self._sites.clear()

    def complete(self) -> None:
        """Tell that all pages are in it."""
        with _told(self._path):
            self._database.execute("INSERT OR IGNORE INTO complete VALUES (1)")
            self._database.execute("COMMIT")


def profile_of(path: Path, site: str) -> SiteProfile | None:
    """The profile of a site in a store; None where it has but one page, which tells nothing of another.

    Raises:
        BatchError: the store cannot be read.
    """
    try:
        # None may use what a fork has inherited, or what was read of another file of that name.
        return _profile(path, site, (os.getpid(), path.stat().st_mtime_ns))
    except (OSError, sqlite3.Error, SiteError) as error:
        raise _damaged(path, error) from error


@lru_cache(_AT_HAND)
def _profile(path: Path, site: str, key: tuple[int, int]) -> SiteProfile | None:
    query = f"SELECT profile FROM pages WHERE site = ? ORDER BY fingerprint LIMIT {MAX_PAGES}"
    found = _reader(path, key).execute(query, (site,)).fetchall()
    if len(found) < 2:
        return None
    return SiteProfile(marks for (profile,) in found for marks in read_marks(profile, 1))


@cache
def _reader(path: Path, key: tuple[int, int]) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of SQLite as those of this package: what the disk refuses, and what is damaged."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(errno.EIO, str(error), str(path)) from error
    except sqlite3.Error as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> BatchError:
    return BatchError(
        f"the profiles of sites in {path} cannot be read ({error}): begin anew in another folder"
    )
