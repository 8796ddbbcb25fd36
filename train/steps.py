"""The steps of `python -m train`. Those defined here read what the one before wrote under the work folder."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import joblib
from tqdm import tqdm

from classifier import Classifier, load
from classifier.features.arrays import Floats
from classifier.segment import Kind
from train.ablate import ablate as measure_parts
from train.ablate import plot
from train.card import ablation_section, measured_sections, own_page_sections
from train.confidence import confidence_report, operating_points
from train.corpus import KIND_NAMES, READERS, read
from train.errors import CorpusError
from train.evaluate import evaluate as score
from train.evaluate import evaluate_pages, evaluate_probabilities, with_intervals
from train.export import Provenance
from train.export import export as write_model
from train.fit import Fit, FitConfig
from train.fit import fit as fit_model
from train.own import adapt, suggest
from train.plaintext import page_text
from train.report import Inputs, Scope, report_on, write
from train.site import compare_sites, fit_weights, judge_sites, site_pages
from train.site import report as site_report
from train.standings import (
    OWN_NAME,
    declared_languages,
    evaluate_others,
    gold_pages,
    others,
    standings,
    standings_report,
)
from train.table import Table, build_table, read_table
from train.trials import compare, fuzz, gate, hostile, scale

__all__ = [
    "ablate",
    "adapt",
    "compare",
    "evaluate",
    "export",
    "fit",
    "fuzz",
    "gate",
    "hostile",
    "report",
    "scale",
    "site",
    "suggest",
    "table",
]

# The figures of a text model are those of one rendering, the one that web archives use, and of pages
# that are plain text to begin with; HTML pages are trained on in both renderings.
JUDGED: Final = {"html": ("html",), "text": ("lines", "as is")}
STANDINGS: Final[dict[Kind, str]] = {
    "html": "HTML: {pages} pages, cross-validated, beside the installed peers on the same pages",
    "text": "plain text: {pages} pages, cross-validated, beside rules without learning on the same pages, "
    "as few other extractors take plain text",
}


def _table_folder(work: Path, kind: Kind) -> Path:
    return work / f"{kind}-table"


def _fit_path(work: Path, kind: Kind) -> Path:
    return work / f"{kind}-fit.joblib"


def table(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Pages of the data sets -> tables."""
    for name in options.dataset:
        if name in READERS and not READERS[name].trainable:
            raise CorpusError(f"{name} is for evaluation only: its licence does not allow training")
    pages = [page for name in options.dataset for page in read(name)]
    for kind in kinds:
        made = build_table(pages, kind, workers=options.workers, progress=not options.quiet)
        made.write(_table_folder(options.work, kind))
        print(made.summary())


def fit(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Tables -> models with their cross-validation, kept as joblib files."""
    for kind in kinds:
        data = read_table(_table_folder(options.work, kind))
        config = FitConfig(network=not options.trees_only, seed=options.seed, progress=not options.quiet)
        result = fit_model(data, config)
        joblib.dump(result, _fit_path(options.work, kind), compress=3)
        found = evaluate_probabilities(*_judged(data, result), result.seed)
        print(found.report(_title(data, result)))


def _load_fit(work: Path, kind: Kind) -> Fit:
    path = _fit_path(work, kind)
    if not path.is_file():
        raise CorpusError(f"there is no fit {path}: make one with python -m train fit")
    result: Fit = joblib.load(path)
    return result


def _judged(data: Table, result: Fit) -> tuple[Table, list[Floats]]:
    """The pages that figures are about, with the out-of-fold probabilities of their blocks."""
    chosen = _judged_pages(data)
    judged = Table(data.kind, [data.pages[i] for i in chosen])
    return judged, [result.validation.probabilities[i] for i in chosen]


def _judged_pages(data: Table) -> list[int]:
    """Indices of the pages that figures are about.

    Auxiliary data sets only help training; where a table has nothing else, they are judged as well.
    """
    names = {page.dataset for page in data.pages}
    judged = {name for name in names if name not in READERS or not READERS[name].auxiliary} or names
    return [
        i
        for i, page in enumerate(data.pages)
        if page.rendering in JUDGED[data.kind] and page.dataset in judged
    ]


def _type_accuracy(data: Table, result: Fit) -> dict[str, float]:
    """How often the page type is right, for the manifest; nothing where no type is known."""
    known = [i for i in _judged_pages(data) if data.pages[i].page_type not in ("", "unknown")]
    right = [found == data.pages[i].page_type for i in known if (found := result.validation.types[i])]
    return {"page type accuracy": sum(right) / len(right)} if right else {}


def _title(data: Table, result: Fit) -> str:
    return f"{KIND_NAMES[data.kind]}, cross-validated in five folds grouped by site, seed {result.seed}"


def evaluate(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Print the figures of the last fit, or of a model on a data set."""
    if options.dataset is None and options.model is None:
        for kind in kinds:
            _evaluate_fit(options, kind)
        return
    classifier = load(options.model) if options.model else Classifier()
    name = options.dataset or "wcxb"
    if options.by_site:
        print(site_report(compare_sites(read(name), classifier, options.kind), f"{name}, zero-shot, by site"))
        return
    hidden = options.quiet or None  # None: unless standard error is a terminal
    pages = tqdm(read(name), desc="evaluate", unit=" pages", disable=hidden, leave=False)
    if options.kind is None:
        print(score(pages, classifier.extract, options.seed).report(f"{name}, zero-shot"))
        return
    given: Kind = options.kind
    found = evaluate_pages(
        (page for page in pages if given in ("text", page.kind)),
        lambda page: classifier.extract(page_text(page, given), kind=given),
        options.seed,
    )
    print(found.report(f"{name} as {KIND_NAMES[given]}, zero-shot"))


def _evaluate_fit(options: argparse.Namespace, kind: Kind) -> None:
    """The cross-validated figures of a fit, and those of others on the same pages."""
    data = read_table(_table_folder(options.work, kind))
    result = _load_fit(options.work, kind)
    judged, probabilities = _judged(data, result)
    compared = not options.no_peers
    try:
        declared = declared_languages(gold_pages(judged))
    except CorpusError as error:
        print(f"no peers, and languages without what the pages declare: {error}", file=sys.stderr)
        declared, compared = {}, False
    own = evaluate_probabilities(judged, probabilities, result.seed, declared=declared)
    print(own.report(_title(data, result)), end="\n\n")
    print(confidence_report(own), end="\n\n")
    points = operating_points(judged, probabilities, result.seed)
    print(f"operating points\n{with_intervals(points).to_string()}", end="\n\n")
    if compared:
        found = evaluate_others(
            gold_pages(judged),
            kind,
            others(kind),
            deadline=options.deadline,
            workers=options.workers,
            seed=result.seed,
            progress=not options.quiet,
        )
        table = standings({OWN_NAME: own, **found})
        print(standings_report(STANDINGS[kind].format(pages=len(judged)), table), end="\n\n")


def site(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Tables and fits -> what the other pages of a site weigh, and what that gains on sites left out."""
    for kind in kinds:
        judged, probabilities = _judged(
            read_table(_table_folder(options.work, kind)), _load_fit(options.work, kind)
        )
        sources = {(page.dataset, page.id): page.page for page in gold_pages(judged)}
        pages = site_pages(zip(judged.pages, probabilities, strict=True), sources)
        title = f"{KIND_NAMES[kind]}, cross-validated, weights fitted without the site: {fit_weights(pages)}"
        print(site_report(judge_sites(pages), title), end="\n\n")


def export(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Fits -> model files and cards."""
    for kind in kinds:
        data = read_table(_table_folder(options.work, kind))
        result = _load_fit(options.work, kind)
        judged, probabilities = _judged(data, result)
        found = evaluate_probabilities(judged, probabilities, result.seed)
        points = operating_points(judged, probabilities, result.seed)
        sections = [*measured_sections(found, points)]
        ablation = _ablation_path(options.work, kind)
        if ablation.is_file():
            known = joblib.load(ablation)
            if known["pages"] == len(data):
                sections.append(ablation_section(known["frame"], known["scope"]))
            else:
                print(f"{ablation} was measured on another table: left out of the card", file=sys.stderr)
        if not any(page.dataset == "pages" for page in data.pages):
            sections += own_page_sections(Classifier([result.model]), kind)
        provenance = Provenance(
            datasets=[*sorted({page.dataset for page in data.pages}), "phrases"],
            pages=len({(page.dataset, page.id) for page in data.pages if page.trainable}),
            seed=result.seed,
            figures=found.figures() | _type_accuracy(data, result),
            sections=sections,
        )
        path = write_model(result.model, options.to / f"{kind}.model", provenance)
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def _ablation_path(work: Path, kind: Kind) -> Path:
    return work / f"{kind}-ablation.joblib"


def ablate(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Tables -> what each part of the model is worth, as a table and, with --plots, a plot."""
    for kind in kinds:
        data = read_table(_table_folder(options.work, kind))
        frame = measure_parts(
            data, _judged_pages(data), n_folds=options.folds, seed=options.seed, progress=not options.quiet
        )
        scope = f"{options.folds} of 5 folds, {datetime.now(UTC).date().isoformat()}, seed {options.seed}"
        kept = {"frame": frame, "scope": scope, "pages": len(data)}
        joblib.dump(kept, _ablation_path(options.work, kind))
        print(f"{KIND_NAMES[kind]}\n{frame.round(4).to_string()}", end="\n\n")
        if options.plots:
            options.plots.mkdir(parents=True, exist_ok=True)
            plot(frame, options.plots / f"ablation-{kind}.svg", kind)


def report(options: argparse.Namespace, kinds: Sequence[Kind]) -> None:
    """Tables, fits and ablations -> a page that shows how good the fits are."""
    work = options.work
    inputs = [
        Inputs(
            kind,
            table=_table_folder(work, kind),
            fit=_fit_path(work, kind),
            ablation=_ablation_path(work, kind),
            kept=work / "measured",
            load_fit=partial(_load_fit, work, kind),
            judged=_judged_pages,
        )
        for kind in kinds
    ]
    scope = Scope(
        peers=not options.no_peers,
        speed=not options.no_speed,
        fits=not options.no_fits,
        workers=options.workers,
        deadline=options.deadline,
        seed=options.seed,
        progress=not options.quiet,
    )
    for path in write(report_on(inputs, scope), options.to or work / "report"):
        print(path)
