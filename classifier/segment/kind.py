"""HTML or plain text?"""

import re
from typing import Final

from classifier.segment.segments import Kind

__all__ = ["detect_kind"]

# Text about HTML quotes a tag or two; a page has them throughout.
_TAG: Final = re.compile(
    r"</?(?:a|article|b|body|br|center|div|em|font|footer|form|h[1-6]|head|header|hr|html|i|img|input|"
    r"li|link|main|meta|nav|noscript|ol|option|p|pre|script|section|span|strong|style|table|tbody|td|"
    r"th|title|tr|ul)(?=[\s/>])[^<>]{0,2000}>",
    re.IGNORECASE,
)
_START: Final = re.compile(
    r"\ufeff?\s{0,1000}(?:<!--|<!doctype\s+html|<\?xml|<html|<head|<body)", re.IGNORECASE
)
_LOOKED_AT: Final = 100_000
# One tag in this many characters, and at least MIN_TAGS of them, make a page HTML.
CHARS_PER_TAG: Final = 1_000
MIN_TAGS: Final = 2


def detect_kind(text: str) -> Kind:
    """Tell HTML from plain text: by how the page begins, else by how many HTML tags it has."""
    if _START.match(text):
        return "html"
    head = text[:_LOOKED_AT]
    tags = sum(1 for _ in _TAG.finditer(head))
    if text.lstrip()[:1] == "<" and tags:
        return "html"
    return "html" if tags >= MIN_TAGS and tags * CHARS_PER_TAG >= len(head) else "text"
