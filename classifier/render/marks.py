"""The characters that stand for tags and signs until Markdown is written, kept out of what pages say.

Unicode never assigns U+FDD0 to U+FDEF, so no text needs them; a page may hold them all the same.
"""

import re
from typing import Final
from urllib.parse import quote

__all__ = ["PERCENT_ENCODED", "without_marks"]

_ALL: Final = [chr(point) for point in range(0xFDD0, 0xFDF0)]
_MARK: Final = re.compile(f"[{_ALL[0]}-{_ALL[-1]}]")
# For `str.translate`: as addresses write them.
PERCENT_ENCODED: Final = {ord(mark): quote(mark) for mark in _ALL}


def without_marks(text: str) -> str:
    """The text with U+FFFD in the place of each mark."""
    return text if text.isascii() else _MARK.sub("\ufffd", text)
