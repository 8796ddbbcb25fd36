"""Pages with probabilities that no training can change."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pytest

from classifier import Page
from classifier.segment import segment_html, segment_text

# Two posts with a signature each, whose elements differ in nothing but a number; the title stands twice.
FORUM: Final = """<!doctype html><title>A leak | Boats</title>
<nav class=menu><ul><li><a href=/>A leak</a><li><a href=/f>Forum</a></ul></nav>
<h1>A leak</h1>
<div class=post id=post-17><p>The pump runs all night.<p class=signature>Sent from my boat</div>
<div class=post id=post-18><p>Look at the stern gland.<p class=signature>Never too old</div>
<footer><p>All rights reserved</footer>"""
FORUM_PROBABILITIES: Final = (0.1, 0.05, 0.9, 0.97, 0.6, 0.95, 0.4, 0.02)

MakePage = Callable[..., Page]


@pytest.fixture(scope="session")
def make_page() -> MakePage:
    """Makes a page whose blocks have the probabilities given, one a block, and are kept from 0.5 on."""

    def make(source: str, probabilities: Sequence[float], kind: str = "html") -> Page:
        segments = (segment_html if kind == "html" else segment_text)(source)
        p = np.array(probabilities, np.float32)
        assert len(segments) == len(p), segments.texts
        return Page(segments.kind, segments.title, 0.87, p, p >= 0.5, segments, source)

    return make


@pytest.fixture(scope="session")
def forum(make_page: MakePage) -> Page:
    """A menu of two, the title, two posts with signatures, a footer; blocks 2, 3, 4 and 5 are content."""
    return make_page(FORUM, FORUM_PROBABILITIES)
