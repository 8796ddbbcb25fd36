"""L3S-GN1: news pages of 2008 (Kohlschuetter, Fankhauser and Nejdl, WSDM 2010)."""

import re
from collections.abc import Iterator
from pathlib import Path

from classifier.parser import Element, parse
from train.corpus.page import GoldPage, as_utf8, names, read_bytes
from train.corpus.plain import block_text

_MARK = re.compile(r"\bx-nc-sel([0-5])\b")
# 1 headline, 2 full text, 3 supplemental (by-line, date, caption).
_CONTENT_MARKS = frozenset("123")


def read_l3s_gn1(root: Path) -> Iterator[GoldPage]:
    """Read `input/ID.html` with the text marked in `GoldStandard/ID.txt` as gold.

    The gold file is the page again, each run of text in an element of class `x-nc-selN`: 0 not
    content, 1 headline, 2 full text, 3 supplemental, 4 related content, 5 user comments. Gold here
    is 1 to 3, the article itself as its publisher wrote it. Related content (4) is teasers of other
    pages. Comments (5) are by others and about a quarter of all marked words, so that a few pages
    with long threads would decide the measure. Marks nest (a headline inside text marked 0); the
    innermost one decides, and unmarked text counts as not content. `input/` holds the page without
    any mark, so it is what extractors get.

    Raises:
        CorpusError: a folder or a file is missing.
    """
    for page_id in names(root / "input", ".html"):
        gold = parse(read_bytes(root / "GoldStandard" / f"{page_id}.txt"), encoding="utf-8")
        yield GoldPage(
            id=page_id,
            dataset="l3s-gn1",
            # All published files are UTF-8, while many still declare the charset they came in.
            page=as_utf8(read_bytes(root / "input" / f"{page_id}.html")),
            gold=block_text(gold, _is_content),
            site=page_id,
            page_type="article",
        )


def _is_content(element: Element) -> bool | None:
    mark = _MARK.search(element.attr("class") or "")
    return mark.group(1) in _CONTENT_MARKS if mark else None
