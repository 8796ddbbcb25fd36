"""Products of matrices that take one thread."""

from typing import Final

import numpy as np

from classifier.features.arrays import Floats

__all__ = ["product"]

# OpenBLAS shares a product of more multiplications than this among threads. What a page needs is so little
# that they gain nothing, and where another process has the processor, the page waits for them: with two
# busy processes beside it on two cores, it took forty times as long.
_ON_ONE_THREAD: Final = 1 << 18


def product(a: Floats, b: Floats) -> Floats:
    """`a @ b` on the thread that calls, in pieces.

    Args:
        a: shape (n, k).
        b: shape (k, m), or several of them: (..., k, m).

    Returns:
        Shape (n, m), or (..., n, m).
    """
    *several, k, m = b.shape
    rows = max(1, _ON_ONE_THREAD // max(1, k * m))
    pieces = len(a) // rows
    whole = pieces * rows
    out = np.empty((*several, len(a), m), np.float32)
    into = out[..., :whole, :].reshape(*several, pieces, rows, m)
    np.matmul(a[:whole].reshape(pieces, rows, k), b[..., None, :, :], out=into)
    np.matmul(a[whole:], b, out=out[..., whole:, :])
    return out
