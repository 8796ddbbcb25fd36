"""Files of a data set that are not in its published layout."""

import gzip
from pathlib import Path

import pytest

from train.corpus import read
from train.corpus.record import Record
from train.errors import CorpusError
from train.fuzz.files import LAYOUTS


def lay(root: Path, name: str, path: str, body: bytes) -> None:
    """A small copy of a data set with one file of it replaced."""
    for file, right in (LAYOUTS[name] | {path: body}).items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(right)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_small_copy_of_a_data_set_is_read(tmp_path: Path, name: str) -> None:
    lay(tmp_path, name, *next(iter(LAYOUTS[name].items())))
    (page,) = read(name, tmp_path)
    assert page.page and page.id


@pytest.mark.parametrize(
    ("name", "path", "body", "told"),
    [
        ("pages", "pages/a/meta.json", b"[]", "is a list, not an object"),
        ("pages", "pages/a/meta.json", b'{"type": 1}', "'type' is a whole number, not a string"),
        ("pages", "pages/a/meta.json", b'{"kind": {}}', "'kind' is an object, not a string"),
        ("pages", "pages/a/meta.json", b"[" * 100_000, "nests too deep"),
        ("pages", "pages/a/meta.json", b"\xff{}", "is not JSON"),
        ("pages", "pages/a/gold.txt", b"tea\xff", "is not UTF-8 at byte 3: save it as UTF-8"),
        ("seed", "seed/news-article.labels.json", b"{}", "is an object, not a list"),
        ("seed", "seed/news-article.labels.json", b"[1]", "item 1 is a whole number, not an object"),
        ("seed", "seed/news-article.labels.json", b"[{}]", "item 1: 'line' is missing"),
        (
            "seed",
            "seed/news-article.labels.json",
            b'[{"line": true, "text": "", "label": ""}]',
            "'line' is true or false, not a whole number",
        ),
        ("wcxb", "wcxb/metadata.json", b"null", "is null, not an object"),
        ("wcxb", "wcxb/metadata.json", b'{"files": 1.5}', "'files' is a number, not an object"),
        ("wcxb", "wcxb/metadata.json", b'{"files": {"1": {}}}', "'files', '1': 'split' is missing"),
        ("wcxb", "wcxb/metadata.json", b'{"files": {"1": {"split": "dev"}}}', "'page_type' is missing"),
        ("wcxb", "wcxb/metadata.json", b'{"files": {"../1": {"split": "dev"}}}', "is not the name of a file"),
        ("wcxb", "wcxb/dev/ground-truth/1.json", b"{}", "'ground_truth' is missing"),
        (
            "wcxb",
            "wcxb/dev/ground-truth/1.json",
            b'{"ground_truth": {"with": ["a", 1]}}',
            "'with', item 2 is a whole number, not a string",
        ),
        ("wcxb", "wcxb/metadata.json", b'{"files": {"%s": {"split": "dev"}}}' % (b"a" * 300), "be read"),
        ("trafilatura-eval", "trafilatura-eval/evaldata.json", b'{"u": {}}', "'u': 'file' is missing"),
        ("readability", "readability/a/expected-metadata.json", b'"en"', "is a string, not an object"),
        ("webmainbench-sample", "webmainbench-sample/a.jsonl", b"\n{}", "line 2: 'track_id' is missing"),
        ("webmainbench-sample", "webmainbench-sample/a.jsonl", b'{"track_id": "t"}', "line 1: 'html' is"),
    ],
)
def test_another_shape_is_told_with_its_place(
    tmp_path: Path, name: str, path: str, body: bytes, told: str
) -> None:
    lay(tmp_path, name, path, body)
    with pytest.raises(CorpusError) as caught:
        list(read(name, tmp_path))
    assert told in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_an_archive_that_is_cut_short_is_told(tmp_path: Path) -> None:
    lay(tmp_path, "pages", "pages/a/gold.txt.gz", gzip.compress(b"tea" * 99)[:20])
    (tmp_path / "pages/a/gold.txt").unlink()
    with pytest.raises(CorpusError, match=r"gold\.txt cannot be read"):
        list(read("pages", tmp_path))


def test_a_part_that_may_be_missing_may_be_null() -> None:
    record = Record({"a": None}, "file")
    assert record.maybe("a", str) is None and record.maybe("b", str) is None
    assert record.texts("a") == record.texts("b") == ()
