"""What the README shows works: its Python runs, its commands exist, its links lead somewhere."""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from classifier import classify
from classifier.cli import parse
from classifier.features.titles import FAMILY_TITLES
from tests.examples import (
    ELLIPSIS,
    GAP,
    ROOT,
    check_declutter,
    check_train,
    commands,
    fences,
    links,
    run_python,
    save_labels,
    shell_lines,
)

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE: Final = ROOT / "data" / "pages" / "news-en" / "page.html"
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]


def console(command: str) -> list[str]:
    """The output that the README shows for a command."""
    for block in fences(README, "console"):
        first, *output = block.splitlines()
        if first == f"$ {command}":
            return output
    raise AssertionError(f"the README shows no output of {command}")


def test_every_block_of_python_runs_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"html": SAMPLE.read_bytes(), "pages": [SAMPLE.read_bytes()]}
    save_labels(tmp_path / "labels.jsonl", ["news-en"])
    assert fences(README, "python")
    run_python(README, "README.md", names)


def test_the_command_that_is_installed_is_the_one_shown() -> None:
    module, _, function = PROJECT["scripts"]["declutter"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_declutter_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--help"])
    assert end.value.code == 0
    assert "usage: declutter" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", commands(README, "declutter"), ids=" ".join)
def test_declutter_takes_the_options_shown(arguments: list[str]) -> None:
    check_declutter(arguments)


@pytest.mark.parametrize("arguments", commands(README, "python -m train"), ids=" ".join)
def test_the_trainer_has_the_steps_and_options_shown(arguments: list[str]) -> None:
    check_train(arguments)


def test_set_up_takes_one_line_each_that_uses_python_alone() -> None:
    lines = [line for line in shell_lines(README) if "-m venv" in line]
    assert len(lines) == 2
    for line in lines:
        make, install, use = line.split(" && ")
        assert make == "python3 -m venv .venv"
        assert install.startswith(".venv/bin/pip install ")
        assert use.startswith(".venv/bin/")


def test_every_extra_that_is_named_exists() -> None:
    named = {extra for found in re.findall(r"'\.\[([\w,]+)\]'", README) for extra in found.split(",")}
    assert named
    assert named <= set(PROJECT["optional-dependencies"])


def test_the_python_version_is_that_of_the_project() -> None:
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} or newer" in README


@pytest.mark.parametrize("link", sorted(set(links(README))))
def test_a_link_leads_to_a_file_of_the_project(link: str) -> None:
    path = link.partition("#")[0]
    assert (ROOT / path).exists()


def test_the_table_of_blocks_shown_is_that_of_the_sample_page() -> None:
    """Probabilities may move with a new model; rows and labels may not without a new README."""
    header, *rows = console(f"declutter --blocks {SAMPLE.relative_to(ROOT).as_posix()}")
    assert header.split() == ["label", "prob", "tag", "text"]
    page = classify(SAMPLE.read_bytes())
    blocks = iter(page.blocks)
    for row in rows:
        if row == GAP:
            continue
        label, probability, tag, text = row.split(maxsplit=3)
        assert 0 <= float(probability) <= 1
        start = text.removesuffix(ELLIPSIS).rstrip()
        same = (
            block for block in blocks if block.tag == tag and " ".join(block.text.split()).startswith(start)
        )
        block = next(same, None)  # goes on behind the last one, so the order is checked as well
        assert block is not None, f"the page has no such block, or not in this place: {row}"
        assert block.label.value == label, f"the README shows another label: {row}"


def test_the_explanations_shown_are_those_of_the_sample_page() -> None:
    """The figures move with a new model; blocks, labels and the names of families may not."""
    rows = console(f"declutter --explain {SAMPLE.relative_to(ROOT).as_posix()}")
    labels = {block.text: block.label for block in classify(SAMPLE.read_bytes()).blocks}
    families = 0
    for row in rows:
        first, rest = [*row.split(maxsplit=1), ""][:2]
        if first in ("content", "clutter"):
            start = rest.split(maxsplit=2)[2].removesuffix(ELLIPSIS)
            assert first in {label for text, label in labels.items() if text.startswith(start)}
        elif first != GAP:
            assert abs(float(first)) <= 1
            families += any(rest.startswith(title) for title in FAMILY_TITLES.values())
    assert families >= 4


def test_the_text_shown_is_that_of_the_sample_page() -> None:
    shown = "\n".join(console(f"declutter {SAMPLE.relative_to(ROOT).as_posix()}"))
    text = classify(SAMPLE.read_bytes()).text
    assert text.startswith(shown.partition(f"\n\n{GAP}\n\n")[0])
    assert text.endswith(shown.rpartition(f"\n\n{GAP}\n\n")[2])
