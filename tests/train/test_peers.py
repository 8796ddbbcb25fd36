from importlib import metadata

import pytest

from train.peers import PEERS, Peer, html_to_text, installed_peers, markdown_to_text

PAGE = (
    "<html><head><title>Lanterns</title></head><body><nav><a href='/'>Home</a></nav><article>"
    "<h1>How lanterns are mended</h1>"
    + "<p>A lantern is mended by the person who broke it, which is the custom in our harbour, and "
    "the work of it takes most of a winter evening by the stove with a small hammer, and if there "
    "is no stove then it is done by the window in the afternoon, when the light is good.</p>"
    * 4
    + "</article><footer><a href='/imprint'>Imprint</a></footer></body></html>"
)


def test_link_targets_are_dropped_from_markdown() -> None:
    assert markdown_to_text("See [the map](http://a.example/map 'Map') here.") == "See the map here."


def test_markdown_marks_are_dropped() -> None:
    assert markdown_to_text("# Title\n\n- **one**\n- `two`\n") == "Title\none\ntwo"


def test_images_are_dropped_from_markdown() -> None:
    assert markdown_to_text("before ![a boat](boat.png) after") == "before  after"


def test_a_markdown_table_keeps_its_cells() -> None:
    assert markdown_to_text("| a | b |\n|---|---|\n| 1 | 2 |").split() == ["a", "b", "1", "2"]


def test_code_in_markdown_is_kept_without_the_name_of_its_language() -> None:
    assert markdown_to_text("```python\nx = 1\n```") == "x = 1"


def test_html_is_reduced_to_a_block_a_line() -> None:
    assert html_to_text("<div><p>One <a href='/x'>two</a></p><p>three</p></div>") == "One two\nthree"


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_gives_text_and_its_version(name: str) -> None:
    if name not in installed_peers():
        pytest.skip(f"{name} is not installed")
    peer = PEERS[name]
    text = peer.extract(PAGE)
    assert "small hammer" in text
    assert "<p>" not in text
    assert peer.version()[0].isdigit()


def test_a_peer_that_is_not_installed_has_no_version() -> None:
    with pytest.raises(metadata.PackageNotFoundError):
        Peer("no-such-extractor-anywhere", str).version()


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PEERS, "absent", Peer("no-such-extractor-anywhere", str))
    assert "absent" not in installed_peers()
