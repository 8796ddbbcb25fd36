"""What JSON-LD and Microdata describe: the nodes, and the one of them that the page is about."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from classifier.metadata.record import FactSource
from classifier.metadata.values import HTTP, listed, text
from classifier.parser import Document, MicrodataItem

__all__ = ["Things", "described_things"]

Node = Mapping[str, Any]

# Of the nodes, and of the values of a property, so many are looked at.
MAX_NODES: Final = 10_000
MAX_VALUES: Final = 20
# Properties under which one node holds those that the page is about.
_INNER: Final = ("@graph", "mainEntity", "mainEntityOfPage")
# schema.org types of what a page may be about, beside those whose names end in Article and Posting.
WORKS: Final = frozenset(
    "Book Course CreativeWork Dataset Episode Event HowTo Movie MusicAlbum MusicRecording "
    "PodcastEpisode Product ProductGroup Question Recipe Report Review SoftwareApplication "
    "SoftwareSourceCode TVEpisode TVSeries VideoGame VideoObject".split()
)
MAX_ADDRESS_CHARS: Final = 2_048
_BESIDES: Final = re.compile(r"^https?://(?:www\.)?|/*(?:[?#].*)?$")


def described_things(document: Document, here: str) -> tuple["Things", "Things"]:
    """What JSON-LD describes, and what Microdata does, on the page with the address `here`, "" if unknown."""
    return Things(document.json_ld(), "json-ld", here), Things(_microdata(document), "microdata", here)


class Things:
    """What JSON-LD or Microdata describes on the page."""

    def __init__(self, values: object, source: FactSource, here: str) -> None:
        self.source: FactSource = source
        self.nodes = list(_nodes(values))
        self.by_id = {name: node for node in self.nodes if isinstance(name := node.get("@id"), str)}
        self.main = self._main(_place(here))

    def values(self, name: str) -> Iterator[object]:
        """What the thing that the page is about has under one of the names of `Metadata`."""
        if name == "site_name":
            sites = (node for node in self.nodes if "WebSite" in _types(node))
            yield from (value for node in sites for value in self._get(node, "name"))
        keys = {
            "title": ("headline", "name", "title"),
            "date": ("datePublished", "dateCreated", "uploadDate", "datePosted"),
            "language": ("inLanguage",),
            "site_name": ("publisher",),
            "url": ("url", "mainEntityOfPage"),
            "image": ("image", "thumbnailUrl", "primaryImageOfPage"),
        }
        for node in self.main:
            for key in keys.get(name, (name,)):
                if name == "author":
                    yield [self._resolved(one) for one in listed(node.get(key))[:MAX_VALUES]]
                else:
                    yield from self._get(node, key)

    def _get(self, node: Node, key: str) -> Iterator[object]:
        for value in listed(node.get(key))[:MAX_VALUES]:
            yield self._resolved(value)

    def _resolved(self, value: object) -> object:
        """A node that is only referred to, where the page describes it elsewhere."""
        if isinstance(value, dict) and len(value) <= 2 and isinstance(name := value.get("@id"), str):
            return self.by_id.get(name, value)
        return value

    def _main(self, here: str) -> list[Node]:
        """What the page is about: its one work, and the page as such.

        A work that has its own address elsewhere is only mentioned here.
        """
        ranked: dict[int, list[Node]] = {0: [], 1: [], 2: []}
        for node in self.nodes:
            if (rank := _rank(_types(node))) is not None and not (rank < 2 and _is_elsewhere(node, here)):
                ranked[rank].append(node)
        works = next((works for works in (ranked[0], ranked[1]) if works), [])
        names = {text(node.get("headline") or node.get("name")) for node in works}
        return [*(works[:1] if len(names) == 1 else ()), *ranked[2][:1]]


def _is_elsewhere(node: Node, here: str) -> bool:
    """Whether a node names an address that is neither the page's, nor above it, nor beneath it."""
    named = next(iter(listed(node.get("url") or node.get("mainEntityOfPage"))), None)
    address = named.get("@id") if isinstance(named, dict) else named
    if not here or not isinstance(address, str) or not HTTP.match(address):
        return False
    place = _place(address)
    return not place.startswith(here) and not here.startswith(place)


def _place(address: str) -> str:
    """An address without what differs between names of one page."""
    return _BESIDES.sub("", address[:MAX_ADDRESS_CHARS].strip().lower())


def _rank(types: list[str]) -> int | None:
    """0 for articles and posts, 1 for other works, 2 for pages as such; None for all else."""
    if any(name.endswith(("Article", "Posting")) for name in types):
        return 0
    if not WORKS.isdisjoint(types):
        return 1
    return 2 if any(name.endswith("Page") for name in types) else None


def _types(node: Node) -> list[str]:
    names = listed(node.get("@type"))
    return [name.rpartition("/")[2].rpartition(":")[2] for name in names if isinstance(name, str)]


def _nodes(values: object) -> Iterator[Node]:
    """The nodes at the top and those that these hold as what they are about, in order."""
    stack = [values]
    for _ in range(MAX_NODES):
        if not stack:
            return
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value[:MAX_NODES]))
        elif isinstance(value, dict):
            yield value
            stack.extend(value[key] for key in reversed(_INNER) if isinstance(value.get(key), dict | list))


def _microdata(document: Document) -> list[Node]:
    """The items of Microdata in the form of JSON-LD.

    None on a page with `itemref`: it is rare, and items that all refer to one cost their number squared.
    """
    if document.select_one("[itemref]"):
        return []
    try:
        items = document.microdata()
    except (RecursionError, ValueError):  # items nested too deep, or in a circle
        return []
    return [_node(item) for item in items[:MAX_NODES]]


def _node(item: MicrodataItem, depth: int = 2) -> Node:
    """An item and the items in it; deeper ones only in what it is about."""
    node: dict[str, Any] = {"@type": item.type}
    for key, values in item.properties.items():
        inside = depth if key in _INNER else min(depth, 1)
        node[key] = [
            value if isinstance(value, str) else _node(value, inside - 1)
            for value in values[:MAX_VALUES]
            if isinstance(value, str) or inside
        ]
    return node
