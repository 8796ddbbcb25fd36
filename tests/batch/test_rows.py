"""One row a record, whatever is in it."""

import json
import sys
from typing import Any

import pytest

from classifier import ModelError, classify
from classifier.batch import options
from classifier.batch.records import Record
from classifier.batch.rows import EXTRAS, Settings, arrow_schema, columns, row_of, rows
from classifier.errors import PageTimeoutError
from classifier.limits import Limits
from classifier.pipeline import Classifier

PROSE = "The river rises in the hills, turns west below the old mill, and reaches the sea at last."


def record(data: str | bytes = f"<title>River</title><p>{PROSE}</p>" * 3, **more: Any) -> Record:
    return Record(**{"id": "a", "source": "pages.jsonl", "position": 3, "data": data} | more)


def test_a_row_is_what_classify_says_of_the_page() -> None:
    row = row_of(record(url="https://example.org/"), Settings(favor="recall"))
    page = classify(record().data, favor="recall")
    assert row["text"] == page.text and row["words"] == len(page.text.split()) > 0
    assert (row["status"], row["error"], row["title"]) == ("ok", None, "River")
    assert (row["id"], row["source"], row["position"], row["url"]) == (
        "a",
        "pages.jsonl",
        3,
        "https://example.org/",
    )
    assert (row["type"], row["confidence"]) == (page.type, round(page.confidence, 4))


POISON = [
    record(b"%PDF-1.7\n" + b"\0" * 99),
    record("x" * 2000),
    record(None),  # type: ignore[arg-type]
    record(error="DamagedRecord: it is broken"),
]


def test_every_record_has_its_row_in_order() -> None:
    found = rows([record(id="first"), *POISON, record(id="last")], Settings(max_bytes=1000))
    assert [row["status"] for row in found] == ["ok", "error", "truncated", "error", "error", "ok"]
    assert [(row["error"] or "").split(":")[0] for row in found] == [
        "",
        "BinaryPageError",
        "Truncated",
        "TypeError",
        "DamagedRecord",
        "",
    ]
    assert (found[0]["id"], found[-1]["id"]) == ("first", "last")


@pytest.mark.parametrize(
    "error", [RuntimeError("why"), MemoryError(), RecursionError(), PageTimeoutError("x")]
)
def test_whatever_a_page_raises_is_in_its_row(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(Classifier, "classify", fail)
    row = row_of(record(), Settings())
    assert row["status"] == "error" and row["error"].startswith(type(error).__name__)


def test_a_model_that_cannot_be_loaded_is_no_fault_of_a_page(tmp_path: Any) -> None:
    with pytest.raises(ModelError):
        rows([record()], Settings(model=tmp_path / "missing.model"))


def test_a_truncated_record_is_labelled_and_says_so() -> None:
    row = row_of(record(truncated="Truncated: length"), Settings())
    assert (row["status"], row["error"]) == ("truncated", "Truncated: length")
    assert row["text"]


@pytest.mark.parametrize(
    ("data", "encoding", "char"),
    [
        (b"<p>\xcf\xf0\xe8\xe2\xe5\xf2", "windows-1251", "Привет"),
        (b"\xef\xbb\xbf<p>caf\xc3\xa9", "windows-1251", "café"),
        ("<p>café".encode(), "windows-1251", "café"),
        ("<p>Привет, мир, и река".encode("utf-16-le"), "windows-1251", "Привет"),
        (b"<meta charset=koi8-r><p>\xcf\xf0\xe8\xe2\xe5\xf2", "windows-1251", "Привет"),
        (b"<p>plain", "no-such-encoding", "plain"),
    ],
)
def test_the_servers_encoding_goes_before_that_of_the_page_and_after_what_the_bytes_tell(
    data: bytes, encoding: str, char: str
) -> None:
    row = row_of(record(data, encoding=encoding), Settings(threshold=0.0))
    assert char in row["text"]


def test_a_declared_encoding_makes_no_page_of_binary_data() -> None:
    assert row_of(record(b"\x89PNG\r\n\x1a\n\xff\xd8", encoding="latin1"), Settings())["status"] == "error"


def test_what_utf_8_cannot_hold_is_escaped() -> None:
    row = row_of(record(id="caf\udce9", url="\ud800"), Settings())
    assert (row["id"], row["url"]) == ("caf\\udce9", "\\ud800")
    json.dumps(row, ensure_ascii=False).encode("utf-8")


def test_further_columns_come_last_and_only_if_wanted() -> None:
    settings = Settings(extras=("markdown", "blocks"))
    row = row_of(record(), settings)
    assert tuple(row) == columns(settings) and columns(settings)[-2:] == ("markdown", "blocks")
    assert [block["label"] for block in row["blocks"]] == [
        str(one.label) for one in classify(record().data).blocks
    ]
    assert "html" not in row


def test_metadata_is_a_column_of_facts() -> None:
    row = row_of(record(f"<title>T</title><p>{PROSE}</p>"), Settings(extras=("metadata",)))
    assert row["metadata"]["title"] == {"value": "T", "source": "html"}
    assert row["metadata"]["author"] is None


def test_the_arrow_schema_holds_every_row() -> None:
    pa = pytest.importorskip("pyarrow")
    settings = Settings(extras=("markdown", "html", "blocks", "metadata"), max_bytes=1000)
    found = rows([record(), *POISON], settings)
    table = pa.Table.from_pylist(found, arrow_schema(settings))
    assert tuple(table.column_names) == columns(settings)
    assert table.column("text").to_pylist() == [row["text"] for row in found]


def test_a_page_that_exceeds_a_limit_is_truncated_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Limits(max_blocks=2)
    monkeypatch.setattr("classifier.batch.rows.Limits", lambda max_bytes: few)
    row = row_of(record(f"<p>{PROSE}</p>" * 9), Settings())
    assert row["status"] == "truncated" and row["error"] == f"Truncated: {few.exceeded('max_blocks')}"
    assert row["text"].count(PROSE) <= 2


def test_fingerprints_without_their_package_are_refused_before_any_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "rensa", None)
    with pytest.raises(
        ImportError, match=r"fingerprints need rensa: pip install 'clutter-classifier\[dedup\]'"
    ):
        Settings(extras=("fingerprint",))


def test_the_command_offers_every_further_column() -> None:
    assert options.EXTRAS == EXTRAS
