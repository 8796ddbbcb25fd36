"""Features in plain words: what each family looks at, what each feature is called, how its value reads.

The words are for people who read why a block was kept or cut. How a value reads follows from the feature's
documentation beside its computation: a logarithm is told as the number that it was taken of, a class of
characters by its name, log-odds as what they speak for.
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from classifier.features.arrays import Char
from classifier.features.matrix import column_docs, column_families
from classifier.features.structure import HEADINGS, TAG_CODES
from classifier.segment import Kind, Source

__all__ = ["FAMILY_TITLES", "in_words", "title"]

FAMILY_TITLES: Final = {
    "shape": "length and characters",
    "links": "links",
    "position": "place on the page",
    "repetition": "repetition",
    "topic": "topic",
    "neighbours": "blocks around it",
    "context": "kind of page",
    "structure": "elements around it",
    "plain": "bullets and blank lines",
    "lexical": "wording",
    "correction": "your own pages",
}

# Pattern of a name -> its title, with what groups match: the name of another feature, a place before or
# after, a number of steps from the block's element outwards. The first that fits the whole name counts.
_TITLES: Final = {
    # What is told of other blocks.
    r"(words|stops|ends)_at_([+-]\d)": "{1}: {0}",
    r"(.+)_(previous|next)": "{1}: {0}",
    r"(link_density)_window_(\d+)": "{0} up to {1} blocks away",
    r"words_window_(\d+)": "mean words of the blocks up to {0} away",
    r"long_window_(\d+)": "share of paragraphs up to {0} blocks away",
    r"words_(before|after)_(\d+)": "mean words of the {1} blocks {0}",
    r"topic_window_(\d+)": "share of long words up to {0} blocks away in other paragraphs",
    r"cue_(before|after)_(\d+)": "the short blocks up to {1} {0}",
    r"cue_high_before_(\d+)": "the short block most like content up to {0} before",
    r"phrase_before_(\d+)": "the phrases of the {0} blocks before",
    r"linear_words_before_(\d+)": "the words of the {0} blocks before",
    # The elements around a block, from its own outwards.
    r"in_h1": "headings around it",
    r"in_ul": "lists around it",
    r"in_(\w+)": "<{0}> around it",
    r"subtree_words_(\d)": "words in {0}",
    r"subtree_share_(\d)": "share of the page's words in {0}",
    r"subtree_links_(\d)": "link density of {0}",
    r"subtree_mean_(\d)": "mean words a block in {0}",
    r"subtree_position_(\d)": "place in {0}",
    r"subtree_long_(\d)": "share of <p> in {0}",
    r"alike_(\d)": "siblings like {0}",
    r"name_(\d)": "the class and id names of {0}",
    r"tag": "tag",
    r"parent_tag": "tag of the element around it",
    r"depth": "depth in the page",
    r"hidden": "hidden by attributes",
    r"source": "source",
    r"images": "images before it",
    r"controls": "form controls before it",
    r"path_blocks": "blocks of the same path and names",
    r"path_words": "mean words of blocks of the same path and names",
    r"path_links": "link density of blocks of the same path and names",
    r"since_h1": "blocks since the last <h1>",
    r"since_heading": "blocks since the last heading",
    r"heading_level": "level of the last heading",
    r"section_words": "words of its section",
    r"section_links": "link density of its section",
    # The page.
    r"page_p_share": "share of the page's words in <p>",
    r"page_li_share": "share of the page's words in <li>",
    r"page_row_share": "share of the page's words in tables",
    r"page_link_density": "link density of the page",
    r"page_hidden_share": "share of the page's words that are hidden",
    r"page_noscript_share": "share of the page's words in <noscript>",
    r"page_embedded_share": "share of the page's words in embedded data",
    r"page_articles": "<article> elements on the page",
    r"page_headings": "headings on the page",
    r"page_h1": "<h1> on the page",
    r"page_controls": "form controls on the page",
    r"page_main_share": "share of the page's words in <main>",
    r"page_article_share": "share of the page's words in <article>",
    r"page_blocks": "blocks of the page",
    r"page_words": "words of the page",
    r"page_words_per_block": "mean words of the page's blocks",
    r"page_long_share": "share of the page's words in paragraphs",
    r"page_longest": "words of the longest block",
    r"page_medium_share": "share of the page's words in blocks of 6 to 19",
    r"page_stop_share": "sentence ends a word on the page",
    r"page_digit_share": "digits a character on the page",
    r"page_repeat_share": "share of the page's blocks that repeat",
    r"page_currency_share": "share of the page's blocks with a currency sign",
    r"page_unspaced_share": "share of scripts without spaces on the page",
    r"page_blank_share": "share of the page's blocks after a blank line",
    # The block itself.
    r"chars": "characters",
    r"words": "words",
    r"word_chars": "letters a word",
    r"longest_word": "letters of the longest word",
    r"stops": "sentence ends",
    r"ends": "last character",
    r"words_per_stop": "words a sentence",
    r"comma_share": "commas a word",
    r"punct_share": "other punctuation a character",
    r"separator_share": "signs such as | and » a character",
    r"symbol_share": "symbols a character",
    r"digit_share": "digits a character",
    r"upper_share": "capitals a letter",
    r"capital_word_share": "share of words with a capital",
    r"currency": "has a currency sign",
    r"ends_with": "last character",
    r"begins_with": "first character",
    r"ends_with_colon": "ends with a colon",
    r"ends_with_ellipsis": "ends with an ellipsis",
    r"ends_with_question": "ends with a question mark",
    r"lines": "lines",
    r"cells": "table cells",
    r"unspaced_share": "share of scripts without spaces",
    r"link_density": "link density",
    r"links": "links",
    r"words_per_link": "words a link",
    r"emphasis_density": "share of bold and italic",
    r"unlinked_words_before": "words before it since the last link block",
    r"mark": "mark",
    r"blank_before": "blank lines before",
    r"blank_after": "blank lines after",
    # Its place.
    r"index": "blocks before it",
    r"index_from_end": "blocks after it",
    r"position": "share of blocks before it",
    r"word_position": "share of words before it",
    r"long_position": "share of paragraph words before it",
    r"since_long": "blocks since the last paragraph",
    r"until_long": "blocks until the next paragraph",
    r"before_first_long": "before the first paragraph",
    r"after_last_long": "after the last paragraph",
    # Its neighbours and its likes.
    r"similar_length": "blocks of like length among the 10 around it",
    r"density_rank": "words around it beside the page's densest place",
    r"repeats": "times on the page",
    r"repeat_before": "stands on the page before",
    r"repeat_after": "stands on the page again",
    r"prefix_repeats": "blocks that begin alike",
    r"prefix_of_longer": "begins a longer block",
    r"prefix_of_shorter": "begins with a shorter block",
    r"words_in_long": "share of its words in paragraphs",
    r"words_elsewhere": "share of its words in other blocks",
    r"unique_words": "distinct words a word",
    r"title_share": "share of its words in the title",
    r"title_cover": "share of the title's words in it",
    r"topic_words": "long words",
    r"topic_share": "share of its long words in other paragraphs",
    r"topic_weight": "how many paragraphs share its long words",
    r"topic_relative": "how well it shares the paragraphs' long words",
    # Its wording: the subjects of "speak for".
    r"word_mean": "the words",
    r"word_min": "the words most like clutter",
    r"word_max": "the words most like content",
    r"word_sum": "all words together",
    r"word_first": "the first words",
    r"pair_mean": "the pairs of words",
    r"pair_min": "the pairs of words most like clutter",
    r"phrase": "the words as a whole",
    r"linear_words": "the words and their pairs",
    r"tag_odds": "the tags of it and around it",
    r"name_sum": "all class and id names around it",
    r"name_min": "the names around it most like clutter",
    r"name_max": "the names around it most like content",
    r"name_page": "the class and id names of the page",
    r"linear_names": "the tags and names around it",
}
_PATTERNS: Final = {re.compile(pattern): words for pattern, words in _TITLES.items()}
_PLACES: Final = {
    "previous": "block before",
    "next": "block after",
    "-1": "block before",
    "+1": "block after",
}
_CHARACTERS: Final[dict[int, str]] = {
    Char.SPACE: "none", Char.LOWER: "small letter", Char.UPPER: "capital", Char.LETTER: "letter",
    Char.UNSPACED: "letter without spaces", Char.DIGIT: "digit", Char.MARK: "accent",
    Char.STOP: "sentence end", Char.COMMA: "comma", Char.PUNCT: "other punctuation", Char.SYMBOL: "symbol",
    Char.CURRENCY: "currency sign", Char.SEPARATOR: "separator",
}  # fmt: skip
_TAGS: Final = {code: f"<{tag}>" for tag, code in TAG_CODES.items()}
_SOURCES: Final[dict[int, str]] = {source: source.name.lower().replace("_", "-") for source in Source}
_MARKS: Final = {0: "none", 1: "bullet or number", 2: "heading mark", 3: "quotation mark"}
# Log-odds that are told as 0.0.
_SILENT: Final = 0.05
# A stranger's model may have medians of any size.
_MAX_LOG: Final = 50.0
# How the documentation of a feature begins that is 0 or 1.
_FLAG: Final = "1 if "


@cache
def title(name: str) -> str:
    """What a feature is called in plain words.

    Raises:
        KeyError: there are no words for it.
    """
    for pattern, words in _PATTERNS.items():
        if match := pattern.fullmatch(name):
            return words.format(*(_part(name, group) for group in match.groups()))
    raise KeyError(f"the feature {name} has no title: give it one in {__name__}")


def in_words(kind: Kind, name: str, value: float, median: float) -> str:
    """A feature's value beside its usual one, such as `link density 0.92, usually 0.10`."""
    start, read = _reading(kind, name)
    if read is _odds:
        return f"{start} {_speak(value, median)} ({_odds(value)}, usually {_odds(median)})"
    if read is _tag:  # the tag in the middle of all tags need not be a usual one
        return f"{start} {_tag(value)}"
    return f"{start} {read(value)}, usually {read(median)}"


@cache
def _reading(kind: Kind, name: str) -> tuple[str, Callable[[float], str]]:
    """How a sentence about a feature begins, and how its values read."""
    if column_families(kind)[name] == "lexical":
        return title(name), _odds
    doc = column_docs(kind)[name]
    read = next(how for start, how in _READINGS.items() if doc.startswith(start))
    return title(name) + (":" if doc.startswith(_FLAG) else ""), read


def _part(name: str, group: str) -> str:
    """What stands for a group that matched in a name."""
    if group in _PLACES:
        return _PLACES[group]
    if re.fullmatch(r"[+-]\d", group):
        return f"{group[1:]} blocks {'before' if group[0] == '-' else 'after'}"
    if name.startswith(("subtree_", "alike_", "name_")):
        steps = int(group)
        return (
            ("its element", "the element around it")[steps] if steps < 2 else f"the element {steps} steps out"
        )
    return title(group) if any(pattern.fullmatch(group) for pattern in _PATTERNS) and group != name else group


def _speak(value: float, median: float) -> str:
    """What log-odds of content speak for; less so where they usually do it more."""
    if abs(value) < _SILENT:
        return "say nothing"
    less = value * median > 0 and abs(value) < abs(median)
    return f"speak {'less ' if less else ''}for {'content' if value > 0 else 'clutter'}"


def _odds(value: float) -> str:
    return "0.0" if abs(value) < _SILENT else f"{value:+.1f}"


def _tag(value: float) -> str:
    return _named(_TAGS, value)


def _named(names: Mapping[int, str], value: float) -> str:
    return names.get(round(value), "other")


def _count(log: float) -> str:
    return _number(math.expm1(min(log, _MAX_LOG)))


def _number(value: float) -> str:
    """As many digits as say something."""
    if abs(value) >= 100 or abs(value - round(value)) < 0.005:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 10 else f"{value:.2f}"


# Beginning of a feature's documentation -> how its value reads. The first that fits counts.
_READINGS: Final[dict[str, Callable[[float], str]]] = {
    "log(1 + blocks since the last h1)": lambda value: "none" if value < 0 else _count(value),
    "log(1 + ": _count,
    "log(": lambda value: _number(math.exp(min(value, _MAX_LOG))),
    _FLAG: lambda value: "yes" if value else "no",
    "class of ": lambda value: _named(_CHARACTERS, value),
    "code of ": _tag,
    "tag code of ": _tag,
    "level of ": lambda value: "none" if value >= len(HEADINGS) + 1 else _number(value),
    "0 visible": lambda value: _named(_SOURCES, value),
    "0 without": lambda value: _named(_MARKS, value),
    "": _number,
}
