"""The places of a page where it says something about itself, the most trusted first."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final
from urllib.parse import urljoin

from classifier.metadata.record import Fact, FactSource, Metadata
from classifier.metadata.things import Things, described_things
from classifier.metadata.values import HTTP, authors, date, language, text
from classifier.parser import Document, parse
from classifier.segment.whitespace import without_surrogates

__all__ = ["read_metadata"]

Candidate = tuple[object, FactSource]

MAX_URL_CHARS: Final = 2_048
# Of one fact; many references to one node make far more of them than the page has characters.
MAX_CANDIDATES: Final = 100
# Meta tags by what they tell, first come first; Dublin Core, Highwire Press and the tags of large systems.
META: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("citation_title", "dc.title", "dcterms.title", "parsely-title", "sailthru.title", "title"),
    "author": (
        "author",
        "citation_author",
        "dc.creator",
        "dcterms.creator",
        "parsely-author",
        "sailthru.author",
    ),
    "date": (
        "citation_publication_date",
        "dc.date.issued",
        "dcterms.issued",
        "dcterms.created",
        "dc.date",
        "dcterms.date",
        "parsely-pub-date",
        "sailthru.date",
        "publish_date",
        "publish-date",
        "pubdate",
        "date",
    ),
    "language": ("content-language", "dc.language", "dcterms.language", "language"),
    "site_name": ("application-name",),
    "image": ("image", "thumbnail"),
    "description": ("description", "dc.description", "dcterms.description"),
}
OPEN_GRAPH: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("og:title",),
    "author": ("article:author", "og:article:author", "book:author", "og:author"),
    "date": ("article:published_time", "og:article:published_time", "og:published_time", "og:publish_date"),
    "language": ("og:locale",),
    "site_name": ("og:site_name",),
    "url": ("og:url",),
    "image": ("og:image:secure_url", "og:image", "og:image:url"),
    "description": ("og:description",),
}
TWITTER: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("twitter:title",),
    "image": ("twitter:image", "twitter:image:src"),
    "description": ("twitter:description",),
}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def read_metadata(markup: str) -> Metadata:
    """Read what an HTML page says about itself; whatever is malformed counts as not said."""
    document = parse(without_surrogates(markup))
    page = _Page(document)
    url = page.url or _first(page.candidates("url"), page.address)
    if url and not page.base:
        page.base = url.value
    return Metadata(
        title=_first(page.candidates("title"), text),
        author=_first(page.candidates("author"), authors),
        date=_first(page.candidates("date"), date),
        language=_first(page.candidates("language"), language),
        site_name=_first(page.candidates("site_name"), text),
        url=url,
        image=_first(page.candidates("image"), page.address),
        description=_first(page.candidates("description"), text),
    )


def _first(candidates: Iterable[Candidate], reader: Callable[[object], str]) -> Fact | None:
    for value, source in islice(candidates, MAX_CANDIDATES):
        if found := reader(value):
            return Fact(found, source)
    return None


class _Page:
    """The places of a page where facts stand."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.meta = _meta_tags(document)
        self.things: tuple[Things, ...] = ()
        self.base = ""
        self.base = self.address(self._attribute("base[href]", "href"))
        # What HTML and meta tags say; it tells which of the things that the page describes it is about.
        self.url = _first(self.candidates("url"), self.address)
        self.things = described_things(document, self.url.value if self.url else "")

    def candidates(self, name: str) -> Iterator[Candidate]:
        """All that the page says under one name, the most trusted first."""
        html = self._html(name)
        if name in ("language", "url"):
            yield from html
        for things in self.things:
            yield from ((value, things.source) for value in things.values(name))
        sources: tuple[tuple[Mapping[str, tuple[str, ...]], FactSource], ...] = (
            (OPEN_GRAPH, "open-graph"),
            (TWITTER, "twitter"),
            (META, "meta"),
        )
        for table, source in sources:
            for key in table.get(name, ()):
                yield from ((value, source) for value in self.meta.get(key, ()))
        yield from html

    def _html(self, name: str) -> Iterator[Candidate]:
        places = {
            "title": (("title", ""),),
            "author": (('a[rel~="author"]', ""),),
            "date": (("time[pubdate]", "datetime"), ("time[itemprop~='datePublished']", "datetime")),
            "language": (("html", "lang"),),
            "url": (('link[rel~="canonical" i]', "href"),),
            "image": (('link[rel~="image_src" i]', "href"),),
        }
        for selector, attribute in places.get(name, ()):
            yield self._attribute(selector, attribute), "html"

    def _attribute(self, selector: str, name: str) -> object:
        """An attribute of the first element that a selector finds, its text where no name is given."""
        element = self.document.select_one(selector)
        if element is None:
            return None
        return element.attrs.get(name) if name else element.text

    def address(self, value: object) -> str:
        """An absolute address of http or https, relative ones by the page's base, else empty."""
        if isinstance(value, dict):
            value = value.get("url") or value.get("contentUrl") or value.get("@id")
        url = value[0] if isinstance(value, list) and value else value
        if not isinstance(url, str) or len(url) > MAX_URL_CHARS:
            return ""
        url = url.strip()
        if not url or url.startswith("#"):
            return ""
        if not _SCHEME.match(url):
            try:
                url = urljoin(self.base, url) if self.base else ""
            except ValueError:  # such as an open bracket in the host
                return ""
        return url if HTTP.fullmatch(url) else ""


def _meta_tags(document: Document) -> dict[str, list[str]]:
    """The contents of the meta tags by their names in small letters."""
    found: dict[str, list[str]] = {}
    for tag in document.find_all("meta"):
        content = tag.attrs.get("content")
        if not isinstance(content, str) or not content.strip():
            continue
        for name in {tag.attrs.get(key) for key in ("property", "name", "http-equiv")}:
            if isinstance(name, str):
                found.setdefault(name.strip().lower(), []).append(content)
    return found
