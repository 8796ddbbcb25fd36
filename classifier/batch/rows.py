"""Records -> rows: exactly one row a record, whatever is in it. This is the whole work of a batch, and it
knows neither files nor processes: an engine that spreads data over machines needs nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from classifier.batch.fingerprint import check_fingerprints, fingerprint
from classifier.batch.records import Record
from classifier.decide import Favor
from classifier.errors import ClassifierError, ModelError
from classifier.limits import DEFAULT_LIMITS, Limits
from classifier.metadata import Metadata
from classifier.page import Page
from classifier.pipeline import Classifier, PageKind, load

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EXTRAS", "Extra", "Row", "Settings", "arrow_schema", "columns", "error_row", "row_of", "rows"]

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
    return (*_COLUMNS, *settings.extras)


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
    extras = [pa.field(name, nested.get(name, pa.string())) for name in settings.extras]
    return pa.schema(fields(_COLUMNS) + extras)


def rows(records: Sequence[Record], settings: Settings) -> list[Row]:
    """One row a record, in order; never raises on account of a record.

    Args:
        records: pages.
        settings: what decides about the rows.

    Returns:
        Rows with the columns of `columns(settings)`.

    Raises:
        ModelError: the model cannot be loaded.
    """
    return [row_of(record, settings) for record in records]


def row_of(record: Record, settings: Settings) -> Row:
    """The row of a record; as `rows`."""
    if record.error is not None:
        return error_row(record, record.error, settings)
    try:
        page = settings.classifier().classify(
            record.data,
            encoding=record.encoding,
            kind=record.kind or settings.kind,
            favor=settings.favor,
            threshold=settings.threshold,
            limits=Limits(max_bytes=settings.max_bytes),
        )
        return _row(record, settings, _findings(page, settings))
    except ModelError:
        raise
    except Exception as error:
        return error_row(record, error, settings)


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
    return {name: _clean(value) for name, value in (row | findings).items()}


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
    if page.truncated:
        found |= {"status": "truncated", "error": f"Truncated: {page.truncated}"}
    for extra in settings.extras:
        make = _MAKERS.get(extra)
        found[extra] = make(page) if make else getattr(page, extra)
    return found


def _blocks(page: Page) -> list[Row]:
    return [
        {
            "text": _clean(block.text),
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


def _clean(value: Any) -> Any:
    """The value; in a text, what UTF-8 cannot hold is escaped, as in file names that are no text."""
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
