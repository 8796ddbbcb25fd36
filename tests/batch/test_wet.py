"""Rows as WARC records of text: one a row, the same whenever they are written, for every reader of WARC."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from classifier import cli
from classifier.batch.records import PageFields, Record
from classifier.batch.rows import Row, Settings, row_of
from classifier.batch.warc import read_warc
from classifier.batch.wet import UNKNOWN_DATE, wet_record

PROSE = "The river rises in the hills, turns west below the old mill, and reaches the sea at last."
URN = "urn:uuid:6d058047-ede2-4a13-be79-90c17c631dd4"


def row(data: Any = f"<title>Café</title><p>{PROSE} Café</p>", **more: Any) -> Row:
    known = {"id": URN, "source": "a.warc", "position": 3, "url": "https://example.org/", "data": data}
    return row_of(Record(**known | {"date": "2024-05-18T01:58:10Z"} | more), Settings())


def fields(record: bytes) -> dict[str, str]:
    head = record.partition(b"\r\n\r\n")[0].decode("utf-8")
    return dict(line.split(": ", 1) for line in head.splitlines()[1:])


def read(data: bytes) -> list[Record]:
    return list(read_warc(io.BytesIO(data), "part.wet", 1 << 20))


def test_a_page_is_a_conversion_record_that_says_of_what() -> None:
    found = fields(wet_record(row()))
    assert found["WARC-Type"] == "conversion" and found["Content-Type"] == "text/plain"
    assert found["WARC-Target-URI"] == "https://example.org/"
    assert found["WARC-Date"] == "2024-05-18T01:58:10Z"
    assert found["WARC-Refers-To"] == f"<{URN}>"
    assert (found["X-Declutter-Title"], found["X-Declutter-Status"]) == ("Café", "ok")
    assert "X-Declutter-Text" not in found and "X-Declutter-Error" not in found


def test_our_own_reader_gets_the_text_back() -> None:
    one, two = read(wet_record(row()) + wet_record(row("<p>" + PROSE)))
    assert (one.data, one.kind, one.url) == (row()["text"].encode(), "text", "https://example.org/")
    assert (one.date, two.position) == ("2024-05-18T01:58:10Z", 2)


def test_a_page_with_an_error_is_a_metadata_record_that_names_it() -> None:
    found = fields(wet_record(row(b"%PDF-1.7\n" + b"\0" * 99)))
    assert (found["WARC-Type"], found["Content-Length"]) == ("metadata", "0")
    assert found["X-Declutter-Status"] == "error"
    assert found["X-Declutter-Error"].startswith("BinaryPageError: ")


def test_the_name_of_a_record_follows_from_what_it_holds() -> None:
    first = wet_record(row())
    assert first == wet_record(row())
    others = [wet_record(row(position=4)), wet_record(row(f"<p>{PROSE} Another</p>"))]
    assert len({fields(one)["WARC-Record-ID"] for one in (first, *others)}) == 3


def test_a_page_without_address_and_date_has_its_place_and_a_date_that_says_so() -> None:
    found = fields(wet_record(row(id="7", source="my pages.jsonl", url=None, date="last spring")))
    assert found["WARC-Target-URI"] == "file:my%20pages.jsonl#3"
    assert found["WARC-Date"] == UNKNOWN_DATE and "WARC-Refers-To" not in found
    assert found["X-Declutter-Id"] == "7"


def test_an_address_that_is_too_long_is_cut_between_its_characters() -> None:
    for length in range(3):
        found = fields(wet_record(row(url="https://e.org/" + "a" * (7980 + length) + "é" * 9)))
        assert re.fullmatch(r"https://e.org/a+(%[0-9A-F]{2})+", found["WARC-Target-URI"])


@pytest.mark.parametrize("evil", ["a\r\nWARC-Type: response\r\n\r\n<p>x", "\0\x1f\u2028\x85", "é" * 99_999])
@pytest.mark.parametrize("name", ["id", "source", "url", "date", "truncated"])
def test_no_value_can_break_the_header(name: str, evil: str) -> None:
    data = wet_record(row(**{name: evil})) + wet_record(row())
    one, two = read(data)
    assert not one.damage and (one.data, two.data) == (row()["text"].encode(),) * 2
    assert fields(data)["WARC-Type"] == "conversion"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    lines = [{"id": str(n), "html": f"<title>{n}</title><p>{PROSE} {n}</p>"} for n in range(7)]
    lines[3] = {"id": "3"}
    path = tmp_path / "pages.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def batch(*words: object) -> int:
    return cli.main(["batch", "-q", "--no-isolate", "--workers", "1", *map(str, words)])


@pytest.mark.parametrize("format", ["wet", "wet.gz"])
def test_other_readers_find_every_record_and_its_digest_right(
    pages: Path, tmp_path: Path, format: str
) -> None:
    assert batch("--format", format, "--part-rows", 4, pages, tmp_path / "out") == 0
    kinds, texts = [], []
    parts = sorted((tmp_path / "out").glob(f"part-*.{format}"))
    assert len(parts) == 2
    archiveiterator = pytest.importorskip("warcio.archiveiterator")
    for part in parts:
        with part.open("rb") as file:
            for record in archiveiterator.ArchiveIterator(file, check_digests="raise"):
                kinds.append(record.rec_type)
                texts.append(record.content_stream().read().decode())
    assert kinds == ["conversion"] * 3 + ["metadata"] + ["conversion"] * 3
    assert [text.endswith(f" {n}") for n, text in enumerate(texts)] == [n != 3 for n in range(7)]
    fastwarc = pytest.importorskip("fastwarc")
    checked = [
        (record.headers["WARC-Type"], record.verify_block_digest())
        for part in parts
        for record in fastwarc.ArchiveIterator(io.BytesIO(part.read_bytes()))
    ]
    assert checked == [(kind, True) for kind in kinds]


def test_what_a_wet_file_cannot_hold_is_refused(
    pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert batch("--format", "wet", "--add", "blocks", pages, tmp_path / "out") == 2
    assert "holds the text alone, not blocks" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_fields_of_a_record_are_read_by_their_names() -> None:
    assert PageFields("body").names() == {"body", "id", "url", "encoding", "date"}
