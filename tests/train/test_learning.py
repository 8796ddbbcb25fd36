import numpy as np
import pytest

from train import ablate as ablating
from train import fit as fitting
from train.corpus import GoldPage
from train.errors import CorpusError
from train.learning import learning_curve
from train.table import Table, build_table

SITES = 15


def page(number: int, dataset: str = "invented") -> GoldPage:
    body = f"The river number {number} rises in the hills and ends after {number + 3} miles."
    html = f"<ul class=menu><li><a href=/>Home</a></ul><h1>Rivers</h1><p>{body}<p>It has weirs."
    return GoldPage(
        f"{number}", dataset, html.encode(), f"Rivers\n{body}\nIt has weirs.", f"{dataset}{number}.example"
    )


def table_of(*pages: GoldPage, kind: str = "html") -> Table:
    return build_table(pages, kind, workers=1, progress=False)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def small_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablating, "ROUNDS", 2)
    monkeypatch.setattr(fitting, "phrase_samples", list)


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The identifiers of the pages of each fit, in no order."""
    seen: list[set[str]] = []
    fit = fitting.fit_ensemble

    def spy(forest: object, matrices: object, pages: list[object], **more: object) -> object:
        seen.append({f"{one.dataset} {one.id}" for one in pages})  # type: ignore[attr-defined]
        return fit(forest, matrices, pages, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("train.learning.fit_ensemble", spy)
    return seen


def test_there_is_a_row_a_size_and_a_last_one_of_all_pages() -> None:
    table = table_of(*map(page, range(SITES)))
    found = learning_curve(table, range(SITES), sizes=(6, 9, 100), progress=False)
    assert found.index.tolist() == [6, 9, 12]
    assert (found["f1_low"] <= found["f1"]).all() and (found["f1"] <= found["f1_high"]).all()
    assert found["f1"].between(0, 1).all()


def test_a_larger_set_of_pages_holds_the_smaller_and_none_that_is_judged(learnt: list[set[str]]) -> None:
    table = table_of(*map(page, range(SITES)))
    learning_curve(table, range(SITES), sizes=(6, 9), n_folds=1, progress=False)
    small, middle, large = sorted(learnt, key=len)
    assert [len(small), len(middle), len(large)] == [6, 9, 12]
    assert small < middle < large


def test_pages_that_only_help_are_always_learnt_from(learnt: list[set[str]]) -> None:
    table = table_of(*map(page, range(SITES)), *(page(number, "extra") for number in range(10)))
    learning_curve(table, range(SITES), sizes=(6,), n_folds=1, progress=False)
    helpers = [{name for name in names if name.startswith("extra")} for names in learnt]
    assert helpers[0] == helpers[1] and helpers[0]
    # Those of the judged fold are not learnt from, as at any other time.
    assert len(helpers[0]) < 10


def test_two_renderings_of_a_page_are_one_page(learnt: list[set[str]]) -> None:
    table = table_of(*map(page, range(SITES)), kind="text")
    judged = [i for i, one in enumerate(table.pages) if one.rendering == "lines"]
    learning_curve(table, judged, sizes=(6,), n_folds=1, progress=False)
    assert sorted(map(len, learnt)) == [6, 12]


def test_the_same_seed_gives_the_same_curve() -> None:
    table = table_of(*map(page, range(SITES)))
    one, two = (
        learning_curve(table, range(SITES), sizes=(6,), n_folds=1, seed=3, progress=False) for _ in "ab"
    )
    assert np.array_equal(one, two)


def test_too_few_sites_are_told() -> None:
    with pytest.raises(CorpusError, match="too few sites"):
        learning_curve(table_of(page(1), page(2)), [0, 1], progress=False)
