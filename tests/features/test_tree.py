from collections.abc import Callable

import pytest

from classifier.features.arrays import Arrays, measure
from classifier.features.tree import LEVELS, Tree, build_tree
from classifier.segment import Elements, Segments

Measure = Callable[[str], Arrays]


@pytest.fixture
def tree(arrays: Measure) -> Callable[[str], Tree]:
    return lambda html: build_tree(arrays(html))


Build = Callable[[str], Tree]


def names(tree: Tree, block: int) -> list[str]:
    """Tags of the subtrees around a block, the narrowest first."""
    return [tree.tag_names[tree.tag[element]] for element in tree.level[:, block]]


def _leaves(tree: Tree) -> list[int]:
    """The innermost elements, which hold the blocks, but for an empty head."""
    inner = set(range(len(tree.parent))) - set(tree.parent.tolist())
    return sorted(element for element in inner if tree.tag_names[tree.tag[element]] != "head")


def test_depth_counts_the_steps_from_the_root(tree: Build) -> None:
    found = tree("<div><p>a</p></div>")
    assert found.depth.tolist() == [0, 1, 1, 2, 3]  # html, head, body, div, p


def test_depth_is_right_on_a_tree_deeper_than_python_recursion() -> None:
    n = 5_000
    chain = Elements(["div"] * n, [*range(-1, n - 1)], [1] * n, [""] * n, [0] * n, [1] * n)
    found = build_tree(measure(Segments("html", "", ["x"], ["div"], [n - 1], chain, [0])))
    assert found.depth.tolist() == [*range(n)]
    assert len(set(found.path.tolist())) == n
    assert found.level[:, 0].tolist() == [0] * LEVELS


def test_elements_with_the_same_tags_and_names_above_have_the_same_path(tree: Build) -> None:
    found = tree(
        "<div class=a><p>1</p></div><div class=a><p>2</p></div><div class=b><p>3</p></div>"
        "<div class=a><h2>4</h2></div><p>5</p>"
    )
    one, two, other_name, other_tag, higher = found.path[_leaves(found)]
    assert one == two
    assert len({one, other_name, other_tag, higher}) == 4


def test_the_order_of_the_tags_on_the_way_matters(tree: Build) -> None:
    found = tree("<div><ul><li>a</ul></div><ul><div><li>b</div></ul>")
    one, other = (found.path[element] for element in _leaves(found))
    assert one != other


def test_alike_counts_siblings_with_the_same_tag_and_names(tree: Build) -> None:
    found = tree("<ul><li>a<li>b<li class=x>c</ul><ul><li>d</ul>")
    li = [int(found.alike[element]) for element in _leaves(found)]
    assert li == [2, 2, 1, 1]


def test_each_level_holds_more_blocks_than_the_one_before(tree: Build) -> None:
    found = tree("<main><section><div><p>a</p></div></section><p>b</p></main><p>c</p>")
    assert names(found, 0) == ["section", "main", *["html"] * (LEVELS - 2)]
    assert (found.end - found.first)[found.level[:, 0]].tolist() == [1, 2, *[3] * (LEVELS - 2)]


def test_the_total_of_a_subtree_is_the_sum_over_its_blocks(tree: Build) -> None:
    found = tree("<div><p>one two<p>three</div><p><a href=x>four</a>")
    assert found.total(found.words, found.level[0]).tolist() == [2, 1, 1]
    assert found.total(found.words, found.level[1]).tolist() == [3, 3, 4]
    assert found.total(found.linked, found.level[1]).tolist() == [0, 0, 4]


def test_embedded_blocks_hang_from_the_root(tree: Build) -> None:
    text = "some words of a text " * 4
    found = tree(f'<p>a<script type="application/ld+json">{{"text": "{text}"}}</script>')
    assert names(found, 1) == ["html"] * LEVELS
    assert found.end[0] == 2


def test_a_page_without_elements_has_a_root(arrays: Callable[[list[str]], Arrays]) -> None:
    found = build_tree(arrays(["a", "b"]))
    assert (found.depth.tolist(), found.end.tolist()) == ([0], [2])
