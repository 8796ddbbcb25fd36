import numpy as np
import pandas as pd

from classifier import Classifier
from train.card import ablation_section, measured_sections, own_page_sections
from train.confidence import operating_points
from train.corpus import read
from train.evaluate import evaluate_probabilities
from train.table import build_table


def test_the_measured_sections_hold_types_ways_to_decide_and_confidence() -> None:
    pages = [page for page in read("pages") if page.kind == "html"][:6]
    table = build_table(pages, workers=1, progress=False)
    right = [np.where(page.label, 0.95, 0.05).astype(np.float32) for page in table.pages]
    sections = dict(measured_sections(evaluate_probabilities(table, right), operating_points(table, right)))
    assert set(sections) == {"By page type", "Ways to decide", "Confidence"}
    assert all(f"| {favor} |" in sections["Ways to decide"] for favor in ("balance", "precision", "recall"))
    assert "| all | 6 |" in sections["By page type"]


def test_an_ablation_is_told_with_its_scope() -> None:
    heading, text = ablation_section(pd.DataFrame({"f1": [0.5]}, index=["a part"]), "2 of 5 folds, seed 7")
    assert heading == "What each part is worth"
    assert "2 of 5 folds, seed 7" in text
    assert "| a part | 0.5 |" in text


def test_mistakes_are_shown_from_pages_of_our_own() -> None:
    sections = dict(own_page_sections(Classifier(), "html"))
    assert "| zh-CN |" in sections["Languages"]
    assert "kept at" in sections["What it gets wrong"] or "cut at" in sections["What it gets wrong"]
