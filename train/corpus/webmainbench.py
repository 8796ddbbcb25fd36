"""WebMainBench: pages whose content elements were marked in a browser."""

from collections.abc import Iterator
from pathlib import Path

from classifier.parser import Document, Element, parse
from train.corpus.page import GoldPage, as_utf8, names, site_of
from train.corpus.plain import block_text
from train.corpus.record import Record, read_lines
from train.errors import CorpusError

# What the marking tool added to the page; an extractor that saw it would see the answer.
_TOOL_STYLE = "style#cc-extraStyle"
_TOOL_WRAPPERS = "marked-text, marked-tail"
_TOOL_CLASSES = frozenset({"mark-selected", "cc-unloaded"})
_TOOL_ATTRIBUTES = ("cc-select", "data-anno-uid")


def read_webmainbench(root: Path) -> Iterator[GoldPage]:
    """Read every JSON Lines file of the folder, each page once.

    Gold is the text of the elements with `cc-select="true"`, not `groundtruth_content`: the
    Markdown was made from these elements, agrees with them word for word in the sample but for a
    price that one Markdown lacks, and adds words that are on no page (names of code fences).
    A record without a marked element has no gold text. The page is the published HTML without
    what the marking tool added (marks, identifiers, wrappers, its style sheet).

    Raises:
        CorpusError: there is no JSON Lines file, or a line is not JSON or of another shape.
    """
    files = list(names(root, ".jsonl"))
    if not files:
        raise CorpusError(f"{root} has no .jsonl file")
    seen: set[str] = set()
    for name in files:
        for record in read_lines(root / f"{name}.jsonl"):
            page_id = record.get("track_id", str)
            if page_id not in seen:  # the published samples overlap
                seen.add(page_id)
                yield _page(page_id, record)


def _page(page_id: str, record: Record) -> GoldPage:
    document = parse(record.get("html", str))
    marked = document.select_one('[cc-select="true"]') is not None
    gold = block_text(document, _is_content) if marked else None
    _remove_marks(document)
    meta = record.part("meta") if record.maybe("meta", dict) else record
    url = record.maybe("url", str) or None
    return GoldPage(
        id=page_id,
        dataset="webmainbench-sample",
        page=as_utf8(document.html.encode("utf-8", errors="replace")),
        gold=gold,
        site=site_of(url, page_id),
        url=url,
        page_type=meta.maybe("style", str) or record.maybe("real_type", str),
        language=meta.maybe("language", str) or record.maybe("language", str),
    )


def _is_content(element: Element) -> bool | None:
    return True if element.attr("cc-select") == "true" else None


def _remove_marks(document: Document) -> None:
    for element in document.select(_TOOL_STYLE):
        element.decompose()
    for element in document.select("[cc-select], [data-anno-uid], .mark-selected, .cc-unloaded"):
        _remove_attributes(element)
    for element in document.select(_TOOL_WRAPPERS):
        element.unwrap()


def _remove_attributes(element: Element) -> None:
    # Selecting an element left an empty style attribute behind, so it gives the answer away too.
    if "cc-select" in element.attrs and not (element.attr("style") or "").strip():
        element.attrs.pop("style", None)
    for name in _TOOL_ATTRIBUTES:
        element.attrs.pop(name, None)
    classes = (element.attr("class") or "").split()
    if _TOOL_CLASSES.intersection(classes):
        rest = [name for name in classes if name not in _TOOL_CLASSES]
        if rest:
            element.attrs["class"] = rest
        else:
            element.attrs.pop("class", None)
