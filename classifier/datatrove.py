"""datatrove: a step that leaves the content of a page, and one that also keeps its labels.

    from classifier.datatrove import Declutter, LabelBlocks

    LocalPipelineExecutor([WarcReader("crawl"), Declutter(), JsonlWriter("texts")]).run()

`Declutter` takes the place of datatrove's own extractors, and like them drops pages that leave no text.
`LabelBlocks` drops nothing: each document goes on with its text and, as `metadata["declutter"]`, the rest of
the row that `declutter batch` writes. datatrove is the extra `datatrove`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Literal

from classifier.batch.crew import RowCrew
from classifier.batch.records import Record
from classifier.batch.rows import Settings, row_of
from classifier.many import WARM_UP
from classifier.workers import Isolation

try:
    from datatrove.data import Document
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.extractors.base import BaseExtractor
except ImportError as error:
    advice = "pip install 'clutter-classifier[datatrove]'"
    raise ImportError(f"classifier.datatrove needs datatrove: {advice}") from error

__all__ = ["Declutter", "Isolation", "LabelBlocks", "Settings"]

_SECONDS: Final = 30.0
# Columns of a row that a document has by itself.
_OWN: Final = frozenset({"id", "source", "position", "url", "date", "text"})


class Declutter(BaseExtractor):
    """Keeps the content of each page, as text, Markdown or safe HTML.

    A page that takes too long, or ends the process that datatrove keeps for it, is dropped and counted, as
    datatrove does it.

    Args:
        settings: what decides; its `extras` are not used.
        seconds: a page may take.
    """

    name = "🧹 Declutter"

    def __init__(
        self,
        settings: Settings | None = None,
        format: Literal["text", "markdown", "html"] = "text",
        seconds: float = _SECONDS,
    ) -> None:
        super().__init__(seconds)
        self.format = format
        self.settings = replace(
            _checked(settings or Settings()), extras=() if format == "text" else (format,)
        )

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Work on the documents.

        Raises:
            ModelError: the model cannot be loaded.
        """
        # Here, so that the processes which datatrove forks for pages share it and need no time for it.
        self.settings.classifier().classify(WARM_UP)
        yield from super().run(data, rank, world_size)

    def extract(self, text: str) -> str:
        """The content of a page; empty if it cannot be read."""
        return row_of(Record("", "", 1, data=text), self.settings)[self.format] or ""


def _checked(settings: Settings) -> Settings:
    """The settings, which must not ask for what a document alone cannot give.

    Raises:
        ValueError: they do.
    """
    if settings.by_site:
        raise ValueError(
            "datatrove's steps see one document at a time: weigh sites by declutter batch or Spark"
        )
    return settings


class LabelBlocks(PipelineStep):
    """Replaces each page by its content and keeps what else is known of it, labels of blocks included.

    Args:
        settings: what decides; None for the usual, with `extras=("blocks",)`.
        isolation: what a page may take; one that takes more is a document with an error.
    """

    name = "🏷 Label blocks"
    type = "🛢 - EXTRAC"

    def __init__(self, settings: Settings | None = None, isolation: Isolation | None = None) -> None:
        super().__init__()
        self.settings = _checked(settings or Settings(extras=("blocks",)))
        self.isolation = isolation or Isolation()

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Work on the documents; each goes on, in order.

        Raises:
            ModelError: the model cannot be loaded.
            WorkerError: no worker can be started.
        """
        crew = RowCrew(self.settings, self.isolation)
        try:
            for document in data:
                with self.track_time():
                    (row,) = crew.do([Record(document.id, "", 1, data=document.text)])
                self.stat_update("total", row["status"])
                document.text = row["text"] or ""
                document.metadata["declutter"] = {
                    name: value for name, value in row.items() if name not in _OWN
                }
                yield document
        finally:
            crew.dismiss()
