"""What is fuzzed: for each target the inputs to start from, the calls, and the errors they may raise."""

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from classifier import ClassifierError, classify
from classifier.decode import decode
from classifier.page import Page
from classifier.render import render_html, render_markdown, render_text
from classifier.segment import segment_html, segment_text
from train.errors import CorpusError
from train.fuzz.files import FILE_WORDS, label_seeds, model_seeds, read_labels, read_model
from train.fuzz.mutation import PAGE_WORDS
from train.fuzz.oracle import markdown_to_html, unsafe_parts

__all__ = ["SECONDS", "TARGETS", "Target", "probe"]

# CPU time that an input may take: a thousand times what one of this size needs.
SECONDS: Final = 2.0
_PAGES: Final = Path(__file__).resolve().parents[2] / "data" / "pages"
_SEEDS: Final = (
    b"<!doctype html><title>t</title><nav><a href=/>Home</a></nav><h1>A</h1><p>Some "
    b"<b>words</b> of prose.</p>",
    b"<table><tr><th>a<th>b<tr><td colspan=2>c<td "
    b"rowspan=3>d</table><ul><li>e<ul><li>f</ul></ul><pre>g\n h</pre>",
    b"<a href=javascript:alert(1) onclick=alert(1)>x</a><img src=x onerror=alert(1)><svg onload=alert(1)>",
    b"# Head\n\n- item `code`\n- [link](javascript:alert(1))\n\n> "
    b"quote\n\n```\n<b>\n```\n\n| a | b |\n1. x\n2. y\n",
    b'<script type=application/ld+json>{"articleBody": "Some long text that no reader sees here."}</script>',
)


@dataclass(frozen=True, slots=True)
class Target:
    """Calls that take hostile input."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    words: tuple[bytes, ...] = PAGE_WORDS
    documented: tuple[type[Exception], ...] = (ClassifierError,)


def probe(target: Target, data: bytes) -> str:
    """What is wrong with a target on an input, in a line; empty when nothing is."""
    started = time.process_time()
    try:
        target.run(data)
    except target.documented:
        pass
    except Exception as error:  # the findings
        if isinstance(error, BrokenPromise):
            return str(error)
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
    seconds = time.process_time() - started
    return f"slow: over {SECONDS:g} s of CPU time" if seconds > SECONDS else ""


@cache
def _page_seeds() -> list[bytes]:
    """Small pages, and those of this project where they are at hand."""
    own = sorted(_PAGES.glob("*/page.*"))
    return [*_SEEDS * 2, *(path.read_bytes() for path in own)]


class BrokenPromise(Exception):
    """A result is not what the calls promise; the message says in what."""


def _promise(kept: bool, what: str) -> None:
    if not kept:
        raise BrokenPromise(what)


def _classify(data: bytes) -> None:
    """The first byte chooses the options, the rest is the page."""
    choice, body = (data[0] if data else 0), data[1:]
    page: str | bytes = body.decode("utf-8", "surrogateescape") if choice & 1 else body
    result = classify(
        page,
        kind=("auto", "html", "text")[choice // 2 % 3],
        favor=("balance", "precision", "recall")[choice // 6 % 3],
    )
    _check_page(result)


def _model(data: bytes) -> None:
    _check_page(read_model(data))


def _check_page(page: Page) -> None:
    p = page.probabilities
    _promise(len(page) == len(p) == len(page.keep) == len(page.blocks), "columns differ in length")
    _promise(bool(np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()), "a probability is none")
    _promise(0 <= page.confidence <= 1, "the confidence is no probability")
    if page.keep.any() and not page.keep.all():
        _promise(p[page.keep].min() >= p[~page.keep].max(), "a block is kept and a likelier one is not")
    json.dumps(page.to_dict(), allow_nan=False).encode()
    page.text.encode()


def _render(data: bytes) -> None:
    """The first byte chooses the kind and what is kept, the rest is the page."""
    choice, page = (data[0] if data else 0), decode(data[1:])
    segments = (segment_text if choice & 1 else segment_html)(page)
    keep = [(7 * index + choice // 2) % 4 != 0 for index in range(len(segments))]
    kept = [text for text, is_kept in zip(segments.texts, keep, strict=True) if is_kept]
    text = render_text(segments, keep)
    _promise(_letters(text) == _letters("".join(kept)), "the text is not that of the kept blocks")
    html = render_html(segments, keep, page)
    _promise(not unsafe_parts(html), "HTML is unsafe")
    if segments.kind == "html":
        shown = _letters("".join(segment_html(html).texts))
        _promise(shown == _letters("".join(kept)), "HTML has other words than the kept blocks")
    for links in (True, False):
        markdown = render_markdown(segments, keep, page, links=links)
        markdown.encode()
        _promise(not unsafe_parts(markdown_to_html(markdown)), "Markdown is unsafe")


def _letters(text: str) -> str:
    return "".join(text.split())


TARGETS: Final[dict[str, Target]] = {
    "classify": Target(_classify, _page_seeds),
    "render": Target(_render, _page_seeds),
    "model": Target(_model, model_seeds, FILE_WORDS),
    "labels": Target(read_labels, label_seeds, FILE_WORDS, (CorpusError,)),
}
