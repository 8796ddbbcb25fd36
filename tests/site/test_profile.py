"""What a profile keeps of a site's pages, and what it says about one of them."""

import os
import pickle
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Page, SiteError, SiteProfile, classify, classify_many
from classifier.segment import segment_html
from classifier.site import merge_profiles
from classifier.site.file import HEADER, most_bytes, write_marks
from classifier.site.marks import MAX_BLOCKS, Keys, Marks, block_keys, marks_of
from classifier.site.profile import MAX_PAGES, TEXTS_AT_ONCE, _Sample

FOOTER: Final = "All our prices include the tax, and delivery within the country takes three days at most."
SUBJECTS: Final = ("The river", "A lighthouse", "Every orchard", "This bridge", "That harbour", "Our mill")


def article(number: int, *, footer: str = FOOTER) -> str:
    """A page of a site: a menu, a text of its own, and what stands under all pages."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    letter = chr(ord("a") + number)
    sentences = (
        f"{subject} was described by someone from village {letter * 5} before the road was built.",
        f"{subject} has been there for longer than the people of {letter * 4} can remember today.",
        f"In spring {subject.lower()} looks different, as {letter * 6} wrote home to a friend.",
    )
    body = "".join(f"<p>{one}</p>" for one in sentences)
    return (
        f"<title>{subject}</title><nav><ul><li>Home<li>Shop<li>Contact us</ul></nav>"
        f"<main><h1>{subject}</h1>{body}</main><div class=note><p>{footer}</p></div>"
    )


def profile_of(numbers: Sequence[int]) -> SiteProfile:
    return SiteProfile.of(classify(article(number)) for number in numbers)


def probability(page: Page, text: str) -> float:
    return next(block.probability for block in page.blocks if block.text == text)


def drawn(seed: int, texts: int = 4) -> Marks:
    """Any page."""
    generator = np.random.default_rng(seed)
    text = np.unique(generator.integers(0, 2**63, texts).astype(np.uint64))
    return Marks(
        text,
        np.full(len(text), 20, np.uint16),
        text[:1],
        np.zeros(1, np.float32),
    )


# --- what other pages say


def test_what_repeats_on_the_site_is_less_likely_content() -> None:
    page = article(0)
    alone, together = classify(page), classify(page, site=profile_of(range(4)))
    assert probability(together, FOOTER) < probability(alone, FOOTER)


def test_a_page_says_on_how_many_others_it_rests_and_what_it_was_alone() -> None:
    page = classify(article(0), site=profile_of(range(4)))
    assert page.site_pages == 3
    assert page.alone is not None
    np.testing.assert_array_equal(page.alone, classify(article(0)).probabilities)


def test_the_explanation_is_of_the_page_alone() -> None:
    page = classify(article(0), site=profile_of(range(4)))
    assert page.explain(0).probability == pytest.approx(classify(article(0)).probabilities[0])


@pytest.mark.parametrize("numbers", [[], [0]], ids=["no page", "the page alone"])
def test_without_another_page_nothing_changes(numbers: Sequence[int]) -> None:
    alone, together = classify(article(0)), classify(article(0), site=profile_of(numbers))
    assert together.to_dict() == alone.to_dict()
    np.testing.assert_array_equal(together.probabilities, alone.probabilities)
    assert (together.site_pages, together.alone) == (0, None)


def test_a_page_of_another_template_changes_nothing() -> None:
    other = SiteProfile.of([classify("<table><tr><td>An altogether other page of another kind</table>")])
    alone, together = classify(article(0)), classify(article(0), site=other)
    np.testing.assert_array_equal(together.probabilities, alone.probabilities)


def test_a_page_never_counts_for_itself() -> None:
    with_it, without = profile_of([0, 1, 2]), profile_of([1, 2])
    page = article(0)
    np.testing.assert_array_equal(
        classify(page, site=with_it).probabilities, classify(page, site=without).probabilities
    )


def test_a_page_crawled_twice_does_not_count_as_another() -> None:
    twice = article(0).replace("Contact us", "Write to us")
    profile = SiteProfile.of(map(classify, (article(0), twice)))
    assert len(profile) == 2
    assert classify(article(0), site=profile).site_pages == 0


def test_copies_of_another_page_count_once() -> None:
    copies = [
        article(1),
        article(1).replace("Contact us", "Write to us"),
        article(1).replace("Contact us", "About us"),
    ]
    profile = SiteProfile.of(map(classify, [*copies, article(2)]))
    assert classify(article(0), site=profile).site_pages == 2


@given(
    st.lists(st.sets(st.integers(0, 40), max_size=30), max_size=14), st.sets(st.integers(0, 40), max_size=4)
)
@settings(deadline=None)
def test_copies_are_those_that_comparing_page_by_page_finds(pages: list[set[int]], more: set[int]) -> None:
    pages = [*pages, *(page | more for page in pages)]
    texts = [np.array(sorted(page), np.uint64) for page in pages]
    nothing = np.zeros(0, np.uint64), np.zeros(0, np.float32)
    marks = [Marks(text, (text % 4).astype(np.uint16), *nothing) for text in texts]
    sample = _Sample.of(marks)
    expected = np.zeros(len(pages), bool)
    for i, one in enumerate(marks):
        expected[i] = not (sample.copies(one.text, one.letters) & expected).any()
    np.testing.assert_array_equal(sample.distinct, expected)


def test_copies_of_long_pages_are_found_a_part_at_a_time() -> None:
    def marks(text: np.ndarray) -> Marks:
        one = np.sort(text).astype(np.uint64)
        return Marks(one, np.full(len(one), 30, np.uint16), one[:1], np.zeros(1, np.float32))

    long, other = np.arange(3 * TEXTS_AT_ONCE), np.arange(TEXTS_AT_ONCE // 2, 4 * TEXTS_AT_ONCE)
    pages = [long[:MAX_BLOCKS], other[:MAX_BLOCKS], long[100:MAX_BLOCKS], long[-MAX_BLOCKS:], long[-9:]]
    assert _Sample.of([marks(one) for one in pages]).distinct.tolist() == [True, True, False, True, True]


def test_a_page_classified_with_a_profile_is_added_as_it_is_alone() -> None:
    site = profile_of(range(4))
    one, other = SiteProfile(), SiteProfile()
    one.add(classify(article(0), site=site))
    other.add(classify(article(0)))
    assert one == other


def test_numbers_case_and_punctuation_make_no_other_text() -> None:
    one = block_keys(segment_html("<p class=a1>Seen 17 times, today</p>"))
    other = block_keys(segment_html("<p class=a25>SEEN 42 times today!</p>"))
    assert one.text[0] == other.text[0]


def test_the_same_text_in_another_place_is_not_the_same() -> None:
    one = block_keys(segment_html("<article><h1>The river</h1></article>"))
    other = block_keys(segment_html("<aside><ul><li>The river</ul></aside>"))
    assert one.text[0] != other.text[0]


def test_plain_text_has_a_profile_too() -> None:
    lines = [
        "Menu",
        "",
        "{} of this town was first written about in the year of the great flood.",
        "",
        FOOTER,
    ]
    pages = ["\n".join(lines).format(subject) for subject in SUBJECTS]
    site = SiteProfile.of(classify(page, kind="text") for page in pages)
    page = classify(pages[0], kind="text", site=site)
    assert page.alone is not None
    assert page.probabilities[-1] < page.alone[-1]
    # Nothing is known of the place of the one text that is this page's alone.
    assert page.probabilities[1] == page.alone[1]


def test_a_profile_travels_to_workers_and_to_isolation() -> None:
    site = profile_of(range(3))
    here = classify(article(0), site=site)
    (there,) = classify_many([article(0)], isolate=True, site=site)
    assert isinstance(there, Page)
    np.testing.assert_array_equal(here.probabilities, there.probabilities)
    assert there.site_pages == here.site_pages == 2


def test_what_is_no_profile_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="site is a SiteProfile, not str"):
        classify("<p>one", site="example.profile")  # type: ignore[arg-type]


# --- a sample that can be merged


@given(st.lists(st.integers(0, 400), max_size=300), st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_neither_order_nor_grouping_of_a_merge_matters(seeds: list[int], cut: int) -> None:
    pages = [drawn(seed) for seed in seeds]
    third = max(1, cut % max(1, len(pages)))
    a, b, c = (
        SiteProfile(pages[:third]),
        SiteProfile(pages[third : 2 * third]),
        SiteProfile(pages[2 * third :]),
    )
    whole = SiteProfile(pages).to_bytes()
    assert {((x | y) | z).to_bytes() for x, y, z in permutations((a, b, c))} == {whole}
    assert (a | (b | c)).to_bytes() == whole


def test_what_is_merged_twice_counts_once() -> None:
    a, b = profile_of([0, 1]), profile_of([1, 2])
    assert (a | b) | b == a | b
    assert len(a | b) == 3


def test_profiles_are_merged_as_bytes() -> None:
    parts = [profile_of([0, 1]).to_bytes(), profile_of([2]).to_bytes()]
    assert merge_profiles(parts) == profile_of([2, 1, 0]).to_bytes()
    assert merge_profiles([]) == SiteProfile().to_bytes()


def test_a_profile_stays_as_small_as_it_says_and_knows_how_many_pages_there_were() -> None:
    profile = SiteProfile(drawn(seed) for seed in range(4000))
    assert len(profile) == MAX_PAGES
    assert 3200 < profile.pages < 4800
    assert SiteProfile(drawn(seed) for seed in range(50)).pages == 50


def test_the_room_of_a_profile_is_bounded_whatever_the_pages() -> None:
    texts = np.arange(50_000, dtype=np.uint64)
    keys = Keys(texts, texts, np.full(len(texts), 9, np.uint16))
    one = marks_of(keys, np.full(len(texts), 0.5, np.float32))
    assert len(one.text) == len(one.place) == MAX_BLOCKS
    # The first and the last blocks, where templates stand.
    assert one.text[0] == 0
    assert one.text[-1] == 49_999
    assert MAX_PAGES * SiteProfile([one]).nbytes <= 5_800_000
    assert len(write_marks([one] * 3)) == most_bytes(3)


def test_hostile_pages_are_counted_or_passed_over() -> None:
    many = "<p>x" * 50_000
    profile = SiteProfile.of(map(classify, ("", "<p></p>", many, "<p>\ud800 half a character")))
    assert len(profile) == 2
    assert classify(many, site=profile).site_pages == 1
    assert classify("", site=profile).site_pages == 0


# --- files


def test_a_profile_is_read_as_it_was_written(tmp_path: Path) -> None:
    profile = profile_of(range(3))
    profile.save(tmp_path / "site.profile")
    loaded = SiteProfile.load(tmp_path / "site.profile")
    assert loaded == profile
    np.testing.assert_array_equal(
        classify(article(0), site=loaded).probabilities, classify(article(0), site=profile).probabilities
    )
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_any_damage_to_a_profile_is_a_clear_error() -> None:
    data = profile_of(range(2)).to_bytes()
    for at in range(0, len(data), 7):
        broken = bytearray(data)
        broken[at] ^= 1
        with pytest.raises(SiteError):
            SiteProfile.from_bytes(bytes(broken))
        with pytest.raises(SiteError):
            SiteProfile.from_bytes(data[:at])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no site profile"),
        (b"PK\x03\x04", "no site profile"),
        (b"declutter site profile 2\nanything", "another version"),
        (HEADER + bytes(32), "damaged or cut short"),
    ],
)
def test_what_is_no_profile_is_told_apart(data: bytes, message: str) -> None:
    with pytest.raises(SiteError, match=message):
        SiteProfile.from_bytes(data)


def sealed(body: bytes) -> bytes:
    """A file as a stranger may make it, whose checksum is right."""
    import hashlib

    return HEADER + hashlib.sha256(body).digest() + body


def numbers(*values: int) -> bytes:
    return np.array(values, "<u4").tobytes()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "shorter than it says"),
        (numbers(0, 0), "longer than it says"),
        (numbers(2**32 - 1), "more than 128"),
        (numbers(1, 2**32 - 1, 1), "more than 2,048 blocks"),
        (numbers(1, 2, 0) + bytes(16) + bytes(4), "do not ascend"),
        (numbers(1, 0, 1) + bytes(8) + np.array([np.nan], "<f4").tobytes(), "out of range"),
        (numbers(1, 0, 1) + bytes(8) + np.array([99], "<f4").tobytes(), "out of range"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(SiteError, match=message):
        SiteProfile.from_bytes(sealed(body))


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"missing\.profile cannot be read: No such file"):
        SiteProfile.load(tmp_path / "missing.profile")
    (tmp_path / "page.html").write_text("<p>one")
    with pytest.raises(SiteError, match=r"page\.html: this is no site profile"):
        SiteProfile.load(tmp_path / "page.html")


def test_of_a_file_no_more_is_read_than_a_profile_can_be(tmp_path: Path) -> None:
    endless = tmp_path / "endless.profile"
    endless.write_bytes(HEADER)
    os.truncate(endless, 1 << 40)  # takes no room on the disk, and would not fit into memory
    with pytest.raises(SiteError, match="damaged or cut short"):
        SiteProfile.load(endless)
