import inspect
import math
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classifier import Classifier, Explanation, ExplanationError, Model, Page, classify
from classifier.explain import MAX_EVIDENCE, NOTICEABLE, Evidence, Influence, _Case, _medians
from classifier.features import titles
from classifier.features.arrays import Floats
from classifier.features.lexical import SHAPES, Lexicon, LinearWording
from classifier.features.matrix import FAMILIES, column_docs, column_families, column_names, measure_page
from classifier.features.titles import FAMILY_TITLES, in_words, title
from classifier.segment import Kind

PAGES: Final = Path(__file__).parents[1] / "data" / "pages"
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
CASES: Final = ["news-en", "forum-en", "product-fr", "ja-article", "mail-en", "zh-text"]
LEXICON: Final = Lexicon(**{name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()})
HTML: Final = (
    "<title>The river</title><nav><ul><li><a href=/>Home</a><li><a href=/a>Imprint</a></ul></nav>"
    "<main><h1>The river</h1><p>The river rises in the hills to the north, turns west below the old mill, "
    "and reaches the sea after some forty miles of meadows, weirs and quiet villages.</p></main><footer>In"
)


@cache
def real(name: str) -> Page:
    """A page of our own, judged by the shipped model."""
    return classify(next((PAGES / name).glob("page.*")).read_bytes())


def usual(kind: Kind = "html") -> Floats:
    medians = Classifier().model(kind).medians
    assert medians is not None
    return medians


class Formula:
    """Stands in for trees: the probability is a function of some features."""

    def __init__(self, function: Callable[..., Any], *names: str) -> None:
        self.function = function
        self.columns = [column_names("html").index(name) for name in names]
        self.calls = 0

    def predict_proba(self, X: Floats, /) -> Any:
        self.calls += 1
        p = self.function(*X[:, self.columns].T.astype(np.float64))
        return np.column_stack((1 - p, p))


def judged(function: Callable[..., Any], *names: str, medians: Floats | None = None) -> Page:
    """A small page judged by a formula."""
    trees = Formula(function, *names)
    model = Model("html", LEXICON, trees, medians=usual() if medians is None else medians)
    return Classifier([model]).classify(HTML)


def effects(explanation: Explanation) -> dict[str, float]:
    return {one.family: one.effect for one in explanation.influences}


def adds_up(page: Page) -> bool:
    return len(page) > 0 and all(
        abs(one.baseline + math.fsum(effects(one).values()) - p) < 1e-6 and one.probability == p
        for one, p in zip(page.explanations(), page.probabilities.tolist(), strict=True)
    )


# -- the sum --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_baseline_and_effects_add_up_to_the_probability(name: str) -> None:
    assert adds_up(real(name))


@pytest.mark.parametrize("name", ["recipe-it", "webarchive-en"])
def test_they_add_up_for_an_estimator_of_ones_own_without_a_network(name: str) -> None:
    page = real(name)
    assert page.features is not None
    estimator = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    shipped = Classifier().model(page.kind)
    own = replace(shipped, trees=estimator.fit(page.features, page.keep), network=None)
    assert adds_up(Classifier([own]).classify(page.source))


@pytest.mark.parametrize("name", CASES)
def test_every_family_has_its_influence_the_largest_first(name: str) -> None:
    for one in real(name).explanations():
        assert set(effects(one)) == set(FAMILIES[real(name).kind])
        sizes = [abs(each.effect) for each in one.influences]
        assert sizes == sorted(sizes, reverse=True)


def corrected(weight: float) -> Model:
    """The shipped model, which a user's own pages have taught that any word speaks for content."""
    zeros = {one.name: np.zeros(SHAPES[one.name], np.float32) for one in fields(LinearWording)}
    zeros["word_weight"][:] = weight
    return replace(Classifier().model("html"), correction=LinearWording(**zeros))


def test_what_own_pages_taught_is_a_family_of_its_own_and_all_add_up() -> None:
    page = Classifier([corrected(0.5)]).classify(HTML)
    assert adds_up(page)
    for one in page.explanations():
        assert set(effects(one)) == {*FAMILIES["html"], "correction"}
        assert effects(one)["correction"] > 0
    assert FAMILY_TITLES["correction"] in str(page.explain(2))


def test_a_correction_of_nothing_has_no_effect() -> None:
    page = Classifier([corrected(0.0)]).classify(HTML)
    assert all(abs(effects(one)["correction"]) < 1e-6 for one in page.explanations())
    assert page.probabilities == pytest.approx(classify(HTML).probabilities, abs=1e-6)


# -- the effects ----------------------------------------------------------------------------------


def test_a_family_that_the_model_does_not_look_at_has_no_effect() -> None:
    page = judged(lambda words: 1 / (1 + np.exp(2 - words)), "words")
    usual_p = 1 / (1 + math.exp(2 - usual()[column_names("html").index("words")]))
    for one in page.explanations():
        found = effects(one)
        assert found.pop("shape") == pytest.approx(one.probability - usual_p)
        assert set(found.values()) == {0.0}
        assert one.baseline == pytest.approx(usual_p)


@pytest.mark.parametrize("together", [np.minimum, np.maximum], ids=["both needed", "either does"])
def test_two_families_that_stand_for_each_other_share_the_effect(together: Callable[..., Any]) -> None:
    """In no order of their own would they: the one that comes first would have nothing, or all of it."""
    page = judged(
        lambda words, first: 0.1 + 0.8 * together(words > 1, first > 0),
        "words",
        "before_first_long",
        medians=np.zeros_like(usual()),
    )
    heading = page.explain(2)
    assert (heading.probability, heading.baseline) == pytest.approx((0.9, 0.1), abs=1e-6)
    assert effects(heading)["shape"] == pytest.approx(0.4, abs=1e-6)
    assert effects(heading)["position"] == pytest.approx(0.4, abs=1e-6)


def test_the_effects_are_close_to_shapley_values() -> None:
    """Against all 2 ** 8 sets of families; a single order there and back is 0.032 off in the mean."""
    page = real("mail-en")
    model = Classifier().model("text")
    measured = measure_page(page.segments)
    case = _Case(model, measured, model.matrix(measured), _medians(model))
    f = len(case.names)
    exact = np.zeros((len(page), f))
    worth = {
        chosen: case._with(list(chosen)) for size in range(f + 1) for chosen in combinations(range(f), size)
    }
    for chosen, p in worth.items():
        for new in set(range(f)) - set(chosen):
            weight = math.factorial(len(chosen)) * math.factorial(f - len(chosen) - 1) / math.factorial(f)
            exact[:, new] += weight * (worth[tuple(sorted((*chosen, new)))] - p)
    _, found = case.effects(page.probabilities)
    assert np.abs(found - exact).mean() < 0.015
    assert np.abs(found - exact).max() < 0.1


def test_a_typical_page_is_its_own_baseline() -> None:
    """With its own features for medians a page of one block has nothing to explain."""
    page = classify("<p>one block alone")
    assert page.features is not None
    model = replace(Classifier().model("html"), medians=page.features[0])
    (found,) = Classifier([model]).classify("<p>one block alone").explanations()
    assert found.baseline == found.probability
    assert set(effects(found).values()) == {0.0}


def test_a_page_costs_the_model_as_many_runs_as_there_are_arcs() -> None:
    page = judged(lambda words: np.full(len(words), 0.5), "words")
    assert page.model_of is not None
    trees = page.model_of("html").trees
    assert isinstance(trees, Formula)
    trees.calls = 0
    page.explanations()
    f = len(FAMILIES["html"])
    assert trees.calls == f * (f - 1) + 1


@pytest.mark.parametrize("name", ["docs-en", "zh-text"])
def test_the_same_page_is_explained_alike(name: str) -> None:
    page = classify(real(name).source)
    assert page.explanations() == real(name).explanations()


# -- the evidence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_evidence_is_a_few_values_that_differ_from_the_usual(name: str) -> None:
    page = real(name)
    matrix, columns = page.features, page.feature_names
    assert matrix is not None
    families = column_families(page.kind)
    shown = 0
    for row, explanation in zip(matrix, page.explanations(), strict=True):
        for one in explanation.influences:
            assert len(one.evidence) <= (MAX_EVIDENCE if abs(one.effect) >= NOTICEABLE else 0)
            shown += len(one.evidence)
            for each in one.evidence:
                column = columns.index(each.name)
                assert families[each.name] == one.family
                assert (each.value, each.median) == (row[column], usual(page.kind)[column])
                assert each.value != each.median
    assert shown > len(page)


def test_evidence_pushes_the_way_its_family_does_the_strongest_first() -> None:
    def logistic(*columns: Floats) -> Any:
        chars, words, stops = columns
        return 1 / (1 + np.exp(-(chars - 3 * words + 10 * stops)))

    page = judged(logistic, "chars", "words", "stops")
    influence = page.explain(3).influences[0]
    assert influence.family == "shape" and influence.effect > 0
    assert [one.name for one in influence.evidence] == ["stops", "chars"]


# -- in plain words -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_feature_of_the_registry_has_a_title_of_its_own(kind: Kind) -> None:
    found = [(column_families(kind)[name], title(name)) for name in column_names(kind)]
    assert len(set(found)) == len(found)
    assert not [words for _, words in found if "{" in words or "_" in words]


def test_every_title_is_of_some_feature() -> None:
    names = {*column_names("html"), *column_names("text"), "ends"}
    used = {next(one for one in titles._PATTERNS if one.fullmatch(name)) for name in names}
    assert set(titles._PATTERNS) == used


def test_every_reading_is_of_some_feature() -> None:
    docs = {**column_docs("html"), **column_docs("text")}.values()
    used = {next(start for start in titles._READINGS if doc.startswith(start)) for doc in docs}
    assert set(titles._READINGS) == used


@pytest.mark.parametrize("kind", KINDS)
def test_every_family_has_a_title(kind: Kind) -> None:
    assert set(FAMILIES[kind]) <= set(FAMILY_TITLES)


def test_a_feature_without_a_title_is_told() -> None:
    with pytest.raises(KeyError, match="give it one in classifier"):
        title("colour of the sky")


@pytest.mark.parametrize(
    ("name", "value", "median", "text"),
    [
        ("link_density", 0.92, 0.1, "link density 0.92, usually 0.10"),
        ("link_density_previous", 1.0, 0.231, "block before: link density 1, usually 0.23"),
        ("words", math.log1p(34), math.log1p(3), "words 34, usually 3"),
        ("page_words", math.log1p(12345), 0, "words of the page 12,345, usually 0"),
        ("repeats", math.log(4), 0, "times on the page 4, usually 1"),
        ("words_at_-1", 0, math.log1p(41.96), "block before: words 0, usually 42"),
        ("words_at_+3", math.log1p(7), 0, "3 blocks after: words 7, usually 0"),
        ("ends_with_colon", 1, 0, "ends with a colon: yes, usually no"),
        ("ends_with", 7, 1, "last character sentence end, usually small letter"),
        ("ends_at_+1", 1, 5, "block after: last character small letter, usually digit"),
        ("tag", 7, 14, "tag <p>"),
        ("parent_tag", 0, 21, "tag of the element around it other"),
        ("words", 3e38, 0, f"words {math.expm1(50):,.0f}, usually 0"),
        ("since_h1", -1, math.log1p(46), "blocks since the last <h1> none, usually 46"),
        ("heading_level", 7, 2, "level of the last heading none, usually 2"),
        ("source", 2, 0, "source json-ld, usually visible"),
        ("subtree_links_0", 0.5, 0, "link density of its element 0.50, usually 0"),
        ("alike_1", math.log(9), 0, "siblings like the element around it 9, usually 1"),
        ("subtree_words_4", 0, 0, "words in the element 4 steps out 0, usually 0"),
        ("name_0", -2.1, 0, "the class and id names of its element speak for clutter (-2.1, usually 0.0)"),
        ("word_mean", 1.5, -0.3, "the words speak for content (+1.5, usually -0.3)"),
        ("word_min", -1.0, -2.1, "the words most like clutter speak less for clutter (-1.0, usually -2.1)"),
        ("phrase", 0.01, -0.3, "the words as a whole say nothing (0.0, usually -0.3)"),
    ],
)  # fmt: skip
def test_a_value_reads_as_a_person_would_say_it(name: str, value: float, median: float, text: str) -> None:
    assert in_words("html", name, value, median) == text


def test_marks_of_plain_text_read_by_their_names() -> None:
    assert in_words("text", "mark", 1, 0) == "mark bullet or number, usually none"


# -- an explanation as text -----------------------------------------------------------------------


def told(*gains: float) -> Explanation:
    evidence = (Evidence("words", 3.5, 1.4, "words 32, usually 3"), Evidence("chars", 5, 3, "characters 99"))
    influences = tuple(
        Influence(str(index), "links" if index % 2 else "wording", gain, evidence if index == 0 else ())
        for index, gain in enumerate(gains)
    )
    return Explanation(0.4 + sum(gains), 0.4, influences)


def test_printed_it_tells_what_is_noticeable() -> None:
    assert str(told(0.3, -0.1, 0.004)).splitlines() == [
        "0.60 (a typical block: 0.40)",
        "+0.30  wording  words 32, usually 3; characters 99",
        "-0.10  links",
    ]


def test_what_is_left_out_is_told_together_if_it_is_noticeable() -> None:
    assert told(0.3, 0.01, 0.01, 0.004).lines(1)[1:] == ["+0.02  all others"]
    assert told(0.3, 0.01, -0.01).lines(1)[1:] == []


def test_a_block_like_any_other_has_one_line() -> None:
    assert str(told(0.001)) == "0.40 (a typical block: 0.40)"


# -- which block ----------------------------------------------------------------------------------


def test_a_block_is_named_by_itself_or_by_its_index() -> None:
    page = real("news-en")
    assert page.explain(page.blocks[5]) is page.explain(5) is page.explanations()[5]


def test_there_is_no_explanation_of_a_block_that_there_is_not() -> None:
    with pytest.raises(IndexError):
        real("news-en").explain(10_000)


@pytest.mark.parametrize("index", [0, -1])
def test_a_block_of_another_page_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="of another page"):
        classify("<p>one block alone").explain(real("news-en").blocks[index])


def test_a_pickled_page_is_explained_as_before_and_takes_no_shipped_model_along() -> None:
    page = classify(HTML)
    pickled = pickle.dumps(page)
    assert len(pickled) < len(pickle.dumps(replace(page, model_of=None))) + 200
    assert pickle.loads(pickled).explanations() == page.explanations()


def test_a_page_without_blocks_has_no_explanations() -> None:
    assert classify("").explanations() == ()


# -- what is missing ------------------------------------------------------------------------------


def test_a_page_that_does_not_know_its_model_says_so() -> None:
    with pytest.raises(ExplanationError, match="classify it again"):
        replace(real("news-en"), model_of=None).explain(0)


def test_a_model_without_medians_says_what_to_do() -> None:
    model = Model("html", LEXICON, Formula(lambda words: words * 0, "words"))
    with pytest.raises(ExplanationError, match="fit it anew"):
        Classifier([model]).classify(HTML).explanations()


def test_medians_of_other_features_are_refused() -> None:
    page = judged(lambda words: words * 0, "words", medians=np.zeros(3, np.float32))
    with pytest.raises(ExplanationError, match=r"medians of shape \(3,\)"):
        page.explanations()


# -- as data --------------------------------------------------------------------------------------


def test_a_dict_of_the_page_tells_the_reasons_if_asked() -> None:
    page = real("mail-en")
    plain, explained = page.to_dict()["blocks"], page.to_dict(explain=True)["blocks"]
    assert "explanation" not in plain[0]
    for block, explanation in zip(explained, page.explanations(), strict=True):
        found = block.pop("explanation")
        assert found["baseline"] == explanation.baseline
        assert [one["effect"] for one in found["influences"]] == [
            one.effect for one in explanation.influences
        ]
    assert explained == plain


def test_the_documentation_names_its_sources() -> None:
    import classifier.explain

    assert "Shapley" in (inspect.getdoc(classifier.explain) or "")
