"""Pages of this project: the page it was founded on, and the small pages under `data`."""

from collections.abc import Iterator
from pathlib import Path

from train.corpus.page import GoldPage, read_bytes, read_text
from train.corpus.record import read_record
from train.errors import CorpusError


def read_seed(root: Path) -> Iterator[GoldPage]:
    """Read `news-article.txt` with its label a line in `news-article.labels.json`.

    Labels are `content`, `clutter` and `either` (both answers are right). Gold is the lines of
    label `content`; `lines` has all of them.

    Raises:
        CorpusError: a file is missing, not JSON, or of another shape.
    """
    rows = read_record(root / "news-article.labels.json").items()
    lines = tuple((row.get("line", int), row.get("text", str), row.get("label", str)) for row in rows)
    content = tuple(text.strip() for _, text, label in lines if label == "content")
    yield GoldPage(
        id="news-article",
        dataset="seed",
        page=read_bytes(root / "news-article.txt"),
        gold="\n".join(content),
        site="seed/news-article",
        page_type="article",
        language="en",
        kind="text",
        lines=lines,
    )


def read_pages(root: Path) -> Iterator[GoldPage]:
    """Read the pages that models are judged on, `data/pages`; layout and errors as `read_lessons`."""
    return _read_folders(root, "pages")


def read_lessons(root: Path) -> Iterator[GoldPage]:
    """Read the pages that models learn from, `data/lessons`: languages and markup that WCXB lacks.

    A page is `SLUG/page.html` or `SLUG/page.txt` with `SLUG/gold.txt` and `SLUG/meta.json`.

    `meta.json` says `type`, `language`, `kind` (`html` or `text`) and `description`.

    Raises:
        CorpusError: the folder or a file is missing, `meta.json` is of another shape, or `kind` another word.
    """
    return _read_folders(root, "lessons")


def _read_folders(root: Path, dataset: str) -> Iterator[GoldPage]:
    if not root.is_dir():
        raise CorpusError(f"{root} is missing")
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        meta = read_record(folder / "meta.json")
        kind = meta.maybe("kind", str) or "html"
        if kind not in ("html", "text"):
            raise CorpusError(f"{folder / 'meta.json'}: kind is {kind!r}, not html or text")
        yield GoldPage(
            id=folder.name,
            dataset=dataset,
            page=read_bytes(folder / ("page.html" if kind == "html" else "page.txt")),
            gold=read_text(folder / "gold.txt").strip(),
            site=folder.name,
            page_type=meta.maybe("type", str),
            language=meta.maybe("language", str),
            kind="html" if kind == "html" else "text",
        )
