"""Completion in shells: a script that a shell loads, and the answers that it asks this command for."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

__all__ = ["SHELLS", "PrintScript", "answer", "is_asked"]

SHELLS: Final = ("bash", "zsh", "fish")
# Where argcomplete's script says that the command is to answer, and from which word on the line is its own.
ASKED: Final = "_ARGCOMPLETE"
# Names of values that are files or folders; other values without choices are the user's to think of.
FILES: Final = {"FILE", "IN", "OUT", "PATH"}

Parsers = Mapping[str, Callable[[], argparse.ArgumentParser]]


class PrintScript(argparse.Action):
    """The option that prints the script for a shell and ends the command."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: Any
    ) -> None:
        """Print the script; ends with status 2 where argcomplete is not installed."""
        try:
            from argcomplete.shell_integration import shellcode
        except ImportError:
            parser.error("--completion needs argcomplete: pip install 'clutter-classifier[completion]'")
        print(shellcode([parser.prog], shell=values))
        parser.exit()


def is_asked() -> bool:
    """Whether a shell has started this command to complete a line."""
    return ASKED in os.environ


def answer(main: Callable[[], argparse.ArgumentParser], commands: Parsers) -> None:
    """Tell the shell what may stand at the cursor, and end the process.

    Args:
        main: makes the parser of the command itself.
        commands: name of a subcommand -> makes its parser.

    Raises:
        ImportError: argcomplete is not installed.
    """
    import argcomplete
    from argcomplete.completers import FilesCompleter

    line = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", "0"))]
    words = f"{line}|".split()[1:]  # with a mark for the cursor, so that the last word is the unfinished one
    begun = words[0] if len(words) > 1 else ""
    if begun in commands:
        os.environ[ASKED] = "2"
    parser = commands.get(begun, main)()
    names: Sequence[str] = [] if begun in commands else list(commands)

    def values(prefix: str, action: argparse.Action, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        """Files where a file is meant, and the subcommands where the first of them may stand."""
        found = FilesCompleter()(prefix) if action.metavar in FILES else []
        is_first = not action.option_strings and not getattr(parsed_args, action.dest, None)
        return found + [name for name in names if is_first and name.startswith(prefix)]

    autocomplete: Any = argcomplete.autocomplete  # its types ask for a class, where a function does
    autocomplete(parser, always_complete_options="long", default_completer=values)
