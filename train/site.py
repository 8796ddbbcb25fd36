"""What a site's other pages are worth: weights of that evidence, learned and judged a site at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from classifier import Classifier, SiteProfile
from classifier.decide import Policy, decide
from classifier.decode import decode
from classifier.features.arrays import Floats
from classifier.model import logit
from classifier.segment import Kind, Segments, segment_html
from classifier.site.evidence import Found, Weights, adjusted, columns
from classifier.site.marks import block_keys, marks_of
from train.corpus import GoldPage
from train.errors import CorpusError
from train.metrics import score
from train.plaintext import page_text
from train.table import LabelledPage
from train.weights import page_weights

__all__ = ["SitePage", "compare_sites", "fit_weights", "judge_sites", "report", "site_pages"]

# A ridge on the weights, in pages' worth of log-likelihood: it keeps them finite where a site says nothing.
RIDGE: Final = 0.1
# Pages of one site are alike: together they count for this power of their number.
SITE_POWER: Final = 0.5
_POLICY: Final = Policy()
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SitePage:
    """A labelled page of n blocks, and what the other pages of its site hold of it."""

    page: LabelledPage
    alone: Floats
    """Probability of each block by a model that saw no page of the site; shape (n,)."""
    found: Found
    pages: int
    """How many pages of the site there are."""

    @property
    def words(self) -> npt.NDArray[np.int64]:
        """Words of each block as the model counts them; shape (n,)."""
        return self.page.measured.evidence.words

    def columns(self) -> Doubles:
        """The evidence; shape (n, 2)."""
        return columns(self.found, self.words, self.odds())

    def odds(self) -> Doubles:
        """Log-odds by the model; shape (n,)."""
        return logit(self.alone.astype(np.float64)).astype(np.float64)

    def f1(self, probabilities: Floats) -> float:
        """Word F1 of what is kept under some probabilities."""
        keep = decide(probabilities, self.words, _POLICY).keep
        return score(self.page.kept(keep), self.page.gold).f1


def site_pages(
    pages: Iterable[tuple[LabelledPage, Floats]], sources: Mapping[tuple[str, str], bytes]
) -> list[SitePage]:
    """The pages of sites that have several, each with what the others hold of it.

    Args:
        pages: labelled pages with the probabilities of their blocks.
        sources: the bytes of HTML pages by data set and identifier, which the table does not hold.
    """
    groups = defaultdict(list)
    for page, alone in pages:
        if page.texts:
            groups[page.dataset, page.site].append((page, alone))
    out = []
    for group in groups.values():
        if len(group) < 2:
            continue
        keys = [block_keys(_segments(page, sources)) for page, _ in group]
        profile = SiteProfile(marks_of(key, alone) for key, (_, alone) in zip(keys, group, strict=True))
        for key, (page, alone) in zip(keys, group, strict=True):
            if (found := profile.find(key)).pages:
                out.append(SitePage(page, alone, found, len(group)))
    return out


def _segments(page: LabelledPage, sources: Mapping[tuple[str, str], bytes]) -> Segments:
    if page.rendering != "html":
        return Segments("text", "", page.texts, page.tags)
    return segment_html(decode(sources[page.dataset, page.id]))


def fit_weights(pages: Sequence[SitePage]) -> Weights:
    """The weights under which the labels are most likely (logistic regression, the model's odds as offset).

    Raises:
        CorpusError: there is no page to learn from.
    """
    pages = [one for one in pages if one.page.trainable]
    if not pages:
        raise CorpusError("no site has two pages with gold text: there is nothing to learn from")
    x = np.concatenate([one.columns() for one in pages])
    offset = np.concatenate([one.odds() for one in pages])
    y = np.concatenate([one.page.label for one in pages]).astype(np.float64)
    weight = np.concatenate([page_weights(one.page) * one.pages**-SITE_POWER for one in pages])

    def loss(w: Doubles) -> tuple[float, Doubles]:
        z = offset + x @ w
        value = float(weight @ (np.logaddexp(0, z) - y * z) + RIDGE / 2 * w @ w)
        return value, x.T @ (weight * (expit(z) - y)) + RIDGE * w

    repeated, place = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
    return Weights(float(repeated), float(place))


def judge_sites(pages: Sequence[SitePage]) -> pd.DataFrame:
    """Word F1 of each page alone and with the others, under weights fitted without its site.

    Returns:
        One row a page: site, pages (of the site), page_type, alone, with_site.
    """
    rows = []
    for site in sorted({one.page.site for one in pages}):
        weights = fit_weights([one for one in pages if one.page.site != site])
        for one in pages:
            if one.page.site == site:
                moved = adjusted(one.alone, one.found, one.words, weights)
                rows.append(
                    {
                        "site": site,
                        "pages": one.found.pages + 1,
                        "page_type": one.page.page_type,
                        "alone": one.f1(one.alone),
                        "with_site": one.f1(moved),
                    }
                )
    return pd.DataFrame(rows)


def compare_sites(
    pages: Iterable[GoldPage], classifier: Classifier, kind: Kind | None = None
) -> pd.DataFrame:
    """Word F1 of each page as users call for it, alone and with the profile of its site.

    Args:
        kind: only pages of this kind; `text` turns HTML pages into plain text first. None: all as they are.

    Raises:
        CorpusError: no page has a gold text.

    Returns:
        As `judge_sites`.
    """
    chosen = [page for page in pages if page.gold is not None and kind in (None, "text", page.kind)]
    sources = [page_text(page, kind) if kind else page.page for page in chosen]
    alone = [classifier.classify(source, kind=kind or "auto") for source in sources]
    if not chosen:
        raise CorpusError("none of the pages has a gold text to score against")
    profiles: dict[str, SiteProfile] = defaultdict(SiteProfile)
    for page, one in zip(chosen, alone, strict=True):
        profiles[page.site].add(one)
    rows = []
    for page, source, one in zip(chosen, sources, alone, strict=True):
        together = classifier.classify(source, site=profiles[page.site], kind=kind or "auto")
        rows.append(
            {
                "site": page.site,
                "pages": together.site_pages + 1,
                "page_type": page.page_type or "unknown",
                "alone": score(one.text, page.gold or "").f1,
                "with_site": score(together.text, page.gold or "").f1,
            }
        )
    return pd.DataFrame(rows)


def report(pages: pd.DataFrame, title: str) -> str:
    """Means by site, by page type and by number of pages, and the worst sites."""
    pages = pages.assign(gain=pages["with_site"] - pages["alone"])
    sites = pages.groupby("site").agg(
        rows=("gain", "size"),
        alone=("alone", "mean"),
        with_site=("with_site", "mean"),
        gain=("gain", "mean"),
    )
    error = pages["gain"].std() / len(pages) ** 0.5
    lines = [
        title,
        f"{len(pages)} pages of {len(sites)} sites: mean word F1 {pages['alone'].mean():.4f} alone, "
        f"{pages['with_site'].mean():.4f} with the site, {pages['gain'].mean():+.4f} "
        f"(standard error {error:.4f}); mean over sites {sites['gain'].mean():+.4f}",
        f"sites that lose more than 0.005: {int((sites['gain'] < -0.005).sum())}, that gain as much: "
        f"{int((sites['gain'] > 0.005).sum())}; the worst: {sites['gain'].min():+.4f}",
    ]
    sizes = pd.cut(pages["pages"], [0, 1, 2, 4, np.inf], labels=["1 page", "2", "3 to 4", "5 and more"])
    for key in (pages["page_type"], sizes):
        means = pages.groupby(key, observed=True)[["alone", "with_site", "gain"]].mean()
        lines += ["", means.round(4).to_string()]
    if len(sites) <= 20:
        lines += ["", sites.round(4).to_string()]
    return "\n".join(lines)
