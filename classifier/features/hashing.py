"""Hashes of ranges of code points, all ranges of a page at once.

A polynomial rolling hash (Karp and Rabin 1987) modulo 2**64: with the sums of `code * BASE**i` over
all prefixes, the hash of any range is one subtraction and one multiplication.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["PrefixSums", "buckets", "range_hashes"]

Hashes = npt.NDArray[np.uint64]

BASE: Final = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
INVERSE: Final = pow(BASE, -1, 1 << 64)
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT: Final = np.uint64(32)


# Tables up to this size, 16 MB, are kept; longer pages are rare enough to pay for their own.
_KEPT: Final = 1 << 20


def _powers(size: int) -> tuple[Hashes, Hashes]:
    forward = np.full(size, BASE, np.uint64)
    backward = np.full(size, INVERSE, np.uint64)
    forward[0] = backward[0] = 1
    return np.cumprod(forward), np.cumprod(backward)


_kept_powers = cache(_powers)


def powers(size: int) -> tuple[Hashes, Hashes]:
    """`BASE**i` and its inverse for `i` in `range(size)` at least, modulo 2**64."""
    return _powers(size) if size > _KEPT else _kept_powers(1 << max(14, (size - 1).bit_length()))


def finish(values: Hashes) -> Hashes:
    """Spread the polynomial's values over all bits (the mixer of MurmurHash3)."""
    values = (values ^ (values >> _SHIFT)) * _MIX
    return values ^ (values >> _SHIFT)


@dataclass(frozen=True, slots=True)
class PrefixSums:
    """The polynomial's values over all prefixes of an array of code points."""

    sums: Hashes
    """Shape (points + 1,)."""
    backward: Hashes

    @classmethod
    def of(cls, points: npt.NDArray[np.uint32]) -> "PrefixSums":
        """The sums of an array."""
        forward, backward = powers(len(points) + 1)
        terms = points.astype(np.uint64)
        terms += np.uint64(1)
        terms *= forward[: len(points)]
        sums = np.zeros(len(points) + 1, np.uint64)
        np.cumsum(terms, out=sums[1:])
        return cls(sums, backward)

    def hashes(self, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Hashes:
        """Hash of `points[start[i]:end[i]]` for every i; equal ranges have equal hashes."""
        return finish((self.sums[end] - self.sums[start]) * self.backward[start])


def range_hashes(
    points: npt.NDArray[np.uint32], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> Hashes:
    """Hash of `points[start[i]:end[i]]` for every i; equal ranges have equal hashes."""
    return PrefixSums.of(points).hashes(start, end)


def buckets(hashes: Hashes, bits: int) -> npt.NDArray[np.int64]:
    """Each hash's row in a table of `2**bits` rows."""
    return (hashes >> np.uint64(64 - bits)).astype(np.int64)
