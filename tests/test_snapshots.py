"""The Markdown of whole pages: this project's own, of which the gold blocks are kept, and one that has every
structure once.

`SNAPSHOTS=write pytest tests/test_snapshots.py` writes the files anew; read what changed before you keep it.
"""

import os
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest
from markdown_it import MarkdownIt

from classifier.decode import decode
from classifier.render import render_markdown
from classifier.segment import Segments, segment_html, segment_text
from train.align import align
from train.corpus import GoldPage, read
from train.structure import structure

FOLDER: Final = Path(__file__).parent / "pages"
EVERYTHING: Final = (FOLDER / "everything.html").read_text(encoding="utf-8")
PAGES: Final = list(read("pages"))
HTML_PAGES: Final = [page for page in PAGES if page.kind == "html"]


def segmented(page: GoldPage) -> tuple[str, Segments, npt.NDArray[np.bool_]]:
    """Markup, blocks and which of them the gold text holds: that does not change with the model."""
    markup = decode(page.page)
    segments = (segment_html if page.kind == "html" else segment_text)(markup)
    return markup, segments, align(segments.texts, page.gold or "").labels


def rendered(page: GoldPage) -> str:
    markup, segments, keep = segmented(page)
    return render_markdown(segments, keep, markup)


def check(name: str, markdown: str) -> None:
    path = FOLDER / f"{name}.md"
    if os.environ.get("SNAPSHOTS") == "write":
        path.write_text(markdown + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == markdown + "\n"


def html(markdown: str) -> str:
    converted: str = (
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    )
    return converted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
def test_the_markdown_of_a_page_is_as_it_was_read_and_found_right(page: GoldPage) -> None:
    check(page.id, rendered(page))


def test_every_structure_has_its_markdown() -> None:
    segments = segment_html(EVERYTHING)
    check("everything", render_markdown(segments, [True] * len(segments), EVERYTHING))


def test_no_snapshot_is_of_a_page_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {page.id for page in PAGES} | {"everything"}


@pytest.mark.parametrize("page", HTML_PAGES, ids=lambda page: page.id)
def test_the_markdown_of_a_page_has_the_structure_of_its_kept_blocks(page: GoldPage) -> None:
    markup, segments, keep = segmented(page)
    keep &= np.asarray(segments.element) >= 0
    converted = html(render_markdown(segments, keep, markup))
    found = segment_html(converted)
    assert structure(found, converted, np.ones(len(found), bool)) == structure(segments, markup, keep)
