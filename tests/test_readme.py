"""What the README shows works: its Python runs, its commands exist, its links lead somewhere."""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from classifier import classify
from classifier.batch.cli import parse as parse_batch
from classifier.cli import BATCH, INSPECT, parse
from classifier.features.titles import FAMILY_TITLES
from classifier.inspect.cli import parse as parse_inspect

ROOT: Final = Path(__file__).parents[1]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE: Final = ROOT / "data" / "pages" / "news-en" / "page.html"
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
# Stands in the --blocks table for rows left out; also ends a text that was cut.
GAP: Final = "..."
ELLIPSIS: Final = "…"


def fences(language: str) -> list[str]:
    """The code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def shell_lines() -> Iterator[str]:
    """Every command line that a reader may copy."""
    for block in fences("bash"):
        yield from block.splitlines()
    for block in fences("console"):
        yield from (line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ "))


def commands(program: str) -> list[list[str]]:
    """The arguments of every call of a program in the shell blocks, and in code within the prose."""
    inline = re.findall(rf"`({re.escape(program)} [^`]+)`", re.sub(r"(?s)```.*?```", "", README))
    found = []
    for line in [*shell_lines(), *inline]:
        for part in re.split(r"&&|\|\|", line):
            words = [re.sub(r"^\.venv/bin/", "", word) for word in shlex.split(part, comments=True)]
            head = shlex.split(program)
            if words[: len(head)] == head:
                found.append(words[len(head) :])
    return found


def console(command: str) -> list[str]:
    """The output that the README shows for a command."""
    for block in fences("console"):
        first, *output = block.splitlines()
        if first == f"$ {command}":
            return output
    raise AssertionError(f"the README shows no output of {command}")


@cache
def train_help(*step: str) -> str:
    call = [sys.executable, "-m", "train", *step, "--help"]
    environment = os.environ | {"COLUMNS": "100"}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def save_labels(path: Path) -> None:
    """What the inspector saves once a person has looked at the sample page."""
    page = classify(SAMPLE.read_bytes())
    line = {
        "format": "declutter-labels",
        "version": 1,
        "path": SAMPLE.name,
        "kind": "html",
        "html": page.markup,
        "sha256": hashlib.sha256(page.markup.encode()).hexdigest(),
        "checked": True,
        "threshold": 0.5,
        "blocks": [
            {"index": block.index, "text": block.text, "label": block.label, "person": False}
            for block in page.blocks
        ],
    }
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")


def test_every_block_of_python_runs_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"html": SAMPLE.read_bytes(), "pages": [SAMPLE.read_bytes()]}
    save_labels(tmp_path / "labels.jsonl")
    blocks = fences("python")
    assert blocks
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), names)


def test_the_command_that_is_installed_is_the_one_shown() -> None:
    module, _, function = PROJECT["scripts"]["declutter"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_declutter_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--help"])
    assert end.value.code == 0
    assert "usage: declutter" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", commands("declutter"), ids=" ".join)
def test_declutter_takes_the_options_shown(arguments: list[str]) -> None:
    if arguments == ["--help"]:
        return  # it ends the program; see above
    if arguments[0] == BATCH:
        assert parse_batch(arguments[1:]).inputs
    elif arguments[0] == INSPECT:
        assert parse_inspect(arguments[1:]).paths
    else:
        assert parse(arguments).paths


@pytest.mark.parametrize("arguments", commands("python -m train"), ids=" ".join)
def test_the_trainer_has_the_steps_and_options_shown(arguments: list[str]) -> None:
    step, *rest = arguments
    text = train_help(step)
    options = [word for word in rest if word.startswith("--")]
    assert not [option for option in options if not re.search(rf"{option}\b", text)]


def test_set_up_takes_one_line_each_that_uses_python_alone() -> None:
    lines = [line for line in shell_lines() if "-m venv" in line]
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


def links(text: str) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


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
