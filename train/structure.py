"""How much of a page's structure each extractor's answer keeps: headings, lists, tables, code, quotes, links.

What counts is the structure inside the gold text: the elements of the page whose blocks the gold text holds.
An element is kept where the answer has one of its kind with the same letters and digits.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from markdown_it import MarkdownIt

from classifier.decode import decode
from classifier.render import render_markdown
from classifier.render.layout import header_rows, layout_tables
from classifier.render.safety import language
from classifier.segment import Segments, Source, segment_html
from classifier.segment.html import PRE_TAGS, BlockHandler, walk
from train.align import align
from train.compare import OWN_NAME, sample
from train.corpus import GoldPage, read
from train.peers import PEERS, as_is, installed_peers

__all__ = ["KINDS", "Pieces", "compare_structure", "run", "structure"]

KINDS: Final = (
    "headings",
    "list items",
    "numbered items",
    "nested items",
    "table rows",
    "table headers",
    "code",
    "code languages",
    "quotes",
    "links",
)
GOLD_NAME: Final = "gold blocks, as Markdown"  # what the renderer keeps, whatever a model does
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS: Final = frozenset({"ul", "ol", "menu", "dir"})
# A listing's language stands in a class of itself or of an element in it or up to this many around it.
_CLIMB: Final = 3

# Each element as its kind and what it says: its letters and digits.
Pieces = Counter[tuple[str, str]]


def structure(segments: Segments, markup: str, keep: npt.NDArray[np.bool_]) -> Pieces:
    """The structure of an HTML page in the blocks that are kept.

    Args:
        segments: the page's blocks.
        markup: the page.
        keep: which blocks count; shape (blocks,).
    """
    found: Pieces = Counter()
    view = _View(segments, keep)
    for index in np.flatnonzero(keep).tolist():
        if segments.element[index] >= 0:
            found.update((kind, _key(text)) for kind, text in view.pieces(index))
    handler, _ = walk(markup, lambda watchful: _Links(watchful=watchful))
    for block, text in handler.found:
        if block < len(keep) and keep[block]:
            found["links", _key(text)] += 1
    return Counter({piece: count for piece, count in found.items() if piece[1]})


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


class _View:
    """The page's elements around a block."""

    def __init__(self, segments: Segments, keep: npt.NDArray[np.bool_]) -> None:
        self.segments = segments
        self.keep = keep
        self.layout = layout_tables(segments, keep.tolist())
        self.header_rows = header_rows(segments)
        self.done: set[tuple[str, int]] = set()

    def pieces(self, block: int) -> Iterator[tuple[str, str]]:
        """What begins with this block, and what it is as a whole: kind and text."""
        texts, tags = self.segments.texts, self.segments.elements.tag
        around = list(self._around(self.segments.element[block]))
        names = [tags[element] for element in around]
        for element, tag in zip(around, names, strict=True):
            if tag in _HEADINGS and self._first(tag, element):
                yield "headings", self._text(element)
            elif tag in PRE_TAGS and tag != "textarea" and self._first(tag, element):
                yield from self._code(element)
            elif tag == "tr" and self._first(tag, element) and self._is_data(element):
                yield "table rows", self._text(element)
                if element in self.header_rows:
                    yield "table headers", self._text(element)
        if "blockquote" in names:
            yield "quotes", texts[block]
        item = next((element for element, tag in zip(around, names, strict=True) if tag == "li"), -1)
        if item >= 0 and "tr" not in names and self._first("li", item):
            lists = [name for name in names if name in _LISTS]
            yield "list items", texts[block]
            if lists[:1] == ["ol"]:
                yield "numbered items", texts[block]
            if len(lists) > 1:
                yield "nested items", texts[block]

    def _around(self, element: int) -> Iterator[int]:
        while element >= 0:
            yield element
            element = self.segments.elements.parent[element]

    def _first(self, kind: str, element: int) -> bool:
        is_first = (kind, element) not in self.done
        self.done.add((kind, element))
        return is_first

    def _blocks(self, element: int) -> list[int]:
        elements = self.segments.elements
        inside = range(elements.first_block[element], elements.end_block[element])
        return [block for block in inside if self.keep[block]]

    def _text(self, element: int) -> str:
        return " ".join(self.segments.texts[block] for block in self._blocks(element))

    def _is_data(self, row: int) -> bool:
        tags = self.segments.elements.tag
        tables = [element for element in self._around(row) if tags[element] == "table"]
        return bool(tables) and tables[0] not in self.layout

    def _code(self, element: int) -> Iterator[tuple[str, str]]:
        text = self._text(element)
        yield "code", text
        elements = self.segments.elements
        inside = [element + 1] if elements.tag[element + 1 : element + 2] == ["code"] else []
        near = [*inside, *list(self._around(element))[:_CLIMB]]
        if name := next(filter(None, (language(elements.identity[one]) for one in near)), ""):
            yield "code languages", f"{name} {text}"


class _Links(BlockHandler):
    """The texts of a page's links to other places, and their blocks; a link counts in each block it spans."""

    def __init__(self, *, watchful: bool) -> None:
        super().__init__(watchful=watchful)
        self.found: list[tuple[int, str]] = []
        self._open = -1
        self._block = 0
        self._texts: list[str] = []

    def start_element(self, tag: str, attrs: tuple[tuple[str, str | None], ...]) -> None:
        element = len(self.elements.tag)
        super().start_element(tag, attrs)
        href = dict(attrs).get("href") or "" if tag == "a" else ""
        if not self.skipped and self._open < 0 and href and not href.startswith(("#", "javascript:")):
            self._open, self._texts = element, []

    def end_element(self, tag: str) -> None:
        element = self.current
        super().end_element(tag)
        if self._open >= 0 and self._open == element:
            self._open = -1
            self._end_link()

    def _end_link(self) -> None:
        if self._texts:
            self.found.append((self._block, " ".join(self._texts)))
            self._texts = []

    def characters(self, data: str) -> None:
        super().characters(data)
        if self._open >= 0 and not self.skipped and not data.isspace():
            if self._block != len(self.columns.texts):
                self._end_link()
                self._block = len(self.columns.texts)
            self._texts.append(data)


# -- answers --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tool:
    """An extractor that gives structure: asks it for a page, and turns its answer into HTML."""

    answer: Callable[[str], str]
    html: Callable[[str], str]


def _markdown_html(markdown: str) -> str:
    html: str = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    return html


def _trafilatura(html: str) -> str:
    options = dict.fromkeys(("include_formatting", "include_links", "include_tables"), True)
    return import_module("trafilatura").extract(html, output_format="markdown", **options) or ""


def _resiliparse(html: str) -> str:
    extract = import_module("resiliparse.extract.html2text").extract_plain_text
    # It has no Markdown; this is its answer with most structure: headings, lists, listings and links.
    return str(extract(html, preserve_formatting="minimal_html", main_content=True, links=True))


def _own(html: str) -> str:
    from classifier import extract  # late: it loads the model

    return extract(html, "markdown")


_PEERS: Final[Mapping[str, _Tool]] = {
    "trafilatura": _Tool(_trafilatura, _markdown_html),
    "pagesift": _Tool(PEERS["pagesift"].answer, _markdown_html),
    "resiliparse": _Tool(_resiliparse, as_is),
}


# -- figures --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Tally:
    """Counts by kind, over pages."""

    reference: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)

    def add(self, reference: Pieces, answer: Pieces, text: str) -> None:
        """Count one page; `text` is all that the answer says."""
        for (kind, _), count in (reference & answer).items():
            self.kept[kind] += count
        for (kind, key), count in reference.items():
            self.reference[kind] += count
            self.said[kind] += count if answer[kind, key] or key in text else 0
        for (kind, _), count in answer.items():
            self.answered[kind] += count

    def rows(self) -> dict[str, list[float]]:
        """For each measure its values by kind."""
        whole = (("kept", self.reference), ("of text kept", self.said), ("right", self.answered))
        return {
            measure: [self.kept[kind] / of[kind] if of[kind] else float("nan") for kind in KINDS]
            for measure, of in whole
        }


def compare_structure(pages: Sequence[GoldPage]) -> tuple[pd.DataFrame, pd.Series]:
    """What structure this extractor, the installed peers and our Markdown of the gold blocks keep.

    Args:
        pages: pages with gold text; plain text is passed over.

    Returns:
        A table with a row an extractor and measure, a column a kind of `KINDS`, values 0 to 1, nan where
        there is none: `kept`, the share of the page's elements in the gold text that the answer has as such;
        `of text kept`, the same of those whose words the answer has at all, which leaves aside what an
        extractor takes for content; `right`, the share of the answer's elements that are among them. And how
        many elements of each kind the gold texts hold.
    """
    present = installed_peers()
    tools = {OWN_NAME: _Tool(_own, _markdown_html)}
    tools |= {name: tool for name, tool in _PEERS.items() if name in present}
    tallies = {name: _Tally() for name in (*tools, GOLD_NAME)}
    for page in pages:
        if page.gold is None or page.kind != "html":
            continue
        markup = decode(page.page)
        segments = segment_html(markup)
        keep = align(segments.texts, page.gold).labels
        keep &= np.asarray(segments.source) < int(Source.JSON_LD)
        reference = structure(segments, markup, keep)
        answers = {name: _answer(tool, markup) for name, tool in tools.items()}
        answers[GOLD_NAME] = _markdown_html(render_markdown(segments, keep, markup))
        for name, html in answers.items():
            found = segment_html(html)
            everything = np.ones(len(found), bool)
            tallies[name].add(reference, structure(found, html, everything), _key(" ".join(found.texts)))
    rows = {(name, measure): row for name, one in tallies.items() for measure, row in one.rows().items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(KINDS))
    table.index = pd.MultiIndex.from_tuples(rows, names=["extractor", "measure"])
    return table, pd.Series(tallies[GOLD_NAME].reference, list(KINDS), name="elements").fillna(0).astype(int)


def _answer(tool: _Tool, markup: str) -> str:
    try:
        return tool.html(tool.answer(markup))
    except Exception:  # any failure of a foreign extractor is a result, not the end of the run
        return ""


def run(dataset: str, root: Path | None = None, limit: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Compare the structure on a data set, print a table a measure, give them as one.

    Args:
        dataset: a key of `train.corpus.READERS`.
        root: the folder that holds the data sets; `data_root()` if left out.
        limit: how many pages, drawn at random; all if left out.
        seed: draws the pages.

    Raises:
        CorpusError: the data set is unknown or missing.
    """
    pages = sample(read(dataset, root), limit, seed)
    table, counts = compare_structure(pages)
    print(f"{dataset}: structure of {len(pages)} pages, seed {seed}")
    for measure in table.index.unique("measure"):
        print(f"\n{measure}")
        print(pd.concat([table.xs(measure, level="measure"), counts.to_frame().T]).round(3).to_string())
    return table
