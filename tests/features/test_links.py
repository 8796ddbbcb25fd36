from collections.abc import Callable
from math import log1p

from classifier.features import links

Compute = Callable[..., dict[str, list[float]]]
PAGE = "<p>four<a href=x>link</a></p><p><a href=x>ab</a> <a href=y>cd</a></p><p>none here</p>"


def test_link_density_is_the_share_of_characters_in_links(compute: Compute) -> None:
    assert compute(links, PAGE)["link_density"] == [0.5, 1.0, 0.0]


def test_link_density_never_exceeds_one_though_inner_spaces_count_as_linked(
    compute: Compute,
) -> None:
    assert compute(links, "<a href=x>a b c d</a>")["link_density"] == [1.0]


def test_links_are_counted_a_block(compute: Compute) -> None:
    columns = compute(links, PAGE)
    assert columns["links"] == [round(log1p(count), 5) for count in (1, 2, 0)]
    assert columns["words_per_link"] == [round(log1p(words), 5) for words in (1 / 2, 2 / 3, 2)]


def test_emphasis_density_is_the_share_of_bold_and_italic_characters(compute: Compute) -> None:
    assert compute(links, "<p><b>ab</b> c<i>d</i>")["emphasis_density"] == [0.75]


def test_the_neighbours_densities_are_shifted_and_zero_beyond_the_page(compute: Compute) -> None:
    columns = compute(links, PAGE)
    assert columns["link_density_previous"] == [0.0, 0.5, 1.0]
    assert columns["link_density_next"] == [1.0, 0.0, 0.0]


def test_the_density_of_a_window_weighs_blocks_by_their_characters(compute: Compute) -> None:
    columns = compute(links, PAGE)
    # Linked 4, 4, 0 of 8, 4, 8 characters.
    assert columns["link_density_window_1"] == [round(x, 5) for x in (8 / 12, 8 / 20, 4 / 12)]
    assert columns["link_density_window_8"] == [0.4, 0.4, 0.4]


def test_unlinked_words_are_counted_since_the_last_block_that_is_all_link(
    compute: Compute,
) -> None:
    page = "<p>one two<p><a href=x>link</a><p>three<p>four five"
    expected = [round(log1p(words), 5) for words in (2, 0, 1, 3)]
    assert compute(links, page)["unlinked_words_before"] == expected
