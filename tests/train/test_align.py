import numpy as np
import pytest

from train.align import align


def test_a_block_in_the_gold_is_content_and_another_is_not() -> None:
    found = align(["Log in", "The mill stood by the river."], "The mill stood by the river.")
    assert found.labels.tolist() == [False, True]
    assert found.share.tolist() == [0, 1]
    assert found.words.tolist() == [2, 6]
    assert found.missing == 0


def test_case_and_punctuation_do_not_count() -> None:
    assert align(["THE MILL -- stood!"], "the mill stood").labels.tolist() == [True]


def test_half_of_its_words_make_a_block_content() -> None:
    found = align(["mill river rum soup", "weir tea rum soup ale"], "mill river\nweir tea")
    assert found.share.tolist() == pytest.approx([0.5, 0.4])
    assert found.labels.tolist() == [True, False]


def test_text_that_stands_twice_on_the_page_and_once_in_the_gold_is_content_once() -> None:
    teaser = "The old mill by the weir is for sale"
    page = [teaser, "Log in", "A heading here", teaser, "It was built in the year of the flood."]
    gold = "\n".join(page[2:])
    assert align(page, gold).labels.tolist() == [False, False, True, True, True]


def test_text_that_stands_twice_in_both_is_content_twice() -> None:
    chorus = "row the boat home"
    page = [chorus, "a verse of the song", chorus, "Log in"]
    assert align(page, "\n".join(page[:3])).labels.tolist() == [True, True, True, False]


def test_a_block_that_the_gold_has_in_another_place_is_found() -> None:
    body = "a long body of the text that stands first on the page and keeps the order"
    page = [body, "Log in", "the heading of the page"]
    gold = f"the heading of the page\n{body}"
    found = align(page, gold)
    assert found.labels.tolist() == [True, False, True]
    assert found.missing == 0


def test_a_short_block_in_another_place_is_not_taken_for_content() -> None:
    body = "a long body of the text that stands first on the page and keeps the order"
    found = align([body, "read more"], f"read more\n{body}")
    assert found.labels.tolist() == [True, False]


def test_a_block_of_which_the_rest_of_the_gold_has_only_a_part_stays_clutter() -> None:
    body = "a long body of the text that stands first on the page and keeps the order"
    page = [body, "soup of the day with a loaf of rye and beer"]
    assert align(page, f"soup\n{body}").labels.tolist() == [True, False]


def test_the_missing_share_counts_words_of_the_gold_that_are_nowhere_on_the_page() -> None:
    found = align(["mill river"], "mill river weir lock")
    assert found.missing == pytest.approx(0.5)


def test_words_in_another_order_are_not_missing() -> None:
    assert align(["river mill"], "mill river").missing == 0


def test_without_gold_nothing_is_content_and_nothing_is_missing() -> None:
    found = align(["mill", "river"], "")
    assert not found.labels.any()
    assert found.missing == 0


def test_a_block_without_words_is_clutter() -> None:
    assert align(["---", "mill river"], "mill river").labels.tolist() == [False, True]


def test_a_page_without_blocks_has_all_of_its_gold_missing() -> None:
    found = align([], "mill river")
    assert found.labels.shape == (0,)
    assert found.missing == 1


def test_shares_and_words_have_the_documented_types() -> None:
    found = align(["mill"], "mill")
    assert found.share.dtype == np.float32
    assert found.words.dtype == np.int32
    assert found.labels.dtype == np.bool_


def test_unspaced_scripts_align_by_their_runs_of_letters() -> None:
    river = "河水从北边的山里流出。"
    assert align(["登录", river], river).labels.tolist() == [False, True]
