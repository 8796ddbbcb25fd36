"""The lock file for development pins what pyproject.toml asks for, within its bounds."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: Final = PROJECT["optional-dependencies"]
LINES: Final = [
    line
    for line in (ROOT / ".ci" / "lock.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
PINS: Final = {
    canonicalize_name(name): version for name, _, version in (line.partition("==") for line in LINES)
}


def wanted(requirements: list[str]) -> list[Requirement]:
    """Requirements, with those of the project's own extras in the place of the extra."""
    found = []
    for one in map(Requirement, requirements):
        if one.name != PROJECT["name"]:
            found.append(one)
        for extra in sorted(one.extras) if one.name == PROJECT["name"] else ():
            found += wanted(EXTRAS[extra])
    return found


@pytest.mark.parametrize("one", wanted([*PROJECT["dependencies"], *EXTRAS["dev"]]), ids=str)
def test_what_development_needs_is_pinned_within_its_bounds(one: Requirement) -> None:
    assert one.specifier.contains(PINS[canonicalize_name(one.name)])


def test_each_line_is_one_package_and_one_version_from_no_particular_place() -> None:
    assert len(LINES) > 50
    assert [line for line in LINES if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!]*", line)] == []
    assert len(PINS) == len(LINES)
