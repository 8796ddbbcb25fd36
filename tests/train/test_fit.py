from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classifier import Classifier
from classifier.features.arrays import Floats
from classifier.features.lexical import TABLES, Evidence
from classifier.features.matrix import measure_page
from classifier.segment import segment_html
from train import fit as fitting
from train.corpus import READERS, GoldPage
from train.errors import CorpusError
from train.fit import (
    CrossValidation,
    Fit,
    FitConfig,
    OutOfFold,
    cross_validate,
    fit,
)
from train.lexicon import foreign_evidence
from train.table import LabelledPage, Table, build_table
from train.weights import block_weights, page_weights

SITES = 12
PARTS = pytest.mark.parametrize("network", [False, True], ids=["trees alone", "trees and network"])


def small(seed: int = 0) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=5, min_samples_leaf=2, early_stopping=False, random_state=seed
    )


def page(number: int, site: str = "", mark: str = "", page_type: str = "article") -> GoldPage:
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
        page_type=page_type,
    )


def build(*pages: GoldPage) -> Table:
    return build_table(pages, workers=1, progress=False)


def config(
    network: bool = False,
    seed: int = 0,
    estimator: ClassifierMixin | None = None,
    phrases: bool = False,
    foreign_share: float = 0.25,
) -> FitConfig:
    chosen = small(seed) if estimator is None else estimator  # an unfitted forest has no truth value
    return FitConfig(chosen, network, phrases, foreign_share, seed, progress=False)


@pytest.fixture(scope="module")
def table() -> Table:
    """Pages of twelve sites; those of site 0 betray their content by a word of their own."""
    return build(*(page(number, mark="zanzibar" * (number == 0)) for number in range(SITES)))


@pytest.fixture(scope="module", params=[False, True], ids=["trees alone", "trees and network"])
def fitted(table: Table, request: pytest.FixtureRequest) -> Fit:
    return fit(table, config(network=request.param))


def flipped(table: Table, which: int) -> Table:
    """The table with content and clutter of one page exchanged."""
    pages = list(table.pages)
    mine = pages[which]
    pages[which] = replace(mine, label=~mine.label, share=(1 - mine.share).astype(np.float32))
    return Table(table.kind, pages)


@pytest.fixture
def uncalibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "_fit_calibration", lambda probabilities, pages: (1.0, 0.0))


@PARTS
@pytest.mark.usefixtures("uncalibrated")
def test_the_labels_of_a_site_do_not_touch_its_own_out_of_fold_probabilities(
    table: Table, network: bool
) -> None:
    chosen = config(network, foreign_share=0.5)
    before, after = cross_validate(table, chosen), cross_validate(flipped(table, 0), chosen)
    assert np.array_equal(before.probabilities[0], after.probabilities[0])


@pytest.mark.usefixtures("uncalibrated")
def test_the_labels_of_a_site_do_touch_those_of_the_other_folds(table: Table) -> None:
    before, after = cross_validate(table, config()), cross_validate(flipped(table, 0), config())
    others = [i for i in range(SITES) if before.fold[i] != before.fold[0]]
    assert any(not np.array_equal(before.probabilities[i], after.probabilities[i]) for i in others)


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
    known, unknown = (cross_validate(table, config()).probabilities[0] for table in (plain, marked))
    assert unknown.mean() <= known.mean() + 1e-6


def test_the_pages_of_a_site_share_a_fold() -> None:
    pages = [page(number, site=f"site{number // 2}.example") for number in range(SITES)]
    fold = cross_validate(build(*pages), config()).fold
    assert (fold[::2] == fold[1::2]).all()


def test_only_the_pages_that_are_named_are_learnt_from(table: Table) -> None:
    parts = OutOfFold(table, FitConfig(progress=False), only={0, 3, 5})
    assert parts.pages(frozenset()) == [0, 3, 5]
    assert parts.fold.tolist() == OutOfFold(table, FitConfig(progress=False)).fold.tolist()


def test_every_block_of_every_page_has_an_out_of_fold_probability(table: Table, fitted: Fit) -> None:
    for one, mine in zip(table.pages, fitted.validation.probabilities, strict=True):
        assert mine.shape == one.label.shape
        assert ((mine >= 0) & (mine <= 1)).all()


def test_content_is_told_from_clutter_on_sites_never_seen(table: Table, fitted: Fit) -> None:
    p = np.concatenate(fitted.validation.probabilities[1:])  # site 0 is worded unlike the others
    y = np.concatenate([one.label for one in table.pages[1:]])
    assert p[y].min() > p[~y].max()


def test_the_model_works_in_a_classifier_at_once(fitted: Fit) -> None:
    found = Classifier([fitted.model]).classify(page(99).page)
    assert found.text.splitlines()[0].strip() == "About 99"
    assert "Cookie settings" not in found.text


@PARTS
def test_the_model_has_a_network_if_it_is_asked_for(table: Table, network: bool) -> None:
    model = fit(table, config(network)).model
    assert (model.network is not None) == network
    assert model.kind == "html"


def test_the_medians_are_of_the_blocks_that_are_learnt_from_and_are_values_of_some(
    table: Table, fitted: Fit
) -> None:
    base = np.concatenate([page.measured.base for page in table.pages if page.trainable])
    found = fitted.model.medians
    assert found is not None
    for column, median in enumerate(found[: base.shape[1]]):
        values = base[:, column]
        assert median in values
        assert (values < median).mean() <= 0.5 <= (values <= median).mean()


def test_pages_of_a_fitted_model_can_be_explained(table: Table, fitted: Fit) -> None:
    found = Classifier([fitted.model]).classify(page(1).page).explain(0)
    effects = sum(one.effect for one in found.influences)
    assert found.baseline + effects == pytest.approx(found.probability, abs=1e-6)


def test_the_same_seed_gives_the_same_probabilities(table: Table) -> None:
    def run() -> CrossValidation:
        return cross_validate(table, config(network=True, seed=5))

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
def test_an_estimator_of_ones_own_takes_the_place_of_the_trees(
    table: Table, make: Callable[[], ClassifierMixin]
) -> None:
    own = make()
    found = fit(table, config(estimator=own))
    assert type(found.model.trees) is type(own)
    p = np.concatenate(found.validation.probabilities)
    y = np.concatenate([one.label for one in table.pages])
    assert p[y].mean() > p[~y].mean()


def test_an_estimator_that_was_given_is_not_fitted_itself(table: Table) -> None:
    own = small()
    fit(table, config(estimator=own))
    assert not hasattr(own, "classes_")


def test_without_an_estimator_the_trees_are_gradient_boosting() -> None:
    assert isinstance(FitConfig().fresh("html"), HistGradientBoostingClassifier)


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
    found = cross_validate(Table("html", [*table.pages, *empty]), config(network=True))
    assert found.probabilities[-1].shape == (0,)


def test_a_page_that_lacks_its_gold_is_judged_but_not_learnt_from(table: Table) -> None:
    lost = replace(page(77), gold="quite another text of other words")
    found = cross_validate(Table("html", [*table.pages, *build(lost).pages]), config())
    assert found.probabilities[-1].shape == (7,)


def test_pages_weigh_the_same_and_long_blocks_more_than_short_ones() -> None:
    short, long = build(page(1), replace(page(2), page=page(2).page * 3)).pages
    weights = block_weights([short, long])
    mine, other = weights[: len(short.texts)], weights[len(short.texts) :]
    assert mine.sum() == pytest.approx(other.sum())
    assert weights.mean() == pytest.approx(1)
    assert mine[short.words.argmax()] == mine.max() > mine[short.words.argmin()] > 0


def test_a_page_counts_for_as_many_pages_as_its_data_set_says() -> None:
    (mine,) = build(page(1)).pages
    assert page_weights(mine).sum() == pytest.approx(1)
    for name, known in READERS.items():
        assert page_weights(replace(mine, dataset=name)).sum() == pytest.approx(known.weight)


# -- page types -----------------------------------------------------------------------------------


def shop(number: int) -> GoldPage:
    """A page of a template quite unlike that of `page`."""
    text = f"A kettle of {number} litres for your kitchen."
    html = f"<div class=shop><h2>Kettle {number}</h2><table><tr><td>{text}<td>{number} coins</table></div>"
    gold = f"Kettle {number}\n{text} {number} coins"
    return replace(page(number), page=html.encode(), gold=gold, page_type="product")


@pytest.fixture(scope="module")
def typed() -> Table:
    return build(*(make(2 * number + odd) for number in range(8) for odd, make in enumerate((page, shop))))


def test_the_type_of_a_page_is_told_by_models_that_saw_no_page_of_its_site(typed: Table) -> None:
    found = fit(typed, config())
    assert found.validation.types == [one.page_type for one in typed.pages]
    assert found.model.types is not None
    assert found.model.types.names == ("article", "product")


def test_pages_of_one_type_have_no_type_told(fitted: Fit) -> None:
    assert fitted.model.types is None
    assert fitted.validation.types == [""] * SITES


def test_the_type_of_a_page_does_not_touch_what_is_told_of_it(typed: Table) -> None:
    other = Table("html", [replace(typed.pages[0], page_type="product"), *typed.pages[1:]])
    assert cross_validate(other, config()).types[0] == "article"


def test_the_page_of_a_fitted_model_has_a_type(typed: Table) -> None:
    found = Classifier([fit(typed, config()).model]).classify(shop(98).page)
    assert found.type == "product"
    assert 0.5 < found.type_probability <= 1


# -- lessons: phrases, and pages as if in a language never seen ------------------------------------


def evidence(html: str = "<h1>Rivers</h1><p>The river rises here and the river ends here.") -> Evidence:
    return measure_page(segment_html(html)).evidence


def test_foreign_evidence_keeps_all_shapes_and_types_within_the_tables() -> None:
    own = evidence()
    foreign = foreign_evidence(own, 7)
    for field in fields(Evidence):
        one, two = getattr(own, field.name), getattr(foreign, field.name)
        assert (one.shape, one.dtype) == (two.shape, two.dtype), field.name
    for kind in ("word", "pair", "phrase"):
        rows = getattr(foreign, kind)
        assert rows.min() >= 0 and rows.max() < 1 << TABLES[kind]


def test_foreign_words_lie_on_other_rows_and_all_else_stays() -> None:
    own = evidence()
    foreign = foreign_evidence(own, 7)
    changed = {f.name for f in fields(Evidence) if (getattr(own, f.name) != getattr(foreign, f.name)).any()}
    assert changed == {"word", "pair", "phrase"}
    assert (own.word != foreign.word).all()


def test_words_that_are_alike_are_alike_in_the_foreign_language_too() -> None:
    own = evidence()
    pairs = set(zip(own.word.tolist(), foreign_evidence(own, 7).word.tolist(), strict=True))
    assert len(pairs) == len(set(own.word.tolist())) < len(own.word)


def test_every_page_has_a_foreign_language_of_its_own() -> None:
    one, again, other = (foreign_evidence(evidence(), seed).word for seed in (7, 7, 8))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("share", "times"), [(0.0, 1), (1.0, 2)])
def test_foreign_pages_are_learnt_from_beside_the_pages_themselves(
    table: Table, share: float, times: int
) -> None:
    parts = OutOfFold(table, config(foreign_share=share))
    matrices, pages = parts.lessons(frozenset({0}))
    ids = [one.id for one in pages]
    mine = {one.id for one, fold in zip(table.pages, parts.fold, strict=True) if fold != 0}
    assert sorted(ids) == sorted(times * list(mine))
    assert all(len(matrix) == len(one.label) for matrix, one in zip(matrices, pages, strict=True))


def test_a_share_of_the_pages_is_foreign_and_the_seed_draws_them(table: Table) -> None:
    drawn = [OutOfFold(table, config(foreign_share=0.5, seed=seed)).foreign for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(0 < len(some) < len(table) for some in drawn)


def test_the_lexicon_knows_the_phrases_only_if_it_is_asked_to(table: Table) -> None:
    (row,) = evidence("<p>Impressum").phrase
    with_phrases, without = (
        OutOfFold(table, config(phrases=asked)).lexicon(frozenset()) for asked in (True, False)
    )
    assert with_phrases.phrase[row] < 0 == without.phrase[row]
