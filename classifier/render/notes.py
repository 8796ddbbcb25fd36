"""Footnotes: which links refer to a note of the page, and where that note begins.

Once both are known they become marks, which the conversion to Markdown lets pass: a reference whose note is
not kept stays as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from classifier.render.safety import Attributes

__all__ = ["SIGNS", "Notes", "write_notes"]

# What links that lead to themselves, or back from a note, show instead of a text.
SIGNS: Final = frozenset("¶ # § ^ ↑ ↩ ↩︎ ↵ ⏎ ⇧ ⤴ ⤴︎ 🔗 ⚓ ∞".split())
# Stand around the label of a reference and of a note. Unicode never assigns them.
_REFERENCE: Final = ("\ufdd5", "\ufdd6")
_NOTE: Final = ("\ufdd7", "\ufdd8")

_LABEL: Final = re.compile(r"[\[(]?\s*([0-9]{1,4}|[A-Za-z])\s*[\])]?[.:]?")
_IN_BRACKETS: Final = re.compile(r"[\[(].*[\])]", re.DOTALL)
# How the names of notes read, of those that are not raised or in brackets.
_NOTE_NAME: Final = re.compile(r"fn|note|cite|\bref", re.IGNORECASE)
_MARKED_REFERENCE: Final = re.compile(
    f"(?P<raised>\ufdd3?){_REFERENCE[0]}(?P<label>[0-9A-Za-z]+){_REFERENCE[1]}\ufdd4?"
)
_MARKED_NOTE: Final = re.compile(
    f"(?P<item>(?:[-*+]|[0-9]+[.)]) +)?{_NOTE[0]}(?P<label>[0-9A-Za-z]+){_NOTE[1]} *(?P<text>.*)"
)
# Two words, the second of which opens no title: else Markdown without footnotes reads `[^1]: word` as the
# address of a link, of whatever scheme.
_NO_ADDRESS: Final = re.compile(r"\S+ +[^\s\"'(]")
# Markdown continues a note on lines that are indented as far as this.
_INDENT: Final = "    "


@dataclass(slots=True)
class _Link:
    """A link to a place of the page: its texts, and where they stand in the output."""

    element: int
    target: str
    raised: bool = False
    texts: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    def label(self) -> str:
        text = "".join(self.texts)
        match = _LABEL.fullmatch(text)
        certain = self.raised or _IN_BRACKETS.fullmatch(text) or _NOTE_NAME.search(self.target)
        return match[1] if match and certain else ""


class Notes:
    """Follows a page's links to its own places, and these places."""

    def __init__(self, out: list[str]) -> None:
        self._out = out
        self._links: dict[str, list[_Link]] = {}
        self._open: _Link | None = None
        self._place: tuple[int, str] | None = None
        self._starts: dict[str, tuple[int, bool, str]] = {}

    def start(self, tag: str, element: int, attributes: Attributes) -> None:
        """An element begins: perhaps a link, perhaps a place that links have named before."""
        href = attributes.get("href") or ""
        if tag == "a" and len(href) > 1 and href[0] == "#":
            self._open = _Link(element, unquote(href[1:]))
            self._links.setdefault(self._open.target, []).append(self._open)
        if not self._links:
            return
        for name in (attributes.get("id"), attributes.get("name") if tag == "a" else None):
            if name and name in self._links and name not in self._starts:
                self._place = (element, name)

    def end(self, element: int) -> None:
        """An element ends."""
        if self._open and self._open.element == element:
            self._open = None
        if self._place and self._place[0] == element:
            self._place = None

    def is_sign(self, data: str) -> bool:
        """Whether a text is only the sign of a link within the page."""
        return self._open is not None and data.strip() in SIGNS

    def wrote(self, data: str, *, begins: bool, in_item: bool, raised: bool) -> None:
        """A text was written, at the end of the output.

        Args:
            begins: whether it is the first of a block in which a note may stand.
            in_item: whether that block is an item of a list.
            raised: whether it stands above the line.
        """
        position = len(self._out) - 1
        if self._place:
            name = self._place[1]
            self._place = None
            # Back at the reference, a note's own label is a link as well.
            if begins and not (self._open and self._open.target == name):
                self._starts[name] = (position, in_item, data)
                return
        if self._open:
            self._open.raised |= raised
            self._open.texts.append(data.strip())
            self._open.positions.append(position)

    def mark(self) -> None:
        """Mark the references whose notes are there, and these notes, in the output."""
        used: set[str] = set()
        for name, (position, in_item, data) in self._starts.items():
            links = [link for link in self._links[name] if link.positions]
            label = links[0].label() if links else ""
            own = _LABEL.fullmatch(data.strip())
            if not label or label in used or not (in_item or (own and own[1] == label)):
                continue
            used.add(label)
            for link in links:
                if link.label() == label:
                    for at in link.positions:
                        self._out[at] = ""
                    self._out[link.positions[0]] = label.join(_REFERENCE)
            self._out[position] = label.join(_NOTE) + (self._out[position] if in_item else "")


def write_notes(markdown: str) -> str:
    """Marked references and notes as GitHub-flavoured Markdown writes them."""
    if _REFERENCE[0] not in markdown:
        return markdown
    lines = markdown.split("\n")
    found = (_MARKED_NOTE.fullmatch(line) for line in lines)
    notes = {match["label"] for match in found if match and _NO_ADDRESS.match(match["text"])}

    def reference(match: re.Match[str]) -> str:
        if match["label"] in notes:
            return f"[^{match['label']}]"
        return f"<sup>{match['label']}</sup>" if match["raised"] else rf"\[{match['label']}\]"

    return _MARKED_REFERENCE.sub(reference, "\n".join(_written(lines, notes)))


def _written(lines: list[str], notes: set[str]) -> Iterator[str]:
    """The lines, an empty one around each note, and its further paragraphs indented."""
    indent = ""
    before = ""
    for line in lines:
        match = _MARKED_NOTE.fullmatch(line)
        if match:
            item, label, text = match["item"] or "", match["label"], match["text"]
            line = (
                f"[^{label}]: {text}" if label in notes else item + (text if item else rf"\[{label}\] {text}")
            )
            if before and label in notes:
                yield ""
            indent = " " * len(item) if label in notes else ""
        elif indent and line.startswith(indent):
            line = _INDENT + line[len(indent) :] if line.strip() else ""
        elif indent and line:
            indent = ""
            if before:
                yield ""
        yield line
        before = line
