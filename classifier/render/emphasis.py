"""Strong, emphasised and deleted text, written in signs where Markdown reads them as such, else as HTML.

Whether it does depends on the characters on both sides of a sign (CommonMark 6.2): `**bold:**text` is not
bold. So the text carries marks until all else is written.
"""

import re
from typing import Final, NamedTuple
from unicodedata import category

__all__ = ["MARKS", "write_emphasis"]

# The marks for the start and the end of an element. Unicode never assigns them.
MARKS: Final = {"strong": ("\ufddc", "\ufddd"), "em": ("\ufdde", "\ufddf"), "del": ("\ufde0", "\ufde1")}
_SIGNS: Final = {"strong": "**", "em": "*", "del": "~~"}
# In the place of an asterisk beside which another sign stands, with which it would become one.
_OTHER_EM: Final = "_"
_STARTS: Final = {start: name for name, (start, _) in MARKS.items()}
_ENDS: Final = {end: name for name, (_, end) in MARKS.items()}
_ALL: Final = "".join([*_STARTS, *_ENDS])
_MARK: Final = re.compile(f"[{_ALL}]")
# An element that goes on where one of its kind has ended.
_CONTINUED: Final = re.compile("|".join(end + start for start, end in MARKS.values()))


class _Pair(NamedTuple):
    name: str
    start: int
    end: int


def write_emphasis(markdown: str) -> str:
    """The text with signs or tags in the place of marks."""
    if not _MARK.search(markdown):
        return markdown
    text = _CONTINUED.sub("", markdown)
    written: dict[int, str] = {}
    for pair in _pairs(text):
        sign = _sign(text, pair)
        written[pair.start] = sign or f"<{pair.name}>"
        written[pair.end] = sign or f"</{pair.name}>"
    return _MARK.sub(lambda mark: written.get(mark.start(), ""), text)


def _pairs(text: str) -> list[_Pair]:
    """Where elements start and end; marks without a partner are none."""
    found: list[_Pair] = []
    opened: list[tuple[str, int]] = []
    for mark in _MARK.finditer(text):
        if name := _STARTS.get(mark[0]):
            opened.append((name, mark.start()))
        elif opened and opened[-1][0] == _ENDS[mark[0]]:
            found.append(_Pair(*opened.pop(), mark.start()))
    return found


def _sign(text: str, pair: _Pair) -> str:
    """The sign that Markdown reads as the start and as the end of the element; empty if none surely is."""
    before, first = text[pair.start - 1 : pair.start], text[pair.start + 1]
    last, after = text[pair.end - 1], text[pair.end + 1 : pair.end + 2]
    if not (_opens(before, first) and _opens(after, last)):
        return ""
    if pair.name == "em" and any(side in _ALL for side in (before, first, last, after) if side):
        is_word = (before and before.isalnum()) or (after and after.isalnum())
        return "" if is_word else _OTHER_EM
    return _SIGNS[pair.name]


def _opens(outside: str, inside: str) -> bool:
    """Whether a sign between two characters belongs to the one inside; "" is the edge of the text."""
    if inside.isspace():
        return False
    return not _may_be_punctuation(inside) or not outside or outside.isspace() or _is_punctuation(outside)


def _may_be_punctuation(character: str) -> bool:
    """For some version of CommonMark: symbols are since 0.31."""
    return character in _ALL or category(character)[0] in "PS"


def _is_punctuation(character: str) -> bool:
    """For every version of CommonMark."""
    return (
        character in _ALL
        or category(character)[0] == "P"
        or (character.isascii() and character in "$+<=>^`|~")
    )
