"""The command as people meet it: in real shells that complete it, and on real terminals."""

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from classifier import __version__

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = (
    "<title>Rivers</title><div>Log in</div><p>The river rises in the hills, turns west, and reaches the sea."
)
SECONDS: Final = 60
ZSH_SETUP: Final = "autoload -U compinit; compinit -u -D; "


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a page in it, and `declutter` on the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "declutter"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m classifier "$@"\n')
    command.chmod(0o755)
    (tmp_path / "lengthy-name.html").write_text(PAGE)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Terminal:
    """A terminal, as wide as it takes, whose other end is in our hands."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (50, 200))
        self.shown = ""

    def wait_for(self, text: str) -> str:
        """What is shown once this text is."""
        end = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} never came: {self.shown!r}"
            self._read(0.1)
        return self.shown

    def rest(self) -> str:
        """All that was shown, once nobody shows anything any more."""
        os.close(self.theirs)
        while self._read(SECONDS):
            pass
        return self.shown

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def _read(self, seconds: float) -> bool:
        if not select.select([self.ours], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.ours, 65536)
        except OSError:  # the other end is closed
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    for end in (made.ours, made.theirs):
        try:
            os.close(end)
        except OSError:
            continue


# --- completion


def typed(shell: Sequence[str], setup: str, line: str, result: str, terminal: Terminal) -> str:
    """What a terminal shows after a line with tabs in it is typed in a shell.

    Args:
        result: what shows that the line has been run.
    """
    pytest.importorskip("argcomplete")
    if shutil.which(shell[0]) is None:
        pytest.skip(f"no {shell[0]} here: apt-get install {shell[0]}")
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), terminal.theirs)
    process = subprocess.Popen(shell, start_new_session=True, **ends)
    try:
        terminal.type(f'{setup}eval "$(declutter --completion {shell[0]})"; echo re""ady\n')
        terminal.wait_for("ready")
        terminal.shown = ""
        terminal.type(line)
        return terminal.wait_for(result)
    finally:
        process.kill()
        process.wait()


SHELLS: Final = [
    pytest.param(["bash", "--norc", "--noprofile", "-i"], "", id="bash"),
    pytest.param(["zsh", "-f", "-i"], ZSH_SETUP, id="zsh"),
]


@pytest.mark.parametrize(("shell", "setup"), SHELLS)
def test_an_option_is_completed(home: Path, terminal: Terminal, shell: list[str], setup: str) -> None:
    shown = typed(shell, setup, "declutter --vers\t\n", f"declutter {__version__}", terminal)
    assert "--version" in shown


@pytest.mark.parametrize(("shell", "setup"), SHELLS)
def test_a_subcommand_and_its_options_are_completed(
    home: Path, terminal: Terminal, shell: list[str], setup: str
) -> None:
    line = "declutter insp\t--no-ex\t--help\n"
    shown = typed(shell, setup, line, "usage: declutter inspect", terminal)
    assert "--no-explain" in shown


@pytest.mark.parametrize(("shell", "setup"), SHELLS)
def test_a_file_and_a_choice_are_completed(
    home: Path, terminal: Terminal, shell: list[str], setup: str
) -> None:
    line = "declutter --format js\tleng\t\n"
    assert '"kind": "html"' in typed(shell, setup, line, '"truncated"', terminal)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("declutter --form", ["--format"]),
        ("declutter --format ", ["html", "json", "markdown", "text"]),
        ("declutter ba", ["batch"]),
        ("declutter batch --format ", ["jsonl", "jsonl.gz", "parquet", "wet", "wet.gz"]),
        ("declutter leng", ["lengthy-name.html"]),
        ("declutter -o leng", ["lengthy-name.html"]),
        ("declutter --threshold ", []),
        ("declutter page.html ba", []),
        ("declutter inspect ba", []),
    ],
)
def test_fish_completes_the_same(home: Path, line: str, found: list[str]) -> None:
    pytest.importorskip("argcomplete")
    if shutil.which("fish") is None:
        pytest.skip("no fish here: apt-get install fish")
    script = f"declutter --completion fish | source; complete -C {shlex.quote(line)}"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=SECONDS
    )
    assert sorted(answer.split("\t")[0] for answer in done.stdout.splitlines()) == found


def test_without_argcomplete_completion_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from classifier import cli

    for name in ("argcomplete", "argcomplete.shell_integration"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit) as ending:
        cli.main(["--completion", "bash"])
    assert ending.value.code == 2
    assert "pip install 'clutter-classifier[completion]'" in capsys.readouterr().err


# --- a terminal


def run(*args: str, **ends: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "classifier", *args], **ends)  # type: ignore[call-overload]


def slow_page(path: Path) -> threading.Thread:
    """A page that takes more than a second to come."""
    os.mkfifo(path)

    def write() -> None:
        with path.open("w") as file:
            time.sleep(1.5)
            file.write(PAGE)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=str)
def test_blocks_are_coloured_on_a_terminal_unless_no_color_is_set(
    home: Path,
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    coloured: bool,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run("--blocks", "lengthy-name.html", stdout=terminal.theirs).wait(SECONDS) == 0
    shown = terminal.rest()
    assert "Log in" in shown
    assert ("\x1b[" in shown) is coloured


@pytest.mark.parametrize("command", [("-o", "all.txt"), ("inspect", "-o", "all.html")], ids=" ".join)
def test_many_pages_show_a_bar_that_makes_way_for_what_is_told_and_goes_at_the_end(
    home: Path, terminal: Terminal, command: tuple[str, ...]
) -> None:
    slow = slow_page(home / "slow.html")
    process = run(*command, "lengthy-name.html", "slow.html", "missing.html", stderr=terminal.theirs)
    assert process.wait(SECONDS) == 1
    slow.join()
    shown = terminal.rest()
    assert " 2/3 " in shown and "page" in shown
    told = "declutter: missing.html: No such file or directory"
    assert told in shown.replace("\r", "\n").splitlines()
    assert shown.replace("\r", "\n").splitlines()[-1].strip() == ""


def test_pages_on_a_terminal_are_not_cut_through_by_a_bar(home: Path, terminal: Terminal) -> None:
    slow_page(home / "slow.html")
    process = run("lengthy-name.html", "slow.html", stdout=terminal.theirs, stderr=terminal.theirs)
    assert process.wait(SECONDS) == 0
    assert "2/2" not in terminal.rest()


def test_there_is_no_bar_where_standard_error_is_no_terminal(home: Path) -> None:
    slow_page(home / "slow.html")
    process = run("-o", "all.txt", "lengthy-name.html", "slow.html", stderr=subprocess.PIPE)
    assert process.communicate(timeout=SECONDS)[1] == b""


@pytest.mark.parametrize("command", [(), ("inspect", "-o", "all.html")], ids=["declutter", "inspect"])
def test_no_page_and_nothing_piped_in_is_wrong_usage_and_does_not_wait(
    home: Path, terminal: Terminal, command: tuple[str, ...]
) -> None:
    process = run(*command, stdin=terminal.theirs, stderr=subprocess.PIPE)
    err = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 2
    assert err.endswith(b"name a page: a file, or - for standard input\n")


def test_the_gate_shows_how_far_it_is(
    home: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLASSIFIER_DATA", raising=False)
    call = [sys.executable, "-m", "train", "gate"]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=terminal.theirs)
    out = process.communicate(timeout=SECONDS)[0].decode()
    assert process.returncode == 0 and " passed, 0 failed" in out
    assert "gate: " in terminal.rest() and "gate: " not in out
