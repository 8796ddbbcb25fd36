"""The evaluation pages of trafilatura (Barbaresi 2021), in some ten languages."""

from collections.abc import Iterator
from pathlib import Path

from train.corpus.page import GoldPage, read_bytes, site_of
from train.corpus.record import file_name, read_record


def read_trafilatura_eval(root: Path) -> Iterator[GoldPage]:
    """Read `evaldata.json` (URL to file name and snippets) with the pages under `html/`.

    There is no gold text: a page has snippets that must, and others that must not, be extracted.

    Raises:
        CorpusError: a file is missing, not JSON, or of another shape.
    """
    for url, entry in read_record(root / "evaldata.json").parts().items():
        name = file_name(entry.get("file", str), entry.place)
        yield GoldPage(
            id=name.removesuffix(".html"),
            dataset="trafilatura-eval",
            page=read_bytes(root / "html" / name),
            gold=None,
            site=site_of(url, name),
            url=url,
            with_snippets=entry.texts("with"),
            without_snippets=entry.texts("without"),
        )
