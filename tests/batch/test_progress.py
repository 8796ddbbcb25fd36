"""How far a run is, on a terminal."""

import io
import sys

import pytest

from classifier.batch.progress import Watch


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_shows_bytes_of_sources_and_what_was_done_before_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    watch = Watch(lambda: 1000)
    watch.skip(500)
    watch.seen(100)
    watch.seen(90)  # a reader may step back
    assert watch._bar.n == 600
    watch.source(250)
    watch.seen(50)
    assert watch._bar.n == 800
    assert watch._bar.format_dict["initial"] == 500  # so that the rate is that of this run
    watch.page()
    watch.close()
    assert "1 pages" in terminal.getvalue()


def test_elsewhere_there_is_no_bar_and_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def total() -> int:
        raise AssertionError("asked for what is not shown")

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    watch = Watch(total)
    for step in (watch.skip, watch.seen, watch.source):
        step(10)
    watch.page()
    watch.close()
    assert sys.stderr.getvalue() == ""  # type: ignore[union-attr]


def test_without_tqdm_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setitem(sys.modules, "tqdm", None)
    Watch(lambda: 1000).page()
    assert terminal.getvalue() == ""
