"""`Metadata` and its `Fact`s: what a page says about itself. Immutable records."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Fact", "FactSource", "Metadata"]

FactSource = Literal["json-ld", "microdata", "open-graph", "twitter", "meta", "html"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a page says about itself."""

    value: str
    """Text without markup, white space collapsed."""
    source: FactSource
    """Where it stands: `json-ld`, `microdata`, `open-graph`, `twitter`, `meta` (other meta tags), or `html`
    (`<title>`, `<html lang>`, `<link>`, `<time>`, `rel=author`)."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says about itself; None where it says nothing.

    The sources are asked in the order of `Fact.source`, but for the language and the canonical address, for
    which HTML has places of its own that come first. JSON-LD and Microdata count where they describe one
    thing as what the page is about: of a list of twenty products none gives its name to the page.
    """

    title: Fact | None = None
    author: Fact | None = None
    """Names, a comma between them."""
    date: Fact | None = None
    """When it was published: ISO 8601 where that can be told without guessing, else as the page writes it."""
    language: Fact | None = None
    """A language tag, such as `en` or `pt-BR`."""
    site_name: Fact | None = None
    url: Fact | None = None
    """Canonical address: http or https, absolute."""
    image: Fact | None = None
    """Address of the lead image: http or https, absolute."""
    description: Fact | None = None
