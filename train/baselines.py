"""Rules without any learning for plain text: what a model of plain text must beat.

Few other extractors take plain text, so these stand in for them. Each is a function from the text of
a page, a block a line, to the lines it keeps.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from train.metrics import words

__all__ = ["BASELINES", "c4_lines", "everything", "long_lines"]

MIN_WORDS: Final = 8
C4_MIN_WORDS: Final = 5
# Those of C4 (full stop, exclamation and question mark, closing quotation mark) and what stands for
# them in other scripts.
SENTENCE_MARKS: Final = (".", "!", "?", '"', "”", "»", "…", "。", "！", "？", "」", "؟", "۔", "।")


def everything(text: str) -> str:
    """Keep every line."""
    return text


def long_lines(text: str) -> str:
    """Keep the lines of at least `MIN_WORDS` words."""
    return "\n".join(line for line in text.splitlines() if len(words(line)) >= MIN_WORDS)


def c4_lines(text: str) -> str:
    """Keep the lines of at least five words that end in a sentence mark.

    The line rule of C4 (Raffel et al. 2020, https://jmlr.org/papers/v21/20-074.html), without its
    rules about whole pages and single words.
    """
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(
        line for line in lines if line.endswith(SENTENCE_MARKS) and len(words(line)) >= C4_MIN_WORDS
    )


BASELINES: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"everything": everything, f"lines of {MIN_WORDS}+ words": long_lines, "C4 line rule": c4_lines}
)
