"""The article pages of Mozilla Readability's test suite."""

import re
from collections.abc import Iterator
from pathlib import Path

from classifier.parser import parse
from train.corpus.page import GoldPage, as_utf8, read_bytes, site_of
from train.corpus.plain import block_text
from train.corpus.record import read_record
from train.errors import CorpusError

# `nytimes-1` to `nytimes-5` are pages of one site.
_NUMBER = re.compile(r"-\d+$")
# The suite rewrites addresses to this host, which says nothing of the site.
_FAKE_HOST = "http://fakehost"
_ADDRESSES = (('link[rel="canonical"]', "href"), ('meta[property="og:url"]', "content"))


def read_readability(root: Path) -> Iterator[GoldPage]:
    """Read `SLUG/source.html` with `SLUG/expected.html` as gold.

    The expected page is an extractor's output that people checked (silver). Its text is taken
    through a parser, a block a line. The address is the page's own canonical link where it has
    one; the others are grouped by slug without its number.

    Raises:
        CorpusError: the folder or a file is missing, or the metadata are of another shape.
    """
    if not root.is_dir():
        raise CorpusError(f"{root} is missing")
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        # Every file is stored as UTF-8; one declares gb2312.
        page = as_utf8(read_bytes(folder / "source.html"))
        expected = parse(as_utf8(read_bytes(folder / "expected.html")), encoding="utf-8")
        url = _address(page)
        yield GoldPage(
            id=folder.name,
            dataset="readability",
            page=page,
            gold=block_text(expected),
            site=site_of(url, _NUMBER.sub("", folder.name)),
            url=url,
            page_type="article",
            language=read_record(folder / "expected-metadata.json").maybe("lang", str),
        )


def _address(page: bytes) -> str | None:
    document = parse(page)
    for selector, attribute in _ADDRESSES:
        element = document.select_one(selector)
        value = element.attr(attribute) if element else None
        if value and value.startswith("http") and not value.startswith(_FAKE_HOST):
            return str(value)
    return None
