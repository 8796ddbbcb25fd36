"""Pages -> one HTML file that shows every block and lets a person correct its label.

The file needs no network and no server. A strict content-security policy lets run only the script that it
comes with, and no text ever become markup. Of the pages the HTML itself holds nothing: they are a block of
compressed JSON, in whose base64 no sign has a meaning in HTML, and the script inserts them as text.
"""

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier.errors import ExplanationError
from classifier.explain import NOTICEABLE
from classifier.features.matrix import column_docs, measure_page
from classifier.page import Page
from classifier.segment import Segments

__all__ = ["inspect_pages", "page_entry", "report_of"]

# Digits of a probability, and of a feature's value, that the report keeps.
_DECIMALS: Final = 6
_SIGNIFICANT: Final = 4
_DIGITS: Final = re.compile(r"\d+")
# Nothing is fetched, sent, framed or made markup of; script and style are the two of this hash.
_POLICY: Final = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def inspect_pages(
    pages: Mapping[str, Page] | Iterable[Page], *, features: bool = True, explain: bool = True
) -> str:
    """One HTML file in which a person sees the pages' blocks, corrects their labels and saves these.

    Args:
        pages: by name, such as the path of each; pages without names are numbered.
        features: embed the features' values.
        explain: embed why each block has its probability.

    Write it in UTF-8, as in `Path("report.html").write_text(inspect_pages(pages), encoding="utf-8")`. What
    it saves, `train.corpus.read("labels", Path("labels.jsonl"))` reads.

    Raises:
        ValueError: there is no page.
    """
    if isinstance(pages, Mapping):
        named: Iterable[tuple[str, Page]] = pages.items()
    else:
        named = ((f"page {number}", page) for number, page in enumerate(pages, start=1))
    return report_of([page_entry(name, page, features=features, explain=explain) for name, page in named])


def report_of(entries: Sequence[Mapping[str, Any]]) -> str:
    """The file that shows pages of which `page_entry` gave what it holds.

    Raises:
        ValueError: there is none.
    """
    if not entries:
        raise ValueError("there is no page to inspect")
    kinds = {entry["kind"] for entry in entries if entry["features"]}
    columns = {kind: list(column_docs(kind).items()) for kind in sorted(kinds)}
    # ASCII: a lone surrogate of a page's source goes through as an escape.
    data = json.dumps({"columns": columns, "pages": entries}, separators=(",", ":")).encode("ascii")
    return frame().replace("@data@", b64encode(zlib.compress(data, 9)).decode("ascii"))


@cache
def frame() -> str:
    """The HTML, its style and its script, with the policy that allows these and nothing else."""
    html, style, script = (asset(f"report.{suffix}") for suffix in ("html", "css", "js"))
    policy = _POLICY.format(script=integrity(script), style=integrity(style))
    return html.replace("@policy@", policy).replace("@style@", style).replace("@script@", script)


def asset(name: str) -> str:
    """A file that this package comes with, its lines ended as HTML parsers end them."""
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8").replace("\r\n", "\n")


def integrity(text: str) -> str:
    """The hash by which a content-security policy knows an inline script or style."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode("ascii")


def page_entry(name: str, page: Page, *, features: bool = True, explain: bool = True) -> dict[str, Any]:
    """What the report holds of a page, ready for JSON: columns with a value a block."""
    source = page.markup
    blocks = page.blocks
    digest = sha256(source.encode("utf-8", "surrogatepass"))
    labelled = digest.copy()
    labelled.update("\n".join(page.segments.texts).encode())
    return {
        "name": name,
        "kind": page.kind,
        "title": page.title,
        "confidence": round(page.confidence, 4),
        "type": page.type,
        "type_probability": round(page.type_probability, 4),
        "truncated": page.truncated,
        "source": source,
        # The page's own, and that of the page cut into these blocks, under which unsaved work is kept.
        "sha256": digest.hexdigest(),
        "key": labelled.hexdigest()[:32],
        "texts": list(page.segments.texts),
        "tags": list(page.segments.tags),
        "paths": [block.path for block in blocks],
        "lines": [block.lines for block in blocks],
        "groups": path_groups(page.segments),
        "words": word_counts(page.segments),
        "probabilities": [round(block.probability, _DECIMALS) for block in blocks],
        "keep": [int(block.is_content) for block in blocks],
        "links": [round(block.link_density, 2) for block in blocks],
        "hidden": [int(block.hidden) for block in blocks],
        "sources": [block.source for block in blocks],
        "features": columns_of(page) if features else None,
        "explanations": explanations_of(page) if explain and blocks else None,
    }


def word_counts(segments: Segments) -> list[int]:
    """Words of each block, as the decision weighs them."""
    if not len(segments):
        return []
    counts: list[int] = measure_page(segments).evidence.words.tolist()
    return counts


def path_groups(segments: Segments, known: dict[tuple[int, str, str], int] | None = None) -> list[int]:
    """A number a block, the same for blocks of the same path; -1 where there is none, as in plain text.

    With the same dictionary `known`, which grows, numbers of several pages can be compared.

    A path here is the tags and the names (class, id and the like) from the root down, without positions
    and without the numbers in names: the paragraphs of all posts of a thread have the same one.
    """
    if segments.kind != "html":
        return [-1] * len(segments)
    elements = segments.elements
    known = {} if known is None else known
    paths: list[int] = []
    for parent, tag, identity in zip(elements.parent, elements.tag, elements.identity, strict=True):
        above = paths[parent] if parent >= 0 else -1
        step = (above, tag, _DIGITS.sub("0", identity))
        paths.append(known.setdefault(step, len(known)))
    return [paths[element] if element >= 0 else -1 for element in segments.element]


def columns_of(page: Page) -> list[list[float]] | None:
    """The features' values to four significant digits, a list a column; None for a page without."""
    matrix = page.features
    if matrix is None:
        return None
    rounded: list[list[float]] = significant(matrix.T.astype(np.float64)).tolist()
    return rounded


def significant(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The values to `_SIGNIFICANT` digits, of the same shape; what is no number becomes 0."""
    finite = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    size = np.floor(np.log10(np.maximum(np.abs(finite), 1e-30)))
    scale = 10.0 ** np.clip(_SIGNIFICANT - 1 - size, 0, 12)  # whole numbers stay whole
    return np.asarray(np.round(finite * scale) / scale)


def explanations_of(page: Page) -> dict[str, Any]:
    """What each block starts from, and of each family that moves it noticeably number, effect and evidence.

    A page that cannot be explained gives the reason in their place.
    """
    try:
        explained = page.explanations()
    except ExplanationError as error:
        return {"unknown": str(error)}
    families = list(dict.fromkeys(one.title for each in explained for one in each.influences))
    return {
        "families": families,
        "baselines": [round(each.baseline, _SIGNIFICANT) for each in explained],
        "influences": [
            [
                (
                    families.index(one.title),
                    round(one.effect, _SIGNIFICANT),
                    [why.text for why in one.evidence],
                )
                for one in each.influences
                if abs(one.effect) >= NOTICEABLE
            ]
            for each in explained
        ],
    }
