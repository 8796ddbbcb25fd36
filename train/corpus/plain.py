"""Gold text out of gold HTML: the text of a tree, a block a line."""

import re
from collections.abc import Callable

from classifier.parser import Element, Node, Text

# Elements that begin and end a line when rendered (HTML standard, "Rendering", flow content).
# fmt: off
BLOCK_TAGS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
        "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li",
        "main", "menu", "nav", "ol", "optgroup", "option", "p", "pre", "search", "section",
        "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
    }
)
# fmt: on
# Cells share a line, yet their words must not run together.
CELL_TAGS = frozenset({"td", "th"})
# Never rendered; a gold text has no use for them.
UNSEEN_TAGS = frozenset({"head", "script", "style", "template", "title"})

_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r"\s*\n\s*")

Mark = Callable[[Element], bool | None]


def block_text(root: Node, mark: Mark | None = None) -> str:
    """Give the text under a node with a newline at every block boundary.

    Args:
        root: where to start.
        mark: says of an element whether its text counts; None: as its parent's does. The nearest
            answer upwards decides, and text outside every marked element does not count.
            Without `mark`, all text counts.
    """
    pieces: list[str] = []
    # A stack instead of recursion: pages nest deeper than Python's stack. A string on it is a
    # separator that waits for the end of its element.
    stack: list[tuple[Node | str, bool, bool]] = [(root, mark is None, False)]
    while stack:
        node, kept, preformatted = stack.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif isinstance(node, Text):
            pieces.append(_run(node.data, kept, preformatted))
        elif not isinstance(node, Element):
            stack.extend((child, kept, preformatted) for child in reversed(list(node.children)))
        elif node.tag not in UNSEEN_TAGS:
            answer = mark(node) if mark else None
            kept = kept if answer is None else answer
            preformatted = preformatted or node.tag == "pre"
            separator = _separator(node.tag)
            pieces.append(separator)
            stack.append((separator, kept, preformatted))
            stack.extend((child, kept, preformatted) for child in reversed(list(node.children)))
    return _LINE_ENDS.sub("\n", _SPACES.sub(" ", "".join(pieces))).strip()


def _run(text: str, kept: bool, preformatted: bool) -> str:
    if not kept:
        # What stands between two kept runs must not glue their words, nor their lines of code.
        return "\n" if preformatted and "\n" in text else " "
    return text if preformatted else text.replace("\n", " ").replace("\r", " ")


def _separator(tag: str) -> str:
    if tag in BLOCK_TAGS or tag == "br":
        return "\n"
    return " " if tag in CELL_TAGS else ""
