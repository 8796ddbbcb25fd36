"""Structure: the block's element, the elements around it, and what their subtrees hold."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Arrays, Column, Floats, ratio, stack
from classifier.features.tree import LEVELS, Tree
from classifier.segment import Source

__all__ = ["COLUMNS", "ENTRY", "INSIDE", "TAG_CODES", "compute"]

Codes = npt.NDArray[np.int64]

# Ordered so that tags used alike stand together: a tree splits them with few cuts.
TAG_ORDER: Final = (
    "h1 h2 h3 h4 h5 h6 p blockquote pre figcaption caption dt dd li td tr th summary legend "
    "article main section div span center body address form label button select textarea "
    "header aside nav footer"
).split()
TAG_CODES: Final = {tag: code for code, tag in reversed(list(enumerate(TAG_ORDER, start=1)))}
# They come first in TAG_ORDER, so that the code of a heading is its level.
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
# Ancestors whose meaning the HTML standard gives.
INSIDE: Final = (
    ("nav",), ("header",), ("footer",), ("aside",), ("main",), ("article",), ("form",), ("table",),
    ("ul", "ol"), ("dl",), ("blockquote",), ("figure",), ("section",), ("li",), ("a",), ("button",),
    ("h1", "h2", "h3", "h4", "h5", "h6"), ("noscript",), ("dialog",), ("details",), ("p",),
)  # fmt: skip

ENTRY: Final = {tag: index for index, tags in enumerate(INSIDE) for tag in tags}

COLUMNS: Final[tuple[Column, ...]] = (
    ("tag", "code of the block's tag, alike ones together"),
    ("tag_previous", "tag code of the block before"),
    ("tag_next", "tag code of the block after"),
    ("parent_tag", "tag code of the element around the block's"),
    ("depth", "depth of the block's element"),
    ("hidden", "1 if the block or an ancestor is hidden by its attributes"),
    ("source", "0 visible, 1 noscript, 2 JSON-LD, 3 embedded state"),
    ("images", "log(1 + images since the block before)"),
    ("controls", "log(1 + form controls since the block before)"),
    *((f"in_{tags[0]}", f"elements among {', '.join(tags)} that enclose the block") for tags in INSIDE),
    *((f"subtree_words_{k}", f"log(1 + words) of enclosing subtree {k}") for k in range(LEVELS)),
    *((f"subtree_share_{k}", f"share of the page's words in enclosing subtree {k}")
      for k in range(LEVELS)),
    *((f"subtree_links_{k}", f"link density of enclosing subtree {k}") for k in range(LEVELS)),
    *((f"subtree_mean_{k}", f"log(1 + mean words a block) of enclosing subtree {k}")
      for k in range(LEVELS)),
    *((f"subtree_position_{k}", f"the block's place among the blocks of enclosing subtree {k}, 0 to 1")
      for k in range(1, LEVELS)),
    *((f"subtree_long_{k}", f"share of the words of subtree {k} in its <p>") for k in range(LEVELS)),
    *((f"alike_{k}", f"log(siblings like enclosing subtree {k})") for k in range(LEVELS - 2)),
    ("path_blocks", "log(blocks with the same path of tags and names)"),
    ("path_words", "log(1 + their mean words)"),
    ("path_links", "their link density"),
    ("since_h1", "log(1 + blocks since the last h1), -1 if there is none before"),
    ("since_heading", "log(1 + blocks since the last heading)"),
    ("heading_level", "level of the last heading, 7 if there is none"),
    ("section_words", "log(1 + words between the headings around the block)"),
    ("section_links", "link density between the headings around the block"),
    ("page_p_share", "share of the page's words in <p>"),
    ("page_li_share", "share of the page's words in <li>"),
    ("page_row_share", "share of the page's words in table rows and cells"),
    ("page_link_density", "link density of the page"),
    ("page_hidden_share", "share of the page's words that are hidden"),
    ("page_noscript_share", "share of the page's words in <noscript>"),
    ("page_embedded_share", "share of the page's words in JSON-LD and embedded state"),
    ("page_articles", "log(1 + article elements)"),
    ("page_headings", "log(1 + headings)"),
    ("page_h1", "number of h1"),
    ("page_controls", "log(1 + form controls)"),
    ("page_main_share", "share of the page's words inside <main>"),
    ("page_article_share", "share of the page's words inside <article>"),
)  # fmt: skip


def compute(page: Arrays, tree: Tree) -> Floats:
    """The columns of this family; shape (blocks, len(COLUMNS)), float32."""
    segments = page.segments
    code = np.array([TAG_CODES.get(tag, 0) for tag in segments.tags])
    owner = np.maximum(np.asarray(segments.element, np.int64), 0)
    element_code = np.array([TAG_CODES.get(tag, 0) for tag in tree.tag_names], np.float32)
    inside = _inside(page, tree)
    columns = (
        code,
        np.concatenate(([0], code[:-1])),
        np.concatenate((code[1:], [0])),
        element_code[tree.tag[tree.parent[owner]]],
        tree.depth[owner],
        np.asarray(segments.hidden),
        np.asarray(segments.source),
        np.log1p(np.asarray(segments.images)),
        np.log1p(np.asarray(segments.controls)),
        *inside,
        *_subtrees(page, tree, code),
        *_paths(page, tree, owner),
        *_headings(page, tree, code),
        *_page(page, inside, code),
    )
    return stack(columns, page.n)


def _inside(page: Arrays, tree: Tree) -> npt.NDArray[np.int64]:
    """For each entry of INSIDE, how many such elements enclose each block; shape (len(INSIDE), n)."""
    entry = np.array([ENTRY.get(tag, -1) for tag in tree.tag_names])[tree.tag]
    chosen = np.flatnonzero(entry >= 0)
    row = entry[chosen] * (page.n + 1)
    size = len(INSIDE) * (page.n + 1)
    opened = np.bincount(row + tree.first[chosen], minlength=size)
    closed = np.bincount(row + tree.end[chosen], minlength=size)
    counts: npt.NDArray[np.int64] = np.cumsum((opened - closed).reshape(len(INSIDE), -1), axis=1)
    return counts[:, : page.n]


def _subtrees(page: Arrays, tree: Tree, code: Codes) -> list[npt.NDArray[np.floating]]:
    level = tree.level
    words = tree.total(tree.words, level)
    chars = tree.total(tree.chars, level)
    linked = tree.total(tree.linked, level)
    blocks = tree.end[level] - tree.first[level]
    in_p = np.where(code == TAG_CODES["p"], page.words, 0)
    p_words = tree.total(np.concatenate(([0.0], np.cumsum(in_p))), level)
    place = (np.arange(page.n) - tree.first[level] + 0.5) / np.maximum(blocks, 1)
    return [
        *np.log1p(words),
        *(words / max(1.0, float(tree.words[-1]))),
        *ratio(linked, chars),
        *np.log1p(ratio(words, blocks)),
        *place[1:],
        *ratio(p_words, words),
        *np.log(tree.alike[level[: LEVELS - 2]]),
    ]


def _paths(page: Arrays, tree: Tree, owner: npt.NDArray[np.int64]) -> tuple[Floats, ...]:
    _, inverse, count = np.unique(tree.path[owner], return_inverse=True, return_counts=True)
    words = np.bincount(inverse, weights=page.words)
    chars = np.bincount(inverse, weights=page.chars)
    linked = np.bincount(inverse, weights=np.diff(tree.linked))
    return (
        np.log(count)[inverse].astype(np.float32),
        np.log1p(words / count)[inverse].astype(np.float32),
        ratio(linked, chars)[inverse],
    )


def _headings(page: Arrays, tree: Tree, code: Codes) -> tuple[npt.NDArray[np.generic], ...]:
    index = np.arange(page.n)
    is_heading = (code >= 1) & (code <= len(HEADINGS))
    is_h1 = code == 1
    last = np.maximum.accumulate(np.where(is_heading, index, -1))
    last_h1 = np.maximum.accumulate(np.where(is_h1, index, -1))
    section = np.cumsum(is_heading)
    words = np.bincount(section, weights=page.words)
    chars = np.bincount(section, weights=page.chars)
    linked = np.bincount(section, weights=np.diff(tree.linked))
    return (
        np.where(last_h1 < 0, -1, np.log1p(index - last_h1)),
        np.log1p(np.where(last < 0, page.n, index - last)),
        np.where(last < 0, 7, code[last]),
        np.log1p(words)[section],
        ratio(linked, chars)[section],
    )


def _page(page: Arrays, inside: npt.NDArray[np.int64], code: Codes) -> tuple[float, ...]:
    """Figures of the whole page, the same for every block."""
    segments, words = page.segments, page.words
    source = np.asarray(segments.source)
    chosen = (
        code == TAG_CODES["p"],
        code == TAG_CODES["li"],
        (code >= TAG_CODES["td"]) & (code <= TAG_CODES["th"]),
        np.asarray(segments.hidden, bool),
        source == Source.NOSCRIPT,
        source >= Source.JSON_LD,
        inside[ENTRY["main"]] > 0,
        inside[ENTRY["article"]] > 0,
    )
    p, li, row, hidden, noscript, embedded, main, article = (
        np.array(chosen, np.float64) @ words / max(1, int(words.sum()))
    ).tolist()
    links = min(1.0, sum(segments.link_chars) / max(1, int(page.chars.sum())))
    articles = math.log1p(segments.elements.tag.count("article"))
    headings = math.log1p(np.count_nonzero((code >= 1) & (code <= len(HEADINGS))))
    controls = math.log1p(sum(segments.controls))
    ones = float(np.count_nonzero(code == 1))
    return p, li, row, links, hidden, noscript, embedded, articles, headings, ones, controls, main, article
