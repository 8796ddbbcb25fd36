from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from classifier import Classifier
from train.corpus import GoldPage
from train.estimator import PageClassifier, SiteFolds, block_average_precision, word_f1
from train.table import Table, build_table

SITES = 12


def page(number: int) -> GoldPage:
    body = [
        f"The {what} number {number} rises in the hills and ends after {number + 3} miles."
        for what in ("river", "road", "canal")
    ]
    html = (
        "<nav class=menu><ul><li><a href=/>Home</a><li><a href=/a>Imprint</a></ul></nav><main>"
        f"{''.join(f'<p>{text}' for text in body)}</main><footer class=foot><p>Cookie settings</footer>"
    )
    return GoldPage(str(number), "invented", html.encode(), "\n".join(body), f"site{number}.example")


@pytest.fixture(scope="module")
def table() -> Table:
    return build_table(map(page, range(SITES)), workers=1, progress=False)


def trees(rounds: int = 5) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(max_iter=rounds, min_samples_leaf=2, early_stopping=False)


def small(**more: object) -> PageClassifier:
    return PageClassifier(trees(), network=False, phrases=False, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def fitted(table: Table) -> PageClassifier:
    return small().fit(table.pages)


def test_a_clone_has_the_same_parameters_and_is_not_fitted(table: Table, fitted: PageClassifier) -> None:
    copy = clone(fitted)
    assert copy.get_params()["estimator__max_iter"] == 5
    assert copy.get_params(deep=False).keys() == fitted.get_params(deep=False).keys()
    with pytest.raises(NotFittedError):
        copy.predict_proba(table.pages)


def test_parameters_of_the_estimator_inside_are_set_by_name() -> None:
    assert small().set_params(estimator__max_iter=7, seed=3).estimator.max_iter == 7


def test_probabilities_are_those_of_the_fitted_model(table: Table, fitted: PageClassifier) -> None:
    answer = Classifier([fitted.model_]).classify(page(3).page)
    p = fitted.predict_proba(table.pages)[3]
    assert p[:, 1] == pytest.approx(answer.probabilities) and p.sum(axis=1) == pytest.approx(1)
    assert fitted.predict(table.pages)[3].tolist() == (p[:, 1] >= 0.5).tolist()


def test_a_grid_is_searched_with_folds_by_site_and_the_f1_of_pages(table: Table) -> None:
    grid = {"estimator": [DummyClassifier(), trees()]}
    search = GridSearchCV(small(), grid, cv=SiteFolds(2), scoring=word_f1, n_jobs=1)
    search.fit(table.pages, groups=table.sites)
    assert search.best_index_ == 1 and search.best_score_ > 0.8
    assert search.best_estimator_.score(table.pages) == word_f1(search.best_estimator_, table.pages)


def test_any_classifier_stands_in_and_several_scorers_work(table: Table) -> None:
    linear = PageClassifier(
        make_pipeline(StandardScaler(), LogisticRegression()), network=False, phrases=False
    )
    scores = cross_val_score(
        linear, table.pages, groups=table.sites, cv=SiteFolds(2), scoring=block_average_precision
    )
    assert (scores > 0.9).all()


def test_it_is_the_last_step_of_a_pipeline(table: Table) -> None:
    pipeline = Pipeline([("pages", small())]).set_params(pages__estimator__max_iter=3)
    assert len(pipeline.fit(table.pages).predict_proba(table.pages)) == SITES


def test_it_is_kept_with_joblib(table: Table, fitted: PageClassifier, tmp_path: Path) -> None:
    joblib.dump(fitted, tmp_path / "mine.joblib")
    again = joblib.load(tmp_path / "mine.joblib")
    assert np.array_equal(again.predict_proba(table.pages)[0], fitted.predict_proba(table.pages)[0])


def test_no_page_is_nothing_to_fit_on() -> None:
    with pytest.raises(ValueError, match="no page"):
        small().fit([])


def test_no_site_is_on_both_sides_of_a_split() -> None:
    sites = ["a.example", "b.example", "a.example", "c.example", "d.example", "b.example"]
    for train, test in SiteFolds(3).split(sites, groups=sites):
        assert not {sites[i] for i in train} & {sites[i] for i in test}
        assert sorted([*train, *test]) == list(range(6))


def test_folds_by_site_ask_for_the_sites() -> None:
    with pytest.raises(ValueError, match=r"groups=table\.sites"):
        next(SiteFolds().split([1, 2]))


def test_blocks_are_rows_for_classifiers_of_scikit_learn(table: Table) -> None:
    X, y, groups = table.blocks()
    assert X.index.names == ["page", "block"] and len(X) == len(y) == len(groups)
    assert all(name.startswith("f_") for name in X)
    search = GridSearchCV(
        trees(), {"max_iter": [1, 8]}, cv=SiteFolds(3), scoring="average_precision", n_jobs=1
    )
    assert search.fit(X, y, groups=groups).best_score_ > 0.9
