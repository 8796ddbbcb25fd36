"""How far a run is: a bar on a terminal, nothing elsewhere."""

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["Watch"]


class Watch:
    """Is told what a run does.

    Args:
        total: gives the bytes of all sources; asked only if there is a bar.
        wanted: whether to show a bar where standard error is a terminal and tqdm is installed.
    """

    def __init__(self, total: Callable[[], int], *, wanted: bool = True) -> None:
        self._bar: Any = None
        self._before = 0
        self._pages = 0
        if wanted and sys.stderr is not None and sys.stderr.isatty():
            try:
                from tqdm import tqdm
            except ImportError:
                return
            self._bar = tqdm(total=total(), unit="B", unit_scale=True, dynamic_ncols=True)

    def skip(self, size: int) -> None:
        """So many bytes of sources were done by a run before."""
        if self._bar is not None:
            # Not through `update`: what was done before tells nothing about the rate.
            self._bar.initial += size
            self._bar.n += size
            self._before += size

    def source(self, size: int) -> None:
        """A source of this size has been read to its end."""
        self._before += size
        self.seen(0)

    def seen(self, size: int) -> None:
        """So many bytes of the present source have been read."""
        if self._bar is not None:
            self._bar.update(max(0, self._before + size - self._bar.n))

    def page(self) -> None:
        """A row is written."""
        self._pages += 1
        if self._bar is not None:
            elapsed = max(self._bar.format_dict["elapsed"], 1e-9)
            self._bar.set_postfix_str(
                f"{self._pages:,} pages, {self._pages / elapsed:.1f} pages/s", refresh=False
            )

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
