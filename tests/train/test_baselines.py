import pytest

from train.baselines import BASELINES, c4_lines, everything, long_lines


def test_everything_is_kept_as_it_is() -> None:
    assert everything("Menu\n\nThe weir.") == "Menu\n\nThe weir."


def test_long_lines_have_eight_words() -> None:
    assert long_lines("one two three four five six seven\none two three four five six seven eight\n") == (
        "one two three four five six seven eight"
    )


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("The weir was mended today.", True),
        ("The weir was mended today. ", True),
        ("He said: “The weir is mended.”", True),
        ("Was the weir mended today?", True),
        ("क्या बाँध की मरम्मत हो गई।", True),
        ("The weir was mended today", False),
        ("The weir was mended.", False),
        ("", False),
    ],
)
def test_the_line_rule_of_c4_wants_five_words_and_a_sentence_mark(line: str, kept: bool) -> None:
    assert c4_lines(line) == (line.rstrip() if kept else "")


@pytest.mark.parametrize("name", BASELINES)
def test_an_empty_text_stays_empty(name: str) -> None:
    assert BASELINES[name]("") == ""
