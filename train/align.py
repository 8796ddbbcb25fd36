"""Gold text <-> blocks: which blocks of a page its gold text holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

import numpy as np
import numpy.typing as npt

from train.metrics import words

__all__ = ["Alignment", "align", "with_labels"]

# A block is content when the gold text holds at least this share of its words.
CONTENT_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Alignment:
    """Labels of one page's blocks, and how well its gold text was found."""

    share: npt.NDArray[np.float32]
    """Share of each block's words that the gold text holds, 0 to 1; shape (blocks,)."""
    words: npt.NDArray[np.int32]
    """Words of each block; shape (blocks,)."""
    missing: float
    """Share of the gold's words that no block carries."""

    @property
    def labels(self) -> npt.NDArray[np.bool_]:
        """True where a block is content; shape (blocks,)."""
        return (self.share >= CONTENT_SHARE) & (self.words > 0)


def align(texts: Sequence[str], gold: str) -> Alignment:
    """Align the blocks `texts` of a page with its `gold` text, word by word in order.

    Words are those of the metric (`train.metrics.words`). What stands in another order on the page
    than in the gold is found in a second pass, in which a whole block must occur in what is left.
    """
    block_words = [words(text) for text in texts]
    counts = np.fromiter((len(block) for block in block_words), np.int32, len(block_words))
    page = [word for block in block_words for word in block]
    gold_words = words(gold)
    matched = np.zeros(len(page), bool)
    used = np.zeros(len(gold_words), bool)
    matcher = SequenceMatcher(None, page, gold_words, autojunk=False)
    for match in matcher.get_matching_blocks():
        matched[match.a : match.a + match.size] = True
        used[match.b : match.b + match.size] = True
    ends = np.cumsum(counts, dtype=np.int64)
    hits = _sums(matched, ends)
    left = Counter(word for word, taken in zip(gold_words, used, strict=True) if not taken)
    for index in np.flatnonzero((hits < CONTENT_SHARE * counts) & (counts > 3)):
        block = Counter(block_words[index])
        if all(left[word] >= count for word, count in block.items()):
            left -= block
            hits[index] = counts[index]
    missing = sum((left - Counter(page)).values()) / max(1, len(gold_words))
    share = hits / np.maximum(counts, 1)
    return Alignment(share.astype(np.float32), counts, missing)


def with_labels(alignment: Alignment, texts: Sequence[str], labels: Sequence[tuple[str, bool]]) -> Alignment:
    """The alignment of the blocks `texts`, save that labels of a person count where there are any.

    Args:
        labels: text of each block as it was labelled, and whether it is content. Where the page is cut into
            blocks as it was then, that is the answer for every block, also for one that stands on the page
            twice and is content once; a block that was cut otherwise keeps its share.
    """
    share = alignment.share.copy()
    matcher = SequenceMatcher(None, texts, [text for text, _ in labels])
    for match in matcher.get_matching_blocks():
        is_content = [content for _, content in labels[match.b : match.b + match.size]]
        share[match.a : match.a + match.size] = is_content
    return replace(alignment, share=share)


def _sums(values: npt.NDArray[np.bool_], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    totals = np.concatenate(([0], np.cumsum(values)))
    return np.diff(totals[np.concatenate(([0], ends))]).astype(np.float64)
