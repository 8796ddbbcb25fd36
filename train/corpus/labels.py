"""Labels that a person set with `declutter inspect`: JSON Lines, a page a line, the page itself included."""

import codecs
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from classifier.metadata import read_metadata
from classifier.segment.whitespace import without_surrogates
from train.corpus.page import GoldPage, names, site_of
from train.corpus.record import Record, read_lines
from train.errors import CorpusError

__all__ = ["FORMAT", "VERSION", "read_labels"]

FORMAT: Final = "declutter-labels"
VERSION: Final = 1
_ADVICE: Final = "labels are what 'Save labels' in a report of declutter inspect writes"
# The words of a label, and whether it means content.
_LABELS: Final = {"content": True, "clutter": False}


def read_labels(path: Path) -> Iterator[GoldPage]:
    """Read what **Save labels** wrote: a file of JSON Lines, or all of a folder (`*.jsonl`, also gzipped).

    A line is an object of

        format, version   "declutter-labels" and 1
        path              name of the page: where it lay when it was inspected
        url               its address; where that is missing, it is the path if that is an address, else what
                          the page says of itself (canonical link, og:url and the like)
        kind              "html" or "text"
        html or text      the page's source, under the name of its kind
        sha256            of the source in UTF-8
        checked           whether a person marked the page as checked
        blocks            [{"index": 0, "text": ..., "label": "content" or "clutter", "person": whether a
                          person set the label, or let the model's stand}, ...]

    All labels of a page are taken for its right answer: it was saved because a person had checked it or
    changed labels of it. Of a page that was saved several times, the last labels count; files are read in
    the order of their names.

    Raises:
        CorpusError: there is no such file, or a line of it is none of these; the message names file and line.
    """
    pages: dict[str, GoldPage] = {}
    for file in _files(path):
        for line in read_lines(file, _ADVICE):
            page = _page(line)
            digest = line.get("sha256", str)
            pages.pop(digest, None)
            pages[digest] = page
    ids = Counter(page.id for page in pages.values())
    for digest, page in pages.items():
        yield page if ids[page.id] == 1 else replace(page, id=f"{page.id}#{digest[:8]}")


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path.parent / path.name.removesuffix(".gz")]
    files = [path / f"{name}.jsonl" for name in names(path, ".jsonl")]
    if not files:
        raise CorpusError(f"{path} holds no *.jsonl: save labels there with declutter inspect")
    return files


def _page(line: Record) -> GoldPage:
    found, version = line.get("format", str), line.get("version", int)
    if found != FORMAT:
        raise CorpusError(f"{line.place}: 'format' is {found!r}, not {FORMAT}: it holds no labels")
    if version != VERSION:
        raise CorpusError(
            f"{line.place}: 'version' is {version}, of which this version of train knows nothing: update it"
        )
    kind = line.get("kind", str)
    if kind not in ("html", "text"):
        raise CorpusError(f"{line.place}: 'kind' is {kind!r}, not html or text")
    source = line.get(kind, str)
    if sha256(source.encode("utf-8", "surrogatepass")).hexdigest() != line.get("sha256", str):
        raise CorpusError(
            f"{line.place}: 'sha256' is of another page than {kind!r}, so it was changed since a person set "
            "the labels; save them anew with declutter inspect"
        )
    name = line.get("path", str)
    url = line.maybe("url", str) or _address(name, source if kind == "html" else "")
    labels = tuple(_label(block) for block in line.part("blocks").items())
    return GoldPage(
        id=name,
        dataset="labels",
        # With the mark, the text is decoded to what it is, whatever charset the page declares.
        page=codecs.BOM_UTF8 + without_surrogates(source).encode(),
        gold="\n".join(text for text, is_content in labels if is_content),
        site=site_of(url, f"labels/{name}"),
        url=url,
        kind="html" if kind == "html" else "text",
        labels=labels,
    )


def _address(name: str, html: str) -> str | None:
    if name.startswith(("http://", "https://")):
        return name
    said = read_metadata(html).url
    return said.value if said else None


def _label(block: Record) -> tuple[str, bool]:
    label = block.get("label", str)
    if label not in _LABELS:
        raise CorpusError(f"{block.place}: 'label' is {label!r}, not {' or '.join(_LABELS)}")
    return block.get("text", str), _LABELS[label]
