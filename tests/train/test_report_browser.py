"""A report in a real browser: nothing runs, nothing is fetched, nothing overflows, in both themes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from train.report import figures
from train.report.page import write
from train.report.parts import Absent, Chapter, Drawn, Grid, Report, Section
from train.report.svg import INKS

# What a page does that should do nothing.
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", event => violations.push(event.violatedDirective));
"""
HOSTILE = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with a figure, a wide table, a long word and names that would be markup."""
    frame = pd.DataFrame(
        {name: [0.9, 0.5] for name in ("f1", "f1_low", "f1_high")}, index=["clutter-classifier", HOSTILE]
    )
    svg = figures.standing("html-standings", frame, "clutter-classifier")
    wide = pd.DataFrame(
        np.full((2, 12), "0.123 (0.100 to 0.200)"),
        index=pd.Index(["a", HOSTILE], name="extractor"),
        columns=[f"column{number}" for number in range(12)],
    )
    parts = (
        HOSTILE + " " + "long" * 60,
        Drawn("html-standings", svg, f"A figure {HOSTILE}", f"A caption {HOSTILE} `code`"),
        Grid("A wide table, whose caption is so long that it does not fit into a narrow window. " * 2, wide),
        Absent(f"{HOSTILE}: make it with python -m train fit"),
    )
    report = Report("A report", "Made", (Chapter("html", "HTML pages", (Section("Beside others", parts),)),))
    return write(report, tmp_path_factory.mktemp("report"))[0]


@pytest.fixture(params=[("light", 390), ("dark", 390), ("light", 1280), ("dark", 1280)])
def tab(request: pytest.FixtureRequest, chromium: Any, path: Path) -> Iterator[Any]:
    """The report in a tab of a theme and a width; whatever it does beside showing itself fails the test."""
    theme, width = request.param
    context = chromium.new_context(color_scheme=theme, viewport={"width": width, "height": 800})
    context.add_init_script(WATCH)
    one = context.new_page()
    noise: list[str] = []
    one.on("console", lambda message: noise.append(message.text))
    one.on("pageerror", lambda error: noise.append(str(error)))
    one.on("request", lambda made: noise.append(made.url))
    one.goto(path.as_uri())
    yield one
    assert noise == [path.as_uri()]
    assert one.evaluate("violations") == []
    context.close()


def test_nothing_runs_and_nothing_overflows(tab: Any) -> None:
    assert tab.title() == "A report"
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    outside = """[...document.querySelectorAll('body *')].filter(one =>
        !one.closest('.scroll table, svg, .skip') && one.getBoundingClientRect().right > innerWidth + 1
    ).map(one => one.outerHTML.slice(0, 80))"""
    assert tab.evaluate(outside) == []


def test_a_wide_table_is_moved_by_itself_and_its_caption_stays_in_sight(tab: Any) -> None:
    assert tab.evaluate("(one => one.scrollWidth > one.clientWidth)(document.querySelector('.scroll'))")
    right = tab.evaluate("document.querySelector('caption span').getBoundingClientRect().right")
    assert right <= tab.evaluate("innerWidth")


def test_figures_have_the_colours_of_the_theme_and_stay_inside_their_box(tab: Any) -> None:
    dark = tab.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = tab.evaluate("getComputedStyle(document.querySelector('svg text.fill-text')).fill")
    wanted = INKS["text"].dark if dark else INKS["text"].light
    assert found == f"rgb({', '.join(str(int(wanted[place : place + 2], 16)) for place in (1, 3, 5))})"
    cut = """(svg => [...svg.querySelectorAll('text')].filter(one => {
        const [a, b] = [one.getBoundingClientRect(), svg.getBoundingClientRect()];
        return a.left < b.left - 1 || a.right > b.right + 1;
    }).map(one => one.textContent))(document.querySelector('figure svg'))"""
    assert [text for text in tab.evaluate(cut) if text in ("clutter-classifier", "0.900", "0.500")] == []


def test_headings_go_down_by_one_and_code_is_code(tab: Any) -> None:
    levels = tab.evaluate("[...document.querySelectorAll('h1, main h2, main h3')].map(one => one.tagName)")
    assert levels == ["H1", "H2", "H3"]
    told = tab.evaluate("[...document.querySelectorAll('code')].map(one => one.textContent)")
    assert told == ["code", "python -m train fit"]


def test_an_svg_file_alone_shows_in_the_theme(chromium: Any, path: Path) -> None:
    svg = path.parent / "figures" / "html-standings.svg"
    fills = []
    for theme in ("light", "dark"):
        context = chromium.new_context(color_scheme=theme)
        one = context.new_page()
        one.goto(svg.as_uri())
        fills.append(one.evaluate("getComputedStyle(document.querySelector('text.fill-text')).fill"))
        context.close()
    assert fills[0] != fills[1]
