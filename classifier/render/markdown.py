"""Kept blocks -> Markdown, by way of the clean HTML."""

from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.parser import Markdown, parse
from classifier.render.html import RAISED, Options, clean_html
from classifier.render.plain import plain_markdown
from classifier.render.writer import INTRAWORD
from classifier.segment import Segments

__all__ = ["render_markdown"]

# GitHub-flavoured. Tables without a header get an empty one rather than lose their first row.
MARKDOWN: Final = Markdown(
    headings=Markdown.Headings(style="atx"),
    lists=Markdown.Lists(bullets="-"),
    code=Markdown.Code(block_style="fenced"),
    tables=Markdown.Tables(header="detect", cell_blocks="text"),
)
# What stood in for characters that the conversion would have escaped or dropped. Raised digits stay
# raised: 10<sup>6</sup> is not 106.
STAND_INS: Final = str.maketrans(
    {INTRAWORD: "_"}
    | {sign: f"<{name}>" for name, (sign, _) in RAISED.items()}
    | {sign: f"</{name}>" for name, (_, sign) in RAISED.items()}
)


def render_markdown(
    segments: Segments,
    keep: npt.ArrayLike,
    markup: str,
    *,
    links: bool = True,
    images: bool = True,
) -> str:
    """The kept blocks as GitHub-flavoured Markdown.

    Without `links` only their text is left, without `images` nothing of them.
    """
    if segments.kind == "text":
        return plain_markdown(segments, np.asarray(keep, dtype=bool).tolist())
    html = clean_html(segments, keep, markup, Options(links=links, images=images, flat=True))
    return parse(html).to_markdown(MARKDOWN).translate(STAND_INS)
