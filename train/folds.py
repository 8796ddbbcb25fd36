"""Cross-validation folds that never put one site on both sides.

Pages of one site share their template, so a model that has seen one of them knows the class names
and the boilerplate of the others; a split by page would measure memory.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    # The ICANN part only: sub-domains of one host of sites (a.bearblog.dev, b.bearblog.dev) share
    # its template, so for folds they are one site although browsers keep them apart.
    return PublicSuffixList(only_icann=True)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host(url_or_host: str) -> str:
    text = url_or_host.strip()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:  # unbalanced brackets of an IPv6 address, and the like
        return ""
    return host.rstrip(".")


def registrable_domain(url_or_host: str) -> str:
    """Give the registrable domain of a URL or a host name, in lower case.

    `https://news.example.co.uk/a` gives `example.co.uk`. A host that is an address, a bare public
    suffix or a single label stands for itself; text without a host gives the empty string.
    Source of the suffixes: the Public Suffix List (ICANN part), as shipped with publicsuffixlist.
    """
    host = _host(url_or_host)
    if not host or _is_address(host):
        return host
    return _suffixes().privatesuffix(host) or host


def _key(site: str) -> str:
    """What pages of one site share; a name with slashes that is no URL, as of a file, stands for itself."""
    return site if "/" in site and "//" not in site else registrable_domain(site) or site


def folds(sites: Sequence[str], n_folds: int = 5, seed: int = 0) -> npt.NDArray[np.int64]:
    """Give each page a fold, with all pages of one site in the same fold.

    Sites are dealt from the largest to the smallest, each to the fold with the fewest pages so
    far; sites of one size come in an order drawn from `seed`.

    Args:
        sites: the site of each page (URL, host or any other grouping key), shape (pages,).
        n_folds: how many folds, at least 2.
        seed: draws the order of sites of equal size.

    Returns:
        Fold numbers 0 to n_folds - 1, shape (pages,).

    Raises:
        ValueError: `n_folds` is below 2, or there are fewer sites than folds.
    """
    keys = [_key(site) for site in sites]
    sizes = Counter(keys)
    if n_folds < 2:
        raise ValueError(f"n_folds is {n_folds}: a split needs at least 2 folds")
    if len(sizes) < n_folds:
        raise ValueError(f"{len(sizes)} sites cannot fill {n_folds} folds")
    names = sorted(sizes)  # independent of the order of pages
    order = np.random.default_rng(seed).permutation(len(names))
    dealt = sorted((names[i] for i in order), key=lambda name: -sizes[name])
    filled = [0] * n_folds
    fold_of: dict[str, int] = {}
    for name in dealt:
        smallest = filled.index(min(filled))
        fold_of[name] = smallest
        filled[smallest] += sizes[name]
    return np.array([fold_of[key] for key in keys], dtype=np.int64)
