"""Records -> rows: exactly one row a record, whatever is in it. This is the whole work of a batch, and it
knows neither files nor processes: an engine that spreads data over machines needs nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from classifier.batch.fingerprint import check_fingerprints, fingerprint
from classifier.batch.records import Record
from classifier.batch.sites import Sketch, forget_profiles, profile_of, site_of
from classifier.decide import Favor
from classifier.errors import BatchError, ClassifierError, ModelError
from classifier.limits import DEFAULT_LIMITS, Limits
from classifier.metadata import Metadata
from classifier.page import Page
from classifier.pipeline import Classifier, PageKind, load
from classifier.site import SiteProfile

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "EXTRAS",
    "Extra",
    "Row",
    "Settings",
    "arrow_schema",
    "clean",
    "columns",
    "error_row",
    "row_of",
    "rows",
    "sketch_of",
]

Row = dict[str, Any]
Extra = Literal["markdown", "html", "blocks", "metadata", "fingerprint"]
EXTRAS: Final[tuple[Extra, ...]] = get_args(Extra)

# The columns of a row and their Arrow types; all but the first five are null where a page has none.
_COLUMNS: Final[Mapping[str, str]] = {
    "id": "string",
    "source": "string",
    "position": "int64",
    "bytes": "int64",
    "status": "string",
    "error": "string",
    "url": "string",
    "date": "string",
    "kind": "string",
    "type": "string",
    "type_probability": "float32",
    "title": "string",
    "confidence": "float32",
    "words": "int64",
    "text": "string",
}
_BLOCK: Final[Mapping[str, str]] = {
    "text": "string",
    "tag": "string",
    "label": "string",
    "probability": "float32",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides about the rows; can be pickled and compared.

    Args:
        model: a model file or a folder of them; None for the shipped models.
        extras: further columns, of `EXTRAS`.
        by_site: weigh what the other pages of each page's site say; a column `site_pages` tells how many.
        profiles: the store to look them up in; where there is none, records bring them.

    Raises:
        ImportError: a column needs a package that is not installed.
    """

    model: Path | None = None
    trust_model: bool = False
    kind: PageKind = "auto"
    favor: Favor = "balance"
    threshold: float | None = None
    max_bytes: int = DEFAULT_LIMITS.max_bytes
    extras: tuple[Extra, ...] = ()
    by_site: bool = False
    profiles: Path | None = None

    def __post_init__(self) -> None:
        if "fingerprint" in self.extras:
            check_fingerprints()

    def classifier(self) -> Classifier:
        """The classifier, loaded once a process.

        Raises:
            ModelError: the model cannot be loaded.
        """
        return _classifier(self.model, self.trust_model)


@cache
def _classifier(model: Path | None, trusted: bool) -> Classifier:
    return Classifier() if model is None else load(model, trusted=trusted)


def columns(settings: Settings) -> tuple[str, ...]:
    """The names of the columns, in order.

    Args:
        settings: decides which further columns there are.
    """
    by_site = ("site_pages",) if settings.by_site else ()
    return (*_COLUMNS, *by_site, *settings.extras)


def arrow_schema(settings: Settings) -> "pa.Schema":
    """The columns for Arrow, Parquet and what is built on them.

    Args:
        settings: decides which further columns there are.

    Raises:
        ImportError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise ImportError("Parquet needs pyarrow: pip install 'clutter-classifier[batch]'") from None

    def fields(types: Mapping[str, str]) -> list[pa.Field]:
        return [pa.field(name, pa.type_for_alias(alias)) for name, alias in types.items()]

    fact = pa.struct(fields({"value": "string", "source": "string"}))
    nested = {
        "blocks": pa.list_(pa.struct(fields(_BLOCK))),
        "metadata": pa.struct([pa.field(name, fact) for name in Metadata.__dataclass_fields__]),
        "fingerprint": pa.list_(pa.string()),
    }
    types = nested | {"site_pages": pa.int64()}
    further = columns(settings)[len(_COLUMNS) :]
    return pa.schema(fields(_COLUMNS) + [pa.field(name, types.get(name, pa.string())) for name in further])


def rows(records: Sequence[Record], settings: Settings) -> list[Row]:
    """One row a record, in order; never raises on account of a record.

    Args:
        records: pages.
        settings: what decides about the rows.

    Returns:
        Rows with the columns of `columns(settings)`.

    Raises:
        ModelError: the model cannot be loaded.
        BatchError: the store of profiles cannot be read.
    """
    return [row_of(record, settings) for record in records]


def row_of(record: Record, settings: Settings) -> Row:
    """The row of a record; as `rows`."""
    if record.error is not None:
        return error_row(record, record.error, settings)
    try:
        try:
            return _page_row(record, settings)
        except MemoryError:
            if not settings.by_site:
                raise
        # No page fails for what is kept of others.
        forget_profiles()
        _read_profile.cache_clear()
        return _page_row(record, settings)
    except (ModelError, BatchError):
        raise
    except Exception as error:
        return error_row(record, error, settings)


def _page_row(record: Record, settings: Settings) -> Row:
    page = _page(record, settings, _profile(record, settings))
    return _row(record, settings, _findings(page, settings))


def _page(record: Record, settings: Settings, profile: SiteProfile | None) -> Page:
    return settings.classifier().classify(
        record.data,
        encoding=record.encoding,
        kind=record.kind or settings.kind,
        favor=settings.favor,
        threshold=settings.threshold,
        limits=Limits(max_bytes=settings.max_bytes),
        site=profile,
    )


def _profile(record: Record, settings: Settings) -> SiteProfile | None:
    """What is known of the record's site."""
    if not settings.by_site:
        return None
    if record.site_profile is not None:
        return _read_profile(record.site_profile)
    if settings.profiles is not None and (site := site_of(record.url)):
        return profile_of(settings.profiles, site)
    return None


# An engine that joins pages with profiles brings pages of one site one after the other.
@lru_cache(2)
def _read_profile(data: bytes) -> SiteProfile:
    return SiteProfile.from_bytes(data)


def sketch_of(record: Record, settings: Settings) -> Sketch | None:
    """What a record tells of its site; None where it has no address, no text, or an error.

    Raises:
        ModelError: the model cannot be loaded.
    """
    site = site_of(record.url)
    if record.error is not None or site is None:
        return None
    try:
        page = _page(record, settings, None)
        return Sketch.of(site, page) if len(page) else None
    except ModelError:
        raise
    except Exception:  # its row will tell
        return None


def error_row(record: Record, error: str | Exception, settings: Settings) -> Row:
    """The row of a page that could not be read; the error begins with its class."""
    message = error if isinstance(error, str) else _message(error)
    return _row(record, settings, {"status": "error", "error": message})


def _message(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "MemoryError: the page needs more memory than there is: allow more, or set a lower max_bytes"
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    # What is no error of this package is a fault of it, or of a model of one's own.
    return text if isinstance(error, ClassifierError) else f"{text} (a fault: please report it)"


def _row(record: Record, settings: Settings, findings: Row) -> Row:
    row = dict.fromkeys(columns(settings)) | {
        "id": record.id,
        "source": record.source,
        "position": record.position,
        "bytes": _byte_size(record.data),
        "status": "truncated" if record.truncated else "ok",
        "error": record.truncated,
        "url": record.url,
        "date": record.date,
    }
    return {name: clean(value) for name, value in (row | findings).items()}


def _byte_size(data: str | bytes) -> int:
    if isinstance(data, str):
        return len(data.encode("utf-8", "surrogatepass"))
    return len(data) if isinstance(data, bytes | bytearray | memoryview) else 0


def _findings(page: Page, settings: Settings) -> Row:
    text = page.text
    found: Row = {
        "kind": page.kind,
        "type": page.type,
        "type_probability": round(page.type_probability, 4),
        "title": page.title,
        "confidence": round(page.confidence, 4),
        "words": len(text.split()),
        "text": text,
    }
    if settings.by_site:
        found["site_pages"] = page.site_pages
    if page.truncated:
        found |= {"status": "truncated", "error": f"Truncated: {page.truncated}"}
    for extra in settings.extras:
        make = _MAKERS.get(extra)
        found[extra] = make(page) if make else getattr(page, extra)
    return found


def _blocks(page: Page) -> list[Row]:
    return [
        {
            "text": clean(block.text),
            "tag": block.tag,
            "label": block.label.value,
            "probability": round(block.probability, 4),
        }
        for block in page.blocks
    ]


_MAKERS: Final[Mapping[str, Callable[[Page], Any]]] = {
    "blocks": _blocks,
    "metadata": lambda page: asdict(page.metadata),
    "fingerprint": lambda page: fingerprint(page.text),
}


def clean(value: Any) -> Any:
    """The value as rows have it: what UTF-8 cannot hold of a text, such as a file's name, is escaped."""
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
