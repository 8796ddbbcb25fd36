import numpy as np
import pandas as pd
import pytest

from classifier.decide import Policy
from train.corpus import GoldPage
from train.errors import CorpusError
from train.evaluate import (
    Evaluation,
    evaluate,
    evaluate_pages,
    evaluate_probabilities,
    with_intervals,
)
from train.table import Table, build_table


def page(name: str, gold: str | None, html: str = "<p>x", page_type: str | None = "article") -> GoldPage:
    return GoldPage(
        id=name, dataset="invented", page=html.encode(), gold=gold, site=name, page_type=page_type
    )


def two_pages() -> Evaluation:
    """One page of which half is found, one that is all found beside as much again."""
    answers = {b"one": "mill", b"two": "weir lock rum soup"}
    pages = [
        GoldPage(id="1", dataset="d", page=b"one", gold="mill river", site="1", page_type="forum"),
        GoldPage(id="2", dataset="d", page=b"two", gold="weir lock", site="2", page_type="article"),
    ]
    return evaluate(pages, lambda text: answers[text])


def test_precision_recall_and_f1_are_means_over_pages() -> None:
    found = two_pages()
    assert found.pages["precision"].tolist() == [1.0, 0.5]
    assert found.pages["recall"].tolist() == [0.5, 1.0]
    assert found.f1 == pytest.approx(2 / 3)


def test_figures_hold_the_means_the_types_and_the_share_of_failures() -> None:
    figures = two_pages().figures()
    assert figures["precision"] == figures["recall"] == 0.75
    assert figures["f1 forum"] == figures["f1 article"] == pytest.approx(2 / 3)
    assert figures["failed share"] == 0
    assert not {"block average precision", "confidence correlation"} & set(figures)


def test_an_empty_gold_asks_for_an_empty_extraction() -> None:
    pages = [page("a", "")]
    assert evaluate(pages, lambda text: "").f1 == 1
    assert evaluate(pages, lambda text: "menu").f1 == 0


def test_a_page_without_gold_is_left_out() -> None:
    found = evaluate([page("a", "x"), page("b", None)], lambda text: "x")
    assert found.pages["id"].tolist() == ["a"]


def test_pages_that_all_lack_a_gold_text_are_refused() -> None:
    with pytest.raises(CorpusError, match="gold text"):
        evaluate([page("b", None)], lambda text: "x")


def test_the_extractor_gets_the_bytes_of_the_page() -> None:
    got: list[bytes] = []
    evaluate([page("a", "x", html="<p>é")], lambda text: got.append(text) or "x")  # type: ignore[func-returns-value]
    assert got == ["<p>é".encode()]


def test_a_page_of_no_type_or_language_counts_as_unknown() -> None:
    found = evaluate([page("a", "x", page_type=None)], lambda text: "x")
    assert found.pages[["page_type", "language"]].to_numpy().tolist() == [["unknown", "unknown"]]


def test_groups_come_from_the_largest_to_all() -> None:
    pages = [page("a", "x", page_type="forum"), page("b", "x"), page("c", "y")]
    by = evaluate(pages, lambda text: "x").by("page_type")
    assert by.index.tolist() == ["article", "forum", "all"]
    assert by["pages"].tolist() == [2, 1, 3]
    assert by["f1"].tolist() == pytest.approx([0.5, 1, 2 / 3])
    assert (by["f1_low"] <= by["f1"]).all() and (by["f1"] <= by["f1_high"]).all()


def test_each_figure_has_an_interval() -> None:
    row = two_pages().summary()
    assert row["pages"] == 2
    for name in ("precision", "recall", "f1"):
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]


def test_a_figure_and_its_interval_share_a_cell_for_print() -> None:
    table = with_intervals(evaluate([page("a", "x")], lambda text: "x").by("page_type"))
    assert table.columns.tolist()[-1] == "f1 (f1_low to f1_high)"
    assert table.iloc[0].tolist() == [1, *["1.000 (1.000 to 1.000)"] * 3]


def test_pages_are_grouped_by_language() -> None:
    html = ("<p>Плотину починили", "<html lang=de><p>x", "<p>x")
    pages = [page(str(number), "", text) for number, text in enumerate(html)]
    found = evaluate(pages, lambda text: "")
    groups = ["Cyrillic", "other Latin script", "other or unknown"]
    assert found.pages["language_group"].tolist() == groups
    assert sorted(found.by("language_group").index) == sorted([*groups, "all"])
    assert "by group of languages" in found.report("A title")


def test_an_extractor_may_get_all_of_a_page() -> None:
    assert evaluate_pages([page("a", "x")], lambda given: given.gold or "").f1 == 1


def test_the_report_names_the_pages_that_failed() -> None:
    report = evaluate([page("good", "x"), page("bad", "y")], lambda text: "x").report("A title")
    assert report.splitlines()[0] == "A title"
    assert report.splitlines()[-1] == "F1 under 0.5: 50.0%: bad"


def labelled() -> Table:
    pages = [page("a", "mill river", "<p>mill river<p>log in"), page("b", "weir", "<p>weir<p>menu")]
    return build_table(pages, workers=1, progress=False)


def test_probabilities_are_decided_and_scored_page_by_page() -> None:
    right = [np.array([0.9, 0.1], np.float32), np.array([0.2, 0.9], np.float32)]
    found = evaluate_probabilities(labelled(), right)
    assert found.pages["f1"].tolist() == [1.0, 0.0]
    assert found.pages["confidence"].between(0, 1).all()


def test_what_pages_declare_tells_their_language() -> None:
    sure = [np.array([1.0, 0.0], np.float32)] * 2
    assert set(evaluate_probabilities(labelled(), sure).pages["language_group"]) == {"other or unknown"}
    found = evaluate_probabilities(labelled(), sure, declared={("invented", "a"): "en"})
    assert found.pages["language_group"].tolist() == ["English", "other or unknown"]


def test_a_policy_of_ones_own_decides() -> None:
    all_in = [np.array([0.1, 0.1], np.float32)] * 2
    found = evaluate_probabilities(labelled(), all_in, policy=Policy(threshold=0.0))
    assert found.pages["recall"].tolist() == [1, 1]


def test_blocks_that_are_ranked_right_have_an_average_precision_of_one() -> None:
    sure = [np.array([1.0, 0.0], np.float32)] * 2
    found = evaluate_probabilities(labelled(), sure)
    assert (found.average_precision, found.calibration_error) == (1.0, 0.0)


def test_the_calibration_error_is_the_gap_between_claim_and_share() -> None:
    timid = [np.array([0.7, 0.3], np.float32)] * 2
    assert evaluate_probabilities(labelled(), timid).calibration_error == pytest.approx(0.3)


def test_a_page_without_blocks_is_an_empty_extraction() -> None:
    empty = build_table([page("a", "mill", ""), page("b", "", "")], workers=1, progress=False)
    table = Table("html", [*empty.pages, *labelled().pages])
    nothing, some = np.zeros(0, np.float32), np.array([0.9, 0.1], np.float32)
    found = evaluate_probabilities(table, [nothing, nothing, some, some])
    assert found.pages["f1"].tolist() == [0, 1, 1, 1]


def test_confidence_correlates_by_rank() -> None:
    frame = pd.DataFrame({"confidence": [0.1, 0.2, 0.9], "f1": [0.0, 0.01, 1.0]})
    assert Evaluation(frame).confidence_correlation == pytest.approx(1)
    assert np.isnan(Evaluation(frame[["f1"]]).confidence_correlation)
