"""JSON Lines: a record a line, whatever its reader takes for the end of a line."""

import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["json_line"]

# Line ends to some readers of JSON Lines, though not to JSON, which lets them stand.
_LINE_ENDS: Final = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def json_line(record: Mapping[str, Any]) -> str:
    """The record as one line of JSON, with the line feed that ends it."""
    line = json.dumps(record, ensure_ascii=False)
    for end, escape in _LINE_ENDS.items():  # far quicker than str.translate
        line = line.replace(end, escape)
    return line + "\n"
