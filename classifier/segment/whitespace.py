"""White space and invisible characters, treated alike in HTML and in plain text."""

from typing import Final

__all__ = ["collapse", "drop_invisible", "without_surrogates"]

# Soft hyphens, zero-width spaces and byte-order marks only mark where a line may break, or nothing:
# left in, they would split words.
_SIGNS: Final = "\u00ad\u200b\u2060\ufeff"
_INVISIBLE: Final = dict.fromkeys(map(ord, _SIGNS))


def drop_invisible(text: str) -> str:
    """The text without soft hyphens, zero-width spaces, word joiners and byte-order marks."""
    # Looking for each is many times faster than `translate`, and most texts hold none.
    if text.isascii() or not any(sign in text for sign in _SIGNS):
        return text
    return text.translate(_INVISIBLE)


def collapse(text: str) -> str:
    """The text with every run of white space as one space, none at the ends."""
    return " ".join(text.split())


def without_surrogates(text: str) -> str:
    """The text with lone surrogates, which no encoding can write, as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
