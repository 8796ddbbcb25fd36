"""What the documentation shows works, and the site is built from it without a warning."""

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from inspect import getdoc, isfunction, signature
from pathlib import Path
from pkgutil import resolve_name
from typing import Final
from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5

import pytest

import classifier
from classifier.cli import BATCH, INSPECT, SITE
from classifier.isolate import _crews
from tests.examples import (
    ROOT,
    check_declutter,
    check_output,
    check_train,
    commands,
    fences,
    run_console,
    run_python,
    save_labels,
)

DOCS: Final = ROOT / ".docs"
PAGES: Final = sorted((DOCS / "pages").rglob("*.md"))
TEXTS: Final = {path.relative_to(DOCS / "pages").as_posix(): path.read_text("utf-8") for path in PAGES}
CALLS: Final = [(name, call) for name, text in TEXTS.items() for call in commands(text, "declutter")]
STEPS: Final = [(name, call) for name, text in TEXTS.items() for call in commands(text, "python -m train")]
REFERENCE: Final = "\n".join(text for name, text in TEXTS.items() if name.startswith("reference/"))
# The crawl of the examples: pages of several types and sites.
CRAWL: Final = (
    "blog-de",
    "docs-en",
    "forum-en",
    "listing-es",
    "news-en",
    "product-fr",
    "recipe-it",
    "ru-article",
)
# Pages whose examples need a package that may not be there; development does without most of them.
NEEDS: Final = {
    "how-to/datatrove.md": "datatrove",
    "how-to/langchain.md": "langchain_core",
    "how-to/ray.md": "ray.data",
    "how-to/scrapy.md": "scrapy",
    "how-to/spark.md": "pyspark.sql",
    "how-to/stores.md": "fsspec",
}
# What a browser loads by itself.
LOADED: Final = {
    "link": "href",
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the examples run: pages of the project, a crawl as files and as WARC, saved labels."""
    (tmp_path / "data").symlink_to(ROOT / "data", target_is_directory=True)
    (tmp_path / "crawl").mkdir()
    for name in CRAWL:
        shutil.copy(ROOT / "data" / "pages" / name / "page.html", tmp_path / "crawl" / f"{name}.html")
    pages = sorted((ROOT / "data" / "pages").glob("*/page.*"))
    (tmp_path / "crawl.warc.gz").write_bytes(b"".join(map(warc_record, pages)))
    monkeypatch.chdir(tmp_path)
    save_labels(tmp_path / "labels.jsonl", CRAWL)
    yield tmp_path
    # The shared classifier keeps the workers of isolated pages for as long as it lives.
    for crew in (crew for crews in _crews.values() for crew in crews.values()):
        crew.dismiss()
    _crews.clear()


def warc_record(path: Path) -> bytes:
    """A page of the project as a crawler writes it."""
    media = "text/html" if path.suffix == ".html" else "text/plain"
    response = f"HTTP/1.1 200 OK\r\nContent-Type: {media}; charset=utf-8\r\n\r\n".encode() + path.read_bytes()
    header = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: 2026-11-28T12:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid5(NAMESPACE_URL, path.parent.name)}>\r\n"
        f"WARC-Target-URI: https://crawl.example/{path.parent.name}\r\n"
        f"Content-Type: application/http;msgtype=response\r\nContent-Length: {len(response)}\r\n\r\n"
    )
    return gzip.compress(header.encode() + response + b"\r\n\r\n")


def with_examples() -> Iterator[str]:
    for name, text in TEXTS.items():
        if fences(text, "python") or fences(text, "console"):
            yield name


@pytest.mark.parametrize("name", with_examples())
def test_every_example_of_a_page_runs_and_prints_what_is_shown(name: str, folder: Path) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"its examples need {NEEDS[name]}, which is not installed")
    run_console(TEXTS[name], folder)
    run_python(TEXTS[name], name, {"__name__": "__main__"})


@pytest.mark.parametrize(
    ("name", "arguments"), CALLS, ids=lambda value: " ".join(value) if isinstance(value, list) else value
)
def test_declutter_takes_the_options_shown(name: str, arguments: list[str]) -> None:
    check_declutter(arguments)


@pytest.mark.parametrize(
    ("name", "arguments"), STEPS, ids=lambda value: " ".join(value) if isinstance(value, list) else value
)
def test_the_trainer_has_the_steps_and_options_shown(name: str, arguments: list[str]) -> None:
    check_train(arguments)


@pytest.mark.parametrize("name", TEXTS)
def test_no_example_hides_from_the_tests_by_its_indentation_or_its_fence(name: str) -> None:
    assert not re.findall(r"^(?:[ \t]+(?:```|~~~)|~~~).*", TEXTS[name], flags=re.MULTILINE)


@pytest.mark.parametrize("name", classifier.__all__)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    if name.endswith("Error"):
        assert "::: classifier.errors\n" in REFERENCE
    else:
        owners = ("classifier", "classifier.pipeline.Classifier")
        assert any(f"::: {owner}.{name}\n" in REFERENCE for owner in owners)


def functions() -> Iterator[str]:
    """The functions in the reference, by their full name, without the adapters, which are classes."""
    names = re.findall(r"^::: (\S+)$", REFERENCE, flags=re.MULTILINE)
    for name in set(names) - set(re.findall(r"^::: (\S+)$", TEXTS["reference/adapters.md"], re.MULTILINE)):
        if isfunction(resolve_name(name)):
            yield name


@pytest.mark.parametrize("name", sorted(functions()))
def test_the_reference_says_what_each_argument_of_a_function_is(name: str) -> None:
    function = resolve_name(name)
    sections = re.split(r"^(\w+):$", getdoc(function) or "", flags=re.MULTILINE)
    arguments = dict(zip(sections[1::2], sections[2::2], strict=True)).get("Args", "")
    wanted = [one for one in signature(function).parameters if one != "self"]
    assert [one for one in wanted if not re.search(rf"^    {one}: ", arguments, re.MULTILINE)] == []


def test_the_help_of_every_command_is_in_the_reference() -> None:
    commands = ("declutter", *(f"declutter {name}" for name in (BATCH, INSPECT, SITE)), "python -m train")
    for command in commands:
        assert f"<!-- help: {command} -->" in REFERENCE


def test_an_output_with_other_numbers_is_the_one_shown() -> None:
    check_output(
        ["3 pages", "...", "words kept  1,200", "a text that is c…"],
        ["5 pages", "x", "words kept 9.5", "a text that is cut"],
        "it",
    )


@pytest.mark.parametrize(
    "lines", [("3 pages",), ("3 pages", "end", "more"), ("3 words", "end"), ("end", "3 pages")]
)
def test_an_output_with_other_words_or_lines_is_not(lines: tuple[str, ...]) -> None:
    with pytest.raises(AssertionError):
        check_output(["3 pages", "end"], lines, "it")


class Links(HTMLParser):
    """Collects what a page loads from elsewhere, and what it links to in the site."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads_to: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        target = values.get(LOADED.get(tag, "")) or ""
        if re.match(r"(?:https?:)?//", target) and values.get("rel") != "canonical":
            self.loads.append(target)
        link = (tag == "a" and values.get("href")) or ""
        if link and not re.match(r"(?:https?|mailto):|#", link):
            self.leads_to.add(unquote(link.partition("#")[0]))


def links_of(path: Path) -> Links:
    found = Links()
    found.feed(path.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as strictly as MkDocs can."""
    if find_spec("mkdocs") is None or find_spec("material") is None or find_spec("mkdocstrings") is None:
        pytest.skip("no MkDocs here: pip install -e '.[docs]'")
    made = tmp_path_factory.mktemp("site")
    call = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "-f",
        str(DOCS / "mkdocs.yml"),
        "-d",
        str(made),
    ]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return made


def test_the_site_is_built_without_a_warning_and_has_every_page(site: Path) -> None:
    for name in TEXTS:
        assert (site / name).with_suffix(".html").is_file()
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert (site / "course" / f"{notebook.stem}.html").is_file()


def test_no_page_of_the_site_loads_anything_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert links_of(path).loads == [], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//|@import", path.read_text("utf-8")), path.name


def test_every_link_in_the_site_leads_somewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        here = site if path.name == "404.html" else path.parent
        missing = [link for link in links_of(path).leads_to if not (here / link.removeprefix("/")).exists()]
        assert missing == [], path.relative_to(site)


def test_nothing_that_stands_for_something_else_is_left_in_the_site(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert not re.search(r"<!-- (?:include|help|features): ", path.read_text("utf-8")), path.name
