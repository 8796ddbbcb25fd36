import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, load
from classifier.model import Model, shipped_model
from classifier.modelfile import read_model_file
from train.adapt import Adapted, adapt
from train.corpus import GoldPage, read
from train.errors import CorpusError
from train.metrics import score
from train.table import Table, build_table

OWN_SITE = Path(__file__).parents[2] / "data" / "own-site"
RIVERS = "Ouse Tees Wear Tyne Aire Nidd Swale Ure Derwent Esk".split()


def mean_f1(model: Model, pages: Sequence[GoldPage]) -> float:
    extract = Classifier([model]).extract
    return float(np.mean([score(extract(page.page), page.gold or "").f1 for page in pages]))


def plain(number: int) -> GoldPage:
    """A page that the shipped model has right."""
    river = RIVERS[number]
    body = [
        f"The {river} rises among the peat hags of the moors, and runs down through woods and meadows.",
        f"Below the last mill the {river} is tidal, and barges went up on the flood as far as the bridge.",
        f"Today the {river} is clean again, and people have seen otters below the weir on summer evenings.",
    ]
    html = (
        f"<title>{river}</title><ul class=menu><li><a href=/>Home</a><li><a href=/a>Imprint</a></ul><article>"
        f"{''.join(f'<p>{text}</p>' for text in body)}</article>"
        "<footer><a href=/c>Cookie settings</a></footer>"
    )
    return GoldPage(str(number), "invented", html.encode(), "\n".join(body), f"s{number}.example")


@pytest.fixture(scope="module")
def pages() -> list[GoldPage]:
    return list(read("pages", OWN_SITE))


def table(pages: Sequence[GoldPage]) -> Table:
    return build_table(pages, workers=1, progress=False)


@pytest.fixture(scope="module")
def adapted(pages: list[GoldPage]) -> Adapted:
    return adapt(table(pages[:5]))


def test_five_labelled_pages_mend_the_other_fifteen_of_a_site_that_fools_the_shipped_model(
    adapted: Adapted, pages: list[GoldPage]
) -> None:
    before = mean_f1(shipped_model("html"), pages[5:])
    assert before < 0.5
    assert mean_f1(adapted.model, pages[5:]) >= before + 0.1


def test_the_model_stays_as_it_was_where_it_is_right() -> None:
    found = adapt(table([plain(number) for number in range(6)]))
    assert found.penalty is None and found.model.correction is None
    assert found.pages["before"].tolist() == found.pages["after"].tolist()
    assert "stays as it was" in found.report()


def test_a_correction_is_taken_in_any_case_where_no_caution_is_wanted() -> None:
    pages = table([plain(number) for number in range(4)])
    assert adapt(pages, cautious=False).model.correction is not None


def test_labels_that_have_no_pattern_leave_the_model_as_it_was() -> None:
    draw = np.random.default_rng(0)
    pages = table([plain(number) for number in range(6)]).pages
    noisy = [replace(page, label=draw.random(len(page.label)) < 0.5) for page in pages]
    assert adapt(Table("html", noisy)).model.correction is None


def test_a_page_is_judged_by_a_correction_that_has_not_seen_its_labels(pages: list[GoldPage]) -> None:
    whole = table(pages[:6])
    first = whole.pages[0]
    flipped = Table("html", [replace(first, label=~first.label), *whole.pages[1:]])
    before, after = adapt(whole).pages, adapt(flipped).pages
    assert before["after"][0] == after["after"][0]


def test_the_comparison_names_every_page_and_the_mean(adapted: Adapted) -> None:
    assert adapted.pages["page"].tolist() == [f"record-{number:02d}" for number in range(5)]
    text = adapted.report()
    assert "record-03" in text and "mean" in text and f"penalty {adapted.penalty:g}" in text


def test_pages_of_another_site_are_judged_much_as_before(adapted: Adapted) -> None:
    others = [plain(number) for number in range(6)]
    assert mean_f1(adapted.model, others) >= mean_f1(shipped_model("html"), others) - 0.02


def test_the_saved_model_answers_as_the_one_in_memory_and_keeps_its_credits(
    adapted: Adapted, pages: list[GoldPage], tmp_path: Path
) -> None:
    file = adapted.save(tmp_path)
    assert file == tmp_path / "html.model"
    one, two = (
        classifier.classify(pages[9].page) for classifier in (Classifier([adapted.model]), load(tmp_path))
    )
    assert one.probabilities == pytest.approx(two.probabilities, abs=1e-6)
    manifest = read_model_file(file).manifest
    names = [data["name"] for data in manifest["training_data"]]
    assert names[:-1] == [data["name"] for data in shipped_model("html").manifest["training_data"]]
    assert names[-1] == "own pages"
    assert "python -m train adapt" in file.with_suffix(".md").read_text(encoding="utf-8")


def test_an_adapted_model_is_adapted_anew_from_what_it_was_at_first(
    adapted: Adapted, pages: list[GoldPage]
) -> None:
    again = adapt(table(pages[:5]), adapted.model)
    assert again.model.correction is not None and adapted.model.correction is not None
    assert np.array_equal(again.model.correction.name_weight, adapted.model.correction.name_weight)


def test_plain_text_is_adapted_by_its_words(pages: list[GoldPage]) -> None:
    texts = build_table(pages[:6], "text", renderings=("lines",), workers=1, progress=False)
    found = adapt(texts)
    assert found.pages["after"].mean() >= found.pages["before"].mean() - 0.02
    assert found.model.kind == "text"


def test_three_pages_are_too_few(pages: list[GoldPage]) -> None:
    with pytest.raises(CorpusError, match="takes 4 labelled pages of kind html at least, and 3 can"):
        adapt(table(pages[:3]))


def test_a_model_for_another_kind_of_page_is_refused(pages: list[GoldPage]) -> None:
    with pytest.raises(ValueError, match="of kind text, the table holds html"):
        adapt(table(pages[:4]), shipped_model("text"))


def test_a_model_pickled_before_corrections_were_known_loads_without_one() -> None:
    model = Model("html", None, None)  # type: ignore[arg-type]
    state = model.__getstate__()  # type: ignore[misc]
    old = object.__new__(Model)
    old.__setstate__(list(state)[:-1])
    assert old.correction is None and old.kind == "html"
    assert pickle.loads(pickle.dumps(model)).correction is None
