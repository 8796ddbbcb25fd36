"""`python -m train STEP`: from labelled pages to models, and how good these are."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from classifier.errors import ClassifierError
from classifier.segment import Kind
from train.deadline import DEADLINE
from train.errors import CorpusError

__all__ = ["main"]

KINDS: Final[tuple[Kind, ...]] = ("html", "text")
FUZZED: Final = ("classify", "render", "model", "labels")
EXAMPLES: Final = """\
steps, each on what the one before has written under --work:
  python -m train table                 read WCXB and data/lessons, write the table of blocks
  python -m train fit                   fit on the table, cross-validate, keep the models
  python -m train evaluate              print the cross-validated figures
  python -m train site                  what the other pages of a site say: weights and figures
  python -m train ablate                measure what each part of the model is worth
  python -m train report                one page of figures and plots on what is there
  python -m train export --to models    write html.model and text.model with their cards
  python -m train gate                  hold the shipped models against the floors
  python -m train compare               the same pages through the installed peers
  python -m train compare --structure   headings, lists, tables, code and links that they keep
  python -m train compare --speed       how long a page takes, beside them and by stage
  python -m train fuzz --inputs 100000  hostile pages, model files and labels through the public calls
  python -m train hostile               what pages cost that are made to be dear
  python -m train scale                 the batch command and Spark on thousands of pages in WARC files

with pages of your own, none of the above needed:
  python -m train suggest crawl/*.html               in which order to label them
  python -m train adapt labels.jsonl --to my-models  adapt the shipped models to labelled pages

CLASSIFIER_DATA is the folder that holds the data sets (see data/README.md).
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="From labelled pages to models, and how good these are.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--work", type=Path, default=Path("work"), help="folder of tables and fits")
    shared.add_argument("--kind", choices=KINDS, help="kind of page; both if left out")
    shared.add_argument("--seed", type=int, default=0)
    shared.add_argument("--quiet", action="store_true", help="no progress bars")

    table = commands.add_parser("table", parents=[shared], help="pages -> table of labelled blocks")
    table.add_argument("--dataset", nargs="+", default=["wcxb", "lessons"], help="names of data sets")
    table.add_argument("--workers", type=int, default=2, help="processes")
    fit = commands.add_parser("fit", parents=[shared], help="table -> model, cross-validated")
    fit.add_argument("--trees-only", action="store_true", help="no network beside the trees")
    _add_evaluate(commands.add_parser("evaluate", parents=[shared], help="print figures"))
    commands.add_parser("site", parents=[shared], help="weights of what a site's other pages say")
    ablate = commands.add_parser("ablate", parents=[shared], help="what each part of the model is worth")
    ablate.add_argument("--folds", type=int, choices=range(1, 6), default=5, help="how many are judged")
    ablate.add_argument("--plots", type=Path, help="folder for a plot of it")
    _add_report(commands.add_parser("report", parents=[shared], help="fit -> a page of figures and plots"))
    export = commands.add_parser("export", parents=[shared], help="fit -> model files")
    export.add_argument("--to", type=Path, default=Path("classifier/models"), help="folder")
    gate = commands.add_parser("gate", help="the shipped models against floors, on pinned pages")
    gate.set_defaults(kind=None)
    gate.add_argument("--model", type=Path, help="a model file or a folder of models instead")
    _add_fuzz(commands.add_parser("fuzz", help="random or guided input; 1 if anything is found"))
    hostile = commands.add_parser("hostile", help="seconds and memory of pages made to be dear")
    hostile.set_defaults(kind=None)
    _add_own(commands)
    _add_scale(commands.add_parser("scale", help="the batch command and Spark on WARC files"))
    _add_compare(commands.add_parser("compare", parents=[shared], help="peers side by side"))
    return parser


def _add_evaluate(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument(
        "--dataset",
        help="score the shipped model, or --model, on this data set; without it, print the "
        "cross-validated figures of the last fit",
    )
    evaluate.add_argument("--model", type=Path, help="a model file or a folder of models")
    _add_others(evaluate)
    evaluate.add_argument(
        "--by-site", action="store_true", help="with --dataset: each page alone and with its site's others"
    )


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument("--to", type=Path, help="folder; WORK/report if left out")
    report.add_argument("--no-speed", action="store_true", help="no CPU times")
    report.add_argument(
        "--no-fits",
        action="store_true",
        help="no learning curve and no feature importance, which take minutes",
    )
    _add_others(report)


def _add_others(command: argparse.ArgumentParser) -> None:
    command.add_argument("--no-peers", action="store_true", help="no other extractors, which take minutes")
    command.add_argument("--workers", type=_count, default=1, help="processes for the other extractors")
    command.add_argument(
        "--deadline", type=float, default=DEADLINE, help="seconds that another extractor has for a page"
    )


def _add_compare(compare: argparse.ArgumentParser) -> None:
    compare.add_argument("--dataset", default="wcxb")
    compare.add_argument("--limit", type=_count, help="this many pages, drawn at random")
    compare.add_argument("--speed", action="store_true", help="CPU time, stages, import and memory instead")
    compare.add_argument("--structure", action="store_true", help="headings, lists, tables, code kept")
    compare.add_argument("--rounds", type=_count, default=5, help="of --speed, through all pages")
    compare.add_argument(
        "--sizes", action="store_true", help="with --speed: pages up to 20 MB, takes minutes"
    )


def _add_own(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    adapt = commands.add_parser(
        "adapt",
        help="adapt the shipped models to pages of your own",
        description="Learn a small correction of the shipped models from labelled pages, four at least, ten "
        "or twenty better. Print the word F1 of each page before and, cross-validated, after. A model stays "
        "as it was unless pages that it has not seen gain by the correction.",
    )
    adapt.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="LABELS",
        help="labels.jsonl as declutter inspect saves it, a folder of them, or a folder that holds pages/",
    )
    adapt.add_argument(
        "--to", type=Path, default=Path("my-models"), help="folder for the models (default: my-models)"
    )
    adapt.add_argument(
        "--kind", choices=KINDS, help="also HTML pages as plain text; their own kind if left out"
    )
    adapt.add_argument("--always", action="store_true", help="adapt even if no correction is sure to help")
    adapt.add_argument("--quiet", action="store_true", help="no progress bars")
    suggest = commands.add_parser(
        "suggest",
        help="in which order to label pages",
        description="Order pages without labels by how much their labels would teach a model about all of "
        "them: pages of which it is unsure first, and each template once before any twice.",
    )
    suggest.add_argument("paths", nargs="+", type=Path, metavar="PAGE", help="files of pages without labels")
    suggest.add_argument(
        "--labels",
        nargs="+",
        type=Path,
        default=[],
        help="labels that there are already, as adapt reads them",
    )
    suggest.add_argument("--most", type=_count, help="only so many")
    suggest.add_argument("--names", action="store_true", help="print the names alone, a page a line")
    suggest.set_defaults(kind=None)
    for command in (adapt, suggest):
        command.add_argument("--model", type=Path, help="a model file or a folder of models instead")


def _add_scale(scale: argparse.ArgumentParser) -> None:
    scale.set_defaults(kind=None)
    scale.add_argument("--dataset", default="wcxb")
    scale.add_argument("--seed", type=int, default=0)
    scale.add_argument("--pages", type=_count, default=5000, help="those of the data set, again and again")
    scale.add_argument("--workers", type=_count, default=2, help="processes")
    ways = ("read", "bare", "batch", "spark", "batch by site", "spark by site")
    scale.add_argument("--ways", nargs="+", choices=ways, default=ways[:4], help="what to measure")
    scale.add_argument("--to", type=Path, help="a folder with room for the files, which are removed")


def _add_fuzz(fuzz: argparse.ArgumentParser) -> None:
    fuzz.set_defaults(kind=None)
    fuzz.add_argument("--target", nargs="+", choices=FUZZED, default=FUZZED, help="all if left out")
    fuzz.add_argument("--inputs", type=_count, default=10_000, help="for each target")
    fuzz.add_argument("--seed", type=int, default=0)
    fuzz.add_argument("--to", type=Path, default=Path("work/fuzz"), help="folder for inputs that fail")
    fuzz.add_argument(
        "--random", action="store_true", help="inputs by chance, also where atheris is installed"
    )


def _count(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"it must be a whole number from 1, not {value}")
    return int(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step; 0 when it is done, 1 when it cannot be (a line on stderr says why) or fails."""
    options = _parser().parse_args(arguments)
    try:
        # Late: each step brings in pandas and scikit-learn, which --help does without.
        from train import steps
    except ModuleNotFoundError as error:
        advice = "pip install 'clutter-classifier[train]'"
        print(f"python -m train needs {error.name}, which is not installed: {advice}", file=sys.stderr)
        return 1

    kinds = (options.kind,) if options.kind else KINDS
    try:
        failed = getattr(steps, options.command)(options, kinds)
    except (ClassifierError, CorpusError, OSError) as error:
        print(f"python -m train {options.command}: {error}", file=sys.stderr)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
