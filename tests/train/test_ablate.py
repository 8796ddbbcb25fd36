from pathlib import Path

import pytest

from train import ablate as ablating
from train.ablate import ablate, plot
from train.corpus import read
from train.table import Table, build_table


@pytest.fixture(scope="module")
def table() -> Table:
    pages = [page for page in read("pages") if page.kind == "html"][:10]
    return build_table(pages, workers=1, progress=False)


def test_each_part_has_a_row_with_its_gain_and_the_interval_of_it(
    table: Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ablating, "ROUNDS", 2)
    found = ablate(table, range(len(table)), n_folds=1, progress=False)
    assert {"features: lexical", "features: structure", "network beside the trees"} <= set(found.index)
    whole = found["f1"].iloc[0]
    row = found.loc["features: lexical"]
    assert row["gain"] == pytest.approx(whole - row["f1"], abs=1e-5)
    assert row["gain_low"] <= row["gain"] <= row["gain_high"]
    network = found.loc["network beside the trees"]
    assert network["gain"] == pytest.approx(network["f1"] - whole, abs=1e-5)
    plot(found, tmp_path / "gains.svg", "html")
    assert (tmp_path / "gains.svg").stat().st_size > 1000
