"""Links: how much of a block, and of what stands around it, is link text.

Link density is the share of characters inside links (Kohlschütter, Fankhauser and Nejdl 2010,
"Boilerplate Detection using Shallow Text Features").
"""

from typing import Final

import numpy as np

from classifier.features.arrays import Arrays, Column, Floats, ratio, shift, stack, window_sum

__all__ = ["COLUMNS", "compute", "link_density"]

WINDOWS: Final = ((1, 1), (3, 3), (8, 8))

COLUMNS: Final[tuple[Column, ...]] = (
    ("link_density", "characters in links a character"),
    ("links", "log(1 + links)"),
    ("words_per_link", "log(1 + words / (1 + links))"),
    ("emphasis_density", "bold or italic characters a character"),
    ("link_density_previous", "link density of the block before"),
    ("link_density_next", "link density of the block after"),
    *(
        (f"link_density_window_{b}", f"link density of the {b} blocks before to {a} after")
        for b, a in WINDOWS
    ),
    ("unlinked_words_before", "log(1 + words outside links since the last block that is all link)"),
)


def link_density(page: Arrays) -> Floats:
    """Share of each block's characters that are inside links, 0 to 1; shape (blocks,)."""
    return np.minimum(ratio(np.asarray(page.segments.link_chars), page.chars), 1)


def compute(page: Arrays) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    density = link_density(page)
    links = np.asarray(page.segments.links)
    linked = density * page.chars
    unlinked = page.words * (1 - density)
    since = np.cumsum(unlinked)
    all_link = density > 0.9
    # The running sum at the last all-link block, carried forward.
    mark = np.maximum.accumulate(np.where(all_link, since, 0))
    return stack(
        (
            density,
            np.log1p(links),
            np.log1p(page.words / (1 + links)),
            np.minimum(ratio(np.asarray(page.segments.emphasis_chars), page.chars), 1),
            shift(density, -1),
            shift(density, 1),
            *(ratio(window_sum(linked, b, a), window_sum(page.chars, b, a)) for b, a in WINDOWS),
            np.log1p(np.maximum(since - mark, 0)),
        ),
        page.n,
    )
