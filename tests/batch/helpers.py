"""What tests of the batch command share."""

from collections.abc import Callable

import pytest


def zstandard(data: bytes) -> bytes:
    """The data, compressed."""
    pa = pytest.importorskip("pyarrow")
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


def after(calls: int, error: BaseException) -> Callable[..., None]:
    """What does nothing, and fails from so many calls on."""
    left = calls

    def fail(*_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise error

    return fail
