"""Rows of nearly the same text share a band."""

import random
from pathlib import Path
from typing import Final

import pytest

from classifier.batch.records import Record
from classifier.batch.rows import Settings, arrow_schema, row_of

pytest.importorskip("rensa")

from classifier.batch.fingerprint import BANDS, fingerprint

WORDS: Final = [f"word{number}" for number in range(2000)]


def text(seed: int, size: int = 400) -> list[str]:
    return random.Random(seed).choices(WORDS, k=size)


def alike(one: list[str], other: list[str]) -> bool:
    return not set(fingerprint(" ".join(one))).isdisjoint(fingerprint(" ".join(other)))


def test_the_same_words_have_the_same_fingerprint_whatever_stands_between_them() -> None:
    assert fingerprint("One, two: THREE four five six.") == fingerprint("one two three\n\nfour five six")


def test_copies_with_small_changes_share_a_band() -> None:
    found = []
    for seed in range(50):
        one = text(seed)
        other = [*one[:100], "changed", *one[101:], "Read", "more"]
        found.append(alike(one, other))
    assert all(found)


def test_different_texts_share_no_band() -> None:
    assert not any(alike(text(seed), text(seed + 1000)) for seed in range(200))


def test_half_a_text_is_no_copy() -> None:
    found = [alike(text(seed), text(seed)[:200] + text(seed + 1000)[:200]) for seed in range(50)]
    assert sum(found) <= 5


def test_a_band_of_one_number_never_equals_that_of_another() -> None:
    bands = fingerprint("a")
    assert len(set(bands)) == len(bands) == BANDS


def test_a_text_without_words_has_no_fingerprint_and_so_no_copies() -> None:
    assert fingerprint("") == fingerprint("--- ***") == []


def test_a_row_carries_the_fingerprint_of_what_was_kept() -> None:
    settings = Settings(extras=("fingerprint",))
    page = "<main><p>The river was painted by someone who came here often, and who liked it much.</p></main>"
    rows = [
        row_of(Record(id=name, source="x", position=1, data=page + extra), settings)
        for name, extra in (("a", ""), ("b", "<nav><a href=/>Home</a></nav>"))
    ]
    assert rows[0]["fingerprint"] == fingerprint(rows[0]["text"])
    assert rows[0]["text"] == rows[1]["text"]
    assert rows[0]["fingerprint"] == rows[1]["fingerprint"]


def test_a_page_with_an_error_has_none(tmp_path: Path) -> None:
    row = row_of(
        Record(id="a", source="x", position=1, data=b"%PDF-1.7 \x00\xff"), Settings(extras=("fingerprint",))
    )
    assert row["status"] == "error"
    assert row["fingerprint"] is None


def test_it_is_a_list_of_texts_to_arrow() -> None:
    pa = pytest.importorskip("pyarrow")
    schema = arrow_schema(Settings(extras=("fingerprint",)))
    assert schema.field("fingerprint").type == pa.list_(pa.string())
