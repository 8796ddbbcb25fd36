import numpy as np
import pytest

from train.corpus import GoldPage
from train.losses import CAUSES, losses
from train.table import Table, build_table

HTML = b"<nav>Home page of ours</nav><p>The river rises in the hills.<p>It ends in the sea.<footer>Imprint"
GOLD = "The river rises in the hills.\nIt ends in the sea."


def table(gold: str = GOLD) -> Table:
    page = GoldPage("1", "invented", HTML, gold, "a.example", page_type="article")
    return build_table([page], workers=1, progress=False)


def lost(p: list[float], gold: str = GOLD) -> dict[str, float]:
    row = losses(table(gold), [np.array(p, np.float32)]).iloc[0]
    assert sum(row[cause] for cause in CAUSES) == pytest.approx(1 - row["f1"])
    return {cause: float(row[cause]) for cause in CAUSES if row[cause] > 1e-9}


def test_a_page_that_is_right_loses_nothing() -> None:
    assert lost([0.01, 0.99, 0.99, 0.01]) == {}


def test_clutter_above_the_best_cut_is_kept_too_much() -> None:
    assert set(lost([0.8, 0.99, 0.99, 0.8])) == {"kept too much"}


def test_content_below_the_cut_is_cut_too_much() -> None:
    assert set(lost([0.01, 0.99, 0.05, 0.01])) == {"cut too much"}


def test_clutter_more_probable_than_content_is_a_loss_of_order() -> None:
    assert "order" in lost([0.99, 0.9, 0.9, 0.01])


def test_a_page_without_content_by_its_gold_has_a_cause_of_its_own() -> None:
    assert lost([0.9, 0.9, 0.9, 0.9], gold="") == {"empty gold": 1.0}


def test_gold_that_no_block_holds_is_not_on_the_page() -> None:
    assert "not on the page" in lost([0.01, 0.99, 0.99, 0.01], gold=GOLD + "\nA lake that nobody named.")
