"""`Page` and `Block`: what classification returns. Immutable records."""

import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from classifier.decode import decode
from classifier.render import render_html, render_markdown, render_text
from classifier.segment import Elements, Kind, Segments, Source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Block", "Label", "Page"]

# A path is cut to its last steps beyond this depth, so that a page nested a hundred thousand deep
# does not cost its square in memory.
MAX_PATH_STEPS: Final = 64
# What a selector has to escape in a name, such as the colon of `<o:p>`.
_CSS_SPECIAL: Final = re.compile(r"[^\w-]")


class Label(StrEnum):
    """What a block is."""

    CONTENT = "content"
    CLUTTER = "clutter"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page: a paragraph, heading, list item, table row or piece of code."""

    index: int
    """Position on the page, from 0."""
    text: str
    label: Label
    probability: float
    """Calibrated probability that the block is content, 0 to 1."""
    tag: str
    """The block's element, such as `p`, `h2`, `li`, `tr`, `pre`."""
    path: str | None
    """CSS path of that element; None for plain text and embedded content."""
    lines: tuple[int, int] | None
    """Plain text: the first and the last line of the block, from 1; None for HTML."""
    link_density: float
    """Share of the text's characters inside links, 0 to 1."""
    hidden: bool
    """Whether attributes of the block or of an element around it hide it."""
    source: str
    """`visible`, `noscript`, `json_ld` or `state`."""

    @property
    def is_content(self) -> bool:
        """Whether the label is `Label.CONTENT`."""
        return self.label is Label.CONTENT


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Page:
    """A page as labelled blocks. `classify` makes it."""

    kind: Kind
    """`html` or `text`: how the page was read."""
    title: str
    """Text of `<title>`, else `og:title`, else empty."""
    confidence: float
    """Expected word F1 of the content against the truth, 0 to 1."""
    probabilities: npt.NDArray[np.float32]
    """Probability of content of each block; shape (blocks,), read-only."""
    keep: npt.NDArray[np.bool_]
    """Whether each block is content; shape (blocks,), read-only."""
    segments: Segments = field(default_factory=lambda: Segments("text", "", [], []))
    source: str | bytes = ""
    """The page that was read; bytes, where it came back from a worker and was given as bytes."""
    features: npt.NDArray[np.float32] | None = None
    """One row a block, one column a feature name; read-only."""
    feature_names: tuple[str, ...] = ()
    truncated: str = ""
    """Why the page was not read to its end (see `Limits`); empty where it was."""
    type: str | None = None
    """Type of page, in the training data's words (WCXB: article, documentation, service, forum, listing,
    collection, product); None for a page without text, and where the model tells no types."""
    type_probability: float = 0.0
    """Probability of that type, 0 to 1."""
    _blocks: list[tuple[Block, ...]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.probabilities.flags.writeable = False
        self.keep.flags.writeable = False
        if self.features is not None:
            self.features.flags.writeable = False

    def __len__(self) -> int:
        return len(self.segments)

    def __repr__(self) -> str:
        return (
            f"<Page {self.kind} {self.title!r}: {int(self.keep.sum())} of {len(self)} blocks are "
            f"content, confidence {self.confidence:.2f}>"
        )

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks in document order, made when first asked for."""
        if not self._blocks:
            self._blocks.append(tuple(self._block(index) for index in range(len(self))))
        return self._blocks[0]

    @property
    def markup(self) -> str:
        """The page as text, from which Markdown and HTML are rendered; bytes are decoded when asked for."""
        return self.source if isinstance(self.source, str) else decode(self.source)

    @property
    def text(self) -> str:
        """The content as plain text, a blank line between blocks."""
        return render_text(self.segments, self.keep)

    @property
    def markdown(self) -> str:
        """The content as Markdown, with links and images (`to_markdown` leaves them out)."""
        return self.to_markdown()

    @property
    def html(self) -> str:
        """The content as HTML that is safe to show: no scripts, handlers or script links."""
        return render_html(self.segments, self.keep, self.markup)

    def to_markdown(self, *, links: bool = True, images: bool = True) -> str:
        """The content as GitHub-flavoured Markdown."""
        return render_markdown(self.segments, self.keep, self.markup, links=links, images=images)

    def to_dict(self) -> dict[str, Any]:
        """The page as plain Python values, ready for `json.dumps`."""
        return {
            "kind": self.kind,
            "title": self.title,
            "confidence": round(self.confidence, 4),
            "type": self.type,
            "type_probability": round(self.type_probability, 4),
            "text": self.text,
            "blocks": [
                {
                    **asdict(block),
                    "label": block.label.value,
                    "probability": round(block.probability, 4),
                }
                for block in self.blocks
            ],
        }

    def to_frame(self, *, features: bool = True) -> "pd.DataFrame":
        """The blocks as a pandas table, one row a block, features in columns of their own.

        Raises:
            ImportError: pandas is not installed (`pip install clutter-classifier[train]`).
        """
        import pandas as pd

        frame = pd.DataFrame(
            [asdict(block) for block in self.blocks], columns=list(Block.__dataclass_fields__)
        )
        frame["label"] = frame["label"].astype(str)
        if features and self.features is not None:
            values = pd.DataFrame(self.features, columns=list(self.feature_names))
            frame = pd.concat([frame, values.add_prefix("f_")], axis=1)
        return frame.set_index("index")

    def _block(self, index: int) -> Block:
        segments = self.segments
        is_html = segments.kind == "html"
        element = segments.element[index] if is_html else -1
        chars = sum(map(len, segments.texts[index].split()))
        return Block(
            index=index,
            text=segments.texts[index],
            label=Label.CONTENT if self.keep[index] else Label.CLUTTER,
            probability=float(self.probabilities[index]),
            tag=segments.tags[index],
            path=css_path(segments.elements, element) if element >= 0 else None,
            lines=None if is_html else segments.line_spans[index],
            link_density=min(1.0, segments.link_chars[index] / max(1, chars)) if is_html else 0.0,
            hidden=bool(segments.hidden[index]) if is_html else False,
            source=Source(segments.source[index]).name.lower() if is_html else "visible",
        )


def css_path(elements: Elements, index: int) -> str:
    """A CSS selector of one element: tags and `:nth-child` from `body` down."""
    steps: list[str] = []
    while index >= 0 and len(steps) < MAX_PATH_STEPS:
        tag = elements.tag[index]
        if tag in ("html", "body"):
            steps.append(tag)
        else:
            name = _CSS_SPECIAL.sub(r"\\\g<0>", tag)
            steps.append(f"{name}:nth-child({elements.child[index]})")
        index = elements.parent[index]
    return " > ".join(reversed(steps))
