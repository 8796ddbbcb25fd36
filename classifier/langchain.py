"""LangChain: a document transformer that leaves the content of pages (extra `langchain`).

from classifier.langchain import DeclutterTransformer

documents = DeclutterTransformer().transform_documents(AsyncHtmlLoader(urls).load())
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, get_args

from classifier.errors import ClassifierError, ModelError, PageError
from classifier.page import Page
from classifier.pipeline import Classifier

try:
    from langchain_core.documents import BaseDocumentTransformer, Document
except ImportError as error:
    advice = "pip install 'clutter-classifier[langchain]'"
    raise ImportError(f"classifier.langchain needs langchain-core: {advice}") from error

__all__ = ["DeclutterTransformer"]

Form = Literal["markdown", "text", "html", "blocks"]
OnError = Literal["keep", "drop", "raise"]
# Characters of an error's message that its document bears.
ERROR_CHARS: Final = 300


class DeclutterTransformer(BaseDocumentTransformer):
    """Turns documents that hold whole pages, HTML or plain text, into documents that hold their content.

    `metadata` is added to: `title` if the page has one, `page_type` and `page_type_probability` if the model
    tells types, `confidence` (the word F1 to expect, 0 to 1), and `truncated` where the page exceeds a limit.

    Args:
        form: of `page_content`: `markdown`, `text` or `html`; or `blocks`, which makes a document of the
            text of each block that is content, a chunk that cuts no paragraph, with `block` (its position on
            the page, from 0), `tag`, `path` (CSS) and `probability` as further metadata.
        min_confidence: a page below it counts as one that cannot be read.
        on_error: what becomes of a page that cannot be read: `keep` leaves a document without content in its
            place, with the reason as `error` in its metadata; `drop` leaves it out; `raise` ends the run.
        classifier: with models of your own, as `classifier.load` gives them; the shipped ones if left out.
        options: of `Classifier.classify_many`, such as `favor`, `threshold`, `kind`, `workers` or `isolate`.

    Raises:
        ValueError, TypeError: `form` or `on_error` is none of the above, or an option is wrong.
    """

    def __init__(
        self,
        *,
        form: Form = "markdown",
        min_confidence: float = 0.0,
        on_error: OnError = "keep",
        classifier: Classifier | None = None,
        **options: Any,
    ) -> None:
        for name, value, allowed in (("form", form, Form), ("on_error", on_error, OnError)):
            if value not in get_args(allowed):
                raise ValueError(f"{name} is {value!r}: it must be one of {', '.join(get_args(allowed))}")
        if not 0 <= min_confidence <= 1:
            raise ValueError(f"min_confidence is {min_confidence}: it must lie between 0 and 1")
        self.form = form
        self.min_confidence = min_confidence
        self.on_error = on_error
        self._classifier = classifier or Classifier()
        self._options = {**options, "errors": "return"}
        self._classifier.classify_many((), **self._options)  # brings out a mistake in the options

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """The documents' content, in the same order; none of those given is changed.

        Raises:
            ModelError: the model cannot be loaded.
            ClassifierError: a page cannot be read, if `on_error` is `raise`.
        """
        outcomes = self._classifier.classify_many((one.page_content for one in documents), **self._options)
        pairs = zip(documents, map(self._sure, outcomes), strict=True)
        return [made for document, outcome in pairs for made in self._made(document, *outcome)]

    def _sure(self, outcome: Page | ClassifierError) -> tuple[Page | None, ClassifierError | None]:
        """A page, an error, or a page and why it counts as one that cannot be read."""
        if not isinstance(outcome, Page):
            return None, outcome
        if outcome.confidence >= self.min_confidence:
            return outcome, None
        found = f"the confidence {outcome.confidence:.2f}"
        return outcome, PageError(f"{found} is below min_confidence {self.min_confidence:g}")

    def _made(
        self, document: Document, page: Page | None, error: ClassifierError | None
    ) -> Iterator[Document]:
        facts = {} if page is None else _facts(page)
        if error is not None:
            if self.on_error == "raise" or isinstance(error, ModelError):
                raise error
            if self.on_error == "keep":
                yield _copy(document, "", facts | {"error": str(error)[:ERROR_CHARS]})
        elif page is not None and self.form == "blocks":
            yield from _blocks(document, page, facts)
        elif page is not None:
            yield _copy(document, str(getattr(page, self.form)), facts)


def _blocks(document: Document, page: Page, facts: dict[str, Any]) -> Iterator[Document]:
    for block in page.blocks:
        if block.is_content:
            where = {"block": block.index, "tag": block.tag, "path": block.path}
            more = facts | where | {"probability": round(block.probability, 4)}
            name = document.id and f"{document.id}#{block.index}"
            yield _copy(document, block.text, more).model_copy(update={"id": name})


def _facts(page: Page) -> dict[str, Any]:
    """What is told of a page; what is not known does not take the place of what a loader has found."""
    facts = {
        "title": page.title,
        "page_type": page.type,
        "page_type_probability": page.type and round(page.type_probability, 4),
        "confidence": round(page.confidence, 4),
        "truncated": page.truncated,
    }
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _copy(document: Document, content: str, more: dict[str, Any]) -> Document:
    return document.model_copy(update={"page_content": content, "metadata": document.metadata | more})
