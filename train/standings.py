"""One table: the cross-validated figures of this classifier beside those of others on the same pages."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import pandas as pd
from tqdm import tqdm

from classifier.decode import decode
from classifier.segment import Kind
from train.baselines import BASELINES
from train.corpus import GoldPage, read
from train.deadline import DEADLINE, guarded_answers
from train.errors import CorpusError
from train.evaluate import Evaluation, scored_page, with_intervals
from train.languages import Group, declared_language, page_group
from train.peers import installed_peers
from train.plaintext import page_text
from train.table import Table

__all__ = [
    "declared_languages",
    "evaluate_others",
    "gold_pages",
    "others",
    "standings",
    "standings_report",
]

OWN_NAME: Final = "clutter-classifier"


def gold_pages(table: Table) -> Iterator[GoldPage]:
    """The pages of a table as their data sets have them, each once, one at a time.

    Raises:
        CorpusError: a data set of the table is not there, or some of its pages are not.
    """
    wanted = {(page.dataset, page.id) for page in table.pages}
    for dataset in sorted({page.dataset for page in table.pages}):
        for page in read(dataset):
            if (dataset, page.id) in wanted:
                wanted.discard((dataset, page.id))
                yield page
    if wanted:
        dataset, id_ = min(wanted)
        raise CorpusError(
            f"{len(wanted)} pages of the table are not in their data sets, such as {id_} of {dataset}: "
            "make the table anew with python -m train table"
        )


def declared_languages(pages: Iterable[GoldPage]) -> dict[tuple[str, str], str]:
    """The language that each HTML page declares, by data set and identifier; as `declared` of
    `train.evaluate.evaluate_probabilities`."""
    return {
        (page.dataset, page.id): declared_language(decode(page.page)) for page in pages if page.kind == "html"
    }


def others(kind: Kind) -> dict[str, Callable[[str], str]]:
    """Whom to compare with: on HTML the installed peers, on plain text the baselines."""
    if kind == "text":
        return dict(BASELINES)
    return {name: peer.extract for name, peer in installed_peers().items()}


def evaluate_others(
    pages: Iterable[GoldPage],
    kind: Kind,
    extractors: Mapping[str, Callable[[str], str]],
    *,
    deadline: float = DEADLINE,
    workers: int = 1,
    seed: int = 0,
    progress: bool = False,
) -> dict[str, Evaluation]:
    """Score extractors on pages with gold text, each call under a deadline.

    Args:
        pages: are read once, and not all held in memory.
        kind: what the extractors get of a page, as in `page_text`.
        extractors: name to a function that can be pickled.
        deadline: wall-clock seconds an extractor has for a page.
        workers: processes.
        seed: draws the bootstrap resamples.
        progress: show a progress bar.

    Returns:
        An evaluation an extractor, its pages in the order given. Where an extractor failed or
        overran, `failed` is true and it is scored as if it had given empty text.
    """
    judged: list[tuple[GoldPage, Group]] = []

    def given() -> Iterator[str]:
        for page in pages:
            if page.gold is not None:
                judged.append((replace(page, page=b""), page_group(page)))
                yield page_text(page, kind)

    rows: dict[str, dict[int, dict[str, object]]] = {name: {} for name in extractors}
    answers = guarded_answers(given(), extractors, deadline=deadline, workers=workers)
    for answer in tqdm(answers, desc="others", unit=" answers", disable=not progress):
        page, group = judged[answer.page]
        row = scored_page(page, group, answer.text) | {"failed": bool(answer.error)}
        rows[answer.extractor][answer.page] = row
    return {
        name: Evaluation(pd.DataFrame([scores[place] for place in sorted(scores)]), seed=seed)
        for name, scores in rows.items()
        if scores
    }


def standings(evaluations: Mapping[str, Evaluation]) -> pd.DataFrame:
    """Extractors beside each other, the best F1 first.

    Returns:
        One row an extractor, indexed by name: the columns of `Evaluation.summary`, `errors` (pages
        on which it failed), and `f1 TYPE` for every page type, the most frequent first.
    """
    rows = {name: _row(evaluation) for name, evaluation in evaluations.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index").astype({"pages": int, "errors": int})
    return frame.rename_axis("extractor").sort_values("f1", ascending=False, kind="stable")


def _row(evaluation: Evaluation) -> dict[str, float]:
    pages = evaluation.pages
    means = pages.groupby("page_type")["f1"].mean()
    types = {f"f1 {name}": float(means[name]) for name in pages["page_type"].value_counts().index}
    errors = int(pages["failed"].sum()) if "failed" in pages else 0
    return {**evaluation.summary(), "errors": errors, **types}


def standings_report(title: str, table: pd.DataFrame) -> str:
    """The standings as text, as `python -m train evaluate` prints them."""
    return f"{title}\n{with_intervals(table.round(3)).to_string(index_names=False)}"
