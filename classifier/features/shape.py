"""Shape: how long a block is and what kinds of characters and words it is made of."""

from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Arrays, Char, Column, Floats, ratio, stack

__all__ = ["COLUMNS", "compute"]

COLUMNS: Final[tuple[Column, ...]] = (
    ("chars", "log(1 + characters), white space not counted"),
    ("words", "log(1 + words); characters in scripts without spaces"),
    ("word_chars", "mean characters a word"),
    ("longest_word", "log(1 + characters of the longest word)"),
    ("stops", "log(1 + sentence-ending marks)"),
    ("words_per_stop", "log(1 + words / (1 + sentence-ending marks))"),
    ("comma_share", "commas a word"),
    ("punct_share", "other punctuation a character"),
    ("separator_share", "signs such as | » / # a character"),
    ("symbol_share", "symbols, emoji among them, a character"),
    ("digit_share", "digits a character"),
    ("upper_share", "capitals a cased letter"),
    ("capital_word_share", "words beginning with a capital, a word"),
    ("currency", "1 if a currency sign stands in the block"),
    ("ends_with", "class of the last character"),
    ("begins_with", "class of the first character"),
    ("ends_with_colon", "1 if the block ends with a colon"),
    ("ends_with_ellipsis", "1 if the block ends with an ellipsis"),
    ("ends_with_question", "1 if the block ends with a question mark"),
    ("lines", "log(lines): <br>, <pre> lines"),
    ("cells", "log(cells) of a table row"),
    ("unspaced_share", "characters of scripts without spaces, a character"),
)

_COLONS: Final = ":："
_QUESTIONS: Final = "?？؟\u037e"
_ELLIPSES: Final = ("...", "…", "[…]", "[...]")


def compute(page: Arrays) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    counts, chars, words = page.counts, page.chars, page.words
    longest = np.zeros(page.n, np.int64)
    np.maximum.at(longest, page.token_block, page.token_chars)
    stops = counts[:, Char.STOP]
    cased = counts[:, Char.LOWER] + counts[:, Char.UPPER]
    letters = chars - counts[:, Char.STOP] - counts[:, Char.COMMA] - counts[:, Char.PUNCT]
    return stack(
        (
            np.log1p(chars),
            np.log1p(words),
            ratio(letters, words),
            np.log1p(longest),
            np.log1p(stops),
            np.log1p(words / (1 + stops)),
            ratio(counts[:, Char.COMMA], words),
            ratio(counts[:, Char.PUNCT], chars),
            ratio(counts[:, Char.SEPARATOR], chars),
            ratio(counts[:, Char.SYMBOL], chars),
            ratio(counts[:, Char.DIGIT], chars),
            ratio(counts[:, Char.UPPER], cased),
            ratio(page.capital_words, words),
            counts[:, Char.CURRENCY] > 0,
            page.last,
            page.first,
            _ends_with(page, _COLONS),
            _ends_with_ellipsis(page),
            _ends_with(page, _QUESTIONS),
            np.log1p(page.lines),
            np.log1p(page.cells),
            ratio(counts[:, Char.UNSPACED], chars),
        ),
        page.n,
    )


def _ends_with(page: Arrays, signs: str) -> npt.NDArray[np.bool_]:
    """Whether the last character of each block is one of `signs`; shape (blocks,)."""
    found = np.zeros(page.n, bool)
    for sign in signs:
        found |= page.last_point == ord(sign)
    return found


def _ends_with_ellipsis(page: Arrays) -> npt.NDArray[np.bool_]:
    texts = page.segments.texts
    found = np.zeros(page.n, bool)
    for index in np.flatnonzero(_ends_with(page, ".…]")).tolist():
        found[index] = texts[index].endswith(_ELLIPSES)
    return found
