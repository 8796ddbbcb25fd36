import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

import classifier
from classifier import (
    BinaryPageError,
    Classifier,
    Model,
    ModelError,
    Page,
    PageTooLargeError,
    classify,
    classify_many,
    extract,
)
from classifier.decide import Favor
from classifier.features.lexical import SHAPES, Lexicon
from classifier.features.matrix import column_names
from classifier.limits import Limits
from classifier.network import Network, shapes
from classifier.pagetype import PageTypes
from classifier.segment import Kind

ROOT: Final = Path(classifier.__file__).parents[1]
KINDS: tuple[Kind, ...] = get_args(Kind)
LEXICON: Final = Lexicon(**{name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()})
PROSE: Final = (
    "The river rises in the hills to the north, turns west below the old mill, and reaches the sea "
    "after some forty miles of meadows, weirs and quiet villages."
)
HTML: Final = (
    f"<html><head><title>Rivers</title></head><body><ul class=menu><li><a href=/>Home</a>"
    f"<li><a href=/login>Log in</a></ul><article><h1>The river</h1><p>{PROSE}</p><p>{PROSE[::-1]}</p>"
    "</article><footer><a href=/terms>Terms</a></footer></body></html>"
)
TEXT: Final = f"Home\nLog in\n\nThe river\n\n{PROSE}\n\nTerms"


class WordCount:
    """Stands in for trained trees: the more words a block has, the likelier it is content."""

    def __init__(self, kind: Kind) -> None:
        self.column = column_names(kind).index("words")

    def predict_proba(self, X: Any, /) -> Any:
        words = np.expm1(X[:, self.column])
        p = words / (words + 8)
        return np.column_stack((1 - p, p))


@pytest.fixture
def own() -> Classifier:
    """A classifier with trees of one's own instead of trained ones."""
    return Classifier(Model(kind, LEXICON, WordCount(kind)) for kind in KINDS)


def same(first: Page, second: Page) -> bool:
    return (
        first.blocks == second.blocks
        and np.array_equal(first.probabilities, second.probabilities)
        and first.confidence == second.confidence
    )


@pytest.mark.parametrize("page", [HTML, HTML.encode(), bytearray(HTML.encode()), memoryview(HTML.encode())])
def test_a_page_is_str_or_bytes(page: Any) -> None:
    assert same(classify(page), classify(HTML))


@pytest.mark.parametrize("page", [None, 7, [HTML], Path("page.html"), {"html": HTML}])
def test_anything_else_is_a_type_error_that_names_the_type(page: Any) -> None:
    with pytest.raises(TypeError, match=f"not {type(page).__name__}"):
        classify(page)


@pytest.mark.parametrize(("page", "kind"), [(HTML, "html"), (TEXT, "text")])
def test_the_kind_of_page_is_seen(page: str, kind: Kind) -> None:
    assert classify(page).kind == kind


def test_the_kind_can_be_given() -> None:
    assert classify(HTML, kind="text").kind == "text"
    assert classify(TEXT, kind="html").kind == "html"


@pytest.mark.parametrize("page", [HTML, HTML.encode(), b"<p>\xe9"])
def test_an_encoding_that_is_no_name_is_refused(page: str | bytes) -> None:
    with pytest.raises(TypeError, match="name of one, not int"):
        classify(page, encoding=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["pdf", "", None])
def test_another_kind_is_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="auto, html or text"):
        classify(HTML, kind=kind)


def test_a_page_is_blocks_with_probabilities_and_features() -> None:
    page = classify(HTML)
    assert [block.text for block in page.blocks][:2] == ["Home", "Log in"]
    assert page.title == "Rivers"
    assert page.features is not None
    assert page.features.shape == (len(page.blocks), len(page.feature_names))
    assert page.feature_names == column_names("html")
    assert 0 < page.confidence <= 1


def linked_is_listing(kind: Kind) -> PageTypes:
    """Tells pages of many links from those of few, and plain text from nothing."""
    weight = np.zeros((2 * len(column_names(kind)), 2), np.float32)
    if kind == "html":
        weight[column_names(kind).index("link_density"), 1] = 4
    return PageTypes(("article", "listing"), weight, np.array([1, 0], np.float32))


@pytest.fixture
def typing() -> Classifier:
    """A classifier that tells types of pages."""
    return Classifier(Model(kind, LEXICON, WordCount(kind), types=linked_is_listing(kind)) for kind in KINDS)


def test_a_page_has_a_type_with_its_probability(typing: Classifier) -> None:
    prose, links = typing.classify(f"<p>{PROSE}"), typing.classify("<p><a href=/>one</a>" * 5)
    assert (prose.type, links.type) == ("article", "listing")
    assert prose.type_probability == pytest.approx(1 / (1 + np.exp(-1)))
    assert links.type_probability == pytest.approx(1 / (1 + np.exp(-3)))


def test_plain_text_has_a_type_too(typing: Classifier) -> None:
    assert typing.classify(TEXT).type == "article"


def test_a_type_does_not_touch_what_is_content(typing: Classifier, own: Classifier) -> None:
    assert same(typing.classify(HTML), own.classify(HTML))


def test_a_model_without_types_tells_none(own: Classifier) -> None:
    found = own.classify(HTML)
    assert (found.type, found.type_probability) == (None, 0.0)


def test_a_page_without_text_has_no_type(typing: Classifier, own: Classifier) -> None:
    for classifier_ in (typing, own):
        found = classifier_.classify("<p></p>")
        assert (found.type, found.type_probability) == (None, 0.0)


def silent_network(kind: Kind, logit: float) -> Network:
    """A network that gives every block the same log-odds."""
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes(len(column_names(kind))).items()}
    return Network(**arrays | {"scale": arrays["scale"] + 1, "output_bias": np.array([logit], np.float32)})


@pytest.mark.parametrize("logit", [-3.0, 0.0, 3.0])
def test_trees_and_network_meet_halfway_on_the_logit(logit: float, own: Classifier) -> None:
    model = Model("html", LEXICON, WordCount("html"), silent_network("html", logit))
    trees, both = own.classify(HTML).probabilities, Classifier([model]).classify(HTML).probabilities
    expected = (np.log(trees / (1 - trees)) + logit) / 2
    assert np.log(both / (1 - both)) == pytest.approx(expected, abs=1e-4)


def test_prose_is_content_and_a_menu_is_clutter(own: Classifier) -> None:
    for page in (HTML, TEXT):
        found = own.classify(page)
        assert PROSE in found.text
        assert "Log in" not in found.text


@pytest.mark.parametrize(
    "page", ["", " \n\t ", b"", "<html></html>", "<p></p>", "<script>x()</script>", "\ufeff"]
)
def test_an_empty_page_has_no_blocks_and_no_confidence(page: str | bytes) -> None:
    found = classify(page)
    assert (found.blocks, found.text, found.confidence) == ((), "", 0)
    assert (found.markdown.strip(), found.probabilities.shape) == ("", (0,))


@pytest.mark.parametrize(
    "page", [b"%PDF-1.7\n" + b"\0" * 99, b"\x89PNG\r\n\x1a\n" + b"\0" * 99, b"PK\x03\x04" + b"\0" * 99]
)
def test_a_binary_file_is_no_page(page: bytes) -> None:
    with pytest.raises(BinaryPageError):
        classify(page)


@pytest.mark.parametrize("page", ["x " * 600, b"x " * 600], ids=["str", "bytes"])
def test_a_page_over_the_limit_is_read_up_to_it_and_says_so(page: str | bytes) -> None:
    found = classify(page, limits=Limits(max_bytes=1000), threshold=0)
    assert "1,000 bytes (max_bytes)" in found.truncated
    assert found.text == ("x " * 500).strip()


@pytest.mark.parametrize("page", ["x " * 600, b"x " * 600], ids=["str", "bytes"])
def test_a_page_over_the_limit_is_refused_where_the_caller_is_strict(page: str | bytes) -> None:
    with pytest.raises(PageTooLargeError, match=r"more than 1,000 bytes .*raise the limit"):
        classify(page, limits=Limits(max_bytes=1000), strict=True)


def test_a_str_is_as_large_as_its_utf_8_and_is_cut_between_characters() -> None:
    limits = Limits(max_bytes=1000)
    assert classify("河" * 333, limits=limits).truncated == ""
    found = classify("河" * 400, limits=limits, threshold=0)
    assert found.truncated and found.text == "河" * 333


def test_a_page_of_exactly_the_limit_is_read_whole() -> None:
    assert not classify(HTML, limits=Limits(max_bytes=len(HTML.encode()))).truncated
    assert not classify(HTML.encode(), limits=Limits(max_bytes=len(HTML.encode()))).truncated


PARTS: Final = "<html><body><div><p>one is here <b>bold</b> <p>two<p>three</div><ul><li>four<li>five</ul>" * 3


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_blocks=3),
        Limits(max_nodes=9),
        Limits(max_depth=4),
        Limits(max_bytes=60),
        Limits(seconds=1e-9),
    ],
    ids=["blocks", "nodes", "depth", "bytes", "seconds"],
)
def test_what_is_rendered_of_a_page_that_exceeds_a_limit_is_what_was_read(limits: Limits) -> None:
    found = classify(PARTS, limits=limits, threshold=0)
    assert found.truncated
    for rendered in (found.markdown, found.html):
        words = [word for word in rendered.replace("<", " <").replace(">", "> ").split() if word.isalpha()]
        assert [word for word in words if word in "one two three four five".split()] == [
            word for word in found.text.split() if word in "one two three four five".split()
        ]
    with pytest.raises(PageTooLargeError):
        classify(PARTS, limits=limits, strict=True)


def test_extract_gives_the_content_in_the_format_asked_for() -> None:
    page = classify(HTML)
    assert extract(HTML) == extract(HTML, "text") == page.text
    assert extract(HTML, "markdown") == page.markdown
    assert extract(HTML, "html") == page.html


def test_extract_takes_the_options_of_classify() -> None:
    assert extract(HTML, threshold=1.0) == ""
    assert extract(TEXT, kind="html") == classify(TEXT, kind="html").text


@pytest.mark.parametrize("name", ["json", "", "TEXT", "blocks"])
def test_another_format_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="text, markdown or html"):
        extract(HTML, name)


def test_pages_come_back_in_order() -> None:
    pages = [f"<title>{number}</title><p>{PROSE}" for number in range(5)]
    found = [page for page in classify_many(pages) if isinstance(page, Page)]
    assert [page.title for page in found] == list("01234")


def test_pages_are_read_one_by_one_as_they_are_asked_for() -> None:
    asked: list[int] = []

    def pages() -> Any:
        for number in range(3):
            asked.append(number)
            yield HTML

    results = classify_many(pages())
    next(results)
    assert asked == [0]


def test_an_error_ends_the_run_unless_it_is_to_be_returned() -> None:
    pages: list[str | bytes] = [HTML, b"%PDF-1.7\n" + b"\0" * 99, TEXT]
    results = classify_many(pages)
    next(results)
    with pytest.raises(BinaryPageError):
        next(results)
    kinds = [type(result) for result in classify_many(pages, errors="return")]
    assert kinds == [Page, BinaryPageError, Page]


def test_a_mistake_of_the_caller_is_raised_whatever_is_asked() -> None:
    with pytest.raises(TypeError):
        list(classify_many([None], errors="return"))  # type: ignore[list-item]
    with pytest.raises(ValueError, match="raise or return"):
        list(classify_many([HTML], errors="ignore"))  # type: ignore[arg-type]


@pytest.mark.parametrize("page", [HTML, TEXT])
def test_a_higher_threshold_keeps_a_part_of_what_a_lower_one_keeps(page: str) -> None:
    kept = [classify(page, threshold=threshold).keep for threshold in (0.0, 0.2, 0.5, 0.8, 1.0)]
    assert kept[0].all()
    for lower, higher in pairwise(kept):
        assert not (higher & ~lower).any()


@pytest.mark.parametrize("page", [HTML, TEXT])
def test_precision_keeps_a_part_of_balance_and_balance_a_part_of_recall(page: str) -> None:
    favors: tuple[Favor, ...] = ("precision", "balance", "recall")
    precision, balance, recall = (classify(page, favor=favor).keep for favor in favors)
    assert not (precision & ~balance).any()
    assert not (balance & ~recall).any()


def test_how_to_decide_does_not_touch_the_probabilities() -> None:
    plain, strict = classify(HTML), classify(HTML, threshold=0.9)
    assert np.array_equal(plain.probabilities, strict.probabilities)


@pytest.mark.parametrize("options", [{"favor": "speed"}, {"threshold": 1.5}, {"threshold": -1}])
def test_another_favor_or_threshold_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"favor|threshold"):
        classify(HTML, **options)


def test_any_scikit_learn_estimator_can_be_a_stage() -> None:
    width = len(column_names("html"))
    rows = np.zeros((4, width), np.float32)
    stage = DummyClassifier(strategy="prior").fit(rows, [True, True, True, False])
    found = Classifier([Model("html", LEXICON, stage)]).classify(HTML)
    assert found.probabilities.tolist() == pytest.approx([0.75] * len(found.blocks))


def test_for_a_kind_without_a_model_of_ones_own_the_shipped_one_serves(own: Classifier) -> None:
    mixed = Classifier([own.model("html")])
    assert same(mixed.classify(HTML), own.classify(HTML))
    assert same(mixed.classify(TEXT), classify(TEXT))


@pytest.mark.parametrize("page", [HTML, TEXT])
def test_the_same_page_has_the_same_answer(page: str) -> None:
    assert same(classify(page), classify(page))


def test_a_page_is_not_changed_by_the_pages_before_it() -> None:
    alone = classify(HTML)
    for other in (TEXT, "", "<p>x" * 500):
        classify(other)
    assert same(classify(HTML), alone)


def test_eight_threads_give_what_one_gives() -> None:
    pages = [HTML, TEXT, HTML.replace("river", "road"), TEXT.replace("river", "road")] * 8
    expected = [classify(page) for page in pages]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(classify, pages))
    assert all(same(one, two) for one, two in zip(found, expected, strict=True))


def test_the_first_page_may_come_from_eight_threads_at_once() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\nimport classifier\n"
        "with ThreadPoolExecutor(8) as threads:\n"
        f"    texts = set(threads.map(classifier.extract, [{HTML!r}] * 16))\n"
        "assert len(texts) == 1, texts\n"
    )
    run(code)


def run(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


HEAVY: Final = set("sklearn pandas joblib scipy matplotlib pyarrow onnx onnxruntime skl2onnx train".split())


def test_classifying_needs_nothing_of_what_training_needs() -> None:
    code = (
        "import sys, classifier\n"
        f"page = classifier.classify({HTML!r})\npage.text, page.markdown, page.html, page.to_dict()\n"
        f"classifier.classify({TEXT!r}).text\n"
        f"print(sorted({HEAVY!r} & {{name.partition('.')[0] for name in sys.modules}}))\n"
    )
    assert run(code).strip() == "[]"


def test_importing_the_package_imports_neither_numpy_nor_the_runtime() -> None:
    code = "import sys, classifier\nprint(sorted({'numpy', 'turbohtml'} & set(sys.modules)))\n"
    assert run(code).strip() == "[]"


def test_a_path_that_cannot_exist_is_a_model_error() -> None:
    with pytest.raises(ModelError):
        classifier.load("x" * 5000)


@pytest.mark.parametrize(
    "page",
    [
        "<p>\ud800 lone surrogates cannot be written in any encoding of the world",
        '<script type="application/ld+json">{"articleBody": "\\ud800 is an escape that JSON allows and no '
        'encoding can write, which is why it must not reach the text of the page."}</script>',
    ],
    ids=["in a str", "in JSON-LD"],
)
def test_no_lone_surrogate_reaches_the_text(page: str) -> None:
    text = classify(page, threshold=0.0).text
    assert text
    assert text.encode()
