import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast, get_args

import numpy as np
import pytest

from classifier import Classifier, Model
from classifier.features.lexical import SHAPES, Lexicon
from classifier.features.matrix import column_names
from classifier.segment import Kind
from train import trials
from train.__main__ import main
from train.corpus import READERS, GoldPage, read
from train.corpus.registry import DATA_VARIABLE
from train.errors import CorpusError
from train.gate import CORPORA, FLOORS, YARDSTICKS, Verdict, Yardstick, corpus_hash, gate, table

PROSE: Final = "The river rises in the hills, turns west below the mill and reaches the sea at last."
OWN: Final = Yardstick("own", "pages", held_out=False)
LEXICON: Final = Lexicon(**{name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()})


class LongIsContent:
    """Stands in for trained trees: a block of eight words and more is content."""

    def __init__(self, kind: Kind) -> None:
        self.column = column_names(kind).index("words")

    def predict_proba(self, X: Any, /) -> Any:
        p = np.where(X[:, self.column] > np.log1p(7.5), 0.99, 0.01)
        return np.column_stack((1 - p, p))


def stand_in(trained_on: str = "") -> Classifier:
    manifest = {"training_data": [{"name": trained_on}]} if trained_on else {}
    return Classifier(Model(kind, LEXICON, LongIsContent(kind), manifest=manifest) for kind in get_args(Kind))


def put_page(root: Path, name: str, gold: str, kind: Kind = "html") -> None:
    folder = root / "pages" / name
    folder.mkdir(parents=True)
    content = f"<p>Log in<p>{PROSE}" if kind == "html" else f"Log in\n\n{PROSE}"
    (folder / ("page.html" if kind == "html" else "page.txt")).write_text(content)
    (folder / "gold.txt").write_text(gold)
    (folder / "meta.json").write_text(json.dumps({"type": "article", "language": "en", "kind": kind}))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two pages of HTML, of which the stand-in gets one right, and one page of text."""
    put_page(tmp_path, "right", PROSE)
    put_page(tmp_path, "half", "nothing of the kind")
    put_page(tmp_path, "text", PROSE, "text")
    return tmp_path


def judge(
    root: Path,
    *yardsticks: Yardstick,
    floors: Mapping[str, float] = MappingProxyType({}),
    corpora: Mapping[str, str] | None = None,
    trained_on: str = "",
) -> dict[str, Verdict]:
    chosen = yardsticks or (OWN,)
    known = corpora
    if known is None:
        known = {y.dataset: corpus_hash(list(read(y.dataset, root))) for y in chosen}
    all_floors = {y.name: 0.0 for y in chosen} | dict(floors)
    found = gate(stand_in(trained_on), root, yardsticks=chosen, floors=all_floors, corpora=known)
    return {verdict.name: verdict for verdict in found}


def test_a_figure_is_the_mean_word_f1_of_the_pages_of_its_kind(root: Path) -> None:
    verdict = judge(root)["own"]
    assert verdict.outcome == "ok"
    assert verdict.figure is not None
    assert 0.5 <= verdict.figure < 0.65


def test_text_pages_are_a_figure_of_their_own(root: Path) -> None:
    assert judge(root, replace(OWN, given="text"))["own"].figure == 1


def test_html_pages_are_also_judged_as_their_plain_text(root: Path) -> None:
    verdicts = judge(root, OWN, replace(OWN, name="as text", given="html as text"))
    assert verdicts["own"].figure == verdicts["as text"].figure is not None


def test_a_floor_above_the_figure_fails(root: Path) -> None:
    assert judge(root, floors={"own": 0.9})["own"].outcome == "FAIL"


def test_a_floor_at_the_figure_passes(root: Path) -> None:
    figure = judge(root)["own"].figure
    assert figure is not None
    assert judge(root, floors={"own": figure})["own"].outcome == "ok"


def test_a_changed_corpus_fails_and_the_message_says_how_to_update(root: Path) -> None:
    before = corpus_hash(list(read("pages", root)))
    (root / "pages" / "right" / "gold.txt").write_text(PROSE + " And more.")
    verdict = judge(root, corpora={"pages": before})["pages, 3 pages"]
    after = corpus_hash(list(read("pages", root)))
    assert verdict.outcome == "FAIL"
    assert f'set CORPORA["pages"] in train/gate.py to "{after}"' in verdict.note


def test_a_corpus_of_no_known_hash_fails(root: Path) -> None:
    assert judge(root, corpora={})["pages, 3 pages"].outcome == "FAIL"


def test_an_unchanged_corpus_passes(root: Path) -> None:
    assert judge(root)["pages, 3 pages"].outcome == "ok"


PAGE: Final = GoldPage("a", "d", b"page", "gold", "site", with_snippets=("x", "y"))


@pytest.mark.parametrize(
    "other",
    [
        replace(PAGE, id="b"),
        replace(PAGE, page=b"other"),
        replace(PAGE, gold="other"),
        replace(PAGE, gold=None),
        replace(PAGE, gold=""),
        replace(PAGE, kind="text"),
        replace(PAGE, with_snippets=("xy",)),
        replace(PAGE, with_snippets=("x",), without_snippets=("y",)),
    ],
)
def test_the_hash_tells_any_change_of_what_figures_depend_on(other: GoldPage) -> None:
    assert corpus_hash([PAGE]) != corpus_hash([other])


def test_the_hash_tells_pages_that_are_gone_or_in_another_order() -> None:
    other = replace(PAGE, id="b")
    assert len({corpus_hash(pages) for pages in ([PAGE, other], [other, PAGE], [PAGE], [])}) == 4


def test_a_missing_data_set_is_skipped_with_a_note(tmp_path: Path) -> None:
    verdicts = list(gate(stand_in(), tmp_path, yardsticks=[Yardstick("r", "readability")]))
    assert [(v.name, v.outcome, v.figure) for v in verdicts] == [("r", "skipped", None)]
    assert str(tmp_path / "readability") in verdicts[0].note


def test_without_the_variable_all_but_the_own_pages_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    skipped = {v.name for v in gate(stand_in()) if v.outcome == "skipped"}
    assert skipped == {y.name for y in YARDSTICKS if y.dataset != "pages"}


def test_a_variable_that_names_no_folder_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(CorpusError, match="no folder"):
        list(gate(stand_in()))


def test_a_broken_data_set_is_an_error_and_not_skipped(root: Path) -> None:
    (root / "pages" / "right" / "meta.json").write_text("{")
    with pytest.raises(CorpusError, match="not JSON"):
        list(gate(stand_in(), root, yardsticks=[OWN]))


def test_a_figure_without_pages_is_an_error(root: Path) -> None:
    for name in ("right", "half"):
        (root / "pages" / name / "meta.json").write_text('{"kind": "text"}')
        (root / "pages" / name / "page.html").rename(root / "pages" / name / "page.txt")
    with pytest.raises(CorpusError, match="no page for the figure 'own'"):
        judge(root)


def test_a_held_out_set_that_the_model_was_trained_on_is_skipped(root: Path) -> None:
    verdict = judge(root, replace(OWN, held_out=True), trained_on="pages")["own"]
    assert (verdict.outcome, verdict.figure) == ("skipped", None)
    assert "trained on" in verdict.note


def test_a_figure_on_training_pages_says_so(root: Path) -> None:
    assert "guard against drift" in judge(root, trained_on="pages")["own"].note
    assert judge(root, trained_on="wcxb")["own"].note == ""


def test_snippets_are_scored_where_there_is_no_gold_text(tmp_path: Path) -> None:
    folder = tmp_path / "trafilatura-eval"
    (folder / "html").mkdir(parents=True)
    (folder / "html" / "a.html").write_text(f"<p>Log in<p>{PROSE}")
    entry = {"file": "a.html", "with": ["the hills", "unheard of"], "without": ["Log in"]}
    (folder / "evaldata.json").write_text(json.dumps({"https://inn.example/": entry}))
    verdict = judge(tmp_path, Yardstick("s", "trafilatura-eval"))["s"]
    assert verdict.figure == pytest.approx(2 / 3)  # precision 1, recall 1/2


def test_a_sample_is_the_same_every_time(root: Path) -> None:
    limited = replace(OWN, limit=1, given="html")
    hashes = {
        next(v for v in gate(stand_in(), root, yardsticks=[limited], floors={"own": 0.0}, corpora={})).note
        for _ in range(3)
    }
    assert len(hashes) == 1


def test_the_table_has_a_line_a_verdict_and_counts_at_the_end() -> None:
    lines = table(
        [
            Verdict("good", "ok", 0.91, 0.9),
            Verdict("bad", "FAIL", 0.8, 0.9, "why"),
            Verdict("gone", "skipped", note="not there"),
        ]
    ).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["ok", "good", "0.9100", "0.9000"],
        ["FAIL", "bad", "0.8000", "0.9000", "why"],
        ["skipped", "gone", "not", "there"],
        ["1", "passed,", "1", "failed"],
    ]


@pytest.mark.parametrize(("outcome", "status"), [("ok", 0), ("skipped", 0), ("FAIL", 1)])
def test_the_command_fails_if_a_verdict_does(
    outcome: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts = [Verdict("good", "ok", 1.0, 0.5), Verdict("x", cast(Any, outcome))]
    monkeypatch.setattr(trials, "judge", lambda classifier: iter(verdicts))
    assert main(["gate"]) == status
    assert capsys.readouterr().out.splitlines()[-1].endswith("failed")


def test_every_yardstick_has_a_floor_and_every_corpus_a_hash() -> None:
    assert set(FLOORS) == {yardstick.name for yardstick in YARDSTICKS}
    assert set(CORPORA) == {yardstick.dataset for yardstick in YARDSTICKS}
    assert all(0 <= floor < 1 for floor in FLOORS.values())
    assert {yardstick.dataset for yardstick in YARDSTICKS} <= set(READERS)


def test_yardsticks_of_one_data_set_draw_the_same_pages() -> None:
    limits = {(yardstick.dataset, yardstick.limit) for yardstick in YARDSTICKS}
    assert len(limits) == len({dataset for dataset, _ in limits})


def test_floors_and_hashes_cannot_be_changed() -> None:
    for mapping in (FLOORS, CORPORA):
        with pytest.raises(TypeError):
            mapping["x"] = 1  # type: ignore[index]


def test_the_own_pages_are_those_that_the_floors_were_measured_on() -> None:
    assert corpus_hash(list(read("pages"))) == CORPORA["pages"]


def test_the_shipped_models_pass_on_the_own_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    assert [verdict for verdict in gate() if verdict.outcome == "FAIL"] == []
