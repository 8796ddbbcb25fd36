"""`Page` and `Block`: what classification returns. Immutable records."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from classifier.decode import decode
from classifier.errors import ExplanationError
from classifier.features.matrix import column_names, measure_page
from classifier.render import render_html, render_markdown, render_text
from classifier.segment import Elements, Kind, Segments, Source

if TYPE_CHECKING:
    import pandas as pd

    from classifier.explain import Explanation
    from classifier.metadata import Metadata
    from classifier.model import Model

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
    truncated: str = ""
    """Why the page was not read to its end (see `Limits`); empty where it was."""
    type: str | None = None
    """Type of page, in the training data's words (WCXB: article, documentation, service, forum, listing,
    collection, product); None for a page without text, and where the model tells no types."""
    type_probability: float = 0.0
    """Probability of that type, 0 to 1."""
    model_of: "Callable[[Kind], Model] | None" = None
    """Gives the model that judged the page, from its kind; None for a page without text."""
    site_pages: int = 0
    """Other pages of the site that the probabilities rest on as well (see `SiteProfile`)."""
    alone: npt.NDArray[np.float32] | None = None
    """Where they do, what the model says of the page alone: probability of content of each block; shape
    (blocks,), read-only."""
    _blocks: list[tuple[Block, ...]] = field(default_factory=list, init=False)
    _explanations: "list[tuple[Explanation, ...]]" = field(default_factory=list, init=False)
    _metadata: "list[Metadata]" = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for array in (self.probabilities, self.keep, self.alone):
            if array is not None:
                array.flags.writeable = False

    def __setstate__(self, state: Sequence[object]) -> None:
        """Unpickle; pickling forgets that arrays are read-only."""
        for one, value in zip(fields(self), state, strict=True):
            object.__setattr__(self, one.name, value)
        self.__post_init__()

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
    def features(self) -> npt.NDArray[np.float32] | None:
        """What the model saw of the blocks, measured anew; shape (blocks, feature names).

        They take four times the memory of the rest of a page, and most callers never look at them. None
        for a page without text.
        """
        if self.model_of is None or not len(self):
            return None
        return self.model_of(self.kind).matrix(measure_page(self.segments))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What the columns of `features` are called."""
        return column_names(self.kind)

    @property
    def metadata(self) -> "Metadata":
        """What the page says about itself: title, author, date, language, site name, canonical address, image
        and description, each with where it stands; read when first asked for. Nothing for plain text.
        """
        if not self._metadata:
            # Late: classification needs none of it.
            from classifier.metadata import Metadata, read_metadata

            self._metadata.append(read_metadata(self.markup) if self.kind == "html" else Metadata())
        return self._metadata[0]

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

    def explain(self, block: Block | int) -> "Explanation":
        """Why a block has its probability; `print` shows it in plain words.

        Args:
            block: a block of this page, or its index.

        Returns:
            The probability of a typical block, and what each family of features adds to it.

        Raises:
            IndexError: there is no such block.
            ValueError: the block is of another page.
            ExplanationError: as `explanations`.
        """
        index = block.index if isinstance(block, Block) else block
        if isinstance(block, Block) and (index >= len(self) or self.blocks[index] != block):
            raise ValueError(f"block {index} ({block.text[:40]!r}) is of another page")
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no block {index}: the page has {len(self)} blocks")
        return self.explanations()[index]

    def explanations(self) -> "tuple[Explanation, ...]":
        """Why each block has its probability, in order; worked out together, once.

        That takes as long as some 25 classifications of HTML, 45 of plain text. What other pages of the site
        have told is left out: the explanation is of the page alone.

        Raises:
            ExplanationError: the page was not made by `classify`, or its model has no training medians.
        """
        if not self._explanations:
            self._explanations.append(self._explained())
        return self._explanations[0]

    def to_markdown(self, *, links: bool = True, images: bool = True) -> str:
        """The content as GitHub-flavoured Markdown: headings, lists, tables, code with its language,
        quotations, links, images, footnotes; definitions as Markdown Extra writes them.

        Args:
            links: keep links; without, only their texts.
            images: keep images.
        """
        return render_markdown(self.segments, self.keep, self.markup, links=links, images=images)

    def to_dict(self, *, explain: bool = False) -> dict[str, Any]:
        """The page as plain Python values, ready for `json.dumps`.

        Args:
            explain: tell of each block why it has its probability, as `explanation`.

        Returns:
            What `--format json` prints: facts of the page, its text, and all `blocks` in order.

        Raises:
            ExplanationError: as `explanations`, if wanted.
        """
        whys: list[dict[str, Any]] = [{}] * len(self)
        if explain:
            whys = [{"explanation": asdict(one)} for one in self.explanations()]
        return {
            "kind": self.kind,
            "title": self.title,
            "confidence": round(self.confidence, 4),
            "type": self.type,
            "type_probability": round(self.type_probability, 4),
            "truncated": self.truncated,
            "metadata": asdict(self.metadata),
            "text": self.text,
            "blocks": [
                asdict(block) | {"label": block.label.value, "probability": round(block.probability, 4)} | why
                for block, why in zip(self.blocks, whys, strict=True)
            ],
        }

    def to_frame(self, *, features: bool = True) -> "pd.DataFrame":
        """The blocks as a pandas table, one row a block.

        Args:
            features: add the features, in columns whose names begin with `f_`.

        Returns:
            A table with the fields of `Block` as columns, indexed by `index`.

        Raises:
            ImportError: pandas is not installed (`pip install clutter-classifier[train]`).
        """
        try:
            import pandas as pd
        except ImportError:
            raise ImportError("a table needs pandas: pip install 'clutter-classifier[train]'") from None
        rows = [asdict(block) for block in self.blocks]
        frame = pd.DataFrame(rows, columns=list(Block.__dataclass_fields__))
        frame["label"] = frame["label"].astype(str)
        if features and (matrix := self.features) is not None:
            values = pd.DataFrame(matrix, columns=list(self.feature_names))
            frame = pd.concat([frame, values.add_prefix("f_")], axis=1)
        return frame.set_index("index")

    def _explained(self) -> "tuple[Explanation, ...]":
        if not len(self):
            return ()
        if self.model_of is None:
            raise ExplanationError("the page does not know its model: classify it again to explain it")
        # Late: few pages are explained, and all of them import this module.
        from classifier.explain import explain_page

        alone = self.probabilities if self.alone is None else self.alone
        return explain_page(self.model_of(self.kind), self.segments, alone)

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
