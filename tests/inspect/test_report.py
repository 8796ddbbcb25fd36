"""The report as a file: what it holds, and what it does not."""

import base64
import hashlib
import json
import re
import tomllib
import zlib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import ExplanationError, Page, classify
from classifier.explain import NOTICEABLE
from classifier.features.matrix import measure_page
from classifier.inspect import inspect_pages
from classifier.inspect.report import significant

ROOT: Final = Path(__file__).parents[2]
DATA: Final = re.compile(r'<script type="application/octet-stream" id="data">([A-Za-z0-9+/=]+)</script>')
HOSTILE: Final = (
    "<p>a</script><script>alert(1)</script><!-- <p>&lt;/script&gt;&lt;!-- "
    "<p onclick=alert(1)>\u2028 b \u2029<p>\x00 c \ud800 d"
)


def unpacked(report: str) -> dict[str, Any]:
    """The data that a report embeds."""
    (found,) = DATA.findall(report)
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(found)))
    return data


def test_every_block_is_in_the_report_in_order(forum: Page) -> None:
    (page,) = unpacked(inspect_pages([forum]))["pages"]
    assert page["texts"] == [block.text for block in forum.blocks]
    assert page["tags"] == [block.tag for block in forum.blocks]
    assert page["paths"] == [block.path for block in forum.blocks]
    assert page["keep"] == [0, 0, 1, 1, 1, 1, 0, 0]
    assert page["probabilities"] == pytest.approx(forum.probabilities.tolist(), abs=1e-6)


def test_facts_of_the_page_are_in_the_report(forum: Page) -> None:
    (page,) = unpacked(inspect_pages({"boats.html": forum}))["pages"]
    chosen = {name: page[name] for name in ("name", "kind", "title", "confidence", "truncated")}
    assert chosen == {
        "name": "boats.html", "kind": "html", "title": "A leak | Boats", "confidence": 0.87, "truncated": ""
    }  # fmt: skip


def test_pages_without_names_are_numbered(forum: Page) -> None:
    assert [page["name"] for page in unpacked(inspect_pages([forum, forum]))["pages"]] == ["page 1", "page 2"]


def test_words_are_counted_as_the_decision_weighs_them(forum: Page) -> None:
    (page,) = unpacked(inspect_pages([forum]))["pages"]
    assert page["words"] == measure_page(forum.segments).evidence.words.tolist()


def test_blocks_of_the_same_path_share_a_group_whatever_numbers_their_names_hold(forum: Page) -> None:
    (page,) = unpacked(inspect_pages([forum]))["pages"]
    first, second, title, post, signature, other_post, other_signature, footer = page["groups"]
    assert (first, post, signature) == (second, other_post, other_signature)
    assert len({first, title, post, signature, footer}) == 5


def test_plain_text_has_lines_and_no_groups(make_page: Callable[..., Page]) -> None:
    (page,) = unpacked(inspect_pages([make_page("One line\n\nAnother", [0.2, 0.8], kind="text")]))["pages"]
    assert (page["lines"], page["groups"], page["paths"]) == ([[1, 1], [3, 3]], [-1, -1], [None, None])


@given(st.text(alphabet=st.characters(), max_size=60))
@settings(max_examples=25, deadline=None)
def test_a_source_comes_back_as_it_was_lone_surrogates_included(text: str) -> None:
    page = classify(f"<p>Some words {text}", kind="html")
    (entry,) = unpacked(inspect_pages([page]))["pages"]
    assert entry["source"] == page.source
    assert entry["sha256"] == hashlib.sha256(page.markup.encode("utf-8", "surrogatepass")).hexdigest()


def test_nothing_of_a_page_is_in_the_markup() -> None:
    report = inspect_pages({"</script><b>name": classify(HOSTILE, kind="html")})
    frame = inspect_pages({"": classify("", kind="html")})
    assert DATA.sub("", report) == DATA.sub("", frame)


def test_the_policy_allows_the_script_and_the_style_of_the_file_and_nothing_else(forum: Page) -> None:
    report = inspect_pages([forum])
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', report)
    (style,) = re.findall(r"<style>(.*?)</style>", report, re.DOTALL)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', report, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in (script, style)]
    assert policy and policy[1].split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{hashes[0]}'",
        f"style-src 'sha256-{hashes[1]}'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    # It comes before all that it is about.
    assert report.index(policy[0]) < report.index("<style>") < report.index("<script")


def test_the_file_refers_to_nothing_outside_it(forum: Page) -> None:
    frame = DATA.sub("", inspect_pages([forum]))
    assert re.findall(r"https?:|\bsrc=|\bhref=|@import|url\(|\bon\w+=|\bstyle=", frame) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|fetch\(", frame) == []


def test_the_same_pages_give_the_same_file(forum: Page) -> None:
    assert inspect_pages({"a": forum}) == inspect_pages({"a": forum})


def test_a_page_without_text_has_no_blocks() -> None:
    (page,) = unpacked(inspect_pages([classify("<title>t</title>", kind="html")]))["pages"]
    assert (page["texts"], page["words"], page["features"]) == ([], [], None)


def test_no_page_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="no page to inspect"):
        inspect_pages([])


def test_features_come_a_column_a_name_and_can_be_left_out() -> None:
    page = classify("<p>The river rises in the hills, turns west and reaches the sea.<p>Log in", kind="html")
    data = unpacked(inspect_pages([page]))
    (entry,) = data["pages"]
    assert [name for name, _ in data["columns"]["html"]] == list(page.feature_names)
    assert page.features is not None
    assert pytest.approx(page.features, rel=1e-3, abs=1e-12) == np.array(entry["features"]).T
    without = unpacked(inspect_pages([page], features=False))
    assert (without["columns"], without["pages"][0]["features"]) == ({}, None)


def test_explanations_add_up_to_the_probability() -> None:
    page = classify("<p>The river rises in the hills, turns west and reaches the sea.<p>Log in", kind="html")
    (entry,) = unpacked(inspect_pages([page]))["pages"]
    why = entry["explanations"]
    for index, told in enumerate(page.explanations()):
        effects = [effect for _, effect, _ in why["influences"][index]]
        left_out = sum(one.effect for one in told.influences if abs(one.effect) < NOTICEABLE)
        whole = why["baselines"][index] + sum(effects) + left_out
        assert whole == pytest.approx(entry["probabilities"][index], abs=1e-3)
        titles = [why["families"][family] for family, _, _ in why["influences"][index]]
        assert titles == [one.title for one in told.influences][: len(titles)]
    (without,) = unpacked(inspect_pages([page], explain=False))["pages"]
    assert without["explanations"] is None


def test_a_page_that_cannot_be_explained_says_why_in_their_place(forum: Page) -> None:
    with pytest.raises(ExplanationError) as caught:
        forum.explanations()
    (entry,) = unpacked(inspect_pages([forum]))["pages"]
    assert entry["explanations"] == {"unknown": str(caught.value)}


def test_values_are_rounded_to_four_digits_and_whole_numbers_stay_whole() -> None:
    values = np.array([[0.123456, -98765.4, 0.0, 12.0, 0.000123456, np.nan, np.inf]])
    assert significant(values).tolist() == [[0.1235, -98765.0, 0.0, 12.0, 0.0001235, 0.0, 0.0]]


def test_the_assets_are_installed_with_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["classifier"]
    assets = {path.name for path in (files("classifier.inspect") / "assets").iterdir()}
    assert assets == {"report.html", "report.css", "report.js"}
    assert "inspect/assets/*" in patterns
