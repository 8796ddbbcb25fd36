"""The item pipeline, in real crawls of a server on this machine."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

pytest.importorskip("scrapy", reason="no Scrapy: pip install scrapy")

import attrs
from scrapy import Field, Item
from scrapy.http import HtmlResponse
from scrapy.spiders import Spider
from scrapy.utils.test import get_crawler

from classifier import ModelError, classify
from classifier.scrapy import DeclutterPipeline

ROOT: Final = Path(__file__).parents[2]
NEWS: Final = (ROOT / "data" / "pages" / "news-en" / "page.html").read_bytes()
NEWS_PAGE: Final = classify(NEWS)
POLISH: Final = "<p>Zażółć gęślą jaźń, powiedział zając, i poszedł przez łąkę do młyna nad rzeką. "
# Crawls the addresses given and prints its items, its statistics and what it noticed, as JSON.
CRAWL: Final = """
import dataclasses, json, sys, threading, time
import scrapy
from scrapy.crawler import CrawlerProcess
from classifier import Classifier

urls, settings, shape = json.loads(sys.argv[1])
main = threading.get_ident()
noticed = {"threads_of_pages": [], "beats_while_a_page_is_read": 0}
real = Classifier.classify

def watched(self, page, **options):
    if isinstance(page, bytes) and page.startswith(b"<!-- slow"):
        from twisted.internet import reactor
        def beat():
            noticed["beats_while_a_page_is_read"] += 1
            if not done.is_set():
                reactor.callLater(0.01, beat)
        done = threading.Event()
        reactor.callFromThread(beat)
        time.sleep(0.5)
        done.set()
    noticed["threads_of_pages"].append(threading.get_ident() == main)
    return real(self, page, **options)

if "watch" in shape:
    Classifier.classify = watched

@dataclasses.dataclass
class Declared:
    html: object = None
    url: str = ""
    text: str = ""
    confidence: float | None = None

class Pages(scrapy.Spider):
    name = "pages"

    async def start(self):
        for url in urls:
            yield scrapy.Request(url)

    def parse(self, response):
        if "dataclass" in shape:
            yield Declared(html=response, url=response.url)
        elif "body" in shape:
            encoding = getattr(response, "encoding", None)
            yield {"html": response.body, "url": response.url, "encoding": encoding}
        else:
            yield {"html": response, "url": response.url}

if __name__ == "__main__":
    items = []
    process = CrawlerProcess(
        {"ITEM_PIPELINES": {"classifier.scrapy.DeclutterPipeline": 300}, "LOG_LEVEL": "DEBUG", **settings}
    )
    crawler = process.create_crawler(Pages)
    crawler.signals.connect(lambda item: items.append(item), scrapy.signals.item_scraped, weak=False)
    process.crawl(crawler)
    process.start()
    stats = {k: v for k, v in crawler.stats.get_stats().items() if isinstance(v, int | str)}
    items = [one if isinstance(one, dict) else dataclasses.asdict(one) for one in items]
    print(json.dumps({"items": items, "stats": stats, **noticed}))
"""


class Crawled(NamedTuple):
    items: dict[str, dict[str, Any]]
    """By the file name of the page."""
    stats: dict[str, Any]
    noticed: dict[str, Any]
    log: str


class Handler(SimpleHTTPRequestHandler):
    extensions_map: Final = {".html": "text/html", ".pl": "text/html; charset=iso-8859-2", "": "image/gif"}

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of an article, a slow one, a Polish one in an old encoding, and an image."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "news.html").write_bytes(NEWS)
    (folder / "slow.html").write_bytes(b"<!-- slow -->" + NEWS)
    (folder / "polish.pl").write_bytes((POLISH * 9).encode("iso-8859-2"))
    (folder / "image").write_bytes(b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def crawl(site: str, *names: str, shape: str = "", script: Path, **settings: Any) -> Crawled:
    script.write_text(CRAWL)
    call = json.dumps([[f"{site}/{name}" for name in names], settings, shape])
    done = subprocess.run(
        [sys.executable, script, call],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    items = {item["url"].rsplit("/", 1)[1]: item for item in found.pop("items")}
    return Crawled(items, found.pop("stats"), found, done.stderr)


@pytest.fixture(scope="module")
def crawled(site: str, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    """A crawl with nothing set but the pipeline."""
    script = tmp_path_factory.mktemp("crawl") / "crawl.py"
    return crawl(site, "news.html", "slow.html", "polish.pl", "image", shape="watch", script=script)


# --- a crawl


def test_each_page_becomes_its_content_and_facts(site: str, crawled: Crawled) -> None:
    assert crawled.items["news.html"] == {
        "url": f"{site}/news.html",
        "text": NEWS_PAGE.text,
        "title": NEWS_PAGE.title,
        "page_type": "article",
        "confidence": round(NEWS_PAGE.confidence, 4),
        "error": "",
    }


def test_the_encoding_that_the_server_declares_is_heeded(crawled: Crawled) -> None:
    assert crawled.items["polish.pl"]["text"].startswith("Zażółć gęślą jaźń")


def test_a_page_that_cannot_be_read_is_an_item_with_an_error_and_is_counted(crawled: Crawled) -> None:
    image = crawled.items["image"]
    assert (image["text"], image["confidence"]) == ("", None)
    assert image["error"].startswith("the page is a GIF image")
    assert (crawled.stats["declutter/pages"], crawled.stats["declutter/errors"]) == (4, 1)
    assert crawled.stats["item_scraped_count"] == 4
    assert f"/image: {image['error']}" in crawled.log


def test_the_crawl_goes_on_while_a_page_is_read(crawled: Crawled) -> None:
    assert crawled.noticed["threads_of_pages"].count(True) == 1  # the first, before the crawl
    assert crawled.noticed["beats_while_a_page_is_read"] > 10


def test_nothing_is_logged_as_an_error_or_as_going_to_be_one(crawled: Crawled) -> None:
    assert not [word for word in (" ERROR: ", "Traceback", "DeprecationWarning") if word in crawled.log]


def test_a_body_with_its_encoding_serves_as_well_as_a_response(site: str, tmp_path: Path) -> None:
    found = crawl(site, "polish.pl", shape="body", script=tmp_path / "crawl.py", DECLUTTER_FORMAT="markdown")
    assert found.items["polish.pl"]["text"].startswith("Zażółć gęślą jaźń")


def test_a_dataclass_gets_the_fields_that_it_has(site: str, tmp_path: Path) -> None:
    found = crawl(site, "news.html", "image", shape="dataclass", script=tmp_path / "crawl.py")
    assert found.items["news.html"] == {
        "html": None,
        "url": f"{site}/news.html",
        "text": NEWS_PAGE.text,
        "confidence": round(NEWS_PAGE.confidence, 4),
    }
    assert found.items["image"]["text"] == ""
    assert found.stats["declutter/errors"] == 1
    assert " ERROR: " not in found.log


def test_pages_are_read_in_processes_of_their_own_if_so_wanted(site: str, tmp_path: Path) -> None:
    found = crawl(site, "news.html", "image", script=tmp_path / "crawl.py", DECLUTTER_ISOLATE=True)
    assert found.items["news.html"]["text"] == NEWS_PAGE.text
    assert found.items["image"]["error"].startswith("the page is a GIF image")


def test_the_pipeline_works_without_asyncio(site: str, tmp_path: Path) -> None:
    reactor = {"TWISTED_REACTOR": "twisted.internet.epollreactor.EPollReactor"}
    found = crawl(site, "news.html", script=tmp_path / "crawl.py", **reactor)
    assert found.items["news.html"]["text"] == NEWS_PAGE.text


# --- items and settings


class AnItem(Item):
    html = Field()
    text = Field()
    error = Field()


@attrs.frozen
class Frozen:
    html: object = None
    text: str = ""


@attrs.define
class Bare:
    html: object = None


def processed(item: Any, **settings: Any) -> tuple[Any, dict[str, Any]]:
    """What becomes of an item outside a crawl, and the statistics."""
    crawler = get_crawler(Spider, settings)
    pipeline = DeclutterPipeline.from_crawler(crawler)
    made = asyncio.run(pipeline.process_item(item))
    assert crawler.stats is not None
    counts = {k: v for k, v in crawler.stats.get_stats().items() if k.startswith("declutter/")}
    return made, counts


def test_an_item_class_gets_the_fields_that_it_declares() -> None:
    made, _ = processed(AnItem(html=NEWS))
    assert dict(made) == {"text": NEWS_PAGE.text, "error": ""}


def test_the_item_that_is_given_is_the_one_that_comes_back() -> None:
    item = {"html": NEWS.decode()}
    made, counts = processed(item)
    assert made is item and item["text"] == NEWS_PAGE.text
    assert counts == {"declutter/pages": 1}


@pytest.mark.parametrize("item", [{"price": 3}, AnItem(), "no item", {"html": None}], ids=repr)
def test_what_holds_no_page_passes_as_it_is(item: Any) -> None:
    before = dict(item) if not isinstance(item, str) else item
    made, counts = processed(item)
    assert made is item and (item if isinstance(item, str) else dict(item)) == before
    assert counts == {"declutter/skipped": 1}


@pytest.mark.parametrize("item", [Frozen(html=NEWS), Bare(html=NEWS)], ids=["frozen", "without the field"])
def test_an_item_that_cannot_take_the_content_is_counted_and_not_dropped(
    item: Any, caplog: pytest.LogCaptureFixture
) -> None:
    made, counts = processed(item)
    assert made is item
    assert counts == {"declutter/pages": 1, "declutter/errors": 1}
    assert type(item).__name__ in caplog.text


def test_a_page_that_is_no_page_is_an_error_of_its_item() -> None:
    made, counts = processed({"html": 3})
    assert "int" in made["error"] and counts["declutter/errors"] == 1


def test_fields_can_be_named_otherwise_and_left_out() -> None:
    fields = {"html": "body", "text": "markdown", "title": None, "page_type": None, "confidence": "sure"}
    made, _ = processed({"body": NEWS}, DECLUTTER_FIELDS=fields, DECLUTTER_FORMAT="markdown")
    assert made == {"markdown": NEWS_PAGE.markdown, "sure": round(NEWS_PAGE.confidence, 4), "error": ""}


def test_a_page_without_text_is_read_and_no_error() -> None:
    made, _ = processed({"html": "<title>Nothing</title>"})
    assert (made["text"], made["title"], made["confidence"], made["error"]) == ("", "Nothing", 0.0, "")


def test_the_page_stays_in_its_field_if_so_wanted() -> None:
    made, _ = processed({"html": NEWS}, DECLUTTER_KEEP_PAGE=True)
    assert made["html"] == NEWS


def test_settings_of_the_command_line_which_are_text_work_too() -> None:
    made, _ = processed({"html": NEWS}, DECLUTTER_THRESHOLD="0", DECLUTTER_KEEP_PAGE="False")
    assert made["text"] == classify(NEWS, threshold=0).text and "html" not in made


def test_favor_reaches_the_classifier() -> None:
    made, _ = processed({"html": NEWS}, DECLUTTER_FAVOR="recall")
    assert made["text"] == classify(NEWS, favor="recall").text


def test_a_page_below_the_least_confidence_counts_as_one_that_cannot_be_read() -> None:
    made, counts = processed({"html": NEWS}, DECLUTTER_MIN_CONFIDENCE=0.999)
    assert (made["text"], made["title"]) == ("", NEWS_PAGE.title)
    assert made["error"].endswith("is below DECLUTTER_MIN_CONFIDENCE 0.999")
    assert counts["declutter/errors"] == 1


def test_a_response_counts_with_the_encoding_that_its_server_declared() -> None:
    headers = {"Content-Type": "text/html; charset=iso-8859-2"}
    body = (POLISH * 9).encode("iso-8859-2")
    made, _ = processed({"html": HtmlResponse("http://localhost/", headers=headers, body=body)})
    assert made["text"].startswith("Zażółć")


@pytest.mark.parametrize(
    "wrong",
    [
        {"DECLUTTER_FORMAT": "pdf"},
        {"DECLUTTER_FIELDS": {"body": "html"}},
        {"DECLUTTER_FAVOR": "luck"},
        {"DECLUTTER_THRESHOLD": "high"},
        {"DECLUTTER_MIN_CONFIDENCE": 70},
    ],
    ids=str,
)
def test_a_wrong_setting_is_told_before_the_crawl(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        processed({}, **wrong)


def test_a_model_that_cannot_be_loaded_is_told_before_the_crawl(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        processed({}, DECLUTTER_MODEL=str(tmp_path / "no.model"))
