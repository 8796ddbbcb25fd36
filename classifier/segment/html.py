"""HTML -> blocks: one pass over the parser's events, no recursion, linear in the page's size."""

import re
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from classifier.kernel import native
from classifier.limits import DEFAULT_LIMITS, Limits
from classifier.parser import SaxHandler, sax_parse
from classifier.segment.embedded import embedded_texts
from classifier.segment.segments import Elements, Segments, Source, integers
from classifier.segment.whitespace import collapse, drop_invisible

__all__ = ["BlockHandler", "segment_html", "walk"]

# Elements that a browser lays out as blocks (HTML standard, section 15.3 "Rendering"), and the few
# that never share a line of prose with their neighbours: buttons, options, captions.
BLOCK_TAGS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "button",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "listing",
        "main",
        "menu",
        "nav",
        "noscript",
        "object",
        "ol",
        "optgroup",
        "p",
        "plaintext",
        "pre",
        "search",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "textarea",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "xmp",
    ]
)
CELL_TAGS: Final = frozenset({"td", "th"})
PRE_TAGS: Final = frozenset({"pre", "listing", "xmp", "plaintext", "textarea"})
# Never part of what a reader sees; iframe, noembed and noframes hold markup as raw text.
SKIPPED_TAGS: Final = frozenset(
    [
        "annotation",
        "annotation-xml",
        "audio",
        "canvas",
        "datalist",
        "iframe",
        "noembed",
        "noframes",
        "rp",
        "script",
        "style",
        "svg",
        "template",
        "title",
        "video",
    ]
)
EMPHASIS_TAGS: Final = frozenset({"b", "strong", "i", "em", "u", "mark"})
CONTROL_TAGS: Final = frozenset({"input", "select", "textarea", "button"})
IMAGE_TAGS: Final = frozenset({"img", "picture"})
# Tags that do not end a block, yet are more than a wrapper around text.
INLINE_TAGS: Final = CELL_TAGS | EMPHASIS_TAGS | IMAGE_TAGS | {"a", "br", "option", "meta", "input"}
_KINDS: Final[tuple[frozenset[str], ...]] = (
    BLOCK_TAGS,
    CELL_TAGS,
    PRE_TAGS,
    SKIPPED_TAGS,
    EMPHASIS_TAGS,
    CONTROL_TAGS,
    IMAGE_TAGS,
    *(frozenset({tag}) for tag in ("a", "br", "option", "meta", "noscript", "title", "script")),
)
# A bit each for what a tag is, for the kernel, which knows them by their order.
TAG_KINDS: Final = {
    tag: sum((tag in tags) << bit for bit, tags in enumerate(_KINDS)) for tag in frozenset().union(*_KINDS)
}

Attributes = tuple[tuple[str, str | None], ...]
# The attributes in which authors say what a part of the page is.
IDENTITY_ATTRIBUTES: Final = frozenset(
    ["class", "id", "role", "itemprop", "itemtype", "aria-label", "data-testid"]
)
# A row's cells are one block while they are short (a specification, a score); a cell longer than
# this many characters is a paragraph of a layout table and ends the block.
MAX_CELL_CHARS: Final = 120
# Stand for a line break and for the end of a cell until the block ends: the parser never reports NUL.
BREAK: Final = "\0"
CELL_END: Final = "\0\t\0"
# A browser that runs scripts reads <noscript> as raw text, so many pages never notice that they leave
# an iframe open in it. Read as markup, that iframe swallows the rest of the page: its text, which is raw,
# begins with the end of the <noscript>. Such a page is read again without those iframes.
_END_OF_NOSCRIPT: Final = "</noscript"
_ASCII_SPACES: Final = " \t\n\r\f"
_OPEN_IFRAME_SPACES: Final = 100
_OPEN_IFRAME: Final = re.compile(r"<iframe\b[^<>]{0,4000}>(?=\s{0,100}\Z)")
# The longest match and the white space after it.
_OPEN_IFRAME_CHARS: Final = 4108
# React sends late parts of a page in hidden elements of these ids, and a script moves them into view.
STREAMED_ID: Final = "S:"
# Scripts looked at for embedded content: JSON-LD and state stand among the first.
MAX_SCRIPTS: Final = 64
# The clock is looked at once in so many elements.
CLOCK_STEP: Final = 4096
_VISIBLE: Final = int(Source.VISIBLE)
_NOSCRIPT: Final = int(Source.NOSCRIPT)


class _LimitError(Exception):
    """Ends the walk; its message is the name of the field of `Limits` that the page exceeds, or `_IFRAME`."""


_IFRAME: Final = "iframe"
Handler = TypeVar("Handler", bound=SaxHandler)


@dataclass(slots=True)
class _Columns:
    """The columns of `Segments` while they grow."""

    texts: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    element: "array[int]" = field(default_factory=integers)
    link_chars: "array[int]" = field(default_factory=integers)
    links: "array[int]" = field(default_factory=integers)
    emphasis_chars: "array[int]" = field(default_factory=integers)
    images: "array[int]" = field(default_factory=integers)
    controls: "array[int]" = field(default_factory=integers)
    hidden: "array[int]" = field(default_factory=integers)
    source: "array[int]" = field(default_factory=integers)


class BlockHandler(SaxHandler):
    """Receives the parser's events and cuts the text between block boundaries into blocks.

    An "open" attribute holds the index of the outermost open element of a kind, -1 when none is open.

    Args:
        limits: where to end the walk; left out, it ends with the page.
        watchful: whether to end it at an iframe that a `<noscript>` leaves open.
        deadline: when to end it, by the monotonic clock.
    """

    def __init__(
        self, limits: Limits | None = None, watchful: bool = True, deadline: float | None = None
    ) -> None:
        self.watchful = watchful
        self.deadline = deadline
        self.max_nodes = limits.max_nodes if limits else sys.maxsize
        self.max_depth = limits.max_depth if limits else sys.maxsize
        self.max_blocks = limits.max_blocks if limits else sys.maxsize
        # The element at which to look at the clock or to end.
        self.next_check = 0
        self.depth = 0
        self.columns = _Columns()
        self.elements = Elements()
        # Element children of each element so far; the first entry is the document's.
        self.children = [0]
        self.current = -1
        # Pages repeat their classes: one string does for all that are equal.
        self.names: dict[str, str] = {}
        # The open elements that end blocks; the first is <html>, which the parser opens on any page.
        self.containers: list[int] = []
        self.skipped = 0
        self.capture: list[str] | None = None
        self.title: list[str] = []
        self.social_title = ""
        self.scripts: list[tuple[str, list[str]]] = []
        self.open_link = self.open_emphasis = self.open_hidden = self.open_noscript = -1
        self.open_pre = -1
        # The open elements that an "open" attribute points to, so that most ends are cheap.
        self.opened: set[int] = set()
        self.after_link = self.after_break = False
        self._reset()
        self.images = self.controls = 0

    def _reset(self) -> None:
        self.pieces: list[str] = []
        self.owner = -1
        self.cells = 1
        self.cell_length = 0
        self.link_chars = self.links = self.emphasis_chars = 0
        self.in_pre = self.in_hidden = self.in_noscript = False

    # -- events -------------------------------------------------------------------------------

    def start_element(self, tag: str, attrs: Attributes) -> None:
        if self.skipped:
            self.skipped += 1
            return
        elements = self.elements
        parent = self.current
        index = len(elements.tag)
        if index >= self.next_check:
            self._check(index)
        if self.depth >= self.max_depth:
            raise _LimitError("max_depth")
        self.depth += 1
        self.current = index
        child = self.children[parent + 1] = self.children[parent + 1] + 1
        self.children.append(0)
        elements.child.append(child)
        elements.tag.append(tag)
        elements.parent.append(parent)
        if tag in BLOCK_TAGS:
            self._start_block(tag, index)
        elif tag in INLINE_TAGS:
            self._start_inline(tag, index, attrs)
        elif tag in SKIPPED_TAGS:
            self._start_skipped(tag, attrs)
        elif "-" in tag:  # a custom element: a part of its own
            self._start_block(tag, index)
        elements.first_block.append(len(self.columns.texts))
        elements.end_block.append(0)
        if not attrs:
            elements.identity.append("")
        elif len(attrs) == 1 and attrs[0][0] == "class":
            name = attrs[0][1] or ""
            elements.identity.append(self.names.setdefault(name, name))
        else:
            name = self._identity(index, attrs)
            elements.identity.append(self.names.setdefault(name, name))

    def end_element(self, tag: str) -> None:
        if self.skipped:
            self.skipped -= 1
            if self.skipped:
                return
            self.capture = None
        index = self.current
        if self.containers[-1] == index:
            if self.in_pre and index != self.open_pre:
                self._break_once()
            elif tag not in CELL_TAGS:
                self.boundary()
            self.containers.pop()
        if index in self.opened:
            self._close(index)
        self.elements.end_block[index] = len(self.columns.texts)
        self.current = self.elements.parent[index]
        self.depth -= 1

    def _close(self, index: int) -> None:
        self.opened.remove(index)
        if index == self.open_link:
            self.open_link = -1
            self.after_link = True
        if index == self.open_emphasis:
            self.open_emphasis = -1
        if index == self.open_hidden:
            self.open_hidden = -1
        if index == self.open_noscript:
            self.open_noscript = -1
        if index == self.open_pre:
            self.open_pre = -1

    def characters(self, data: str) -> None:
        if self.skipped:
            if self.capture is not None:
                self.capture.append(data)
            elif self.watchful and _ends_noscript(data):
                raise _LimitError(_IFRAME)
            return
        if data.isspace():
            if self.pieces or self.open_pre >= 0:
                self.pieces.append(data)
                self.after_link = False
            return
        if self.owner >= 0 and self.in_hidden != (self.open_hidden >= 0):
            self.boundary()
        if self.owner < 0:
            if len(self.columns.texts) >= self.max_blocks:
                raise _LimitError("max_blocks")
            self.owner = self.containers[-1]
            self.in_pre = self.open_pre >= 0
            self.in_hidden = self.open_hidden >= 0
            self.in_noscript = self.open_noscript >= 0
        self.pieces.append(data)
        self.after_break = self.after_link = False
        length = len(data.strip())
        self.cell_length += length
        if self.open_link >= 0:
            self.link_chars += length
        if self.open_emphasis >= 0:
            self.emphasis_chars += length

    def finish(self) -> None:
        """End the block at hand and the open elements, where the walk did not come to the page's end."""
        self.boundary()
        index = self.current
        while index >= 0:
            self.elements.end_block[index] = len(self.columns.texts)
            index = self.elements.parent[index]

    # -- parts of start_element ---------------------------------------------------------------

    def _check(self, index: int) -> None:
        """Whether the page may have one more element, and time is left."""
        if index >= self.max_nodes:
            raise _LimitError("max_nodes")
        self.next_check = self.max_nodes
        if self.deadline is not None:
            if time.monotonic() >= self.deadline:
                raise _LimitError("seconds")
            self.next_check = min(self.max_nodes, index + CLOCK_STEP)

    def _start_block(self, tag: str, index: int) -> None:
        if self.in_pre:
            self._break_once()
        else:
            self.boundary()
        self.containers.append(index)
        if tag in PRE_TAGS:
            if self.open_pre < 0:
                self.open_pre = index
                self.opened.add(index)
        elif tag == "noscript" and self.open_noscript < 0:
            self.open_noscript = index
            self.opened.add(index)
        if tag in CONTROL_TAGS:
            self.controls += 1

    def _start_skipped(self, tag: str, attrs: Attributes) -> None:
        self.skipped = 1
        if tag == "title" and not self.title:
            self.capture = self.title
        elif tag == "script" and len(self.scripts) < MAX_SCRIPTS:
            self.capture = []
            self.scripts.append(((dict(attrs).get("type") or "").lower(), self.capture))

    def _start_inline(self, tag: str, index: int, attrs: Attributes) -> None:
        if tag == "a":
            for name, _ in attrs:
                if name == "href":
                    self._start_link(index)
                    break
        elif tag in CELL_TAGS:
            self._start_cell(index)
        elif tag == "br":
            self._line_break()
        elif tag in EMPHASIS_TAGS:
            if self.open_emphasis < 0:
                self.open_emphasis = index
                self.opened.add(index)
        elif tag == "option":
            self.pieces.append(BREAK)
        elif tag in IMAGE_TAGS:
            self.images += 1
        elif tag in CONTROL_TAGS:
            self.controls += 1
        elif tag == "meta":
            known = dict(attrs)
            if known.get("property") == "og:title":
                self.social_title = known.get("content") or ""

    def _start_link(self, index: int) -> None:
        if self.after_link and self.pieces:
            # Links that touch are drawn apart by style sheets; no word spans two of them.
            self.pieces.append(" ")
        self.links += 1
        if self.open_link < 0:
            self.open_link = index
            self.opened.add(index)

    def _start_cell(self, index: int) -> None:
        if self.owner >= 0:
            if self.cell_length > MAX_CELL_CHARS and not self.in_pre:
                self.boundary()
            else:
                self.pieces.append(CELL_END)
                self.cells += 1
        self.cell_length = 0
        self.containers.append(index)

    def _break_once(self) -> None:
        """A line of `<pre>` ends, be it at an end tag, the next start tag, or both."""
        if self.pieces[-1] is not BREAK:
            self.pieces.append(BREAK)

    def _line_break(self) -> None:
        if self.owner < 0:
            return
        if self.after_break and not self.in_pre:
            self.boundary()
        else:
            self.pieces.append(BREAK)
            self.after_break = True

    def _identity(self, index: int, attrs: Attributes) -> str:
        names = []
        hides = False
        for name, value in attrs:
            if name in IDENTITY_ATTRIBUTES:
                if value:
                    names.append(value)
            elif name == "aria-hidden":
                names.append(name)
            elif name == "hidden" or (name == "style" and _hides(value)):
                hides = True
        if hides and self.open_hidden < 0 and not any(name.startswith(STREAMED_ID) for name in names):
            self.open_hidden = index
            self.opened.add(index)
        return " ".join(names)

    # -- ends of blocks -----------------------------------------------------------------------

    def boundary(self) -> None:
        """End the block at hand, if it has text."""
        self.after_link = False
        if self.owner < 0:
            if self.pieces:
                self.pieces = []
            self.links = 0
            return
        text = _block_text("".join(self.pieces), self.in_pre)
        if text:
            self._append(text)
        self._reset()

    def _append(self, text: str) -> None:
        columns = self.columns
        owner = self.owner
        if self.cells > 1 and self.elements.tag[owner] in CELL_TAGS:
            owner = self.elements.parent[owner]
        columns.texts.append(text)
        # A cell may be closed before its row, and with it the block, ends.
        self.elements.end_block[self.owner] = len(columns.texts)
        columns.tags.append(self.elements.tag[owner])
        columns.element.append(owner)
        columns.link_chars.append(self.link_chars)
        columns.links.append(self.links)
        columns.emphasis_chars.append(self.emphasis_chars)
        columns.images.append(self.images)
        columns.controls.append(self.controls)
        columns.hidden.append(self.in_hidden)
        columns.source.append(_NOSCRIPT if self.in_noscript else _VISIBLE)
        self.images = self.controls = 0


def _hides(style: str | None) -> bool:
    """Whether a style attribute hides its element (style sheets are not evaluated)."""
    if not style:
        return False
    compact = "".join(style.split()).lower()
    return "display:none" in compact or "visibility:hidden" in compact


def _block_text(text: str, preformatted: bool) -> str:
    """A block's text: white space collapsed, a tab between cells, a line feed for each break."""
    text = drop_invisible(text)
    if preformatted:
        return text.replace(CELL_END, "\t").replace(BREAK, "\n").strip("\n").rstrip()
    if BREAK not in text:
        return collapse(text)
    cells = (_lines(cell) for cell in text.split(CELL_END))
    return "\t".join(cell for cell in cells if cell)


def _lines(text: str) -> str:
    lines = (collapse(line) for line in text.split(BREAK))
    return "\n".join(line for line in lines if line)


def _ends_noscript(raw: str) -> bool:
    """Whether the text of a skipped element begins with the end of the `<noscript>` around it."""
    start = raw[: _OPEN_IFRAME_SPACES + len(_END_OF_NOSCRIPT)].lstrip(_ASCII_SPACES)
    return start.startswith(_END_OF_NOSCRIPT)


def walk(html: str, handler_of: Callable[[bool], Handler]) -> tuple[Handler, str]:
    """Parse a page and hand its events to a handler; the name of the limit that ended it early, or "".

    Args:
        handler_of: makes a handler, `watchful` or not; where a watchful one finds an iframe that is left
            open, the page is read without it, by another handler.
    """
    handler = handler_of(True)
    limit = _walk(html, handler)
    if limit == _IFRAME:
        handler = handler_of(False)
        limit = _walk(_without_open_iframes(html), handler)
    return handler, limit


def _walk(html: str, handler: SaxHandler) -> str:
    try:
        sax_parse(html, handler)
    except _LimitError as limit:
        return str(limit)
    return ""


def _without_open_iframes(html: str) -> str:
    """The page without the iframes that a `<noscript>` leaves open; see `_OPEN_IFRAME`."""
    kept: list[str] = []
    start = 0
    end = html.find(_END_OF_NOSCRIPT)
    while end >= 0:
        # The tag holds no "<", so none but the last one before the end can be it.
        at = html.rfind("<", max(start, end - _OPEN_IFRAME_CHARS), end)
        if at >= 0 and (tag := _OPEN_IFRAME.match(html, at, end)):
            kept.append(html[start:at])
            start = tag.end()
        end = html.find(_END_OF_NOSCRIPT, end + 1)
    return "".join([*kept, html[start:]]) if kept else html


@dataclass(frozen=True, slots=True)
class _Walked:
    """What a walk found."""

    columns: _Columns
    elements: Elements
    scripts: list[tuple[str, list[str]]]
    title: list[str]
    social_title: str
    limit: str


def _walked(html: str, limits: Limits) -> _Walked:
    deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
    return (_walked_in_python if native is None else _walked_by_kernel)(html, limits, deadline)


def _walked_in_python(html: str, limits: Limits, deadline: float | None) -> _Walked:
    handler, limit = walk(html, lambda watchful: BlockHandler(limits, watchful, deadline))
    handler.finish()
    return _Walked(
        handler.columns, handler.elements, handler.scripts, handler.title, handler.social_title, limit
    )


def _walked_by_kernel(html: str, limits: Limits, deadline: float | None) -> _Walked:
    assert native is not None
    bounds = (min(bound, sys.maxsize) for bound in (limits.max_nodes, limits.max_depth, limits.max_blocks))
    rules = (TAG_KINDS, MAX_CELL_CHARS, MAX_SCRIPTS, *bounds, deadline, _LimitError)
    kernel, limit = walk(html, partial(native.Handler, *rules))
    blocks, elements, scripts, title, social_title = kernel.finish()
    columns = _Columns(*map(_column, blocks))
    return _Walked(columns, Elements(*map(_column, elements)), scripts, title, social_title, limit)


def _column(column: list[str] | bytes) -> Any:
    """A column as the kernel gives it: strings, or whole numbers as bytes."""
    return integers(column) if isinstance(column, bytes) else column


def segment_html(html: str, limits: Limits = DEFAULT_LIMITS) -> Segments:
    """Cut an HTML page into blocks, in document order, embedded content last.

    Blocks end at block-level boundaries, double `<br>`, table rows and list and definition items. A page
    that exceeds `limits` is cut up to there.
    """
    page = _walked(html, limits)
    columns = page.columns
    for text, source in embedded_texts(page.scripts, columns.texts):
        columns.texts.append(text)
        columns.tags.append("p")
        columns.element.append(-1)
        columns.hidden.append(0)
        columns.source.append(int(source))
        for counts in (columns.link_chars, columns.links, columns.emphasis_chars):
            counts.append(0)
        columns.images.append(0)
        columns.controls.append(0)
    return Segments(
        kind="html",
        title=collapse("".join(page.title)) or collapse(page.social_title),
        texts=columns.texts,
        tags=columns.tags,
        element=columns.element,
        elements=page.elements,
        link_chars=columns.link_chars,
        links=columns.links,
        emphasis_chars=columns.emphasis_chars,
        images=columns.images,
        controls=columns.controls,
        hidden=columns.hidden,
        source=columns.source,
        truncated=limits.exceeded(page.limit) if page.limit else "",
    )
