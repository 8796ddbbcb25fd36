"""Spark makes the rows that `declutter batch` makes, on one machine and on a cluster, whatever ends."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from classifier.batch.arrow import RowMaker
from classifier.batch.records import PageFields
from classifier.batch.rows import Settings
from classifier.errors import BatchError
from classifier.workers import Isolation

sql = pytest.importorskip("pyspark.sql")
if not (shutil.which("java") or "JAVA_HOME" in os.environ):
    pytest.skip("Spark needs Java", allow_module_level=True)

from classifier.spark import classify, classify_files, read_records  # noqa: E402
from classifier.spark.__main__ import main  # noqa: E402

Rows = list[dict[str, Any]]
ISOLATION = Isolation(seconds=120)
COPIES = 8


def session(master: str) -> Iterator[Any]:
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "512m",
        "spark.executor.memory": "512m",
        "spark.ui.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "16",
        "spark.sql.shuffle.partitions": "2",
    }
    if before := sql.SparkSession.getActiveSession():
        before.stop()  # a process has one at a time
    builder = sql.SparkSession.builder.master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    assert spark.sparkContext.master == master
    yield spark
    spark.stop()


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    yield from session("local[2]")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    yield from session("local-cluster[2,1,1024]")


def collected(frame: Any) -> Rows:
    """The rows, sorted; numbers as JSON has them."""
    found: Rows = frame.toArrow().to_pylist()
    return sorted(map(shortened, found), key=place)


def place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["source"] or "", row["position"] or 0, row["id"] or ""


def shortened(row: dict[str, Any]) -> dict[str, Any]:
    """Probabilities have four digits in a row; Arrow keeps what is nearest in 32 bits."""
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}


def without_places(rows: Rows) -> Rows:
    return [row | {"source": None, "position": None} for row in rows]


@pytest.fixture(scope="module")
def maker(pages: Any) -> RowMaker:
    return RowMaker(pages.settings, isolation=ISOLATION)


def test_files_give_the_rows_of_the_batch_command(local: Any, pages: Any, maker: RowMaker) -> None:
    assert collected(classify_files(local, [pages.file], maker)) == pages.rows


def test_records_that_were_read_before_give_the_same(local: Any, pages: Any, maker: RowMaker) -> None:
    records = read_records(local, [pages.file]).repartition(3)
    assert collected(classify(records, maker=maker)) == pages.rows


def test_files_that_executors_read_by_uri_give_the_same(local: Any, pages: Any, maker: RowMaker) -> None:
    pytest.importorskip("fsspec")
    found = collected(classify_files(local, [f"file://{pages.file.parent}/*.parquet"], maker))
    assert found == [row | {"source": f"file://{pages.file}"} for row in pages.rows]


def test_a_store_without_its_package_is_told_before_anything_runs(
    local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fsspec")
    monkeypatch.setitem(sys.modules, "adlfs", None)
    with pytest.raises(BatchError, match="cannot be listed: ImportError"):
        classify_files(local, ["abfs://box/crawl/*.warc.gz"])


def test_a_frame_of_pages_gives_the_same_and_keeps_columns(local: Any, pages: Any, maker: RowMaker) -> None:
    frame = local.createDataFrame(
        [sql.Row(**row) for row in pages.table],
        "id string, url string, encoding string, html binary, language string",
    ).repartition(3)
    found = collected(classify(frame, "html", replace(maker, keep=("language",))))
    assert [row.pop("language") for row in found] == [row["language"] for row in pages.table]
    assert found == without_places(pages.rows)


@pytest.fixture(scope="module")
def sites(pages: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, of three sites; one has no address, and one is there twice."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = [row | {"url": f"https://{number % 3}.example/"} for number, row in enumerate(pages.table)]
    table[-1] |= {"url": None}
    path = tmp_path_factory.mktemp("sites") / "pages.parquet"
    pq.write_table(pa.Table.from_pylist([*table, table[-3] | {"id": "page-60"}]), path)
    return path


def test_pages_are_weighed_by_their_sites_as_in_the_batch_command(
    local: Any, sites: Path, maker: RowMaker, batch_rows: Any
) -> None:
    by_site = replace(maker, settings=replace(maker.settings, by_site=True))
    expected = batch_rows(by_site.settings, sites)
    assert {0, None} < {row["site_pages"] for row in expected}
    assert collected(classify_files(local, [sites], by_site)) == expected
    frame = local.read.parquet(str(sites)).withColumnRenamed("url", "address").repartition(3)
    named = replace(by_site, fields=PageFields(url="address"))
    assert collected(classify(frame, "html", named)) == without_places(expected)


def test_pages_without_addresses_cannot_be_weighed_by_site(local: Any) -> None:
    with pytest.raises(ValueError, match="no column 'url' with the pages' addresses"):
        classify(local.createDataFrame([("x",)], "html string"), maker=RowMaker(Settings(by_site=True)))


def test_a_profile_that_is_none_is_an_error_of_its_page(local: Any) -> None:
    frame = local.createDataFrame([("<p>Some words", b"nonsense")], "html string, site_profile binary")
    (row,) = collected(classify(frame, maker=RowMaker(Settings(by_site=True), isolation=None)))
    assert row["error"].startswith("SiteError: this is no site profile")


def test_one_file_that_spark_splits_gives_the_same(
    local: Any, pages: Any, maker: RowMaker, batch_rows: Callable[..., Rows], tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def text(page: bytes | None) -> str | None:
        return page if page is None else page.decode("utf-8", "replace")

    texts = [row | {"html": text(row["html"])} for row in pages.table]
    lines, table = tmp_path / "pages.jsonl", tmp_path / "pages.parquet"
    lines.write_text("\n".join(map(json.dumps, texts)), "utf-8")
    pq.write_table(pa.Table.from_pylist(pages.table), table, row_group_size=10)
    local.conf.set("spark.sql.files.maxPartitionBytes", "64k")
    frames = {
        lines: local.read.json(str(lines), schema="id string, url string, encoding string, html string"),
        table: local.read.parquet(str(table)),
    }
    for file, frame in frames.items():
        assert frame.rdd.getNumPartitions() > 2
        assert collected(classify(frame, "html", maker)) == without_places(batch_rows(pages.settings, file))
    local.conf.unset("spark.sql.files.maxPartitionBytes")


def test_no_name_and_no_address_ends_a_job(
    local: Any, tmp_path: Path, maker: RowMaker, batch_rows: Any
) -> None:
    (tmp_path / os.fsdecode(b"a\xff.html")).write_text("<p>One")
    lines = [{"html": "<p>Two", "url": "http://a\ud800.example/"}, {"html": "<p>Three", "id": "\ud800"}]
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, lines)))
    for settings in (maker.settings, replace(maker.settings, by_site=True)):
        found = collected(classify_files(local, [tmp_path], replace(maker, settings=settings)))
        assert found == batch_rows(settings, tmp_path) and len(found) == 3


def test_addresses_may_be_bytes(local: Any) -> None:
    pages = [(f"<p>Page {n} of some words", f"http://a.example/{n}".encode()) for n in range(3)]
    frame = local.createDataFrame(pages, "html string, url binary")
    found = collected(classify(frame, maker=RowMaker(Settings(by_site=True), isolation=None)))
    assert {row["url"] for row in found} == {f"http://a.example/{n}" for n in range(3)}


def test_a_job_that_fails_ends_the_command_with_4(
    local: Any, pages: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(pages.file), "/dev/null/rows"]) == 4
    assert "ParentNotDirectoryException" in capsys.readouterr().err


def test_a_line_that_is_no_json_has_a_row_with_an_error(local: Any, tmp_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_text('{"html": "<p>One"}\n{"html": "<p>Tw\n{"html": "<p>Three"}\n')
    frame = local.read.json(str(tmp_path / "pages.jsonl"), schema="html string")
    found = sorted((row["status"], row["text"] or row["error"]) for row in collected(classify(frame)))
    assert found[1:] == [("ok", "One"), ("ok", "Three")]
    assert found[0][0] == "error" and "there is no page" in found[0][1]


def test_a_frame_of_texts_may_name_its_columns_as_it_likes(local: Any) -> None:
    frame = local.createDataFrame([("k", "<title>T</title><p>Some words")], "key string, body string")
    maker = RowMaker(Settings(extras=("blocks", "markdown")), PageFields(id="key"), isolation=None)
    (row,) = collected(classify(frame, "body", maker))
    assert (row["id"], row["title"], row["status"]) == ("k", "T", "ok")
    assert [block["tag"] for block in row["blocks"]] == ["p"]


def test_a_column_that_is_not_there_is_told_before_anything_runs(local: Any) -> None:
    with pytest.raises(ValueError, match="no column 'body' with the page"):
        classify(local.createDataFrame([("x",)], "html string"), "body")


def test_a_file_that_is_not_there_is_told_before_anything_runs(local: Any, tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="no such file"):
        read_records(local, [tmp_path / "missing"])


def test_a_damaged_file_is_an_error_in_a_row(local: Any, pages: Any, tmp_path: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(pages.file.read_bytes()[:999])
    (row,) = collected(classify_files(local, [tmp_path]))
    assert row["error"].startswith("DamagedSource: ")


def test_the_command_ends_in_partitioned_parquet(
    local: Any, pages: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rows"
    words = ["--model", str(pages.settings.model), "--trust-model", "--partition-by", "status"]
    assert main([*words, str(pages.file), str(out)]) == 0
    told = capsys.readouterr().err
    errors = sum(row["status"] == "error" for row in pages.rows)
    assert f"60 pages: {errors} error, {60 - errors} ok" in told
    assert sorted(one.name for one in out.glob("status=*")) == ["status=error", "status=ok"]
    columns = list(pages.rows[0])
    assert collected(local.read.parquet(str(out)).select(columns)) == pages.rows
    assert main([*words, str(pages.file), str(out)]) == 2
    assert "already exists" in capsys.readouterr().err


def test_the_command_tells_of_damage_by_its_status(local: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "cut.jsonl.gz").write_bytes(b"\x1f\x8b\x08")
    assert main([str(tmp_path / "in"), str(tmp_path / "rows")]) == 1


def test_the_command_tells_of_what_executors_lack_by_its_status(
    local: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = [("error", "MissingPackage: s3://bucket/x.warc.gz cannot be read: Install s3fs")]
    frame = local.createDataFrame(row, "status string, error string")
    monkeypatch.setattr("classifier.spark.__main__.classify_files", lambda *_: frame)
    assert main(["s3://bucket/x.warc.gz", str(tmp_path / "rows")]) == 1


def test_a_cluster_loses_one_row_to_a_page_that_ends_its_process(
    cluster: Any, pages: Any, maker: RowMaker
) -> None:
    assert collected(classify_files(cluster, [pages.file], maker)) == pages.rows


def test_an_executor_that_is_killed_costs_and_doubles_nothing(
    cluster: Any, pages: Any, maker: RowMaker, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number}.parquet" for number in range(COPIES)]
    for file in files:
        file.write_bytes(pages.file.read_bytes())
    expected = [row | {"source": str(file)} for file in files for row in pages.rows]
    killed: list[int] = []
    killer = Thread(target=kill_an_executor, args=(cluster.sparkContext, killed))
    killer.start()
    found = collected(classify_files(cluster, [tmp_path], maker))
    killer.join()
    assert len(killed) == 1
    assert found == expected
    assert killed[0] not in executors(cluster.sparkContext.applicationId)


def kill_an_executor(context: Any, killed: list[int]) -> None:
    """Ends one, without warning, once some tasks are done and others are not."""
    tracker = context.statusTracker()
    for _ in range(3000):
        time.sleep(0.02)
        for stage in map(tracker.getStageInfo, tracker.getActiveStageIds()):
            if stage and stage.numTasks == COPIES and 1 <= stage.numCompletedTasks < COPIES - 2:
                victim = executors(context.applicationId)[0]
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
                return


def executors(application: str) -> list[int]:
    """The processes of a local cluster's executors."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"java" in words[0] and any(b"ExecutorBackend" in word for word in words):
            found += [int(path.parent.name)] if application.encode() in words else []
    return sorted(found)
