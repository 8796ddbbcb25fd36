"""Kept blocks -> clean HTML, by a second pass that cuts the page just as the first one did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.render.emphasis import MARKS
from classifier.render.layout import Neighbourhood, header_rows, layout_tables
from classifier.render.notes import Notes
from classifier.render.plain import plain_html
from classifier.render.safety import (
    LANGUAGE_ATTRIBUTES,
    Attributes,
    image_tag,
    language,
    language_attribute,
    link_tag,
    list_tag,
    pre_tag,
    safe_url,
    scrub,
)
from classifier.render.writer import IMAGE, Inline, Leaf, Writer
from classifier.segment import Segments, Source
from classifier.segment.html import BREAK, CELL_TAGS, PRE_TAGS, BlockHandler, walk
from classifier.segment.whitespace import without_surrogates

__all__ = ["RAISED", "Options", "clean_html", "render_html"]

HEADING_TAGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
LEAF_TAGS: Final = HEADING_TAGS | PRE_TAGS | {"p"}
TABLE_PART_TAGS: Final = frozenset(["caption", "tbody", "tfoot", "thead", "tr"])
# Containers that are kept, under the name they are written with; directory lists are obsolete.
CONTAINERS: Final = {
    **{
        tag: tag
        for tag in [
            "blockquote",
            "dd",
            "dl",
            "dt",
            "figcaption",
            "figure",
            "li",
            "ol",
            "table",
            "ul",
        ]
    },
    **{tag: tag for tag in TABLE_PART_TAGS},
    "menu": "ul",
    "dir": "ul",
}
# Inline elements that are kept, under the name they are written with.
INLINES: Final = {
    **{tag: tag for tag in ["code", "del", "em", "kbd", "mark", "q", "strong", "sub", "sup"]},
    "b": "strong",
    "i": "em",
    "s": "del",
    "strike": "del",
    "samp": "code",
    "tt": "code",
}
CODE: Final = frozenset({"code", "kbd"})
# Stand for the tags of `<sub>` and `<sup>`, which Markdown takes as they are. Unicode never assigns
# them.
RAISED: Final = {"sub": ("\ufdd1", "\ufdd2"), "sup": ("\ufdd3", "\ufdd4")}
# What stands for tags in HTML that is to become Markdown.
FLAT_MARKS: Final = RAISED | MARKS
# Highlighters name the language on the listing or up to this many elements around it.
LANGUAGE_CLIMB: Final = 3
WEB_SCHEMES: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Options:
    """What is written besides text; `flat` prepares for Markdown, which lacks table spans."""

    links: bool = True
    images: bool = True
    flat: bool = False


def render_html(segments: Segments, keep: npt.ArrayLike, markup: str) -> str:
    """The kept blocks as HTML that is safe to show: known tags, checked links, no scripts."""
    return clean_html(segments, keep, markup, Options())


def clean_html(segments: Segments, keep: npt.ArrayLike, markup: str, options: Options) -> str:
    """`render_html` with a choice of links, images and table spans."""
    mask: list[bool] = np.asarray(keep, dtype=bool).tolist()
    if not any(mask):
        return ""
    if segments.kind == "text":
        return scrub(plain_html(segments, mask)).strip()
    handler, _ = walk(
        without_surrogates(markup), lambda watchful: _Recorder(segments, mask, options, watchful)
    )
    handler.finish()
    handler.writer.finish()
    for index in range(len(handler.columns.texts), len(segments)):
        if mask[index]:
            handler.writer.paragraph(segments.texts[index])
    handler.notes.mark()
    return scrub("".join(handler.writer.out)).strip()


class _Recorder(BlockHandler):
    """Cuts the page into blocks again and hands the text of kept ones to a `Writer`.

    The block at hand has the number of the blocks before it, and the base class ends blocks by the
    same rules as at the first pass, so numbers agree with `keep`.
    """

    def __init__(self, segments: Segments, keep: list[bool], options: Options, watchful: bool) -> None:
        super().__init__(watchful=watchful)
        if segments.truncated:  # the second walk ends where the first did
            self.max_nodes = len(segments.elements.tag)
            self.max_blocks = sum(source < Source.JSON_LD for source in segments.source)
        self.writer = Writer(flat=options.flat)
        self.options = options
        self.keep = [*keep, False]
        self.around = Neighbourhood(segments, keep)
        self.layout = layout_tables(segments, keep)
        self.header_rows = header_rows(segments)
        self.notes = Notes(self.writer.out)
        self.base = ""
        # Languages that elements around a listing name in attributes of their own.
        self.named: dict[int, str] = {}
        self.tables: list[tuple[int, bool]] = []
        self.leaves: list[tuple[int, int, Leaf]] = []
        self.inlines: list[Inline] = []
        self.inline_names: set[str] = set()
        self.seen: list[str] = []
        self.taken = 0
        self.held = ""
        self.last_image = ""

    # -- events -------------------------------------------------------------------------------

    def start_element(self, tag: str, attrs: tuple[tuple[str, str | None], ...]) -> None:
        element, parent, was_pre = len(self.elements.tag), self.current, self.open_pre >= 0
        super().start_element(tag, attrs)
        if self.skipped:
            return
        attributes = dict(attrs)
        if self.options.flat and attrs:
            self.notes.start(tag, element, attributes)
        if not LANGUAGE_ATTRIBUTES.isdisjoint(attributes):
            self.named[element] = language_attribute(attributes)
        if tag in INLINES or tag == "a":
            self._open_inline(tag, element, attributes)
        elif tag == "img":
            self._image(element, attributes)
        elif was_pre:
            return
        elif tag in LEAF_TAGS:
            self._open_leaf(tag, element, attributes)
        elif tag in CONTAINERS or tag in CELL_TAGS:
            self._open_container(tag, element, parent, attributes)
        elif tag == "hr":
            self._rule()
        elif tag == "base" and not self.base:
            self.base = safe_url(attributes.get("href"), WEB_SCHEMES)

    def end_element(self, tag: str) -> None:
        element, was_skipped = self.current, self.skipped
        super().end_element(tag)
        if was_skipped:
            return
        if self.inlines and self.inlines[-1].element == element:
            self.inline_names.discard(self.inlines.pop().name)
        if self.leaves and self.leaves[-1][0] == element:
            self.leaves.pop()
        if self.tables and self.tables[-1][0] == element:
            self.tables.pop()
        self.writer.close(element)
        self.notes.end(element)

    def characters(self, data: str) -> None:
        super().characters(data)
        if self.owner < 0 or self.skipped or not self._is_kept() or data.isspace():
            return
        held = self._take(len(self.pieces) - 1)
        if self.cells > 1 and not self._in_cell():
            held = held.replace(BREAK, " ")
        if self.options.flat and self.notes.is_sign(data):
            self.held = held
            return
        leaf, size = self._leaf(self.owner), len(self.writer.out)
        self.held = self.writer.text(leaf, self.inlines, held, data)
        if self.options.flat and len(self.writer.out) > size and leaf.tag in ("", "p"):
            inside = [frame.tag for frame in self.writer.frames]
            is_item = inside[-1:] == ["li"] and len(inside) == 2
            begins = self.writer.begins and (is_item or not inside)
            raised = "sup" in self.inline_names
            self.notes.wrote(data, begins=begins, in_item=is_item, raised=raised)

    # -- what opens ---------------------------------------------------------------------------

    def _open_inline(self, tag: str, element: int, attributes: Attributes) -> None:
        name = INLINES.get(tag, tag)
        if name in self.inline_names:
            return
        markup, end = f"<{name}>", f"</{name}>"
        if self.options.flat and name in FLAT_MARKS:
            markup, end = FLAT_MARKS[name] if self.inline_names.isdisjoint(CODE) else ("", "")
        elif name == "a":
            markup = link_tag(attributes, self.base) if self.options.links else ""
        elif name == "code" and self.open_pre >= 0:
            markup = pre_tag("code", language_attribute(attributes) or language(attributes.get("class")))
        if markup:
            self.inlines.append(Inline(element, name, markup, end))
            self.inline_names.add(name)

    def _open_leaf(self, tag: str, element: int, attributes: Attributes) -> None:
        self.writer.settle()
        depth = len(self.writer.frames)
        if tag == "p" and self.leaves and self.leaves[-1][1] == depth:
            leaf = self.leaves[-1][2]  # a paragraph in a heading is the heading
        elif tag in PRE_TAGS:
            leaf = Leaf((-1, element), "pre", pre_tag("pre", self._language(element, attributes)))
        else:
            leaf = Leaf((-1, element), tag, f"<{tag}>")
        self.leaves.append((element, depth, leaf))

    def _open_container(self, tag: str, element: int, parent: int, attributes: Attributes) -> None:
        if tag == "table":
            self.tables.append((element, element not in self.layout))
        in_table = tag == "table" or tag in TABLE_PART_TAGS or tag in CELL_TAGS
        if in_table and not (self.tables and self.tables[-1][1]):
            return  # a layout table is written as if it was not there
        if tag in CELL_TAGS:
            if self.options.flat and tag == "th" and parent not in self.header_rows:
                tag = "td"
            self.writer.open_cell(tag, attributes, element)
            return
        markup = list_tag(attributes) if tag == "ol" else f"<{CONTAINERS[tag]}>"
        self.writer.open(CONTAINERS[tag], markup, element, parent)

    def _language(self, element: int, attributes: Attributes) -> str:
        named = language_attribute(attributes)
        identity: Sequence[str] = self.elements.identity
        for _ in range(LANGUAGE_CLIMB):
            if named or element < 0:
                break
            named = language(identity[element]) or self.named.get(element, "")
            element = self.elements.parent[element]
        return named

    def _rule(self) -> None:
        """A thematic break stays between two blocks that do."""
        block = len(self.columns.texts)
        if block and self.keep[block - 1] and self._is_kept():
            self.writer.rule()

    # -- content ------------------------------------------------------------------------------

    def _image(self, element: int, attributes: Attributes) -> None:
        if not self.options.images or self.open_hidden >= 0 or self.open_pre >= 0:
            return
        block = len(self.columns.texts)
        inside = self.owner >= 0
        if not (self._is_kept() if inside else self.around.has_kept(element, block)):
            return
        markup = image_tag(attributes, self.base)
        src = markup[: markup.find(" alt=")]
        if not markup or src == self.last_image:
            return  # pages repeat images in <noscript> for readers without scripts
        self.last_image = src
        held = self._take(len(self.pieces)) if inside else ""
        owner = self.owner if inside else self.containers[-1] if self.containers else -1
        leaf = self._leaf(owner)
        if not inside and not leaf.tag and self._in_figure():
            leaf = Leaf((block, IMAGE))
        self.writer.image(leaf, self.inlines, held, markup)
        self.held = ""
        if not inside:
            self._take(len(self.pieces))
            self.held = " "

    def _is_kept(self) -> bool:
        block = len(self.columns.texts)
        return block < len(self.keep) and self.keep[block]

    def _take(self, end: int) -> str:
        """The white space since the last text of the block, from the base class's pieces."""
        if self.pieces is not self.seen:
            self.seen = self.pieces
            self.taken = 0
            self.held = " "  # between the blocks of one heading; else a block begins a line
        held = self.held + "".join(self.pieces[self.taken : end])
        self.taken = len(self.pieces)
        return held

    def _leaf(self, owner: int) -> Leaf:
        block = len(self.columns.texts)
        self.writer.settle()
        if self.leaves:
            _, depth, leaf = self.leaves[-1]
            if depth == len(self.writer.frames):
                if leaf.tag in HEADING_TAGS:
                    return leaf  # however many blocks the heading is cut into
                return leaf._replace(key=(block, leaf.key[1]))
        return Leaf((block, owner))

    def _in_cell(self) -> bool:
        frames = self.writer.frames
        return bool(frames) and frames[-1].cell >= 0

    def _in_figure(self) -> bool:
        frames = self.writer.frames
        return bool(frames) and frames[-1].tag == "figure"
