from dataclasses import replace

import numpy as np
import pytest

from classifier.pagetype import PageTypes
from train.pagetype import MIN_PAGES, TypedPage, fit_page_types

TYPES = ("article", "forum", "product")


def page(page_type: str, seed: int, n: int = 12) -> TypedPage:
    """A page of noise with one column high that tells its type."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n, 4)).astype(np.float32)
    if page_type in TYPES:
        matrix[:, TYPES.index(page_type)] += 4
    return TypedPage(page_type, matrix, rng.random(n).astype(np.float32), rng.integers(1, 30, n))


def pages(*types: str, count: int = 10) -> list[TypedPage]:
    return [page(name, count * place + seed) for place, name in enumerate(types) for seed in range(count)]


def told(types: PageTypes, one: TypedPage) -> str:
    return types.most_likely(one.matrix, one.p, one.words)[0]


def fitted(given: list[TypedPage]) -> PageTypes:
    found = fit_page_types(given)
    assert found is not None
    return found


@pytest.mark.parametrize("known", [TYPES, TYPES[:2]], ids=["three types", "two types"])
def test_types_are_told_apart_on_pages_never_seen(known: tuple[str, ...]) -> None:
    types = fitted(pages(*known))
    assert types.names == known
    assert [told(types, page(name, 1000 + place)) for place, name in enumerate(known)] == list(known)


@pytest.mark.parametrize("known", [TYPES, TYPES[:2]], ids=["three types", "two types"])
def test_a_page_between_all_types_is_not_told_for_sure(known: tuple[str, ...]) -> None:
    types = fitted(pages(*known))
    clear, unclear = (page(name, 7) for name in (known[0], "none"))
    one, other = (types.most_likely(some.matrix, some.p, some.words)[1] for some in (clear, unclear))
    assert 1 / len(known) <= other < one <= 1


def test_the_arrays_are_float32_with_a_column_a_type() -> None:
    types = fitted(pages(*TYPES[:2]))
    assert (types.weight.shape, types.bias.shape) == ((8, 2), (2,))
    assert types.weight.dtype == types.bias.dtype == np.float32


def test_the_two_halves_of_two_types_agree_with_a_logistic_curve() -> None:
    types = fitted(pages(*TYPES[:2]))
    assert types.weight[:, 0] == pytest.approx(-types.weight[:, 1], abs=1e-6)


def test_a_rare_type_is_left_out() -> None:
    rare = pages("product", count=MIN_PAGES - 1)
    assert fitted([*pages("article", "forum"), *rare]).names == ("article", "forum")


@pytest.mark.parametrize("unknown", ["", "unknown"])
def test_pages_of_no_known_type_are_left_out(unknown: str) -> None:
    assert fitted([*pages("article", "forum"), *pages(unknown)]).names == ("article", "forum")


def test_pages_without_blocks_are_left_out() -> None:
    empty = [
        replace(one, matrix=one.matrix[:0], p=one.p[:0], words=one.words[:0]) for one in pages("product")
    ]
    assert fitted([*pages("article", "forum"), *empty]).names == ("article", "forum")


@pytest.mark.parametrize(
    "given", [[], pages("article"), [*pages("article"), *pages("forum", count=MIN_PAGES - 1)]]
)
def test_fewer_than_two_types_are_no_model(given: list[TypedPage]) -> None:
    assert fit_page_types(given) is None


def test_a_column_that_never_changes_harms_nothing() -> None:
    still = [replace(one, matrix=np.insert(one.matrix, 0, 7, axis=1)) for one in pages(*TYPES)]
    types = fitted(still)
    assert np.isfinite(types.weight).all()
    assert told(types, still[0]) == "article"


def test_the_same_pages_give_the_same_model() -> None:
    one, two = fitted(pages(*TYPES)), fitted(pages(*TYPES))
    assert np.array_equal(one.weight, two.weight) and np.array_equal(one.bias, two.bias)
