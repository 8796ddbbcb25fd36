"""Pages -> the training table: one row a block, with labels and features; kept as Parquet."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from classifier.decode import decode
from classifier.features.lexical import Evidence
from classifier.features.matrix import FAMILIES, Measured, column_names, measure_page
from classifier.model import check_features
from classifier.segment import Kind, Segments, segment_html, segment_text
from train.align import align, with_labels
from train.corpus import GoldPage
from train.errors import CorpusError
from train.plaintext import RENDERERS

__all__ = ["LabelledPage", "Table", "build_table", "read_table"]

# A page of whose gold text the blocks carry less than this share is evaluated but not trained on:
# its labels would call content clutter.
MIN_FOUND: Final = 0.5
# Sets features apart from the columns that say what a block is.
FEATURE_PREFIX: Final = "f_"
_BLOCKS: Final = "blocks.parquet"
_PAGES: Final = "pages.parquet"


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPage:
    """One page of the table. A page is n blocks."""

    id: str
    dataset: str
    site: str
    page_type: str
    language: str
    rendering: str
    """`html`, or how the plain text was made: `lines`, `layout`, `as is`."""
    gold: str
    missing: float
    """Share of the gold's words that no block carries, 0 to 1."""
    texts: list[str]
    tags: list[str]
    share: npt.NDArray[np.float32]
    """Share of each block's words that the gold text holds; shape (n,)."""
    words: npt.NDArray[np.int32]
    """Words of each block as the metric counts them; shape (n,)."""
    label: npt.NDArray[np.bool_]
    """True where a block is content; shape (n,)."""
    measured: Measured
    weight: float = 1.0
    """Pages that it counts for in training, on top of what its data set says (`Table.weighted`)."""

    @property
    def trainable(self) -> bool:
        """Whether the page has a gold text, and blocks that carry it, so that its labels hold."""
        return bool(self.texts and self.gold) and 1 - self.missing >= MIN_FOUND

    def kept(self, keep: npt.NDArray[np.bool_]) -> str:
        """The text of the chosen blocks, a block a line; `keep` has shape (n,)."""
        return "\n".join(text for text, chosen in zip(self.texts, keep, strict=True) if chosen)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Labelled pages of one kind. `frame()` gives the blocks to pandas."""

    kind: Kind
    pages: list[LabelledPage]

    def __len__(self) -> int:
        return len(self.pages)

    def __add__(self, other: "Table") -> "Table":
        """The pages of both, to be fitted on together.

        Raises:
            ValueError: one is of HTML pages, the other of plain text.
        """
        if self.kind != other.kind:
            raise ValueError(f"tables of kinds {self.kind} and {other.kind} have different features")
        return Table(self.kind, self.pages + other.pages)

    def weighted(self, weight: float) -> "Table":
        """The same pages, each counting for `weight` pages in training, such as one's own beside many others.

        Raises:
            ValueError: it is not above 0.
        """
        if not weight > 0:
            raise ValueError(f"weight is {weight}: it must be above 0")
        return Table(self.kind, [replace(page, weight=weight) for page in self.pages])

    @property
    def sites(self) -> list[str]:
        """The site of each page, by which folds are grouped."""
        return [page.site for page in self.pages]

    def frame(self) -> pd.DataFrame:
        """One row a block: page columns, text, tag, label, share, words, and the features that need
        no lexicon."""
        rows = []
        for page in self.pages:
            n = len(page.texts)
            columns: dict[str, Any] = {
                "page": [page.id] * n,
                "site": [page.site] * n,
                "page_type": [page.page_type] * n,
                "block": np.arange(n),
                "tag": page.tags,
                "text": page.texts,
                "label": page.label,
                "share": page.share,
                "words": page.words,
            }
            features = pd.DataFrame(page.measured.base, columns=_base_names(self.kind))
            rows.append(pd.concat([pd.DataFrame(columns), features.add_prefix(FEATURE_PREFIX)], axis=1))
        return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()

    def blocks(self) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
        """X, y and groups as scikit-learn takes them: the features that need no lexicon, whether each block
        is content, and its site; a row a block, indexed by the number of its page and its own."""
        frame = self.frame()
        sizes = [len(page.texts) for page in self.pages]
        frame.index = pd.MultiIndex.from_arrays(
            [np.repeat(np.arange(len(self)), sizes), frame.pop("block")], names=["page", "block"]
        )
        X = frame[[name for name in frame if str(name).startswith(FEATURE_PREFIX)]]
        return X, frame["label"], frame["site"]

    def summary(self) -> str:
        """Counts of pages, blocks and content, and the pages whose gold is not on the page."""
        blocks = sum(len(page.texts) for page in self.pages)
        content = sum(int(page.label.sum()) for page in self.pages)
        lost = [f"{page.id} ({page.missing:.0%})" for page in self.pages if not page.trainable]
        found = 1 - np.mean([page.missing for page in self.pages]) if self.pages else 0.0
        return (
            f"{self.kind}: {len(self)} pages of {len(set(self.sites))} sites, {blocks} blocks, "
            f"{content / max(1, blocks):.1%} of them content; {found:.1%} of the gold words are on "
            f"the pages; not trained on, their gold is missing: {', '.join(lost) or 'none'}"
        )

    def write(self, folder: Path) -> None:
        """Write the table as two Parquet files, one of blocks and one of pages.

        Raises:
            CorpusError: it has no pages.
        """
        if not self.pages:
            raise CorpusError(f"there is no page of kind {self.kind} with a gold text: nothing to write")
        folder.mkdir(parents=True, exist_ok=True)
        blocks = self.frame().drop(columns=["site", "page_type"])
        blocks.to_parquet(folder / _BLOCKS, compression="zstd", index=False)
        rows = [_page_row(self.kind, page) for page in self.pages]
        pd.DataFrame(rows).to_parquet(folder / _PAGES, compression="zstd", index=False)


def _base_names(kind: Kind) -> list[str]:
    return list(column_names(kind)[: -len(FAMILIES[kind]["lexical"])])


def build_table(
    pages: Iterable[GoldPage],
    kind: Kind = "html",
    *,
    renderings: Sequence[str] = tuple(RENDERERS),
    workers: int = 2,
    progress: bool = True,
) -> Table:
    """Segment, measure and label pages.

    Pages without gold text (None) are left out. A page without any block stays, with none: it is
    evaluated as an empty extraction.

    Args:
        pages: with their gold answer, as `train.corpus.read` gives them.
        kind: `text` turns HTML pages into plain text first.
        renderings: in which ways (`train.plaintext.RENDERERS`), each a page of its own.
        workers: processes.
        progress: show a bar on standard error.

    Returns:
        The pages as labelled blocks with their features.
    """
    chosen = [page for page in pages if page.gold is not None and kind in ("text", page.kind)]
    bar = tqdm(chosen, desc=kind, disable=not progress)
    jobs = (
        delayed(_label)(page, kind, rendering)
        for page in bar
        for rendering in _renderings(page, kind, renderings)
    )
    return Table(kind, list(Parallel(n_jobs=workers, batch_size=8)(jobs)))


def _renderings(page: GoldPage, kind: Kind, renderings: Sequence[str]) -> Sequence[str]:
    if kind == "html":
        return ("html",)
    return renderings if page.kind == "html" else ("as is",)


def _label(page: GoldPage, kind: Kind, rendering: str) -> LabelledPage:
    text = decode(page.page)
    segments = _segments(text, rendering)
    alignment = align(segments.texts, page.gold or "")
    if page.labels is not None:
        alignment = with_labels(alignment, segments.texts, page.labels)
    return LabelledPage(
        id=page.id,
        dataset=page.dataset,
        site=page.site,
        page_type=page.page_type or "unknown",
        language=page.language or "",
        rendering=rendering,
        gold=page.gold or "",
        missing=alignment.missing,
        texts=segments.texts,
        tags=segments.tags,
        share=alignment.share,
        words=alignment.words,
        label=alignment.labels,
        measured=measure_page(segments) if len(segments) else _nothing(kind),
    )


def _nothing(kind: Kind) -> Measured:
    """The measures of a page without blocks."""
    none = np.zeros(0, np.int32)
    columns: dict[str, Any] = {field.name: none for field in fields(Evidence)}
    evidence = Evidence(**columns | {"span": np.zeros((2, 0), np.int32)})
    base = np.zeros((0, len(_base_names(kind))), np.float32)
    return Measured(base, evidence)


def _segments(text: str, rendering: str) -> Segments:
    if rendering == "html":
        return segment_html(text)
    return segment_text(text if rendering == "as is" else RENDERERS[rendering](text))


# -- Parquet --------------------------------------------------------------------------------------


def _page_row(kind: Kind, page: LabelledPage) -> dict[str, Any]:
    """A page without its blocks: what is known of it, and its evidence as lists."""
    row: dict[str, Any] = {
        "kind": kind,
        "id": page.id,
        "dataset": page.dataset,
        "site": page.site,
        "page_type": page.page_type,
        "language": page.language,
        "rendering": page.rendering,
        "gold": page.gold,
        "missing": page.missing,
        "weight": page.weight,
        "n": len(page.texts),
    }
    evidence = page.measured.evidence
    return row | {f"e_{field.name}": getattr(evidence, field.name).ravel() for field in fields(Evidence)}


def read_table(folder: Path) -> Table:
    """Read a table that `Table.write` wrote.

    Args:
        folder: that was written.

    Raises:
        CorpusError: there is none.
        FeatureMismatchError: it was made by a version with other features.
    """
    try:
        blocks = pd.read_parquet(folder / _BLOCKS)
        rows = pd.read_parquet(folder / _PAGES).to_dict("records")
    except FileNotFoundError as error:
        raise CorpusError(f"{folder} holds no table: make one with python -m train table") from error
    if not rows:
        raise CorpusError(f"the table in {folder} has no pages")
    kind: Kind = rows[0]["kind"]
    names = _base_names(kind)
    theirs = [name for name in blocks.columns if name.startswith(FEATURE_PREFIX)]
    check_features(str(folder), [name.removeprefix(FEATURE_PREFIX) for name in theirs], names)
    base = blocks[theirs].to_numpy(np.float32)
    return Table(kind, list(_pages(rows, blocks, base)))


_OTHER_COLUMNS: Final = frozenset(["page", "block", "tag", "text", "label", "share", "words"])


def _pages(
    rows: Sequence[Mapping[Hashable, Any]], blocks: pd.DataFrame, base: npt.NDArray[np.float32]
) -> Iterator[LabelledPage]:
    start = 0
    columns = {name: blocks[name].to_numpy() for name in _OTHER_COLUMNS}
    for row in rows:
        n = int(row["n"])
        here = slice(start, start + n)
        start += n
        evidence = {field.name: row[f"e_{field.name}"] for field in fields(Evidence)}
        evidence["span"] = evidence["span"].reshape(2, -1)
        yield LabelledPage(
            **{name: row[name] for name in _PAGE_FIELDS & row.keys()},
            texts=columns["text"][here].tolist(),
            tags=columns["tag"][here].tolist(),
            share=columns["share"][here],
            words=columns["words"][here],
            label=columns["label"][here],
            measured=Measured(base[here], Evidence(**evidence)),
        )


# `weight` is lacking in a table of an earlier version.
_PAGE_FIELDS: Final = frozenset("id dataset site page_type language rendering gold missing weight".split())
