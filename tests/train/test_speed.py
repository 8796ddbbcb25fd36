from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from classifier import Classifier, classify
from classifier.segment import Kind
from train import footprint, speed
from train.speed import LONG_TEXT, Race, race, stages

HTML = (
    "<title>Rivers</title><ul><li><a href=/>Home</a></ul><p>The river rises in the hills, turns west, ends."
)
TEXT = "Home\n\nThe river rises in the hills, turns west, and ends after forty miles of meadows and weirs."


class FakeClock:
    """Moves only when it is told to."""

    def __init__(self) -> None:
        self.nanoseconds = 0

    def __call__(self) -> int:
        return self.nanoseconds

    def taking(self, milliseconds: float) -> Callable[[str], None]:
        def extract(page: str) -> None:
            self.nanoseconds += int(milliseconds * 1e6 * len(page))

        return extract


def test_each_call_is_timed_by_extractor_round_and_page() -> None:
    clock = FakeClock()
    found = race(["x", "xxx"], {"a": clock.taking(1), "b": clock.taking(2)}, rounds=2, clock=clock)
    assert found.milliseconds["a"].tolist() == [[1, 3], [1, 3]]
    assert found.milliseconds["b"].tolist() == [[2, 6], [2, 6]]


def test_every_extractor_meets_every_page_in_every_round_before_the_next_page_comes() -> None:
    calls: list[tuple[str, str]] = []

    def noting(name: str) -> Callable[[str], None]:
        return lambda page: calls.append((name, page))

    race(["1", "2"], {name: noting(name) for name in "abc"}, rounds=4, seed=3)
    turns = [calls[3 + 3 * turn : 6 + 3 * turn] for turn in range(8)]  # the first three warm up
    assert [{page for _, page in turn} for turn in turns] == [{"1"}, {"2"}] * 4
    assert all({name for name, _ in turn} == set("abc") for turn in turns)
    assert len({tuple(name for name, _ in turn) for turn in turns}) > 1  # not always in the same order


def test_threads_of_linear_algebra_do_not_count_as_time_of_ours() -> None:
    seen: list[int] = []

    def noting(page: str) -> None:
        seen.extend(pool["num_threads"] for pool in threadpool_info())

    with threadpool_limits(limits=2):
        race(["a page"], {"a": noting}, rounds=1)
        after = {pool["num_threads"] for pool in threadpool_info()}
    measured = seen[len(seen) // 2 :]  # the first half is of the warm-up
    assert set(measured) == {1} and 2 in after


def test_what_raises_is_counted_and_timed() -> None:
    clock = FakeClock()

    def broken(page: str) -> None:
        clock.nanoseconds += 5_000_000
        raise RuntimeError(page)

    found = race(["1", "2"], {"broken": broken, "well": len}, rounds=3, clock=clock)
    assert found.errors == {"broken": 6, "well": 0}
    assert found.milliseconds["broken"].mean() == 5
    assert found.table("well")["errors"]["broken"] == 6


@pytest.mark.parametrize(("pages", "rounds"), [([], 1), (["1"], 0)])
def test_without_pages_or_rounds_there_is_no_race(pages: list[str], rounds: int) -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        race(pages, {"a": len}, rounds=rounds)


def test_the_table_takes_the_median_of_rounds_then_the_mean_of_pages() -> None:
    own = np.array([[2.0, 4.0], [2.0, 4.0], [90.0, 90.0]])  # a slow spell in one round
    table = Race({"own": own, "peer": own * 2}, {"own": 0, "peer": 0}).table("own")
    assert list(table.index) == ["own", "peer"]
    assert table.loc["own", ["ms_mean", "ms_median"]].tolist() == [3, 3]
    assert table["ms_p95"]["own"] == pytest.approx(3.9)
    assert table["ms_mean"]["peer"] == 6


def test_a_ratio_has_an_interval_over_pages() -> None:
    own, peer = np.ones((3, 40)), np.tile([1.0, 3.0], (3, 20))
    row = Race({"own": own, "peer": peer}, {"own": 0, "peer": 0}).table("own").loc["peer"]
    assert row["ratio"] == 0.5
    assert 0.4 < row["ratio_low"] < 0.5 < row["ratio_high"] < 0.7
    proportional = Race({"own": peer, "peer": 2 * peer}, {"own": 0, "peer": 0}).table("own").loc["peer"]
    assert proportional["ratio_low"] == pytest.approx(0.5) == proportional["ratio_high"]


def test_a_clock_that_stands_still_gives_no_ratio() -> None:
    row = race(["x"], {"own": len, "peer": len}, clock=FakeClock()).table("own").loc["peer"]
    assert np.isnan(row["ratio"])


@pytest.mark.parametrize(
    ("page", "kind"), [(HTML, "html"), (TEXT, "text"), (LONG_TEXT, "text"), ("", "html")]
)
def test_the_stages_are_those_of_the_pipeline(page: str, kind: Kind) -> None:
    model = Classifier().model(kind)
    assert speed.run_stages(page.encode(), kind, model, speed._Watch()) == classify(page, kind=kind).text


def ticking() -> Callable[[], int]:
    ticks = iter(range(0, 10**12, 1_000_000))
    return lambda: next(ticks)


def test_stages_add_up_to_the_whole() -> None:
    found = stages([HTML.encode()] * 3, "html", Classifier().model("html"), clock=ticking())
    assert list(found.index)[:3] == ["decode", "segment", "features"]
    assert list(found.index)[-2:] == ["render", "all"]
    assert (found["ms_mean"].iloc[:-1] == 1).all()  # each call takes a tick of a millisecond
    assert found["share"]["all"] == 1 == pytest.approx(found["share"].iloc[:-1].sum())


def test_imports_are_measured_in_fresh_interpreters() -> None:
    found = footprint.imports(repeats=1)
    assert (found > 0).all()
    assert found["and a first page"] > found["python"]


def test_memory_is_read_at_the_checkpoints() -> None:
    found = footprint.memory([HTML.encode(), TEXT.encode()], [1, 5])
    assert list(found.index.astype(int)) == [1, 5]
    assert (found > 0).all(axis=None)


def test_memory_needs_a_page() -> None:
    with pytest.raises(ValueError, match="no page"):
        footprint.memory([])


def test_a_stream_is_measured_here_and_in_workers() -> None:
    found = footprint.throughput([HTML.encode(), TEXT.encode()] * 20, Classifier(), rounds=1)
    assert (found > 0).all(axis=None)
    assert found["ratio"][0] == pytest.approx(found["workers"][0] / found["here"][0])


def test_one_page_is_no_stream() -> None:
    with pytest.raises(ValueError, match="two pages"):
        footprint.throughput([HTML.encode()], Classifier())


def test_a_measurement_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        footprint._fresh("raise SystemExit('no such thing')")


@pytest.mark.parametrize("size", [10, 5000, 20_000])
def test_a_page_is_made_of_any_size_by_repeating_its_body(size: int) -> None:
    page = "<html><head><title>x</title></head><body class=y><p>The river.</p></body></html>"
    made = footprint.page_of_size(page, size)
    assert max(size, len(page)) <= len(made) <= max(size, len(page)) + len("<p>The river.</p>")
    assert made.count("<body") == made.count("</body>") == 1


def test_cost_by_size_counts_blocks_and_megabytes() -> None:
    pages = footprint.odd_pages(words=30, depth=20)
    found = footprint.size_costs(pages, Classifier())
    assert found["blocks"].tolist() == [30, 1]
    assert found["mb"].tolist() == [len(page) / 1e6 for page in pages.values()]
    assert (found["ms_per_mb"] > 0).all()


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    for name, body in (("a.html", HTML), ("b.html", HTML + HTML)):
        (tmp_path / "cleaneval-dev" / "input").mkdir(parents=True, exist_ok=True)
        (tmp_path / "cleaneval-dev" / "GoldStandard").mkdir(exist_ok=True)
        (tmp_path / "cleaneval-dev" / "input" / name).write_text(body)
        answer = "URL: http://weir.example/\n<p>The river."
        (tmp_path / "cleaneval-dev" / "GoldStandard" / name.replace("html", "txt")).write_text(answer)
    yield tmp_path


@pytest.mark.parametrize("kind", ["html", "text"])
def test_a_run_prints_the_race_and_the_stages(
    kind: Kind, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "installed_peers", dict)
    speed.run("cleaneval-dev", kind, root=data, rounds=1)
    told = capsys.readouterr().out
    assert f"cleaneval-dev as {kind}: 2 pages" in told
    assert ("parse only" in told) == (kind == "html")
    assert ("300 lines" in told) == (kind == "text")
    assert "segment" in told


def test_the_footprint_is_printed(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footprint, "imports", lambda: footprint.pd.Series({"python": 0.1}))
    monkeypatch.setattr(
        footprint, "memory", lambda pages: footprint.pd.DataFrame({"resident_mb": [len(pages)]})
    )
    monkeypatch.setattr(footprint, "odd_pages", dict)
    monkeypatch.setattr(footprint, "STREAM_PAGES", 4)
    monkeypatch.setattr(footprint, "ROUNDS", 1)
    footprint.run("cleaneval-dev", root=data)
    footprint.run_sizes([10_000])
    told = capsys.readouterr().out
    assert "memory, 2 pages of cleaneval-dev" in told
    assert "a stream of 4" in told and "median ratio" in told
    assert "10,000 bytes" in told
