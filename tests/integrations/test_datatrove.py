"""datatrove's documents become what `declutter batch` makes of the same texts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classifier import ModelError, extract
from classifier.batch.rows import Settings
from classifier.workers import Isolation

pytest.importorskip("datatrove")

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from classifier.datatrove import Declutter, LabelBlocks

Rows = list[dict[str, Any]]
ISOLATION = Isolation(seconds=120)
OWN = {"id", "source", "position", "url", "date", "text"}


@pytest.fixture(scope="module")
def texts(pages: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as texts, which is all that a document can hold, each in a line of JSON."""
    file = tmp_path_factory.mktemp("texts") / "pages.jsonl"
    lines = [
        {"id": row["id"], "url": row["url"], "html": row["html"].decode("utf-8", "replace")}
        for row in pages.table
        if row["html"]  # a document without text is dropped by datatrove's readers
    ]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def expected(texts: Path, pages: Any, batch_rows: Callable[..., Rows]) -> Rows:
    return batch_rows(pages.settings, texts)


def ran(file: Path, step: Any, out: Path, tasks: int = 1) -> Rows:
    """What a pipeline with the step writes."""
    LocalPipelineExecutor(
        pipeline=[
            JsonlReader(str(file.parent), text_key="html"),
            step,
            JsonlWriter(str(out / "rows"), compression=None),
        ],
        tasks=tasks,
        logging_dir=str(out / "logs"),
    ).run()
    parts = sorted((out / "rows").glob("*.jsonl"))
    return [json.loads(line) for part in parts for line in part.read_text(encoding="utf-8").splitlines()]


def test_labelled_documents_are_the_rows_of_the_batch_command(
    texts: Path, expected: Rows, pages: Any, tmp_path: Path
) -> None:
    found = ran(texts, LabelBlocks(pages.settings, ISOLATION), tmp_path)
    assert [one["id"] for one in found] == [row["id"] for row in expected]
    # datatrove's writer leaves out what is empty.
    assert [one.get("text", "") for one in found] == [row["text"] or "" for row in expected]
    assert [one["metadata"]["declutter"] for one in found] == [
        {name: value for name, value in row.items() if name not in OWN} for row in expected
    ]
    assert [one["metadata"]["url"] for one in found] == [row["url"] for row in expected]


def test_the_extractor_keeps_the_same_texts_and_drops_pages_without_any(
    texts: Path, expected: Rows, pages: Any, tmp_path: Path
) -> None:
    found = ran(texts, Declutter(pages.settings, seconds=120), tmp_path)
    assert [(one["id"], one["text"]) for one in found] == [
        (row["id"], row["text"]) for row in expected if row["text"]
    ]


def page(number: int) -> str:
    return f"<title>{number}</title><h1>A heading</h1><p>The river rises in the hills, {number} miles off."


def test_labels_of_blocks_go_with_the_document(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "pages.jsonl"
    file.write_text("\n".join(json.dumps({"id": str(n), "html": page(n)}) for n in range(3)))
    found = ran(file, LabelBlocks(), tmp_path)
    assert [[block["tag"] for block in one["metadata"]["declutter"]["blocks"]] for one in found] == [
        ["h1", "p"]
    ] * 3


def test_extracting_never_raises() -> None:
    step = Declutter(Settings(max_bytes=100))
    for text in ("", "\0", "<p>" * 99_999, "x" * 1000, None, b"%PDF-1.7\n\0"):
        assert isinstance(step.extract(text), str)
    assert Declutter(format="markdown").extract(page(1)) == extract(page(1), "markdown")


def test_a_model_that_cannot_be_loaded_is_told_before_any_page(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        next(Declutter(Settings(tmp_path / "no.model")).run(iter(())), None)


def test_a_step_refuses_to_weigh_sites_of_which_it_sees_one_page() -> None:
    for step in (Declutter, LabelBlocks):
        with pytest.raises(ValueError, match="one document at a time"):
            step(Settings(by_site=True))
