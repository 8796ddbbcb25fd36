import numpy as np
import pandas as pd
import pytest

from train.confidence import (
    confidence_error,
    confidence_report,
    coverage,
    handed_over,
    operating_points,
    reliability,
    threshold_curve,
)
from train.corpus import GoldPage
from train.evaluate import evaluate_probabilities
from train.table import Table, build_table


def pages(confidence: list[float], f1: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"confidence": confidence, "f1": f1})


def test_bins_hold_equally_many_pages_from_the_least_to_the_most_sure() -> None:
    table = reliability(pages([0.9, 0.1, 0.8, 0.3], [1.0, 0.0, 0.5, 0.4]), bins=2)
    assert table.index.tolist() == [1, 2]
    assert table["pages"].tolist() == [2, 2]
    assert table["confidence"].tolist() == pytest.approx([0.2, 0.85])
    assert table["f1"].tolist() == pytest.approx([0.2, 0.75])


def test_bins_differ_by_one_page_where_they_cannot_be_equal() -> None:
    assert reliability(pages([0.1] * 23, [0.0] * 23))["pages"].tolist() == [3, 3, 3, *[2] * 7]


def test_there_are_no_more_bins_than_pages() -> None:
    assert len(reliability(pages([0.5, 0.6], [1.0, 1.0]))) == 2


def test_the_error_is_the_mean_gap_over_bins() -> None:
    table = pages([0.2, 0.2, 1.0, 1.0], [0.1, 0.3, 0.5, 0.7])
    assert confidence_error(table, bins=2) == pytest.approx((0.0 + 0.4) / 2)


def test_confidence_that_comes_true_on_the_average_has_no_error() -> None:
    assert confidence_error(pages([0.5, 0.5], [0.0, 1.0]), bins=1) == 0


def test_coverage_is_the_mean_of_the_surest_pages() -> None:
    table = coverage(pages([0.2, 0.9, 0.5, 0.7], [0.0, 1.0, 0.6, 0.8]), shares=(0.5, 1.0))
    assert table["pages"].tolist() == [2, 4]
    assert table["f1"].tolist() == pytest.approx([0.9, 0.6])
    assert table["confidence"].tolist() == [0.7, 0.2]


def test_coverage_goes_by_tenths_to_all_pages() -> None:
    table = coverage(pages(list(np.linspace(0, 1, 20)), [0.5] * 20))
    assert table.index.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert table["pages"].tolist() == list(range(2, 21, 2))


def test_pages_that_are_handed_over_count_as_perfect() -> None:
    table = handed_over(pages([0.1, 0.2, 0.8, 0.9], [0.0, 0.2, 0.8, 1.0]), shares=(0.25, 0.5))
    assert table["pages"].tolist() == [1, 2]
    assert table["f1_of_these"].tolist() == pytest.approx([0.0, 0.1])
    assert table["f1"].tolist() == pytest.approx([0.75, 0.95])
    assert table["f1_if_random"].tolist() == pytest.approx([0.625, 0.75])
    assert table["confidence"].tolist() == [0.1, 0.2]


def labelled() -> Table:
    golds = {"a": "mill river", "b": "weir"}
    htmls = {"a": "<p>mill river<p>log in", "b": "<p>weir<p>menu"}
    return build_table(
        [
            GoldPage(id=name, dataset="d", page=htmls[name].encode(), gold=golds[name], site=name)
            for name in golds
        ],
        workers=1,
        progress=False,
    )


def test_an_operating_point_is_a_way_to_decide() -> None:
    unsure = [np.array([0.9, 0.45], np.float32)] * 2
    table = operating_points(labelled(), unsure)
    assert table.index.tolist() == ["balance", "precision", "recall"]
    assert table.loc["precision", "precision"] == 1
    assert table.loc["recall", "recall"] == 1 > table.loc["recall", "precision"]
    assert (table["f1_low"] <= table["f1"]).all() and (table["f1"] <= table["f1_high"]).all()


def test_a_fixed_threshold_keeps_what_is_at_least_as_probable() -> None:
    unsure = [np.array([0.9, 0.45], np.float32)] * 2
    table = threshold_curve(labelled(), unsure, thresholds=(0.3, 0.5, 0.95))
    assert table.index.tolist() == [0.3, 0.5, 0.95]
    assert table["recall"].tolist() == [1, 1, 0]
    assert table.loc[0.5, "precision"] == 1 > table.loc[0.3, "precision"]


def test_the_report_holds_the_three_tables() -> None:
    sure = [np.array([1.0, 0.0], np.float32)] * 2
    told = confidence_report(evaluate_probabilities(labelled(), sure))
    assert "calibration error 0.0000" in told
    assert told.count("confidence") >= 4
    assert all(column in told for column in ("bin", "f1_of_these", "f1_if_random"))
