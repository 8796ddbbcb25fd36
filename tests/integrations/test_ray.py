"""Ray Data makes the rows that `declutter batch` makes."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from classifier.batch.arrow import RowMaker
from classifier.batch.records import PageFields
from classifier.batch.rows import Settings, arrow_schema
from classifier.workers import Isolation

pa = pytest.importorskip("pyarrow")
ray = pytest.importorskip("ray")
pytest.importorskip("ray.data")

from classifier.ray import TableRows, classify  # noqa: E402

Rows = list[dict[str, Any]]
HTML = "<title>T</title><p>Some words"


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    ray.init(
        num_cpus=2,
        address="local",
        include_dashboard=False,
        object_store_memory=200 << 20,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )
    yield
    ray.shutdown()


@pytest.mark.usefixtures("cluster")
@pytest.mark.filterwarnings("ignore")  # Ray leaves files and sockets open
def test_a_data_set_gives_the_rows_of_the_batch_command_and_keeps_columns(pages: Any) -> None:
    maker = RowMaker(pages.settings, isolation=Isolation(seconds=120), keep=("language",))
    dataset = ray.data.from_arrow(pa.Table.from_pylist(pages.table)).repartition(3)
    found: Rows = classify(dataset, "html", maker).take_all()
    found = sorted(map(plain, found), key=lambda row: row["id"])
    assert [row.pop("language") for row in found] == [row["language"] for row in pages.table]
    assert found == [row | {"source": None, "position": None} for row in pages.rows]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Probabilities have four digits in a row; Arrow keeps what is nearest in 32 bits."""
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}


def test_a_table_in_pieces_gives_one_table() -> None:
    rows = (HTML, "a"), ("", "b")
    pieces = pa.concat_tables(pa.table({"body": [page], "key": [key]}) for page, key in rows)
    maker = RowMaker(Settings(extras=("blocks",)), PageFields("body", id="key"), isolation=None)
    found = TableRows(maker)(pieces)
    assert found.schema == arrow_schema(maker.settings)
    assert found.column("id").to_pylist() == ["a", "b"]
    assert found.column("status").to_pylist() == ["ok", "ok"]


def test_an_empty_table_gives_an_empty_one_with_all_columns() -> None:
    maker = RowMaker(isolation=None, keep=("language",))
    empty = pa.table({"html": pa.array([], pa.string()), "language": pa.array([], pa.string())})
    for table in (empty, empty.schema.empty_table()):
        found = TableRows(maker)(table)
        assert found.num_rows == 0
        assert found.schema.names == [*arrow_schema(maker.settings).names, "language"]


def test_a_column_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no column 'body' with the page"):
        TableRows(replace(RowMaker(isolation=None), fields=PageFields("body")))(pa.table({"html": [HTML]}))
