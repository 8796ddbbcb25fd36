"""WCXB, the Web Content Extraction Benchmark (Foley 2026, arXiv 2605.21097)."""

from collections.abc import Iterator
from pathlib import Path

from train.corpus.page import GoldPage, as_utf8, read_bytes, site_of
from train.corpus.record import file_name, read_record


def read_wcxb(root: Path) -> Iterator[GoldPage]:
    """Read the development pages: `metadata.json`, `dev/html/ID.html`, `dev/ground-truth/ID.json`.

    The split is the one of `metadata.json`. The published `dev` folder also holds 139 pages that
    the metadata counts as test, byte for byte the files of the `test` folder: they are left out.
    A page whose ground truth has no `main_content` keeps its snippets and has no gold text; an
    empty `main_content` is an answer (a page that renders only with JavaScript).

    Raises:
        CorpusError: a file is missing, not JSON, or of another shape.
    """
    files = read_record(root / "metadata.json").part("files").parts()
    for page_id in sorted(page_id for page_id, entry in files.items() if entry.get("split", str) == "dev"):
        entry = files[file_name(page_id, files[page_id].place)]
        answer = read_record(root / "dev" / "ground-truth" / f"{page_id}.json")
        truth = answer.part("ground_truth")
        url = answer.maybe("url", str) or None
        yield GoldPage(
            id=page_id,
            dataset="wcxb",
            # Every published file is UTF-8; three declare iso-8859-1.
            page=as_utf8(read_bytes(root / "dev" / "html" / f"{page_id}.html")),
            gold=truth.maybe("main_content", str),
            site=site_of(url or entry.maybe("domain", str), page_id),
            url=url,
            page_type=entry.get("page_type", str),
            with_snippets=truth.texts("with"),
            without_snippets=truth.texts("without"),
        )
