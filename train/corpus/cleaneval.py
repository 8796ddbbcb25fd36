"""CleanEval (Baroni et al. 2008) and CleanPortalEval, which shares its layout."""

import codecs
import html
import re
from collections.abc import Iterator
from pathlib import Path

from train.corpus.page import GoldPage, names, read_bytes, site_of

_URL_LINE = re.compile(r"\A\s*URL:[ \t]*(\S*)[^\n]*")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# Annotators typed the marks by hand: at the start of a line the bracket may be missing ("<pIn").
_BLOCK_MARK = re.compile(r"^[ \t]*<[phl]>?[ \t]*|</?[phl]>[ \t]*", re.MULTILINE)
_RULE = re.compile(r"^\s*_{5,}\s*$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\s*\n\s*")
# The collectors wrapped each page in <text id="URL" ...> ... </text>.
_WRAPPER = re.compile(rb"\A\s*<text\b([^>]*)>\s*|\s*</text>\s*\Z")
_ADDRESS = re.compile(rb'\bid="(https?://[^"]*)"')


def read_cleaneval_dev(root: Path) -> Iterator[GoldPage]:
    """Read the CleanEval development set: `input/ID.html`, `GoldStandard/ID.txt`.

    Raises:
        CorpusError: a folder or a file is missing.
    """
    return _read(root, "cleaneval-dev")


def read_cleanportaleval(root: Path) -> Iterator[GoldPage]:
    """Read CleanPortalEval, several pages of each of four sites, in CleanEval's layout.

    Raises:
        CorpusError: a folder or a file is missing.
    """
    return _read(root, "cleanportaleval")


def _read(root: Path, dataset: str) -> Iterator[GoldPage]:
    """Read pages without the collectors' `<text>` wrapper, and gold without its marks.

    The wrapper goes because no served page has it and it hides the real start of the document.
    """
    for page_id in names(root / "input", ".html"):
        page = read_bytes(root / "input" / f"{page_id}.html")
        answer = _decoded(read_bytes(root / "GoldStandard" / f"{page_id}.txt"))
        url = _url(page, answer)
        yield GoldPage(
            id=page_id,
            dataset=dataset,
            page=_WRAPPER.sub(b"", page),
            gold=plain_gold(answer),
            site=site_of(url, page_id),
            url=url,
        )


def plain_gold(answer: str) -> str:
    """Reduce a gold file to its text: no URL line, no comments, no marks, entities resolved."""
    text = _COMMENT.sub("", _URL_LINE.sub("", answer.replace("\r\n", "\n"), count=1))
    text = _RULE.sub("", _BLOCK_MARK.sub("\n", text))
    return _BLANK_LINES.sub("\n", html.unescape(text)).strip()


def _decoded(data: bytes) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:  # a few gold files were saved on Windows
        return data.decode("cp1252", errors="replace")


def _url(page: bytes, answer: str) -> str | None:
    line = _URL_LINE.match(answer)
    if line and line.group(1).startswith("http"):
        return line.group(1)
    wrapper = _WRAPPER.match(page)
    address = _ADDRESS.search(wrapper.group(1) or b"") if wrapper else None
    return address.group(1).decode("utf-8", errors="replace") if address else None
