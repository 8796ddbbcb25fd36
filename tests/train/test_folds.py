import numpy as np
import pytest

from train.folds import folds, registrable_domain


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Example.com:8080/a?b#c", "example.com"),
        ("news.example.co.uk", "example.co.uk"),
        ("example.com.", "example.com"),
        ("http://a.github.io/x", "github.io"),
        ("http://192.168.0.1/", "192.168.0.1"),
        ("http://[::1]/", "::1"),
        ("http://[broken/", ""),
        ("localhost", "localhost"),
        ("https://bücher.example.de/", "example.de"),
        ("", ""),
    ],
)
def test_a_url_or_host_has_one_registrable_domain(text: str, domain: str) -> None:
    assert registrable_domain(text) == domain


def test_the_pages_of_one_registrable_domain_share_a_fold() -> None:
    sites = [f"http://{sub}.site{i}.example.org" for i in range(3) for sub in "abc"]
    sites += [f"http://www.other{i}.com/{page}" for i in range(20) for page in range(3)]
    numbers = folds(sites, n_folds=5)
    for domain in {registrable_domain(site) for site in sites}:
        mine = {int(n) for n, s in zip(numbers, sites, strict=True) if registrable_domain(s) == domain}
        assert len(mine) == 1


def test_folds_hold_about_as_many_pages_each() -> None:
    sites = [f"site{i}.com" for i in range(40) for _ in range(1 + i % 4)]
    sizes = np.bincount(folds(sites, n_folds=5), minlength=5)
    assert sizes.max() - sizes.min() <= 1


def test_the_same_seed_gives_the_same_folds() -> None:
    sites = [f"site{i}.com" for i in range(30)]
    assert (folds(sites, seed=4) == folds(sites, seed=4)).all()


def test_another_seed_gives_other_folds() -> None:
    sites = [f"site{i}.com" for i in range(30)]
    assert (folds(sites, seed=4) != folds(sites, seed=5)).any()


def test_the_order_of_pages_does_not_move_a_site() -> None:
    sites = [f"site{i}.com" for i in range(30)]
    assert (folds(sites)[::-1] == folds(sites[::-1])).all()


def test_a_grouping_key_that_is_no_domain_is_a_site_of_its_own() -> None:
    assert set(folds(["pages 1", "pages 2"], n_folds=2)) == {0, 1}


def test_fewer_sites_than_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="1 sites cannot fill 5 folds"):
        folds(["a.example.com", "b.example.com"])


def test_a_single_fold_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        folds(["a.com"], n_folds=1)


def test_files_without_an_address_are_sites_of_their_own() -> None:
    files = [f"labels/crawl/{number}.html" for number in range(5)]
    assert sorted(folds(files, n_folds=5)) == [0, 1, 2, 3, 4]
