from collections.abc import Iterator

import pandas as pd
import pytest

from train.compare import compare, sample
from train.corpus import GoldPage
from train.peers import Peer


def page(number: int, gold: str | None = "tea milk", wanted: tuple[str, ...] = ()) -> GoldPage:
    return GoldPage(
        id=str(number),
        dataset="invented",
        page=b"<p>tea milk</p>",
        gold=gold,
        site=str(number),
        with_snippets=wanted,
    )


def test_an_extractor_that_gives_the_gold_text_scores_one() -> None:
    row = compare([page(1), page(2)], {"perfect": lambda html: "tea milk"}).loc["perfect"]
    assert (row["pages"], row["errors"]) == (2, 0)
    assert (row["precision"], row["recall"], row["f1"], row["f1_low"]) == (1.0, 1.0, 1.0, 1.0)


def test_an_exception_is_counted_and_scored_as_empty_text() -> None:
    def broken(html: str) -> str:
        raise RuntimeError("no")

    row = compare([page(1)], {"broken": broken}).loc["broken"]
    assert (row["errors"], row["f1"]) == (1, 0.0)


def test_a_page_without_gold_text_counts_for_its_snippets_only() -> None:
    row = compare([page(1, gold=None, wanted=("tea", "rum"))], {"x": lambda html: "tea"}).loc["x"]
    assert pd.isna(row["f1"])
    assert row["with_share"] == 0.5


def test_extractors_take_turns_page_by_page() -> None:
    turns: list[str] = []

    def noting(name: str) -> Peer:
        return Peer(name, lambda html: turns.append(name) or "")  # type: ignore[func-returns-value]

    compare([page(1), page(2)], {"a": noting("a"), "b": noting("b")})
    assert turns[2:] == ["a", "b", "a", "b"]  # the first two are the warm-up


def test_the_answer_of_a_peer_is_reduced_before_it_is_scored() -> None:
    peer = Peer("shouting", lambda html: "**tea milk**rum", lambda answer: answer[2:10])
    assert compare([page(1)], {"shouting": peer}).loc["shouting", "f1"] == 1.0


def test_times_are_milliseconds_of_each_page() -> None:
    row = compare([page(1), page(2)], {"x": lambda html: ""}).loc["x"]
    assert 0 <= row["ms_median"] <= row["ms_p95"] < 1000
    assert row["ms_mean"] >= 0


def test_a_sample_is_drawn_by_its_seed() -> None:
    def pages() -> Iterator[GoldPage]:
        return (page(number) for number in range(50))

    first = [one.id for one in sample(pages(), 5, seed=1)]
    assert first == [one.id for one in sample(pages(), 5, seed=1)]
    assert first != [one.id for one in sample(pages(), 5, seed=2)]
    assert len(set(first)) == 5


@pytest.mark.parametrize("limit", [None, 10])
def test_a_limit_beyond_the_pages_gives_them_all(limit: int | None) -> None:
    assert [one.id for one in sample([page(1), page(2)], limit, seed=0)] == ["1", "2"]
