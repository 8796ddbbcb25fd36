"""Batches of records in, batches of rows out: one row a record, whatever the columns hold."""

import os
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from classifier import SiteProfile, classify
from classifier.batch.arrow import RowMaker, _crew, record_batches, record_schema
from classifier.batch.crew import RowCrew, SketchCrew
from classifier.batch.records import PageFields, Record
from classifier.batch.rows import Settings, arrow_schema, rows
from classifier.errors import ModelError
from classifier.workers import Isolation

pa = pytest.importorskip("pyarrow")

PROSE = "The river rises in the hills, turns west below the old mill, and reaches the sea at last."
HTML = f"<title>River</title><p>{PROSE}</p>"
# The page of which the fixture `poison` dies.
POISON = "<p>x" * 777
HERE = RowMaker(isolation=None)

RECORDS = [
    Record("a", "a.warc", 1, "https://example.org/", "2024-05-18T01:58:10Z", HTML.encode(), "latin1"),
    Record("b", "b.jsonl", 2, data=HTML + "\ud800"),
    Record("c", "c.wet", 3, data=PROSE.encode(), kind="text", truncated="Truncated: length"),
    Record("d", "d.warc", 4, error="DamagedSource: it is broken", damage=True),
    Record("e", "e.html", 1, data=b"%PDF-1.7\n" + b"\0" * 99),
]


def made(columns: dict[str, Any], maker: RowMaker = HERE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = maker(pa.RecordBatch.from_pydict(columns)).to_pylist()
    return found


def test_records_lose_nothing_in_arrow_and_give_the_rows_of_a_batch() -> None:
    (batch,) = record_batches(RECORDS)
    assert batch.schema == record_schema()
    found = HERE(batch)
    assert found.schema == arrow_schema(Settings())
    expected = pa.RecordBatch.from_pylist(rows(RECORDS, Settings()), arrow_schema(Settings()))
    assert found == expected


def test_many_records_come_in_batches_and_are_read_no_further_than_one() -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield Record("a", "a", taken, data=b"x" * (9 << 20 if taken > 100 else 1))

    batches = record_batches(endless())
    assert [next(batches).num_rows, taken, next(batches).num_rows, taken] == [100, 100, 1, 101]


def test_a_table_of_any_kind_gives_rows_with_what_it_tells() -> None:
    when = datetime(2024, 5, 18, tzinfo=UTC)
    (row,) = made({"html": [HTML.encode()], "id": [7], "url": ["https://example.org/"], "date": [when]})
    assert (row["id"], row["url"], row["title"]) == ("7", "https://example.org/", "River")
    assert row["date"] == "2024-05-18T00:00:00+00:00"
    assert (row["source"], row["position"], row["status"]) == (None, None, "ok")


def test_a_row_without_a_name_has_none() -> None:
    assert made({"html": [HTML]})[0]["id"] is None
    assert made({"html": [HTML, HTML], "id": [None, "x"]})[0]["id"] is None


@pytest.mark.parametrize(
    "column",
    [
        pa.array([HTML, None, ""]),
        pa.array([HTML.encode(), None, b""]),
        pa.array([HTML, None, ""], pa.large_string()),
        pa.array([HTML, None, ""], pa.string_view()),
        pa.array([HTML.encode(), None, b""], pa.large_binary()),
        pa.array([HTML, None, ""]).dictionary_encode(),
    ],
)
def test_a_page_may_be_any_text_or_bytes_and_null_is_an_error(column: Any) -> None:
    found = made({"page": column}, RowMaker(fields=PageFields("page"), isolation=None))
    assert [row["status"] for row in found] == ["ok", "error", "ok"]
    assert found[1]["error"] == "DamagedRecord: there is no page in its field 'page'"
    assert PROSE in found[0]["text"]


@pytest.mark.parametrize("column", [pa.array([1]), pa.nulls(1), pa.array([[HTML]])])
def test_what_is_no_page_is_an_error(column: Any) -> None:
    assert made({"html": column})[0]["error"] == "DamagedRecord: there is no page in its field 'html'"


def test_a_text_that_is_not_in_utf_8_is_read_as_bytes() -> None:
    """Engines let a column of texts hold any bytes."""
    bad = pa.array([f"<p>{PROSE} caf\xe9".encode("latin1")]).view(pa.string())
    (row,) = made({"html": bad, "id": bad})
    assert row["status"] == "ok" and row["text"].endswith("café") and "caf\\xe9" in row["id"]


def test_columns_to_keep_come_last_as_they_are() -> None:
    columns = {"html": [HTML, None], "lang": ["en", "de"], "seen": pa.array([1, None], pa.int8())}
    maker = RowMaker(Settings(extras=("markdown",)), keep=("seen", "lang"), isolation=None)
    found = maker(pa.RecordBatch.from_pydict(columns))
    assert found.schema.names[-3:] == ["markdown", "seen", "lang"]
    assert found.schema.field("seen").type == pa.int8()
    assert [row["lang"] for row in found.to_pylist()] == ["en", "de"]


@pytest.mark.parametrize(
    ("maker", "message"),
    [
        (RowMaker(fields=PageFields("body")), "no column 'body' with the page"),
        (RowMaker(keep=("lang",)), r"\['lang'\], are not among"),
        (RowMaker(keep=("title",)), r"\['title'\], have names of"),
    ],
)
def test_a_column_that_cannot_be_meant_is_told_at_once(maker: RowMaker, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        maker.check(["html", "title"])


def test_a_model_that_cannot_be_loaded_is_no_fault_of_a_page(tmp_path: Any) -> None:
    with pytest.raises(ModelError):
        made({"html": [HTML]}, RowMaker(Settings(model=tmp_path / "no.model"), isolation=None))


def test_an_empty_batch_gives_an_empty_one() -> None:
    assert HERE(pa.RecordBatch.from_pylist([], record_schema())).num_rows == 0


@pytest.mark.usefixtures("no_child_stays_behind")
def test_a_page_that_ends_its_process_costs_one_row(poison: Settings, request: Any) -> None:
    isolation = Isolation(seconds=60)
    request.addfinalizer(_crew(RowCrew, poison, isolation, os.getpid()).dismiss)
    maker = pickle.loads(pickle.dumps(RowMaker(poison, isolation=isolation)))
    found = made({"html": [HTML, POISON, HTML], "id": ["a", "b", "c"]}, maker)
    assert [(row["id"], row["status"]) for row in found] == [("a", "ok"), ("b", "error"), ("c", "ok")]
    assert found[1]["error"].startswith("WorkerError: a worker process ended on this page (SIGKILL)")


def test_what_utf_8_cannot_hold_is_escaped_as_in_rows() -> None:
    odd = Record("a\ud800", "a\udcff.html", 1, "http://a\ud800/", "\ud800", HTML, encoding="\ud800")
    lost = Record("b", "a\udcff.html", 2, error="DamagedSource: a\udcff.html is broken")
    (batch,) = record_batches([odd, lost])
    assert (
        HERE(batch).to_pylist()
        == pa.RecordBatch.from_pylist(rows([odd, lost], Settings()), arrow_schema(Settings())).to_pylist()
    )


BY_SITE = RowMaker(Settings(by_site=True), isolation=None)


def test_sites_cannot_be_weighed_without_their_profiles() -> None:
    with pytest.raises(ValueError, match="needs a column 'site_profile'"):
        made({"html": [HTML]}, BY_SITE)
    with pytest.raises(ValueError, match="is string, not the bytes of profiles"):
        made({"html": [HTML], "site_profile": ["our own"]}, BY_SITE)
    assert (
        made({"html": [HTML], "site_profile": pa.array([None], pa.binary())}, BY_SITE)[0]["site_pages"] == 0
    )


def test_a_column_of_that_name_is_no_profile_where_sites_are_not_weighed() -> None:
    assert made({"html": [HTML], "site_profile": ["our own"]})[0]["status"] == "ok"


@pytest.mark.parametrize("isolation", [None, Isolation(seconds=120)])
def test_sketches_tell_which_pages_are_of_a_site(
    isolation: Isolation | None, request: pytest.FixtureRequest
) -> None:
    maker = RowMaker(Settings(by_site=True), isolation=isolation)
    urls = [
        "https://www.a.example/1",
        None,
        "https://b.example/",
        "https://a.example:80/2",
        "http://c.example/",
    ]
    pages = [HTML, HTML, HTML, f"{HTML}<p>More", ""]
    found = maker.sketches(pa.RecordBatch.from_pydict({"html": pages, "url": urls}))
    if isolation is not None:
        request.addfinalizer(_crew(SketchCrew, maker.settings, isolation, os.getpid()).dismiss)
    assert found.column("site").to_pylist() == ["a.example", "b.example", "a.example"]
    profiles = found.column("profile").to_pylist()
    assert profiles[0] == profiles[1] == SiteProfile.of([classify(HTML)]).to_bytes()
    keys = [found.column("fingerprint")[at].as_py() for at in (0, 2)]
    assert len(set(keys)) == 2 and {len(key) for key in keys} == {8}


def test_a_process_that_makes_rows_is_done_with_sketches() -> None:
    settings, isolation = Settings(by_site=True), Isolation(seconds=119)
    sketches = _crew(SketchCrew, settings, isolation, os.getpid())
    assert _crew(SketchCrew, settings, isolation, os.getpid()) is sketches
    _crew(RowCrew, settings, isolation, os.getpid())
    again = _crew(SketchCrew, settings, isolation, os.getpid())
    assert again is not sketches
    again.dismiss()
