import numpy as np
import pytest

from classifier.features.matrix import FAMILIES, column_families
from train import ablate as ablating
from train import fit as fitting
from train.ablate import page_scores
from train.corpus import GoldPage
from train.errors import CorpusError
from train.importance import Importance, _fitted, permutation_importance
from train.metrics import average_precision
from train.table import Table, build_table

SITES = 10


def page(number: int) -> GoldPage:
    body = [f"The {what} number {number} rises in the hills and has weirs." for what in ("river", "canal")]
    menu = "".join(f"<li><a href=/{n}>Part {n}</a>" for n in range(4))
    html = f"<ul class=menu>{menu}</ul><main>{''.join(f'<p>{text}' for text in body)}</main>"
    return GoldPage(f"{number}", "invented", html.encode(), "\n".join(body), f"site{number}.example")


@pytest.fixture(scope="module")
def table() -> Table:
    return build_table(map(page, range(SITES)), workers=1, progress=False)


@pytest.fixture(autouse=True)
def small_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablating, "ROUNDS", 1)
    monkeypatch.setattr(fitting, "phrase_samples", list)
    forest = ablating.small_forest
    monkeypatch.setattr(
        "train.importance.small_forest", lambda seed: forest(seed).set_params(min_samples_leaf=2)
    )


@pytest.fixture
def found(table: Table) -> Importance:
    return permutation_importance(table, range(SITES), repeats=2, progress=False)


def test_every_family_and_every_feature_has_a_row_the_largest_loss_first(found: Importance) -> None:
    assert set(found.families.index) == set(FAMILIES["html"])
    assert found.features["family"].to_dict() == column_families("html")
    for frame in (found.families, found.features):
        assert frame["loss"].is_monotonic_decreasing
        assert (frame["loss_low"] <= frame["loss"] + 1e-12).all()
        assert (frame["loss"] <= frame["loss_high"] + 1e-12).all()


def test_only_what_trees_split_on_can_lose_anything(table: Table, found: Importance) -> None:
    trees = _fitted(table, range(SITES), 0, 0).trees
    names = list(column_families("html"))
    used = {names[column] for column in np.unique(trees.feature)}
    assert set(found.features.index[found.features["loss"] != 0]) <= used
    assert found.features["loss"].max() > 0


def test_the_figures_without_shuffling_are_those_of_unseen_pages(table: Table, found: Importance) -> None:
    case = _fitted(table, range(SITES), 0, 0)
    p = case.trees.predict_proba(case.rows)[:, 1].astype(np.float32)
    pages = [table.pages[i] for i in case.at]
    ends = np.cumsum([len(page.texts) for page in pages])[:-1]
    scores = page_scores(table, case.at, dict(zip(case.at, np.split(p, ends), strict=True)))
    labels, words = (np.concatenate([getattr(page, name) for page in pages]) for name in ("label", "words"))
    assert found.pages == len(pages) == 2
    assert found.f1 == pytest.approx(scores.mean())
    assert found.average_precision == pytest.approx(average_precision(p, labels, words))


def test_columns_are_shuffled_together_and_nothing_else_is(table: Table) -> None:
    case = _fitted(table, range(SITES), 0, 0)
    columns = np.array([0, 3])
    (rows,) = case.shuffled(columns, 1)
    others = np.delete(np.arange(rows.shape[1]), columns)
    assert np.array_equal(rows[:, others], case.rows[:, others])
    assert sorted(map(tuple, rows[:, columns])) == sorted(map(tuple, case.rows[:, columns]))
    assert not np.array_equal(rows[:, columns], case.rows[:, columns])


def test_the_same_seed_gives_the_same_losses(table: Table, found: Importance) -> None:
    again = permutation_importance(table, range(SITES), repeats=2, progress=False)
    assert again.features.equals(found.features)


def test_a_fold_without_a_judged_page_is_told(table: Table) -> None:
    with pytest.raises(CorpusError, match="nothing to judge"):
        permutation_importance(table, [], progress=False)
