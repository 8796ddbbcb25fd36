from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classifier import Classifier
from classifier.features.arrays import Floats
from train import fit as fitting
from train.corpus import GoldPage
from train.errors import CorpusError
from train.fit import CrossValidation, Fit, FitConfig, block_weights, cross_validate, fit
from train.table import LabelledPage, Table, build_table

SITES = 12
STAGES = pytest.mark.parametrize("two_stages", [False, True], ids=["one stage", "two stages"])


def small(seed: int = 0) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=5, min_samples_leaf=2, early_stopping=False, random_state=seed
    )


def page(number: int, site: str = "", mark: str = "") -> GoldPage:
    """A page of a template; `mark` stands in all of its content blocks."""
    body = [
        f"The {what} number {number} rises in the hills {mark} and ends after {number + 3} miles."
        for what in ("river", "road", "canal")
    ]
    html = (
        f"<nav class=menu{number}><ul><li><a href=/>Home</a><li><a href=/a>Imprint</a></ul></nav><main>"
        f"<h1>About {number} {mark}</h1>{''.join(f'<p>{text}' for text in body)}</main>"
        "<footer class=foot><p>Cookie settings</footer>"
    )
    return GoldPage(
        id=str(number),
        dataset="invented",
        page=html.encode(),
        gold="\n".join([f"About {number} {mark}", *body]),
        site=site or f"site{number}.example",
        page_type="article",
    )


def build(*pages: GoldPage) -> Table:
    return build_table(pages, workers=1, progress=False)


def config(two_stages: bool = False, seed: int = 0, stage: ClassifierMixin | None = None) -> FitConfig:
    chosen = small(seed) if stage is None else stage  # an unfitted forest has no truth value
    return FitConfig(first=chosen, second=chosen, two_stages=two_stages, seed=seed, progress=False)


@pytest.fixture(scope="module")
def table() -> Table:
    """Pages of twelve sites; those of site 0 betray their content by a word of their own."""
    return build(*(page(number, mark="zanzibar" * (number == 0)) for number in range(SITES)))


@pytest.fixture(scope="module", params=[False, True], ids=["one stage", "two stages"])
def fitted(table: Table, request: pytest.FixtureRequest) -> Fit:
    return fit(table, config(two_stages=request.param))


def flipped(table: Table, which: int) -> Table:
    """The table with content and clutter of one page exchanged."""
    pages = list(table.pages)
    mine = pages[which]
    pages[which] = replace(mine, label=~mine.label, share=(1 - mine.share).astype(np.float32))
    return Table(table.kind, pages)


@pytest.fixture
def uncalibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "_fit_calibration", lambda probabilities, pages: (1.0, 0.0))


@STAGES
@pytest.mark.usefixtures("uncalibrated")
def test_the_labels_of_a_site_do_not_touch_its_own_out_of_fold_probabilities(
    table: Table, two_stages: bool
) -> None:
    before = cross_validate(table, config(two_stages))
    after = cross_validate(flipped(table, 0), config(two_stages))
    assert np.array_equal(before.probabilities[0], after.probabilities[0])
    assert np.array_equal(before.first[0], after.first[0])


@pytest.mark.usefixtures("uncalibrated")
def test_the_labels_of_a_site_do_touch_those_of_the_other_folds(table: Table) -> None:
    before, after = cross_validate(table, config()), cross_validate(flipped(table, 0), config())
    others = [i for i in range(SITES) if before.fold[i] != before.fold[0]]
    assert any(not np.array_equal(before.first[i], after.first[i]) for i in others)


def test_calibration_keeps_the_order_of_blocks_whatever_the_labels_of_the_site(table: Table) -> None:
    before, after = cross_validate(table, config()), cross_validate(flipped(table, 0), config())
    assert np.array_equal(np.argsort(before.probabilities[0]), np.argsort(after.probabilities[0]))


def test_the_calibration_of_a_fold_is_fitted_on_the_other_folds_alone(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def noting(probabilities: list[Floats], pages: list[LabelledPage]) -> tuple[float, float]:
        seen.append({page.id for page in pages})
        return 1.0, 0.0

    monkeypatch.setattr(fitting, "_fit_calibration", noting)
    found = cross_validate(table, config())
    for fold, ids in enumerate(seen[: fitting.N_FOLDS]):
        mine = {table.pages[i].id for i in np.flatnonzero(found.fold == fold)}
        assert not ids & mine
        assert ids | mine == {page.id for page in table.pages}


@pytest.mark.usefixtures("uncalibrated")
def test_a_word_that_only_one_site_has_does_not_help_on_that_site() -> None:
    plain = build(*(page(number, mark="word") for number in range(SITES)))
    marked = build(page(0, mark="zanzibar"), *(page(number, mark="word") for number in range(1, SITES)))
    known, unknown = (cross_validate(table, config()).first[0] for table in (plain, marked))
    assert unknown.mean() <= known.mean() + 1e-6


def test_the_pages_of_a_site_share_a_fold() -> None:
    pages = [page(number, site=f"site{number // 2}.example") for number in range(SITES)]
    fold = cross_validate(build(*pages), config()).fold
    assert (fold[::2] == fold[1::2]).all()


def test_every_block_of_every_page_has_an_out_of_fold_probability(table: Table, fitted: Fit) -> None:
    for one, mine in zip(table.pages, fitted.validation.probabilities, strict=True):
        assert mine.shape == one.label.shape
        assert ((mine > 0) & (mine < 1)).all()


def test_content_is_told_from_clutter_on_sites_never_seen(table: Table, fitted: Fit) -> None:
    p = np.concatenate(fitted.validation.probabilities[1:])  # site 0 is worded unlike the others
    y = np.concatenate([one.label for one in table.pages[1:]])
    assert p[y].min() > p[~y].max()


def test_the_model_works_in_a_classifier_at_once(fitted: Fit) -> None:
    found = Classifier([fitted.model]).classify(page(99).page)
    assert found.text.splitlines()[0].strip() == "About 99"
    assert "Cookie settings" not in found.text


@STAGES
def test_the_model_has_a_second_stage_if_it_is_asked_for(table: Table, two_stages: bool) -> None:
    model = fit(table, config(two_stages)).model
    assert (model.second is not None) == two_stages
    assert model.kind == "html"


def test_the_same_seed_gives_the_same_probabilities(table: Table) -> None:
    def run() -> CrossValidation:
        return cross_validate(table, config(two_stages=True, seed=5))

    first, again = run(), run()
    assert np.array_equal(first.fold, again.fold)
    for one, two in zip(first.probabilities, again.probabilities, strict=True):
        assert np.array_equal(one, two)


def test_another_seed_deals_other_folds(table: Table) -> None:
    first, other = (cross_validate(table, config(seed=seed)).fold for seed in (0, 1))
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RandomForestClassifier(n_estimators=5, random_state=0),
        lambda: LogisticRegression(max_iter=2000),
        lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=["random forest", "logistic regression", "pipeline"],
)
def test_an_estimator_of_ones_own_takes_either_stage(
    table: Table, make: Callable[[], ClassifierMixin]
) -> None:
    own = make()
    found = fit(table, config(two_stages=True, stage=own))
    assert type(found.model.first) is type(found.model.second) is type(own)
    p = np.concatenate(found.validation.probabilities)
    y = np.concatenate([one.label for one in table.pages])
    assert p[y].mean() > p[~y].mean()


def test_an_estimator_that_was_given_is_not_fitted_itself(table: Table) -> None:
    own = small()
    fit(table, config(stage=own))
    assert not hasattr(own, "classes_")


def test_without_an_estimator_the_stages_are_gradient_boosting() -> None:
    stages = [FitConfig().estimator(stage) for stage in (1, 2)]
    assert all(isinstance(stage, HistGradientBoostingClassifier) for stage in stages)


def test_fewer_than_five_sites_are_refused() -> None:
    with pytest.raises(CorpusError, match="4 sites"):
        fit(build(*(page(number) for number in range(4))), config())


def test_hosts_of_one_domain_are_one_site() -> None:
    pages = [page(number, site=f"host{number}.example.com") for number in range(SITES)]
    with pytest.raises(CorpusError, match="1 sites"):
        fit(build(*pages), config())


def test_pages_that_all_lack_their_gold_are_refused() -> None:
    lost = [replace(page(number), gold="quite another text of other words") for number in range(SITES)]
    with pytest.raises(CorpusError, match="no page to train on"):
        fit(build(*lost), config())


def test_blocks_of_one_label_only_are_refused() -> None:
    html = "<p>The river rises here.<p>It ends there."
    gold = "The river rises here.\nIt ends there."
    pages = [replace(page(number), page=html.encode(), gold=gold) for number in range(SITES)]
    with pytest.raises(CorpusError, match="same label"):
        fit(build(*pages), config())


def test_a_page_without_blocks_gets_no_probabilities_and_harms_nobody(table: Table) -> None:
    empty = build(GoldPage(id="empty", dataset="invented", page=b"", gold="", site="empty.example")).pages
    found = cross_validate(Table("html", [*table.pages, *empty]), config(two_stages=True))
    assert found.probabilities[-1].shape == (0,)


def test_a_page_that_lacks_its_gold_is_judged_but_not_learnt_from(table: Table) -> None:
    lost = replace(page(77), gold="quite another text of other words")
    found = cross_validate(Table("html", [*table.pages, *build(lost).pages]), config())
    assert found.probabilities[-1].shape == found.first[-1].shape == (7,)


def test_pages_weigh_the_same_and_long_blocks_more_than_short_ones() -> None:
    short, long = build(page(1), replace(page(2), page=page(2).page * 3)).pages
    weights = block_weights([short, long])
    mine, other = weights[: len(short.texts)], weights[len(short.texts) :]
    assert mine.sum() == pytest.approx(other.sum())
    assert weights.mean() == pytest.approx(1)
    assert mine[short.words.argmax()] == mine.max() > mine[short.words.argmin()] > 0
