import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.features.hashing import BASE, INVERSE, buckets, range_hashes


def hashes(text: str, *ranges: tuple[int, int]) -> list[int]:
    points = np.array([ord(char) for char in text], np.uint32)
    start, end = (np.array(column, np.int64) for column in zip(*ranges, strict=True))
    found: list[int] = range_hashes(points, start, end).tolist()
    return found


def test_the_base_and_its_inverse_undo_each_other() -> None:
    assert BASE * INVERSE % 2**64 == 1


def test_equal_ranges_have_equal_hashes_wherever_they_stand() -> None:
    first, second, other = hashes("tea and tea", (0, 3), (8, 11), (4, 7))
    assert first == second != other


def test_equal_ranges_of_different_pages_have_equal_hashes() -> None:
    assert hashes("tea", (0, 3)) == hashes("x" * 100_000 + "tea", (100_000, 100_003))


@pytest.mark.parametrize(("one", "other"), [("ab", "ba"), ("a", "aa"), ("\0", "\0\0"), ("", "\0")])
def test_order_and_length_tell_ranges_apart(one: str, other: str) -> None:
    first, second = hashes(one + other, (0, len(one)), (len(one), len(one + other)))
    assert first != second


def test_all_empty_ranges_have_one_hash() -> None:
    assert len(set(hashes("abc", (0, 0), (2, 2), (3, 3)))) == 1


@given(st.lists(st.text(max_size=6), min_size=2, max_size=20))
def test_hashes_are_equal_exactly_where_the_texts_are(texts: list[str]) -> None:
    ends = np.cumsum([len(text) for text in texts]).tolist()
    found = hashes("".join(texts), *zip([0, *ends[:-1]], ends, strict=True))
    assert len(set(found)) == len(set(texts))
    assert len(set(zip(texts, found, strict=True))) == len(set(texts))


@pytest.mark.parametrize("bits", [1, 12, 17])
def test_buckets_are_rows_of_a_table_of_that_size_and_spread_over_it(bits: int) -> None:
    words = "".join(f"{n:04d}" for n in range(8_192))
    found = range_hashes(
        np.frombuffer(words.encode("utf-32-le"), np.uint32),
        np.arange(0, len(words), 4),
        np.arange(4, len(words) + 4, 4),
    )
    rows = buckets(found, bits)
    assert rows.min() >= 0
    assert rows.max() < 1 << bits
    # 8,192 words thrown at random into the rows leave about this many of them filled.
    expected = (1 << bits) * (1 - (1 - 2.0**-bits) ** 8_192)
    assert len(np.unique(rows)) == pytest.approx(expected, rel=0.05)
