"""What the pages of a batch tell of their sites: a sketch a page, kept in one file until it is asked for.

    record -> sketch (its site, and the page as a profile of its own) -> store -> the profile of a site

The store is a file of SQLite. It grows a part at a time, as the rows do, so that it outlives whatever ends
the run; and it takes next to no memory, however many sites there are.
"""

import errno
import json
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from classifier.batch.states import State
from classifier.errors import BatchError, SiteError
from classifier.page import Page
from classifier.site import MAX_PAGES, SiteProfile
from classifier.site.file import read_marks, write_marks
from classifier.site.marks import block_keys, marks_of

__all__ = ["SiteStore", "Sketch", "forget_profiles", "profile_of", "site_of"]

# Bytes of the profiles that a process keeps at hand: of one in use, some four times its arrays.
_AT_HAND: Final = 64 << 20
_IN_USE: Final = 4
_ENTRY: Final = 1000
# Of names in the domain name system.
_LONGEST_HOST: Final = 253
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
    fingerprint: bytes
    """The page's own, 8 bytes: of a site, those in front are kept, in the order of bytes as of numbers."""
    profile: bytes
    """The profile of a site that has this page alone."""

    @classmethod
    def of(cls, site: str, page: Page) -> "Sketch":
        """The sketch of a page with text, which was read alone."""
        marks = marks_of(block_keys(page.segments), page.probabilities)
        return cls(site, marks.fingerprint.to_bytes(8, "big"), write_marks([marks]))


def site_of(url: str | None) -> str | None:
    """The name of the site that an address belongs to: its host without `www.`; None where it has none."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:  # brackets that hold no address
        return None
    # No database takes what UTF-8 cannot hold; rows show it escaped, too.
    host = host.encode("utf-8", "backslashreplace").decode("utf-8")
    return host.strip(".").removeprefix("www.")[:_LONGEST_HOST] or None


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
        try:
            return iter([State.from_json(state) for (state,) in states])
        except (ValueError, TypeError, KeyError) as error:
            raise _damaged(self._path, error) from error

    def write(self, sketch: Sketch | None) -> None:
        """Add a sketch to the part that is being written."""
        if sketch is not None:
            with _told(self._path):
                self._database.execute(_ADD, sketch)
            self._sites.add(sketch.site)

    def commit(self, number: int, sources: Sequence[Any], records: int, counts: dict[str, Any]) -> None:
        """Finish the part: from here on it outlives whatever happens."""
        state = json.dumps(asdict(State(list(sources), records, 0, counts)))
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
        # By the time of change, as a file of that name may be another one now.
        return _shelf.get((path, path.stat().st_mtime_ns, site))
    except (OSError, sqlite3.Error, SiteError) as error:
        raise _damaged(path, error) from error


def forget_profiles() -> None:
    """Let go of the profiles at hand: a page needs the memory."""
    _shelf.clear()


class _Shelf:
    """Profiles that were used last, of so many bytes in all."""

    def __init__(self) -> None:
        self._profiles: OrderedDict[tuple[Path, int, str], SiteProfile | None] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: tuple[Path, int, str]) -> SiteProfile | None:
        with self._lock:
            if key in self._profiles:
                self._profiles.move_to_end(key)
                return self._profiles[key]
        profile = _read(key[0], key[2])
        with self._lock:
            if key not in self._profiles:
                self._profiles[key] = profile
                self._bytes += _size(profile)
            while self._bytes > _AT_HAND:
                self._bytes -= _size(self._profiles.popitem(last=False)[1])
        return profile

    def clear(self) -> None:
        with self._lock:
            self._profiles.clear()
            self._bytes = 0


_shelf: Final = _Shelf()


def _size(profile: SiteProfile | None) -> int:
    return _ENTRY + (_IN_USE * profile.nbytes if profile else 0)


def _read(path: Path, site: str) -> SiteProfile | None:
    query = f"SELECT profile FROM pages WHERE site = ? ORDER BY fingerprint LIMIT {MAX_PAGES}"
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        found = database.execute(query, (site,)).fetchall()
    if len(found) < 2:
        return None
    return SiteProfile(marks for (profile,) in found for marks in read_marks(profile, 1))


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
        f"the profiles of sites in {path} cannot be read ({error}): delete that file, and the same command "
        "makes it anew"
    )
