"""classify() and extract(): a page in, labelled blocks or clean text out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from classifier.decide import Favor, Policy, decide
from classifier.decode import decode
from classifier.errors import ClassifierError, ModelError, PageTooLargeError
from classifier.features.matrix import measure_page
from classifier.limits import DEFAULT_LIMITS, Limits
from classifier.model import Model, load_model, shipped_model
from classifier.page import Page
from classifier.segment import Kind, Segments, detect_kind, segment_html, segment_text
from classifier.segment.whitespace import without_surrogates

if TYPE_CHECKING:
    from classifier.site import SiteProfile
    from classifier.workers import Isolation

__all__ = ["Classifier", "classify", "classify_many", "extract", "load"]

Format = Literal["text", "markdown", "html"]
PageKind = Literal["auto", "html", "text"]
Errors = Literal["raise", "return"]

_SEGMENTERS: Final[Mapping[Kind, Callable[[str, Limits], Segments]]] = {
    "html": segment_html,
    "text": segment_text,
}


@cache
def _shipped(kind: Kind) -> Model:
    return shipped_model(kind)


class Classifier:
    """Labels pages with a chosen model; `classify` and the like use one with the shipped models.

    Args:
        models: a model a kind of page; for a kind that is left out the shipped model serves.
    """

    def __init__(self, models: Iterable[Model] = ()) -> None:
        self._models = {model.kind: model for model in models}

    def model(self, kind: Kind) -> Model:
        """The model in use for a kind of page."""
        return self._models.get(kind) or _shipped(kind)

    def classify(
        self,
        page: str | bytes,
        *,
        kind: PageKind = "auto",
        encoding: str | None = None,
        favor: Favor = "balance",
        threshold: float | None = None,
        limits: Limits = DEFAULT_LIMITS,
        strict: bool = False,
        isolate: "bool | Isolation" = False,
        site: "SiteProfile | None" = None,
    ) -> Page:
        """Cut a page into blocks and label each one content or clutter.

        Args:
            page: HTML or plain text; bytes are decoded as browsers do.
            kind: how to read the page; `auto` looks at it.
            encoding: what the server declared (`charset` of the HTTP header `Content-Type`), for bytes whose
                encoding neither a byte-order mark nor well-formed UTF-8 tells; an unknown one is passed over.
            favor: `precision` keeps less, `recall` more, than `balance`.
            threshold: keep the blocks of at least this probability, instead of `favor`.
            limits: bounds on what a page may cost; one that exceeds them is read up to there, and
                `Page.truncated` says so.
            strict: raise an exception instead.
            isolate: classify in a worker process with bounds on time and memory, which hold even where
                the parser is at work; an `Isolation` says which bounds. Scripts do so under
                `if __name__ == "__main__":`.
            site: what the pages of its site have in common. The page never counts for itself, and without
                another page nothing changes.

        Returns:
            The page as labelled blocks.

        Raises:
            TypeError: `page` is neither str nor bytes, `encoding` no str, or `site` no profile.
            ValueError: `kind`, `favor` or `threshold` is none of the above.
            BinaryPageError: the bytes are a PDF, an image, an archive or the like.
            PageTooLargeError: the page exceeds the limits, and `strict`.
            PageTimeoutError, PageMemoryError, WorkerError: the page exceeds the bounds of `isolate`, or
                ends the worker.
        """
        if isolate:
            # Late: what starts processes takes a sixth of the import, and a page here needs none of it.
            from classifier.isolate import classify_isolated

            options = {
                "kind": kind,
                "encoding": encoding,
                "favor": favor,
                "threshold": threshold,
                "site": site,
            }
            return classify_isolated(self, page, isolate, limits=limits, strict=strict, **options)
        policy = Policy(favor, threshold)
        _check_site(site)
        text, cut = _text(page, limits, encoding)
        kind = _kind(kind, text)
        segments = _segments(kind, text, limits)
        truncated = segments.truncated or cut
        if strict and truncated:
            raise PageTooLargeError(f"{truncated}: raise the limit, or read a part of it without strict")
        if not len(segments):
            nothing = np.zeros(0, np.float32)
            keep = nothing.astype(bool)
            return Page(kind, segments.title, 0.0, nothing, keep, source=text, truncated=truncated)
        model = self.model(kind)
        measured = measure_page(segments)
        matrix = model.matrix(measured)
        probabilities = model.probabilities(measured, matrix)
        words = measured.evidence.words
        page_type, type_probability = model.page_type(measured, matrix, probabilities)
        alone, others = probabilities, 0
        if site is not None:
            probabilities, others = site.adjusted(segments, probabilities, words)
        decision = decide(probabilities, words, policy)
        return Page(
            kind=kind,
            title=segments.title,
            confidence=decision.confidence,
            probabilities=probabilities,
            keep=decision.keep,
            segments=segments,
            source=text,
            type=page_type,
            type_probability=type_probability,
            site_pages=others,
            alone=alone if others else None,
            truncated=truncated,
            model_of=self.model,
        )

    def extract(self, page: str | bytes, format: Format = "text", **options: object) -> str:
        """The content of a page alone.

        Args:
            page: as in `classify`.
            format: `text`, `markdown`, or `html`, which is safe to show.
            options: as in `classify`.

        Returns:
            The content; empty where the page has none.

        Raises:
            ValueError: another format; else as `classify`.
        """
        if format not in ("text", "markdown", "html"):
            raise ValueError(f"format is {format!r}: it must be text, markdown or html")
        return str(getattr(self.classify(page, **options), format))  # type: ignore[arg-type]

    def classify_many(
        self,
        pages: Iterable[str | bytes],
        *,
        workers: int = 1,
        errors: Errors = "raise",
        progress: bool = False,
        isolate: "bool | Isolation" = False,
        **options: object,
    ) -> Iterator[Page | ClassifierError]:
        """Classify a stream of pages, in order, in memory that does not grow with their number.

        Pages are read as results are asked for, at most some chunks ahead. Close the iterator, or let it go,
        to end workers early. A script starts them under `if __name__ == "__main__":`, as each imports it.

        Args:
            pages: HTML or plain text, read once.
            workers: processes that share the work, each with the model loaded once; 1 works here.
            errors: `return` yields a page's exception in its place, so that no page is dropped;
                `raise` lets it end the run.
            progress: show a bar on standard error (needs tqdm).
            isolate: bound the time and memory of each page, as in `classify`.
            options: as in `classify`; workers get a site's profile as it is when they start.

        Returns:
            A `Page`, or with `errors="return"` an exception, for each of `pages`.

        Raises:
            ValueError, TypeError: an option is wrong, told before any page is read.
            ImportError: `progress` without tqdm.
            WorkerError: the workers cannot start; as the error of a page, that it ended its worker.
        """
        # Late: what starts processes takes a sixth of the import, and a single page needs none of it.
        from classifier.isolate import isolation_of
        from classifier.many import classify_stream

        return classify_stream(
            self,
            pages,
            options,
            workers=workers,
            errors=errors,
            progress=progress,
            isolation=isolation_of(isolate),
        )


def _text(page: str | bytes, limits: Limits, encoding: str | None) -> tuple[str, str]:
    """The page as text, up to `limits.max_bytes`, and what was exceeded if it is longer."""
    if not isinstance(page, (str, bytes, bytearray, memoryview)):
        hint = ": read it with read_bytes()" if isinstance(page, Path) else ""
        raise TypeError(f"a page is str or bytes, not {type(page).__name__}{hint}")
    if not isinstance(encoding, str | None):
        raise TypeError(f"encoding is the name of one, not {type(encoding).__name__}")
    if not isinstance(page, str):
        data = bytes(page)
        cut = limits.exceeded("max_bytes") if len(data) > limits.max_bytes else ""
        return decode(data[: limits.max_bytes], encoding), cut
    if len(page) * 4 <= limits.max_bytes:  # no character takes more bytes in UTF-8
        return page, ""
    encoded = page[: limits.max_bytes + 1].encode("utf-8", "surrogatepass")
    if len(encoded) <= limits.max_bytes:
        return page, ""
    # The bytes that are left of a character in the middle of which the page is cut.
    return encoded[: limits.max_bytes].decode("utf-8", "ignore"), limits.exceeded("max_bytes")


def _check_site(site: "SiteProfile | None") -> None:
    """Raise `TypeError` unless it is a profile or None."""
    if site is not None:
        # Late: most pages are classified without one.
        from classifier.site import SiteProfile

        if not isinstance(site, SiteProfile):
            raise TypeError(f"site is a SiteProfile, not {type(site).__name__}")


def _segments(kind: Kind, text: str, limits: Limits) -> Segments:
    """The page's blocks; lone surrogates, which no encoding can write, as U+FFFD."""
    segment = _SEGMENTERS[kind]
    try:
        segments = segment(text, limits)
        # What is read of a page is a small part of it, and quicker looked through than the whole.
        "".join((segments.title, *segments.texts, *segments.elements.tag)).encode()
    except UnicodeError:  # also from the parser, where a name holds one
        return segment(without_surrogates(text), limits)
    return segments


def _kind(kind: PageKind, text: str) -> Kind:
    if kind == "auto":
        return detect_kind(text)
    if kind not in ("html", "text"):
        raise ValueError(f"kind is {kind!r}: it must be auto, html or text")
    return kind


def load(path: str | Path, *, trusted: bool = False) -> Classifier:
    """A classifier that uses the model at `path`.

    Args:
        path: a model file, or a folder that holds `html.model` or `text.model` or both.
        trusted: allow a joblib file, which runs code when it is loaded.

    Returns:
        A classifier; for a kind of page without a model there, it uses the shipped one.

    Raises:
        ModelError: missing, damaged, or of another version (subclasses say which).
    """
    where = Path(path)
    try:
        is_folder = where.is_dir()
    except OSError as error:
        raise ModelError(f"the model {where} cannot be read: {error}") from error
    if not is_folder:
        return Classifier([load_model(where, trusted=trusted)])
    files = [file for kind in ("html", "text") if (file := where / f"{kind}.model").is_file()]
    if not files:
        raise ModelError(f"the folder {where} holds neither html.model nor text.model")
    return Classifier(load_model(file) for file in files)


_DEFAULT: Final = Classifier()
classify = _DEFAULT.classify
extract = _DEFAULT.extract
classify_many = _DEFAULT.classify_many
