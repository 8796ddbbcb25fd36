import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from classifier.errors import ModelError
from train.__main__ import FUZZED, main
from train.errors import CorpusError
from train.fuzz import TARGETS, Target, fuzz, run
from train.fuzz import targets as fuzzed
from train.fuzz.files import label_seeds, model_seeds, read_labels, read_model
from train.fuzz.mutation import MAX_BYTES, Mutator
from train.fuzz.oracle import markdown_to_html, unsafe_parts
from train.fuzz.run import Finding, Report, _keep
from train.fuzz.targets import probe


def inputs(target: Target, count: int, seed: int = 0) -> list[bytes]:
    mutator = Mutator(target.seeds(), target.words)
    return [mutator.make(random.Random(f"{seed} {number}")) for number in range(count)]


def test_the_command_offers_every_target() -> None:
    assert set(FUZZED) == set(TARGETS)


@pytest.mark.parametrize(("name", "count"), [("classify", 300), ("render", 300), ("labels", 400)])
def test_a_target_does_as_documented_on_hostile_input(name: str, count: int) -> None:
    target = TARGETS[name]
    assert [(what, data) for data in inputs(target, count) if (what := probe(target, data))] == []


def test_a_model_file_with_a_hostile_part_is_read_or_refused() -> None:
    target = TARGETS["model"]
    assert [(what, data) for data in inputs(target, 40) if (what := probe(target, data))] == []


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_target_starts_from_is_right(name: str) -> None:
    target = TARGETS[name]
    assert [what for data in target.seeds() if (what := probe(target, data))] == []


def test_equal_seeds_give_equal_inputs_and_others_do_not() -> None:
    target = TARGETS["render"]
    assert inputs(target, 50) == inputs(target, 50)
    assert inputs(target, 50) != inputs(target, 50, seed=1)
    assert max(map(len, inputs(target, 300))) <= MAX_BYTES


def test_a_part_of_a_model_file_that_the_input_replaces_is_read() -> None:
    with pytest.raises(ModelError):
        read_model(bytes([0, 0, 0]) + b'{"kind": "html"}')
    read_model(model_seeds()[0])


def test_a_file_of_a_data_set_that_the_input_replaces_is_read_and_put_back() -> None:
    with pytest.raises(CorpusError):
        read_labels(bytes([0]) + b"{")
    read_labels(label_seeds()[0])


def _raise(data: bytes) -> None:
    raise RuntimeError(data)


def _wait(data: bytes) -> None:
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass


def test_an_error_that_is_not_documented_is_a_finding() -> None:
    assert probe(Target(_raise, list), b"x").startswith("RuntimeError at test_fuzz.py:")
    assert probe(Target(_raise, list, documented=(RuntimeError,)), b"x") == ""


def test_an_input_that_takes_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzed, "SECONDS", 0.1)
    assert probe(Target(_wait, list), b"x").startswith("slow")


def test_the_command_fails_where_something_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stub(name: str, inputs: int, **_: object) -> Report:
        return Report(name, inputs, 1.0, False, (Finding("crash", Path("x.bin")),) if name == "model" else ())

    monkeypatch.setattr("train.trials.run_fuzz", stub)
    assert main(["fuzz", "--target", "classify", "--inputs", "7"]) == 0
    assert main(["fuzz", "--inputs", "7"]) == 1
    assert "model: 7 inputs at random in 1 s: 1 findings\n  crash\n    x.bin" in capsys.readouterr().out


def test_a_run_in_a_process_of_its_own_keeps_the_inputs_that_fail(tmp_path: Path) -> None:
    finding = _keep(tmp_path / "found", "labels", "crash", b"abc")
    assert finding.path.read_bytes() == b"abc" and finding.what == "crash"


def watched(work: Callable[..., object], argument: int) -> list[tuple[str, bytes]]:
    """What a run says of a child that does this in place of the inputs; the first input is b"abc"."""
    shared = run._Shared()
    shared.begin(b"abc")
    ours, theirs = run._SPAWN.Pipe(duplex=False)
    child = run._SPAWN.Process(target=work, args=(argument, theirs), daemon=True)
    child.start()
    theirs.close()
    return run._watch(child, ours, shared, inputs=1)


def _end(status: int, _: object) -> None:
    os._exit(status)


def _sleep(seconds: int, _: object) -> None:
    time.sleep(seconds)


@pytest.mark.usefixtures("importable_tests")
def test_an_input_that_ends_its_process_is_a_finding() -> None:
    assert watched(_end, 9) == [("crash: the process ended with 9", b"abc")]


@pytest.mark.usefixtures("importable_tests")
def test_an_input_that_never_ends_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "HANG_SECONDS", 1.5)
    assert watched(_sleep, 60) == [("hang: over 1.5 s", b"abc")]


def test_a_run_in_a_process_of_its_own_counts_its_inputs(tmp_path: Path) -> None:
    report = fuzz("labels", 20, to=tmp_path, seed=0, guided=False)
    assert report.inputs == 20
    assert str(report).startswith("labels: 20 inputs at random in ")
    assert all(one.path.is_file() for one in report.findings)


@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>",
        "<img src=x onerror=y>",
        "<a href='java\nscript:x'>",
        "<a href='\x01data:x'>",
        "<p style='display:none'>",
        "<svg></svg>",
    ],
)
def test_the_judge_of_rendered_pages_sees_what_is_unsafe(html: str) -> None:
    assert unsafe_parts(html)


def test_markdown_is_judged_as_a_trusting_converter_shows_it() -> None:
    assert unsafe_parts(markdown_to_html("[a](javascript:b) <img src=x onerror=y>")) == [
        "a href='javascript:b'",
        "img onerror='y'",
    ]
    assert unsafe_parts(markdown_to_html("[a](https://e.example) `<b onclick=x>`")) == []
