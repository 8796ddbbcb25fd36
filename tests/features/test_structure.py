from collections.abc import Callable
from math import log, log1p

import pytest

from classifier.features import structure
from classifier.features.structure import INSIDE, TAG_CODES

Compute = Callable[..., dict[str, list[float]]]
TEXT = "words of a text for machines alone " * 2
PAGE = (
    "<!doctype html><nav><ul><li><a href=x>Home</a><li><a href=y>News</a></ul></nav>"
    "<main><article><h1>Tea</h1><p>one two three</p><p>four</p><h2>Milk</h2><p>five six</p>"
    "</article></main><footer>end</footer>"
)  # Home, News, Tea, one two three, four, Milk, five six, end: 11 words


def logs(*values: float) -> list[float]:
    return [round(log1p(value), 5) for value in values]


def shares(*values: float) -> list[float]:
    return [round(value, 5) for value in values]


def test_tags_have_codes_and_unknown_ones_zero(compute: Compute) -> None:
    columns = compute(structure, "<h1>a</h1><p>b</p><blink-tag>c</blink-tag>")
    assert columns["tag"] == [TAG_CODES["h1"], TAG_CODES["p"], 0]
    assert columns["tag_previous"] == [0, TAG_CODES["h1"], TAG_CODES["p"]]
    assert columns["tag_next"] == [TAG_CODES["p"], 0, 0]
    assert columns["parent_tag"] == [TAG_CODES["body"]] * 3


def test_depth_hidden_and_source_are_those_of_the_block(compute: Compute) -> None:
    html = (
        "<div><p hidden>a</p></div><noscript>b</noscript>"
        f'<script type="application/ld+json">{{"text": "{TEXT}"}}</script>'
    )
    columns = compute(structure, html)
    assert columns["depth"] == [3, 2, 0]
    assert columns["hidden"] == [1, 0, 0]
    assert columns["source"] == [0, 1, 2]


def test_images_and_controls_are_counted(compute: Compute) -> None:
    columns = compute(structure, "<img><img><p>a</p><p><input>b</p>")
    assert columns["images"] == logs(2, 0)
    assert columns["controls"] == logs(0, 1)


def test_elements_around_a_block_are_counted(compute: Compute) -> None:
    columns = compute(structure, "<ul><li>a<ol><li>b</ol></ul><div>c</div>")
    assert columns["in_ul"] == [1, 2, 0]
    assert columns["in_li"] == [1, 2, 0]


@pytest.mark.parametrize("tags", [tags for tags in INSIDE if tags[0] not in ("a", "table", "p")])
def test_every_element_of_meaning_is_seen_around_a_block(compute: Compute, tags: tuple[str, ...]) -> None:
    for tag in tags:
        columns = compute(structure, f"<body><{tag}><div>a</div></{tag}><div>b</div>")
        assert columns[f"in_{tags[0]}"] == [1, 0]


def test_tables_links_and_paragraphs_are_seen_around_a_block(compute: Compute) -> None:
    html = "<!doctype html><table><tr><td>a<td>b</table><a href=x><div>c</div></a><p>d</p>"
    columns = compute(structure, html)
    assert columns["in_table"] == [1, 0, 0]
    assert columns["in_a"] == [0, 1, 0]
    assert columns["in_p"] == [0, 0, 1]


def test_subtrees_hold_so_many_words_and_links(compute: Compute) -> None:
    columns = compute(structure, "<main><div><p>one two<p><a href=x>four</a></div></main><p>end now")
    # Around the first block: p (2 words), main (3), html (5).
    at_first = [columns[f"subtree_words_{k}"][0] for k in range(4)]
    assert at_first == logs(2, 3, 5, 5)
    assert [columns[f"subtree_share_{k}"][0] for k in range(3)] == shares(0.4, 0.6, 1)
    assert [columns[f"subtree_mean_{k}"][0] for k in range(3)] == logs(2, 3 / 2, 5 / 3)
    assert [columns[f"subtree_links_{k}"][0] for k in range(3)] == shares(0, 4 / 10, 4 / 16)
    assert [columns[f"subtree_long_{k}"][0] for k in range(3)] == [1, 1, 1]
    assert columns["subtree_position_1"] == shares(0.25, 0.75, 2.5 / 3)


def test_siblings_alike_are_counted(compute: Compute) -> None:
    columns = compute(structure, "<ul><li>a<li>b<li>c</ul><p>d")
    assert columns["alike_0"] == [round(log(3), 5)] * 3 + [0]


def test_blocks_with_the_same_path_are_counted(compute: Compute) -> None:
    columns = compute(structure, "<p>one two<p><a href=x>four</a><div>x</div>")
    assert columns["path_blocks"] == [round(log(2), 5)] * 2 + [0]
    assert columns["path_words"] == logs(1.5, 1.5, 1)
    assert columns["path_links"] == shares(0.4, 0.4, 0)


def test_headings_open_sections(compute: Compute) -> None:
    columns = compute(structure, PAGE)
    assert columns["since_heading"] == logs(8, 8, 0, 1, 2, 0, 1, 2)
    assert columns["since_h1"] == [-1, -1, *logs(0, 1, 2, 3, 4, 5)]
    assert columns["heading_level"] == [7, 7, 1, 1, 1, 2, 2, 2]
    assert columns["section_words"] == logs(2, 2, 5, 5, 5, 4, 4, 4)
    assert columns["section_links"] == [1, 1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_p_share", 6 / 11),
        ("page_li_share", 2 / 11),
        ("page_row_share", 0),
        ("page_link_density", 8 / 40),
        ("page_hidden_share", 0),
        ("page_noscript_share", 0),
        ("page_embedded_share", 0),
        ("page_articles", log1p(1)),
        ("page_headings", log1p(2)),
        ("page_h1", 1),
        ("page_controls", 0),
        ("page_main_share", 8 / 11),
        ("page_article_share", 8 / 11),
    ],
)
def test_a_figure_of_the_page_by_hand_is_the_same_for_all_its_blocks(
    compute: Compute, name: str, value: float
) -> None:
    assert compute(structure, PAGE)[name] == [pytest.approx(value, abs=1e-4)] * 8


def test_shares_of_hidden_noscript_row_and_embedded_words_add_up(compute: Compute) -> None:
    columns = compute(
        structure,
        "<!doctype html><body><p hidden>a</p><noscript>b</noscript><table><tr><td>c<td>d</table>"
        f'<script type="application/ld+json">{{"text": "{TEXT}"}}</script>',
    )
    total = 4 + len(TEXT.split())
    assert columns["page_hidden_share"][0] == round(1 / total, 5)
    assert columns["page_noscript_share"][0] == round(1 / total, 5)
    assert columns["page_row_share"][0] == round(2 / total, 5)
    assert columns["page_embedded_share"][0] == round(len(TEXT.split()) / total, 5)
