import re
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from train.report.svg import INKS, standalone, style, themed


def drawn(ink: str = INKS["own"].drawn) -> Figure:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], "o-", color=ink)
    axes.set_title("a < b & c", color=INKS["text"].drawn)
    for spine in axes.spines.values():
        spine.set_color(INKS["line"].drawn)
    axes.tick_params(color=INKS["line"].drawn, labelcolor=INKS["quiet"].drawn)
    return figure


def test_colours_become_classes_and_no_style_is_left() -> None:
    svg = themed(drawn(), "one")
    assert "stroke-own" in svg and "fill-text" in svg
    assert "style" not in svg and "#0000" not in svg
    assert not re.search(r'(fill|stroke)="#', svg)


def test_a_colour_of_no_theme_is_an_error() -> None:
    with pytest.raises(ValueError, match="none of the inks"):
        themed(drawn("#ff0000"), "one")


def test_text_stays_text_of_its_size() -> None:
    root = ElementTree.fromstring(themed(drawn(), "one"))
    texts = {element.text: element for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert "a < b & c" in texts
    assert float(texts["a < b & c"].get("font-size", "")) == 12


def test_the_same_figure_gives_the_same_text() -> None:
    assert themed(drawn(), "one") == themed(drawn(), "one")


def test_two_figures_share_no_identifier() -> None:
    names = [set(re.findall(r'\bid="([^"]+)"', themed(drawn(), name))) for name in ("one", "two")]
    assert names[0] and not names[0] & names[1]


def test_what_is_referred_to_is_there() -> None:
    svg = themed(drawn(), "one")
    referred = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg))
    assert referred
    assert {a or b for a, b in referred} <= set(re.findall(r'\bid="([^"]+)"', svg))


def test_every_ink_has_a_colour_in_both_themes() -> None:
    light, dark = style().split("@media (prefers-color-scheme:dark)")
    for name, ink in INKS.items():
        assert f".stroke-{name}{{stroke:{ink.light}}}" in light
        assert f".fill-{name}{{fill:{ink.dark}}}" in dark


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", sorted(set(INKS) - {"line", "ground"}))
def test_text_and_marks_stand_out_from_the_ground(name: str, theme: str) -> None:
    """A contrast of 4.5, as the Web Content Accessibility Guidelines ask of text; 3 is enough for marks."""
    bright, dim = sorted((luminance(getattr(INKS[one], theme)) for one in (name, "ground")), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_a_file_of_its_own_carries_its_description_and_only_the_colours_it_uses() -> None:
    text = standalone(themed(drawn(), "one"), 'two "lines" & <a mark>')
    root = ElementTree.fromstring(text)
    assert root[0].text == 'two "lines" & <a mark>'
    sheet = root[1].text or ""
    assert ".stroke-own{" in sheet and "fifth" not in sheet
    assert sheet.count(".stroke-own{") == 2 and "prefers-color-scheme:dark" in sheet
