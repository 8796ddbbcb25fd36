"""A page's content as a few hashes, of which nearly the same text has one in common."""

import hashlib
import re
from typing import Any, Final

__all__ = ["BANDS", "check_fingerprints", "fingerprint"]

# MinHash (Broder 1997) over runs of five words, in bands (Leskovec, Rajaraman and Ullman, section 3.4): two
# texts share a band with probability 1 - (1 - s**8)**14, where s is the share of runs in common: 0.05 for
# s = 0.5, 0.77 for 0.75, 0.92 for 0.8 and 1.00 for 0.9. The numbers are FineWeb's (Penedo et al. 2024).
RUN_WORDS: Final = 5
BANDS: Final = 14
BAND_ROWS: Final = 8
SEED: Final = 1
_WORD: Final = re.compile(r"\w+")


def fingerprint(text: str) -> list[str]:
    """The bands of a text: 16 hexadecimal digits each; none for a text without words.

    Texts of which any band is equal are most likely copies of each other, with small changes.

    Raises:
        ImportError: rensa is not installed.
    """
    words = _WORD.findall(text.lower())
    if not words:
        return []
    hashes = _rensa().RMinHash(num_perm=BANDS * BAND_ROWS, seed=SEED)
    hashes.update([" ".join(words[i : i + RUN_WORDS]) for i in range(max(1, len(words) - RUN_WORDS + 1))])
    lowest = hashes.digest()
    return [_band(band, lowest[band * BAND_ROWS : (band + 1) * BAND_ROWS]) for band in range(BANDS)]


def _band(number: int, lowest: list[int]) -> str:
    # The number of the band is part of it, so that equal strings are equal bands.
    return hashlib.blake2b(repr((number, lowest)).encode(), digest_size=8).hexdigest()


def check_fingerprints() -> None:
    """See that fingerprints can be made.

    Raises:
        ImportError: rensa is not installed.
    """
    _rensa()


def _rensa() -> Any:
    try:
        import rensa
    except ImportError:
        raise ImportError("fingerprints need rensa: pip install 'clutter-classifier[dedup]'") from None
    return rensa
