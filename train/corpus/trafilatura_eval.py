"""The evaluation pages of trafilatura (Barbaresi 2021), in some ten languages."""

from collections.abc import Iterator
from pathlib import Path

from train.corpus.page import GoldPage, read_bytes, read_json, site_of


def read_trafilatura_eval(root: Path) -> Iterator[GoldPage]:
    """Read `evaldata.json` (URL to file name and snippets) with the pages under `html/`.

    There is no gold text: a page has snippets that must, and others that must not, be extracted.

    Raises:
        CorpusError: a file is missing or not JSON.
    """
    entries: dict[str, dict[str, object]] = read_json(root / "evaldata.json")
    for url, entry in entries.items():
        name = str(entry["file"])
        yield GoldPage(
            id=name.removesuffix(".html"),
            dataset="trafilatura-eval",
            page=read_bytes(root / "html" / name),
            gold=None,
            site=site_of(url, name),
            url=url,
            with_snippets=_snippets(entry["with"]),
            without_snippets=_snippets(entry["without"]),
        )


def _snippets(value: object) -> tuple[str, ...]:
    return tuple(str(snippet) for snippet in value) if isinstance(value, list) else ()
