"""The document transformer, in the real LangChain."""

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("langchain_core", reason="no LangChain: pip install langchain-core")

from langchain_core.documents import BaseDocumentTransformer, Document

from classifier import Classifier, Limits, ModelError, PageTooLargeError, classify
from classifier.langchain import DeclutterTransformer
from classifier.segment import Kind

PAGES: Final = Path(__file__).parents[2] / "data" / "pages"
NEWS: Final = (PAGES / "news-en" / "page.html").read_text(encoding="utf-8")
NEWS_PAGE: Final = classify(NEWS)


def document(content: str = NEWS, **metadata: Any) -> Document:
    return Document(page_content=content, metadata={"source": "https://example.org/a"} | metadata, id="a")


def transformed(*documents: Document, **options: Any) -> list[Document]:
    return DeclutterTransformer(**options).transform_documents(documents)


def test_it_is_a_transformer_as_langchain_knows_them() -> None:
    assert isinstance(DeclutterTransformer(), BaseDocumentTransformer)


@pytest.mark.parametrize("form", ["markdown", "text", "html"])
def test_the_content_takes_the_place_of_the_page_in_the_form_asked_for(form: Any) -> None:
    (made,) = transformed(document(), form=form)
    assert made.page_content == getattr(NEWS_PAGE, form)
    assert made.id == "a"


def test_markdown_is_what_it_gives_unless_another_form_is_asked_for() -> None:
    assert transformed(document())[0].page_content == NEWS_PAGE.markdown


def test_metadata_is_added_to_and_the_loader_s_stays() -> None:
    (made,) = transformed(document(language="en"))
    assert made.metadata == {
        "source": "https://example.org/a",
        "language": "en",
        "title": NEWS_PAGE.title,
        "page_type": "article",
        "page_type_probability": round(NEWS_PAGE.type_probability, 4),
        "confidence": round(NEWS_PAGE.confidence, 4),
    }


def test_a_page_without_a_title_leaves_the_one_that_the_loader_found() -> None:
    (made,) = transformed(document("Just a line of text, and nothing that could be a title.", title="Notes"))
    assert made.metadata["title"] == "Notes"


def test_a_page_without_text_is_read_and_no_error() -> None:
    (made,) = transformed(document("<title>Nothing</title>"))
    assert made.page_content == "" and "error" not in made.metadata
    assert (made.metadata["title"], made.metadata["confidence"]) == ("Nothing", 0.0)


def test_the_documents_that_are_given_stay_as_they_are() -> None:
    given = document()
    transformed(given)
    assert given == document()


def test_options_of_the_classifier_reach_it() -> None:
    everything, nothing = (transformed(document(), form="text", threshold=p)[0] for p in (0.0, 1.0))
    assert "All rights reserved" in everything.page_content or "Registered office" in everything.page_content
    assert nothing.page_content == ""
    (part,) = transformed(document(), limits=Limits(max_bytes=2000))
    assert "max_bytes" in part.metadata["truncated"]


def test_blocks_are_documents_of_their_own_with_their_place_on_the_page() -> None:
    made = transformed(document(), form="blocks")
    kept = [block for block in NEWS_PAGE.blocks if block.is_content]
    assert [one.page_content for one in made] == [block.text for block in kept]
    first = made[0].metadata
    assert (first["block"], first["tag"], first["path"]) == (kept[0].index, kept[0].tag, kept[0].path)
    assert first["probability"] == round(kept[0].probability, 4)
    assert first["title"] == NEWS_PAGE.title and first["source"] == "https://example.org/a"
    assert made[0].id == f"a#{kept[0].index}"


def test_several_documents_come_back_in_order_also_from_workers(importable_tests: None) -> None:
    given = [document(f"<p>{'The river rises in the hills to the north. ' * 9}<p>{i}") for i in range(20)]
    here, there = (transformed(*given, form="text", threshold=0.0, workers=n) for n in (1, 2))
    assert [one.page_content.splitlines()[-1] for one in here] == [str(i) for i in range(20)]
    assert here == there


def failing(**options: Any) -> list[Document]:
    """A page above its limit between two that can be read."""
    short = "<p>A short page."
    return transformed(
        document(short), document(), document(short), limits=Limits(max_bytes=1000), strict=True, **options
    )


def test_a_page_that_cannot_be_read_keeps_its_place_and_says_why() -> None:
    first, second, third = failing()
    assert "error" not in first.metadata and "error" not in third.metadata
    assert second.page_content == ""
    assert second.metadata["source"] == "https://example.org/a"
    assert "max_bytes" in second.metadata["error"]


def test_a_page_that_cannot_be_read_is_left_out_if_so_wanted() -> None:
    assert len(failing(on_error="drop")) == 2


def test_a_page_that_cannot_be_read_ends_the_run_if_so_wanted() -> None:
    with pytest.raises(PageTooLargeError):
        failing(on_error="raise")


def test_a_page_below_the_least_confidence_counts_as_one_that_cannot_be_read() -> None:
    (made,) = transformed(document(), min_confidence=0.999)
    assert made.page_content == ""
    assert made.metadata["error"] == (
        f"the confidence {NEWS_PAGE.confidence:.2f} is below min_confidence 0.999"
    )
    assert made.metadata["confidence"] == round(NEWS_PAGE.confidence, 4)
    assert transformed(document(), min_confidence=0.999, on_error="drop") == []
    assert transformed(document(), min_confidence=0.1)[0].page_content


def test_it_works_where_documents_are_transformed_asynchronously() -> None:
    made = asyncio.run(DeclutterTransformer().atransform_documents([document()]))
    assert list(made) == transformed(document())


def test_a_model_that_cannot_be_loaded_is_no_fault_of_a_page() -> None:
    class Broken(Classifier):
        def model(self, kind: Kind) -> Any:
            raise ModelError("there is no model file")

    with pytest.raises(ModelError):
        transformed(document(), classifier=Broken())


@pytest.mark.parametrize(
    "wrong",
    [{"form": "pdf"}, {"on_error": "ignore"}, {"min_confidence": 2}, {"favor": "luck"}, {"workers": 0}],
    ids=str,
)
def test_a_wrong_option_is_told_before_any_document_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DeclutterTransformer(**wrong)


def test_an_unknown_option_is_told_before_any_document_is_read() -> None:
    with pytest.raises(TypeError, match="favour"):
        DeclutterTransformer(favour="precision")
