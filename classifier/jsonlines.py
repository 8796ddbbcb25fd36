"""JSON Lines: a record a line, whatever its reader takes for the end of a line."""

import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["json_line"]

# Line ends to some readers of JSON Lines, though not to JSON, which lets them stand.
_LINE_ENDS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def json_line(record: Mapping[str, Any]) -> str:
    """The record as one line of JSON, with the line feed that ends it."""
    return json.dumps(record, ensure_ascii=False).translate(_LINE_ENDS) + "\n"
