"""What documents show works: reads the examples out of Markdown, runs them, and compares what they print.

Python and console blocks are run. Of other shell lines, which may need a network or hours, the arguments are
parsed by the very parsers of the commands.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from classifier.batch.cli import parse as parse_batch
from classifier.cli import BATCH, INSPECT, SITE, parse
from classifier.gather import make_parser as make_site_parser
from classifier.inspect.cli import parse as parse_inspect
from train.corpus import read
from train.table import build_table

ROOT: Final = Path(__file__).parents[1]
# Stands in an output for lines that are left out; also ends a text that was cut.
GAP: Final = "..."
ELLIPSIS: Final = "…"
TIMEOUT_S: Final = 120
_FENCE: Final = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Figures move with a new model, times with the machine: a number stands for any number.
_NUMBER: Final = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block of a document."""

    language: str
    code: str


def all_fences(text: str) -> list[Fence]:
    """The code blocks, in order."""
    return [Fence(*found) for found in _FENCE.findall(text)]


def fences(text: str, language: str) -> list[str]:
    """The code blocks of a language, in order."""
    return [one.code for one in all_fences(text) if one.language == language]


def shell_lines(text: str) -> Iterator[str]:
    """Every command line that a reader may copy."""
    for block in fences(text, "bash"):
        yield from block.splitlines()
    for block in fences(text, "console"):
        yield from (line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ "))


def commands(text: str, program: str) -> list[list[str]]:
    """The arguments of every call of a program in the shell blocks, and in code within the prose."""
    inline = re.findall(rf"`({re.escape(program)} [^`]+)`", _FENCE.sub("", text))
    found = []
    for line in [*shell_lines(text), *inline]:
        for part in re.split(r"&&|\|\|?", line):
            words = [re.sub(r"^\.venv/bin/", "", word) for word in shlex.split(part, comments=True)]
            head = shlex.split(program)
            if words[: len(head)] == head:
                found.append(words[len(head) :])
    return found


def links(text: str) -> list[str]:
    """Where the links lead that stay within the project."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


def check_declutter(arguments: list[str]) -> None:
    """Fail unless `declutter` takes these arguments."""
    if arguments in ([], [BATCH], [INSPECT], [SITE]) or {"--help", "--completion"} & set(arguments):
        return  # prose names a command without more; and these options end the program
    if arguments[0] == BATCH:
        assert parse_batch(arguments[1:]).inputs
    elif arguments[0] == INSPECT:
        assert parse_inspect(arguments[1:]).paths
    elif arguments[0] == SITE:
        assert make_site_parser().parse_intermixed_args(arguments[1:]).output
    else:
        assert parse(arguments).paths


def check_train(arguments: list[str]) -> None:
    """Fail unless the trainer has this step with these options."""
    step, *rest = arguments
    text = train_help(step)
    options = [word for word in rest if word.startswith("--")]
    assert not [option for option in options if not re.search(rf"{option}\b", text)]


@cache
def train_help(*step: str) -> str:
    """What `python -m train STEP --help` prints."""
    done = _run([sys.executable, "-m", "train", *step, "--help"], ROOT)
    assert done.returncode == 0, done.stdout
    return done.stdout


def save_labels(path: Path, slugs: Iterable[str]) -> None:
    """Write what the inspector saves once a person has corrected pages of `data/pages`."""
    wanted = [page for page in read("pages", ROOT / "data") if page.id in set(slugs)]
    with path.open("w", encoding="utf-8") as file:
        for page in build_table(wanted, "html", workers=1, progress=False).pages:
            source = next(one.page for one in wanted if one.id == page.id).decode()
            blocks = [
                {"index": index, "text": text, "label": "content" if label else "clutter", "person": True}
                for index, (text, label) in enumerate(zip(page.texts, page.label, strict=True))
            ]
            line = {
                "format": "declutter-labels",
                "version": 1,
                "path": f"crawl/{page.id}.html",
                "kind": "html",
                "html": source,
                "sha256": hashlib.sha256(source.encode()).hexdigest(),
                "checked": True,
                "threshold": 0.5,
                "blocks": blocks,
            }
            file.write(json.dumps(line) + "\n")


def run_python(text: str, name: str, names: dict[str, Any]) -> None:
    """Run the Python blocks one after another, and compare with what they print the text block behind each.

    Args:
        name: of the document, for messages.
        names: what the blocks find defined.
    """
    number = 0
    blocks = all_fences(text)
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language != "python":
            continue
        number += 1
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block.code, f"{name}, Python block {number}", "exec"), names)
        if following and following.language == "text":
            check_output(following.code.splitlines(), printed.getvalue().splitlines(), f"block {number}")


def run_console(text: str, folder: Path) -> None:
    """Run the console blocks in a folder, and compare what the commands print with what is shown."""
    for block in fences(text, "console"):
        for command, shown in _sessions(block):
            done = _run(["bash", "-o", "pipefail", "-c", command], folder)
            check_output(shown, done.stdout.splitlines(), command)


def _sessions(block: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console block, each with the output that is shown."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        while command.endswith("\\"):
            command = f"{command[:-1]}{shown.pop(0)}"
        yield command, shown


def _run(call: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as a reader would; `declutter` and `python` are those of this interpreter and tree."""
    search = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = os.environ | {"PYTHONPATH": search, "PATH": programs, "COLUMNS": "100"}
    return subprocess.run(
        call,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def check_output(shown: Iterable[str], printed: Iterable[str], what: str) -> None:
    """Fail unless an output is the one shown, whatever its numbers are.

    A line `...` stands for any lines, an ellipsis for any end of a line, and spaces count as one.
    """
    parts = [[]]
    for line in shown:
        if line == GAP:
            parts.append([])
        else:
            parts[-1].append(_pattern(line))
    between = r"(?:.*\n)*?"
    pattern = between.join("".join(f"{line}\n" for line in part) for part in parts)
    output = "".join(f"{' '.join(line.split())}\n" for line in printed)
    assert re.fullmatch(pattern, output), f"{what} prints\n{output}"


def _pattern(line: str) -> str:
    """A regular expression for a line that is shown."""
    whole = line.removesuffix(ELLIPSIS)
    literal = [re.escape(part) for part in _NUMBER.split(" ".join(whole.split()))]
    return _NUMBER.pattern.join(literal) + ("" if whole == line else ".*")
