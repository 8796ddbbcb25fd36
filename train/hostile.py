"""Pages made to cost a reader more than they are worth, and what they cost this one.

Each is a function of a size; the work that it takes should grow no faster than the size. They are after
published weaknesses of parsers and extractors: nesting, unclosed formatting, attributes, options, a
million small paragraphs (jusText issue 43), and texts on which hashes and regular expressions go wrong.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from train.fresh import PEAK, fresh

__all__ = ["MAX_MB", "MAX_SECONDS", "PAGES", "Cost", "Hostile", "costs", "run"]

# What a page may cost at the default limits.
MAX_SECONDS: Final = 3.0
MAX_MB: Final = 500.0


class Hostile(NamedTuple):
    """A kind of hostile page."""

    page: Callable[[int], str]
    """The page of a size."""
    size: int
    """The size at which it is dangerous."""


def _nested(tag: str) -> Callable[[int], str]:
    return lambda n: f"<{tag}>" * n + "word"


def _repeated(unit: str, around: str = "{}") -> Callable[[int], str]:
    return lambda n: around.format(unit * n)


def _numbered(unit: str, around: str = "{}") -> Callable[[int], str]:
    return lambda n: around.format("".join(unit.format(i) for i in range(n)))


def _thue_morse(n: int) -> str:
    """Words of two letters whose polynomial hashes modulo 2**64 are equal, whatever the base."""
    word = "a"
    while len(word) < 1024:
        word += word.translate(str.maketrans("ab", "ba"))
    other = word.translate(str.maketrans("ab", "ba"))
    words = (word if i % 2 else other for i in range(n))
    return "<p>" + " ".join(words)


def _json_ld(inside: str) -> str:
    return f'<p>A page.</p><script type="application/ld+json">{inside}</script>'


PAGES: Final[Mapping[str, Hostile]] = {
    "elements in each other": Hostile(_nested("div"), 200_000),
    "bold in bold": Hostile(_nested("b"), 100_000),
    "spans in each other": Hostile(_nested("span"), 200_000),
    "lists in each other": Hostile(_nested("ul><li"), 100_000),
    "tables in each other": Hostile(_nested("table><tr><td"), 50_000),
    "unclosed formatting": Hostile(_numbered("<b c={}><p>"), 2_000),
    "blocks of one word": Hostile(_repeated("<p>word"), 1_000_000),
    "blocks all different": Hostile(_numbered("<p>word{}"), 1_000_000),
    "empty elements": Hostile(_repeated("<i></i>"), 1_000_000),
    "attributes": Hostile(_numbered(" a{}=1", "<p{}>word"), 100_000),
    "names": Hostile(_numbered("<p class='a{0} b{0}'>word"), 200_000),
    "one long name": Hostile(_repeated("aB-", "<p class='{}'>word"), 3_000_000),
    "options": Hostile(_repeated("<option>word", "<select>{}"), 200_000),
    "cells": Hostile(_repeated("<td>word", "<table><tr>{}"), 200_000),
    "rows": Hostile(_repeated("<tr><td>word", "<table>{}"), 200_000),
    "line breaks": Hostile(_repeated("word<br>"), 500_000),
    "links": Hostile(_repeated("<a href=/>word</a>"), 300_000),
    "one text": Hostile(_repeated("word ", "<p>{}"), 10_000_000),
    "one word": Hostile(_repeated("w", "<p>{}"), 50_000_000),
    "one word of Han": Hostile(_repeated("字", "<p>{}"), 16_000_000),
    "marks on a letter": Hostile(_repeated("\u0301", "<p>e{}"), 20_000_000),
    "words of one hash": Hostile(_thue_morse, 20_000),
    "tags left open": Hostile(_repeated("<a href="), 2_000_000),
    "less-than signs": Hostile(_repeated("<"), 16_000_000),
    "iframes in noscript": Hostile(_repeated("<noscript><iframe src=x></noscript>"), 200_000),
    "iframe tags left open": Hostile(_repeated("<iframe ", "{}</noscript"), 1_000_000),
    "entities": Hostile(_repeated("&notin;&amp;"), 2_000_000),
    "JSON-LD": Hostile(lambda n: _json_ld(json.dumps({"articleBody": "A text. " * n})), 2_500_000),
    "JSON-LD in JSON-LD": Hostile(lambda n: _json_ld('{"a":' * n + "1" + "}" * n), 10_000),
    "JSON-LD of many texts": Hostile(
        lambda n: _json_ld(json.dumps([{"description": f"Text {i} " * 8} for i in range(n)])), 200_000
    ),
    "lines of text": Hostile(_repeated("word\n"), 2_000_000),
    "wrapped lines": Hostile(_repeated("A line of a text that is wrapped at sixty columns or so\n"), 200_000),
    "quotation marks": Hostile(_repeated("> "), 8_000_000),
    "bullets": Hostile(_repeated("1. "), 5_000_000),
    "white space": Hostile(_repeated(" \n"), 8_000_000),
    "a page of 100 MB": Hostile(_repeated("<div><p>Some words of a text.</p></div>"), 2_600_000),
}

# Runs in a fresh interpreter.
_MEASURE: Final = f"""{PEAK}
import json, time
from classifier import classify
classify("<p>A first page, which loads the model.").text
page = sys.stdin.buffer.raw.readall()
started = time.process_time()
found = classify(page)
found.text
seconds = time.process_time() - started
print(json.dumps([len(page) / 1e6, len(found), seconds, peak(), found.truncated]))
"""


class Cost(NamedTuple):
    """What a hostile page costs."""

    mb: float
    """Megabytes of the page."""
    blocks: int
    seconds: float
    """CPU time of `classify` and of the text."""
    peak_mb: float
    """Megabytes of the whole process at its largest, interpreter, packages, model and page included."""
    truncated: str
    """The limit that it exceeds, if any."""
    ended: str = ""
    """What the process said last, if it did not answer."""

    @property
    def is_high(self) -> bool:
        """Whether it costs more than a page may, or is not answered."""
        return bool(self.ended) or self.seconds > MAX_SECONDS or self.peak_mb > MAX_MB


def costs(name: str, size: int | None = None) -> Cost:
    """Classify a page of `PAGES` in a process of its own.

    Args:
        name: a key of `PAGES`.
        size: left out, the one at which it is dangerous.
    """
    kind = PAGES[name]
    with tempfile.TemporaryFile() as file:
        file.write(kind.page(kind.size if size is None else size).encode())
        file.seek(0)
        done = fresh(_MEASURE, stdin=file)
    if done.returncode:
        return Cost(0, 0, 0, 0, "", f"process ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    mb, blocks, seconds, peak, truncated = json.loads(done.stdout)
    return Cost(mb, blocks, seconds, peak, truncated or "")


def run(names: Iterable[str] = PAGES) -> bool:
    """Print what each page costs, a line each as it is measured; whether one costs too much."""
    print(f"{'page':<24}{'MB':>8}{'seconds':>9}{'peak MB':>9}{'blocks':>9}  exceeds")
    high = []
    for name in names:
        cost = costs(name)
        figures = f"{cost.mb:>8.1f}{cost.seconds:>9.2f}{cost.peak_mb:>9.0f}{cost.blocks:>9,}"
        print(f"{name:<24}{figures}  {cost.ended or cost.truncated}", flush=True)
        if cost.is_high:
            high.append(name)
    if high:
        print(f"above {MAX_SECONDS:g} s or {MAX_MB:g} MB, or not answered: {', '.join(high)}")
    return bool(high)
