"""A worker is a new interpreter that must find what it runs: here `eval`, and the page is a program."""

import time
from collections.abc import Iterator

import pytest

from train.deadline import Answer, guarded_answers

HANG = "__import__('time').sleep(600)"
END = "__import__('os')._exit(3)"


def test_answers_of_all_extractors_come_for_all_pages() -> None:
    found = list(guarded_answers(["Tea", "Rum"], {"upper": str.upper, "lower": str.lower}))
    assert found == [
        Answer(0, "upper", "TEA"),
        Answer(0, "lower", "tea"),
        Answer(1, "upper", "RUM"),
        Answer(1, "lower", "rum"),
    ]


def test_an_extractor_that_hangs_costs_a_deadline_and_not_the_run() -> None:
    start = time.monotonic()
    found = list(guarded_answers(["'tea'", HANG, "'rum'"], {"slow": eval, "fast": str.upper}, deadline=1.0))
    assert time.monotonic() - start < 300
    assert [answer for answer in found if answer.error] == [Answer(1, "slow", "", "deadline")]
    assert [answer.text for answer in found if answer.extractor == "slow"] == ["tea", "", "rum"]
    assert [answer.page for answer in found if answer.extractor == "fast"] == [0, 1, 2]


def test_an_exception_is_an_answer() -> None:
    found = list(guarded_answers(["1 / 0", "'tea'"], {"eval": eval}))
    assert found == [Answer(0, "eval", "", "ZeroDivisionError"), Answer(1, "eval", "tea")]


def test_an_extractor_that_ends_its_process_loses_that_page_alone() -> None:
    found = list(guarded_answers([END, "'tea'"], {"eval": eval}))
    assert found == [Answer(0, "eval", "", "died"), Answer(1, "eval", "tea")]


def test_pages_are_drawn_as_they_are_needed() -> None:
    drawn: list[int] = []

    def pages() -> Iterator[str]:
        for number in range(50):
            drawn.append(number)
            yield "tea"

    for answer in guarded_answers(pages(), {"upper": str.upper}):
        assert answer.text == "TEA"
        break
    assert drawn == [0]


def test_several_workers_answer_every_call_once() -> None:
    found = list(guarded_answers(["a", "b", "c"], {"upper": str.upper}, workers=2))
    assert sorted((answer.page, answer.text) for answer in found) == [(0, "A"), (1, "B"), (2, "C")]


def test_without_a_worker_nothing_would_be_answered() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        list(guarded_answers(["tea"], {"upper": str.upper}, workers=0))


def test_where_there_is_no_page_there_is_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.deadline._Worker", None)
    assert list(guarded_answers([], {"upper": str.upper})) == []
