"""Inputs for a fuzzer: seeds cut, spliced and strewn with words that parsers treat in a special way."""

import random
from collections.abc import Callable, Sequence
from typing import Final

__all__ = ["MAX_BYTES", "PAGE_WORDS", "Mutator"]

# Small inputs make for many a second, and what breaks a parser rarely takes more.
MAX_BYTES: Final = 4096
# Changes made to one input, at most.
MAX_CHANGES: Final = 8
# Times that a piece is repeated where nesting and length are tried.
MAX_REPEATS: Final = 400

_TAGS: Final = (
    "a abbr annotation-xml applet article aside b base blockquote body br button "
    "canvas caption center code col "
    "colgroup dd del details dialog dir div dl dt em embed fieldset figcaption figure font footer form frame "
    "frameset h1 h6 head header hr html i iframe image img input isindex kbd li link "
    "listing main map marquee "
    "math menu meta mi nav nobr noembed noframes noscript object ol optgroup option "
    "p param picture plaintext "
    "pre q rb rp rt rtc ruby samp script section select source span strong style sub summary sup svg table "
    "tbody td template textarea tfoot th thead title tr track u ul var video wbr x-y xmp"
).split()
_MARKUP: Final = (
    "<!doctype html>|<!--|-->|--!>|<!-->|<![CDATA[|]]>|<?xml version='1.0' "
    "encoding='koi8-r'?>|</|<|>|/>|&|&#|&#x0;|"
    "&#xD800;|&#1114112;|&amp;|&lt;|&gt;|&nbsp;|&shy;|&colon;|&NewLine;|&notit;|"
    "&quot|\"|'|`|```|~~~|=|\\|[|](|)|![|"
    "]: |\\`|| | --- ||# |## |- |* |1. |2) |> |<http://x|<mailto:|**|_|<meta "
    "charset=|<meta http-equiv=content-type "
    "content='text/html; charset=|gbk'>|utf-16'>|iso-2022-jp>|x-user-defined>|replacement>| href=|"
    " src=| style='display:none'| hidden| onclick=| onerror=alert(1)| class=| "
    "id=S:0| colspan=9| rowspan=65534|"
    " start=-1| data-src=| srcset=| "
    "title=|javascript:alert(1)|java\tscript:alert(1)|data:text/html,|vbscript:x|"
    'https://e.example/|<script type=application/ld+json>|{"articleBody": "|window.__STATE__ = {|'
    'JSON.parse("|"}</script>|<a href=/x>|<li>item</li>|<td>cell|<br><br>|\r\n|\n\n|\t|\f|'
    "<sup><a href=#n1>1</a></sup>|<li id=n1>|<p id=n1>1 |<th align=right>| class=language-c|<base href='"
    "https://b.example/x'>|<meta property=og:image content=|<div itemscope itemprop=name>|"
    "some words of prose, and "
    "more|\u00ad|\u200b|\u2028|\ufeff|\ufdd0|\ufdd1|\ufdd4|\ufdd5|\ufdd71\ufdd8|\ufdda|\ufddc|\ufdde|\ufddd|\ufffe|\U000e0001|日本語|é|ẞ|İ|ﬁ|😀|ا"
).split("|")
# What the standards of HTML, URLs, encodings and Markdown give a meaning of its own.
PAGE_WORDS: Final[tuple[bytes, ...]] = (
    *(f"<{tag}>".encode() for tag in _TAGS),
    *(f"</{tag}>".encode() for tag in _TAGS),
    *(word.encode() or b"|" for word in _MARKUP),
    b"\0",
    b"\x0e",
    b"\x1b$B",
    b"\x1b(B",
    b"\x80",
    b"\xff",
    b"\xc3",
    b"\xe2\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\x81\x30\x81\x30",
    b"~{",
    b"%PDF-",
    b"\r",
)


class Mutator:
    """Makes inputs out of seeds; equal seeds and an equal generator give equal inputs.

    Args:
        seeds: inputs to start from.
        words: pieces to strew in.
        max_bytes: of an input.
    """

    def __init__(
        self, seeds: Sequence[bytes], words: Sequence[bytes] = PAGE_WORDS, max_bytes: int = MAX_BYTES
    ) -> None:
        self.seeds = seeds
        self.words = words
        self.max_bytes = max_bytes
        self._changes: tuple[Callable[[bytes, random.Random], bytes], ...] = (
            self._delete,
            self._repeat,
            self._insert_word,
            self._insert_word,
            self._insert_word,
            self._overwrite,
            self._flip,
            self._splice,
            self._move,
            self._insert_bytes,
        )

    def make(self, chance: random.Random) -> bytes:
        """An input of at most `max_bytes`: a piece of a seed, changed."""
        return self.change(self._piece(chance.choice(self.seeds), chance, self.max_bytes), chance)

    def change(self, data: bytes, chance: random.Random) -> bytes:
        """The input after one change or several."""
        for _ in range(chance.randint(1, MAX_CHANGES)):
            data = chance.choice(self._changes)(data, chance)[: self.max_bytes]
        return data

    @staticmethod
    def _span(data: bytes, chance: random.Random) -> tuple[int, int]:
        """Ends of a piece, short ones more often than long ones."""
        start = chance.randint(0, len(data))
        return start, min(len(data), start + int(2 ** chance.uniform(0, 10)))

    def _piece(self, data: bytes, chance: random.Random, most: int) -> bytes:
        size = int(2 ** chance.uniform(3, 12))
        start = chance.randint(0, max(0, len(data) - size)) if chance.random() < 0.7 else 0
        return data[start : start + min(size, most)]

    def _delete(self, data: bytes, chance: random.Random) -> bytes:
        start, end = self._span(data, chance)
        return data[:start] + data[end:]

    def _repeat(self, data: bytes, chance: random.Random) -> bytes:
        start, end = self._span(data, chance)
        times = int(MAX_REPEATS ** chance.random())
        return data[:end] + data[start:end] * times + data[end:]

    def _insert_word(self, data: bytes, chance: random.Random) -> bytes:
        at = chance.randint(0, len(data))
        times = int(MAX_REPEATS ** chance.random()) if chance.random() < 0.1 else 1
        return data[:at] + chance.choice(self.words) * times + data[at:]

    def _overwrite(self, data: bytes, chance: random.Random) -> bytes:
        start, end = self._span(data, chance)
        return data[:start] + chance.randbytes(min(8, end - start)) + data[start + min(8, end - start) :]

    def _flip(self, data: bytes, chance: random.Random) -> bytes:
        if not data:
            return data
        at = chance.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]

    def _splice(self, data: bytes, chance: random.Random) -> bytes:
        at = chance.randint(0, len(data))
        return data[:at] + self._piece(chance.choice(self.seeds), chance, self.max_bytes // 4) + data[at:]

    def _move(self, data: bytes, chance: random.Random) -> bytes:
        start, end = self._span(data, chance)
        rest = data[:start] + data[end:]
        at = chance.randint(0, len(rest))
        return rest[:at] + data[start:end] + rest[at:]

    def _insert_bytes(self, data: bytes, chance: random.Random) -> bytes:
        at = chance.randint(0, len(data))
        return data[:at] + chance.randbytes(chance.randint(1, 4)) + data[at:]
