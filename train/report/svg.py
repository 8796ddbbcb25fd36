"""matplotlib figures -> SVG whose colours are those of the theme it is looked at in.

Figures are drawn in stand-in colours, `INKS`, each of which becomes a class of a style sheet that has one
colour for light and one for dark. No style stands in an attribute, so that a strict content-security policy
lets it show, and text stays text.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["INKS", "Ink", "standalone", "style", "themed"]

SVG: Final = "http://www.w3.org/2000/svg"
XLINK: Final = "http://www.w3.org/1999/xlink"
FONTS: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif'
# Width of a figure's outline box a unit of matplotlib: both count 72 to the inch.
_PLAIN: Final = frozenset({"none", "currentColor"})
_STYLES: Final = re.compile(r"\s*([\w-]+)\s*:\s*([^;]+)")
_COLOURED: Final = ("fill", "stroke")
# Presentation attributes of SVG that matplotlib writes into styles; what else it writes is the default.
_ATTRIBUTES: Final = frozenset(
    {
        "fill-opacity", "font-size", "font-weight", "opacity", "stroke-dasharray", "stroke-dashoffset",
        "stroke-linecap", "stroke-linejoin", "stroke-opacity", "stroke-width", "text-anchor",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ink:
    """A colour as it is drawn in, and what it becomes in each theme."""

    drawn: str
    """What matplotlib is told: `#` and six digits in lower case, of no other ink."""
    light: str
    dark: str


# Text and lines have a contrast of 4.5 and marks of 3 or more on the page's white (#fff) and dark (#15181c).
# The marks' hues are Tol's and Okabe and Ito's, which people who see few colours tell apart as well.
INKS: Final[Mapping[str, Ink]] = MappingProxyType(
    {
        "text": Ink("#000001", "#1b1f24", "#e4e7eb"),
        "quiet": Ink("#000002", "#59626e", "#a0a9b5"),
        "line": Ink("#000003", "#d5dae0", "#363d47"),
        "own": Ink("#000004", "#1d5fd1", "#7db0ff"),
        "second": Ink("#000005", "#b5541c", "#f0a070"),
        "third": Ink("#000006", "#0b7a66", "#4cc9a8"),
        "fourth": Ink("#000007", "#8a4fb0", "#cf9bf0"),
        "fifth": Ink("#000008", "#8a6d00", "#d9bd4a"),
        "ground": Ink("#000009", "#fff", "#15181c"),
    }
)
_NAMES: Final = {ink.drawn: name for name, ink in INKS.items()}


def themed(figure: "Figure", name: str) -> str:
    """The figure as an SVG element for a page that has `style()`; the same figure gives the same text.

    Args:
        figure: drawn in the stand-in colours of `INKS`.
        name: no other figure of the page has; identifiers in it begin with it.

    Raises:
        ValueError: it is drawn in another colour.
    """
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    for prefix, space in (("", SVG), ("xlink", XLINK)):
        ElementTree.register_namespace(prefix, space)
    root = ElementTree.fromstring(out.getvalue())
    _drop(root, "metadata", "style")
    for element in root.iter():
        _restyle(element)
        _rename(element, name)
    root.attrib.pop("version", None)
    for side in ("width", "height"):
        root.set(side, root.get(side, "").removesuffix("pt"))
    root.set("class", "figure")
    text = ElementTree.tostring(root, encoding="unicode")
    return re.sub(r">\s+<", ">\n<", text)


def _drop(root: ElementTree.Element, *tags: str) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{SVG}}}{tag}" for tag in tags}:
                parent.remove(child)


def _restyle(element: ElementTree.Element) -> None:
    """Turn a style into attributes, and colours into classes."""
    found = dict(_STYLES.findall(element.attrib.pop("style", "")))
    found |= {name: element.attrib.pop(name) for name in _COLOURED if name in element.attrib}
    if element.tag == f"{{{SVG}}}text":
        found.setdefault("fill", INKS["text"].drawn)  # matplotlib leaves out what it takes for black
        if size := re.search(r"([\d.]+)px", found.get("font", "")):
            found["font-size"] = size[1]
    classes = []
    for name, value in found.items():
        value = value.strip()
        if name in _COLOURED and value not in _PLAIN:
            if value not in _NAMES:
                raise ValueError(f"the figure has {name} {value}, which is none of the inks")
            classes.append(f"{name}-{_NAMES[value]}")
        elif name in _COLOURED or name in _ATTRIBUTES:
            element.set(name, value.removesuffix("px"))
    if classes:
        element.set("class", " ".join(classes))


def _rename(element: ElementTree.Element, name: str) -> None:
    """Put the figure's name before identifiers and what refers to them."""
    for attribute in ("id", f"{{{XLINK}}}href", "clip-path"):
        if attribute in element.attrib:
            value = re.sub(r"^(#|url\(#|)", rf"\g<1>{name}-", element.attrib[attribute])
            element.set(attribute, value)


def style() -> str:
    """The style sheet of all figures, with a colour an ink for light and for dark."""
    light, dark = (
        "".join(
            f".figure .{name}-{ink}{{{name}:{getattr(colours, theme)}}}\n"
            for ink, colours in INKS.items()
            for name in _COLOURED
        )
        for theme in ("light", "dark")
    )
    common = f".figure{{font-family:{FONTS};stroke-linejoin:round}}\n"
    return f"{common}{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n"


def standalone(svg: str, description: str) -> str:
    """An SVG of `themed` as a file of its own, which follows the reader's theme by itself.

    Args:
        svg: of which file.
        description: for those who cannot see it.
    """
    root = ElementTree.fromstring(svg)
    used = {one for element in root.iter() for one in element.get("class", "").split()}
    rules = [
        line for line in style().splitlines()
        if (named := re.match(r"\.figure \.([\w-]+)\{", line)) is None or named[1] in used
    ]  # fmt: skip
    title = ElementTree.Element(f"{{{SVG}}}title")
    title.text = description
    sheet = ElementTree.Element(f"{{{SVG}}}style")
    sheet.text = "\n".join(rules)
    root[:0] = [title, sheet]
    root.set("role", "img")
    return ElementTree.tostring(root, encoding="unicode") + "\n"
