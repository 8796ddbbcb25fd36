"""HTML or plain text?"""

import re
from typing import Final

from classifier.segment.segments import Kind

__all__ = ["detect_kind"]

_TAGS: Final = (
    "a|abbr|address|article|aside|b|blockquote|body|br|button|center|code|dd|details|div|dl|dt|em|figure|font|"
    "footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|label|li|link|main|meta|nav|noscript|ol|option|"
    "p|pre|ruby|script|section|select|small|span|strong|style|sub|summary|sup|svg|table|tbody|td|textarea|"
    "th|thead|title|tr|u|ul|video"
)
# Text about HTML quotes a tag or two; a page has them throughout.
_TAG: Final = re.compile(rf"</?(?:{_TAGS})(?=[\s/>])[^<>]{{0,2000}}>", re.IGNORECASE)
# A page that begins with markup, known tags and custom elements alike.
_START: Final = re.compile(
    rf"\ufeff?\s{{0,1000}}<(?:!--|!doctype\s|\?xml|(?:{_TAGS}|[a-z]{{1,40}}-[a-z0-9-]{{1,40}})[\s/>])",
    re.IGNORECASE,
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
    return "html" if tags >= MIN_TAGS and tags * CHARS_PER_TAG >= len(head) else "text"
