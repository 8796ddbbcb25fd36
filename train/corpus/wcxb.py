"""WCXB, the Web Content Extraction Benchmark (Foley 2026, arXiv 2605.21097)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from train.corpus.page import GoldPage, as_utf8, read_bytes, read_json, site_of


def read_wcxb(root: Path) -> Iterator[GoldPage]:
    """Read the development pages: `metadata.json`, `dev/html/ID.html`, `dev/ground-truth/ID.json`.

    The split is the one of `metadata.json`. The published `dev` folder also holds 139 pages that
    the metadata counts as test, byte for byte the files of the `test` folder: they are left out.
    A page whose ground truth has no `main_content` keeps its snippets and has no gold text; an
    empty `main_content` is an answer (a page that renders only with JavaScript).

    Raises:
        CorpusError: a file is missing or not JSON.
    """
    files: dict[str, dict[str, Any]] = read_json(root / "metadata.json")["files"]
    for page_id in sorted(page_id for page_id, entry in files.items() if entry["split"] == "dev"):
        entry = files[page_id]
        answer = read_json(root / "dev" / "ground-truth" / f"{page_id}.json")
        truth = answer["ground_truth"]
        url = answer.get("url") or None
        yield GoldPage(
            id=page_id,
            dataset="wcxb",
            # Every published file is UTF-8; three declare iso-8859-1.
            page=as_utf8(read_bytes(root / "dev" / "html" / f"{page_id}.html")),
            gold=truth.get("main_content"),
            site=site_of(url or entry.get("domain"), page_id),
            url=url,
            page_type=entry["page_type"],
            with_snippets=tuple(truth.get("with") or ()),
            without_snippets=tuple(truth.get("without") or ()),
        )
