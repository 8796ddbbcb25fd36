"""Scrapy: an item pipeline that adds the content of the pages that items hold (extra `scrapy`).

    ITEM_PIPELINES = {"classifier.scrapy.DeclutterPipeline": 300}

and a spider that yields `{"html": response}`, or the body with what the server declared,
`{"html": response.body, "encoding": response.encoding}`. Settings, with their defaults:

    DECLUTTER_FIELDS = {}           # other names of fields, such as {"html": "body", "text": "markdown"}
    DECLUTTER_FORMAT = "text"       # or "markdown", "html"
    DECLUTTER_FAVOR = "balance"     # or "precision", "recall"
    DECLUTTER_THRESHOLD = None      # keep blocks of this probability and more instead
    DECLUTTER_MIN_CONFIDENCE = 0.0  # a page below it counts as one that cannot be read
    DECLUTTER_KEEP_PAGE = False     # leave the page in its field, which exporters would write out
    DECLUTTER_MODEL = None          # a model file, or a folder of them
    DECLUTTER_ISOLATE = False       # a worker process with limits for each page
"""

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from classifier.errors import ClassifierError
from classifier.page import Page
from classifier.pipeline import Classifier, Format, load

try:
    from itemadapter import ItemAdapter
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector
    from scrapy.utils.asyncio import run_in_thread
    from w3lib.encoding import http_content_type_encoding
except ImportError as error:
    advice = "pip install 'clutter-classifier[scrapy]'"
    raise ImportError(f"classifier.scrapy needs Scrapy 2.15 or newer: {advice}") from error

__all__ = ["DeclutterPipeline"]

logger = logging.getLogger(__name__)

# What a field is for -> its name if the settings give no other.
INPUTS: Final = {"html": "html", "encoding": "encoding", "url": "url"}
OUTPUTS: Final = {name: name for name in ("text", "title", "page_type", "confidence", "error")}


@dataclass(frozen=True, slots=True)
class Config:
    """What the settings ask for."""

    classifier: Classifier
    options: dict[str, Any]
    """Of `Classifier.classify`."""
    fields: dict[str, str | None]
    """What a field is for -> its name; None: not written."""
    format: Format
    min_confidence: float
    keep_page: bool


class DeclutterPipeline:
    """Classifies the page in each item's field `html`, a response, bytes or a text, off the crawl's thread.

    An item gets the fields `text`, `title`, `page_type`, `confidence` (the word F1 to expect, 0 to 1) and
    `error`: empty, or why there is no content, in which case `text` is empty. Classes of items that declare
    their fields get those that they have. No item is dropped, and items without a page pass as they are. The
    statistics count `declutter/pages`, `declutter/errors` and `declutter/skipped`.
    """

    def __init__(self, config: Config, stats: StatsCollector) -> None:
        self.config = config
        self.stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "DeclutterPipeline":
        """The pipeline that the crawl's settings ask for.

        Raises:
            ValueError: a setting is wrong.
            ModelError: the model cannot be loaded.
        """
        assert crawler.stats is not None  # set before pipelines are made
        return cls(_config(crawler), crawler.stats)

    async def process_item(self, item: Any) -> Any:
        """The item, with the content of its page."""
        fields = self.config.fields
        adapter = ItemAdapter(item) if ItemAdapter.is_item(item) else None
        if adapter is None or (page := adapter.get(fields["html"])) is None:
            self.stats.inc_value("declutter/skipped")
            return item
        url = page.url if isinstance(page, Response) else adapter.get(fields["url"])
        try:
            found = await run_in_thread(self._found, page, adapter.get(fields["encoding"]))
        except Exception as error:  # whatever one page does, the crawl goes on
            if not isinstance(error, ClassifierError):
                logger.exception("unexpected %s on %s", type(error).__name__, url)
            found = _fields(error=str(error) or type(error).__name__)
        why = self._stored(adapter, found)
        self.stats.inc_value("declutter/pages")
        if why:
            self.stats.inc_value("declutter/errors")
            logger.warning("no content of %s: %s", url, why)
        return item

    def _found(self, page: Any, encoding: str | None) -> dict[str, Any]:
        """What the page gives: runs in a thread of its own.

        Raises:
            ClassifierError: the page cannot be read.
        """
        config = self.config
        if isinstance(page, Response):
            page, encoding = page.body, _declared(page)
        result = config.classifier.classify(page, encoding=encoding, **config.options)
        if result.confidence < config.min_confidence:
            wanted = f"below DECLUTTER_MIN_CONFIDENCE {config.min_confidence:g}"
            return _fields(result, error=f"the confidence {result.confidence:.2f} is {wanted}")
        return _fields(result, text=str(getattr(result, config.format)))

    def _stored(self, adapter: ItemAdapter, found: dict[str, Any]) -> str:
        """Write what was found into the item; gives what went wrong, there or before."""
        fields, item = self.config.fields, type(adapter.item).__name__
        try:
            for use, value in found.items():
                name = fields[use]
                if isinstance(adapter.item, dict) or name in adapter.field_names():
                    if name is not None:
                        adapter[name] = value
                elif use == "text":
                    found["error"] = found["error"] or f"{item} has no field {name!r}"
            if not self.config.keep_page:
                _remove(adapter, str(fields["html"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # as where it is frozen
            return found["error"] or f"{item} cannot be written to: {error}"
        return str(found["error"])


def _config(crawler: Crawler) -> Config:
    settings = crawler.settings
    names = settings.getdict("DECLUTTER_FIELDS")
    if unknown := names.keys() - INPUTS.keys() - OUTPUTS.keys():
        uses = ", ".join(INPUTS | OUTPUTS)
        raise ValueError(f"DECLUTTER_FIELDS names no field {min(unknown)!r}: there are {uses}")
    form = settings.get("DECLUTTER_FORMAT", "text")
    if form not in get_args(Format):
        raise ValueError(f"DECLUTTER_FORMAT is {form!r}: it must be one of {', '.join(get_args(Format))}")
    min_confidence = settings.getfloat("DECLUTTER_MIN_CONFIDENCE")
    if not 0 <= min_confidence <= 1:
        raise ValueError(f"DECLUTTER_MIN_CONFIDENCE is {min_confidence}: it must lie between 0 and 1")
    model, threshold = settings.get("DECLUTTER_MODEL"), settings.get("DECLUTTER_THRESHOLD")
    options = {
        "favor": settings.get("DECLUTTER_FAVOR", "balance"),
        "threshold": None if threshold is None else float(threshold),
        "isolate": settings.getbool("DECLUTTER_ISOLATE"),
    }
    classifier = load(model) if model else Classifier()
    classifier.classify("<p>What is wrong with a setting or a model comes before the crawl.", **options)
    return Config(
        classifier,
        options,
        INPUTS | OUTPUTS | names,
        form,
        min_confidence,
        settings.getbool("DECLUTTER_KEEP_PAGE"),
    )


def _declared(response: Response) -> str | None:
    """The encoding that the server declared; what the page itself declares is the classifier's to find."""
    content_type = response.headers.get("Content-Type")
    return http_content_type_encoding(content_type.decode("latin-1")) if content_type else None


def _fields(page: Page | None = None, *, text: str = "", error: str = "") -> dict[str, Any]:
    """A value for each field, so that a table of items has the same columns whatever its first one was."""
    return {
        "text": text,
        "title": "" if page is None else page.title,
        "page_type": None if page is None else page.type,
        "confidence": None if page is None else round(page.confidence, 4),
        "error": error,
    }


def _remove(adapter: ItemAdapter, name: str) -> None:
    if isinstance(adapter.item, MutableMapping):
        del adapter[name]
    else:  # a dataclass cannot be printed without a field
        adapter[name] = None
