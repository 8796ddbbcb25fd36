import time
from collections.abc import Callable

import pytest

from classifier import classify
from train import hostile
from train.__main__ import main
from train.hostile import PAGES, Cost, costs, run

# Shares of the dangerous size. Work that grows with the square of the size would grow 64 times from one to
# the other; in a straight line it grows 8 times, and caches and a busy machine may make that many more.
SMALL, LARGE, MOST = 400, 50, 40
# Seconds below which a clock and a cold cache say more than the page.
NOISE = 0.004


def seconds(page: str) -> float:
    started = time.process_time()
    assert classify(page).text is not None
    return time.process_time() - started


def at_best(measure: Callable[[], float], times: int) -> float:
    return min(measure() for _ in range(times))


@pytest.mark.parametrize("name", PAGES)
def test_what_a_hostile_page_costs_grows_no_faster_than_its_size(name: str) -> None:
    kind = PAGES[name]
    small, large = (kind.page(max(1, kind.size // share)) for share in (SMALL, LARGE))
    bound = MOST * max(NOISE, at_best(lambda: seconds(small), 2))
    assert seconds(large) < bound or at_best(lambda: seconds(large), 3) < bound


def test_pages_are_as_hostile_as_the_published_ones() -> None:
    assert len(PAGES) >= 36
    assert PAGES["a page of 100 MB"].size * len(PAGES["a page of 100 MB"].page(1)) > 90e6
    assert PAGES["options"].page(3).count("<option>") == 3
    hashes = PAGES["words of one hash"].page(2).removeprefix("<p>").split()
    assert hashes[0] != hashes[1]
    polynomials = [sum(ord(c) * pow(31, i, 2**64) for i, c in enumerate(word)) for word in hashes]
    assert polynomials[0] % 2**64 == polynomials[1] % 2**64


def test_a_page_is_measured_in_a_process_of_its_own() -> None:
    cost = costs("blocks of one word", 60)
    assert (cost.blocks, cost.truncated, cost.ended) == (60, "", "")
    assert cost.mb == pytest.approx(60 * len("<p>word") / 1e6)
    assert 0 < cost.seconds < 3 and 10 < cost.peak_mb < 500
    assert not cost.is_high


def test_a_page_that_ends_its_process_is_no_end_of_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hostile, "_MEASURE", "raise SystemExit('out of luck')")
    assert run(["options", "cells"])
    lines = capsys.readouterr().out.splitlines()
    assert all(line.endswith("process ended with 1: out of luck") for line in lines[1:3])
    assert lines[3].endswith("not answered: options, cells")


@pytest.mark.parametrize(("cost", "status"), [(Cost(1, 1, 0.1, 90, ""), 0), (Cost(1, 1, 3.1, 90, ""), 1)])
def test_the_command_fails_where_a_page_costs_too_much(
    monkeypatch: pytest.MonkeyPatch, cost: Cost, status: int
) -> None:
    monkeypatch.setattr(hostile, "costs", lambda name: cost)
    assert main(["hostile"]) == status
    assert cost.is_high == bool(status) and Cost(1, 1, 0.1, 501, "").is_high
