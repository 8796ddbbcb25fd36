"""Other extractors, behind one face, so that they can be measured next to this one.

None of them is needed to train or to classify: each is imported when it is first asked, and is
absent from `installed_peers()` where it is not installed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata

from markdown_it import MarkdownIt
from markdown_it.token import Token

from classifier.parser import parse
from train.corpus.plain import block_text


def as_is(answer: str) -> str:
    """Give an answer that is plain text already."""
    return answer


def html_to_text(answer: str) -> str:
    """Reduce an answer in HTML to its text, a block a line, without link targets."""
    return block_text(parse(answer))


def markdown_to_text(answer: str) -> str:
    """Reduce an answer in Markdown to its text, a block a line.

    Link targets and images go (their alternative text is not on the page); HTML inside Markdown
    is reduced as HTML.
    """
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    lines = [_token_text(token).strip() for token in parser.parse(answer)]
    return "\n".join(line for line in lines if line)


def _token_text(token: Token) -> str:
    if token.type == "inline":
        return "".join(_token_text(child) for child in token.children or ())
    if token.type in ("text", "code_inline", "code_block", "fence"):
        return token.content
    if token.type in ("html_block", "html_inline"):
        # A tag between two words is seldom a word boundary, except for a line break.
        return html_to_text(token.content) or ("\n" if "<br" in token.content else "")
    return "\n" if token.type in ("softbreak", "hardbreak") else ""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another extractor of main content.

    Attributes:
        name: what it is called; also the name of its distribution.
        answer: asks it: the HTML of a page in, its answer out, as text, Markdown or HTML.
        plain: reduces such an answer to plain text. It is apart from `answer` so that the time
            of this step is not put down to the peer.
    """

    name: str
    answer: Callable[[str], str]
    plain: Callable[[str], str] = as_is

    def version(self) -> str:
        """Give the installed version.

        Raises:
            importlib.metadata.PackageNotFoundError: it is not installed.
        """
        return metadata.version(self.name)

    def extract(self, html: str) -> str:
        """Give the main content of a page as plain text.

        Raises:
            ImportError: the peer is not installed. Whatever else the peer raises passes through.
        """
        return self.plain(self.answer(html))


def _trafilatura(html: str) -> str:
    return import_module("trafilatura").extract(html) or ""


def _pagesift(html: str) -> str:
    return str(import_module("pagesift").convert(html).markdown)


def _resiliparse(html: str) -> str:
    module = import_module("resiliparse.extract.html2text")
    # No bullets and alternative texts: like gold texts, and as its authors evaluate it
    # (Bevendorff et al. 2023, doi 10.1145/3539618.3591920).
    return str(
        module.extract_plain_text(
            html, preserve_formatting=True, main_content=True, list_bullets=False, alt_texts=False
        )
    )


def _turbohtml(html: str) -> str:
    import turbohtml

    return turbohtml.parse(html).main_text()


def _justext(html: str) -> str:
    module = import_module("justext")
    paragraphs = module.justext(html, module.get_stoplist("English"))
    return "\n".join(one.text for one in paragraphs if not one.is_boilerplate)


def _readability(html: str) -> str:
    return str(import_module("readability").Document(html).summary())


def _boilerpy3(html: str) -> str:
    module = import_module("boilerpy3.extractors")
    return str(module.ArticleExtractor(raise_on_failure=False).get_content(html))


PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer("trafilatura", _trafilatura),
        Peer("pagesift", _pagesift, markdown_to_text),
        Peer("resiliparse", _resiliparse),
        Peer("turbohtml", _turbohtml),
        Peer("justext", _justext),
        Peer("readability-lxml", _readability, html_to_text),
        Peer("boilerpy3", _boilerpy3),
    )
}


def installed_peers() -> dict[str, Peer]:
    """Give the peers whose distribution is installed, by name."""
    present: dict[str, Peer] = {}
    for name, peer in PEERS.items():
        try:
            peer.version()
        except metadata.PackageNotFoundError:
            continue
        present[name] = peer
    return present
