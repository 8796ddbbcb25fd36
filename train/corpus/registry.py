"""The known data sets: how each is read, and what its licence lets it be used for."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from train.corpus.cleaneval import read_cleaneval_dev, read_cleanportaleval
from train.corpus.l3s_gn1 import read_l3s_gn1
from train.corpus.labels import read_labels
from train.corpus.own import read_lessons, read_pages, read_seed
from train.corpus.page import GoldPage
from train.corpus.readability import read_readability
from train.corpus.trafilatura_eval import read_trafilatura_eval
from train.corpus.wcxb import read_wcxb
from train.corpus.webmainbench import read_webmainbench
from train.errors import CorpusError

DATA_VARIABLE = "CLASSIFIER_DATA"
# The project's own pages travel with it.
_OWN_DATA = Path(__file__).resolve().parents[2] / "data"

Reader = Callable[[Path], Iterator[GoldPage]]


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set: its reader, and the terms of its use.

    Attributes:
        read: reads the data set's own folder.
        folder: name of that folder under the data root.
        licence: the licence in short.
        credit: whom to name.
        trainable: whether a model that is given away may be trained on it.
        auxiliary: whether its gold is good enough to learn from beside another data set, yet not to
            be judged by.
        own: whether it travels with the project.
        loose: whether it lies where its user wants, a file or a folder, in the place of the data root.
        weight: how many pages each of its pages counts for where blocks are weighted (trees, linear
            models, the network's cross-entropy); the log-odds count every page once.
    """

    read: Reader
    folder: str
    licence: str
    credit: str
    trainable: bool
    auxiliary: bool = False
    own: bool = False
    loose: bool = False
    weight: float = 1.0


READERS: dict[str, DataSet] = {
    "wcxb": DataSet(
        read_wcxb,
        "wcxb",
        "CC BY 4.0",
        "WCXB: Web Content Extraction Benchmark, Murrough Foley 2026, arXiv 2605.21097",
        trainable=True,
    ),
    "readability": DataSet(
        read_readability,
        "readability",
        "Apache-2.0",
        "Test pages of Mozilla Readability, https://github.com/mozilla/readability",
        trainable=True,
        auxiliary=True,
    ),
    "webmainbench-sample": DataSet(
        read_webmainbench,
        "webmainbench-sample",
        "Apache-2.0",
        "WebMainBench, OpenDataLab, https://github.com/opendatalab/WebMainBench",
        trainable=True,
    ),
    "trafilatura-eval": DataSet(
        read_trafilatura_eval,
        "trafilatura-eval",
        "Apache-2.0",
        "Evaluation data of trafilatura, Adrien Barbaresi 2021, ACL demo 15",
        # Its licence would allow training; it is kept back as the multilingual yardstick.
        trainable=False,
    ),
    "l3s-gn1": DataSet(
        read_l3s_gn1,
        "l3s-gn1",
        "research use",
        "L3S-GN1, Kohlschuetter, Fankhauser and Nejdl, WSDM 2010",
        trainable=False,
    ),
    "cleaneval-dev": DataSet(
        read_cleaneval_dev,
        "cleaneval-dev",
        "research use",
        "CleanEval, Baroni, Chantree, Kilgarriff and Sharoff, LREC 2008",
        trainable=False,
    ),
    "cleanportaleval": DataSet(
        read_cleanportaleval,
        "cleanportaleval",
        "research use",
        "CleanPortalEval, in the layout of CleanEval",
        trainable=False,
    ),
    "seed": DataSet(
        read_seed,
        "seed",
        "none stated",
        "The page this project was founded on",
        trainable=False,
    ),
    "pages": DataSet(
        read_pages,
        "pages",
        "Apache-2.0",
        "Pages of this project, data/pages",
        trainable=True,
        own=True,
    ),
    "lessons": DataSet(
        read_lessons,
        "lessons",
        "Apache-2.0",
        "Pages of this project in many languages, data/lessons",
        trainable=True,
        auxiliary=True,
        own=True,
        # They stand for languages and markup that the other pages lack: with 3 in place of 1, word F1
        # on data/pages 0.948 -> 0.958, and on WCXB no loss.
        weight=3.0,
    ),
    "labels": DataSet(
        read_labels,
        "labels",
        "that of the pages",
        "Pages labelled with declutter inspect",
        trainable=True,
        loose=True,
    ),
}


def data_root() -> Path:
    """Give the folder that holds the data sets, a folder each.

    Raises:
        CorpusError: the variable CLASSIFIER_DATA is not set, or names no folder.
    """
    value = os.environ.get(DATA_VARIABLE)
    if not value:
        raise CorpusError(f"set {DATA_VARIABLE} to the folder that holds the data sets (see data/README.md)")
    root = Path(value)
    if not root.is_dir():
        raise CorpusError(f"{DATA_VARIABLE} is {value}, which is no folder")
    return root


def read(name: str, root: Path | None = None) -> Iterator[GoldPage]:
    """Read a data set by name.

    Args:
        name: a key of `READERS`.
        root: the folder that holds the data sets; left out, `data_root()`, and for those that travel
            with the project its `data` folder. For `labels`, the file or folder of labels itself.

    Raises:
        CorpusError: the name is unknown, or the data set is not there.
    """
    if name not in READERS:
        raise CorpusError(f"no data set is called {name!r}; known: {', '.join(READERS)}")
    known = READERS[name]
    if known.loose and root is not None:
        return known.read(root)
    holder = root or (_OWN_DATA if known.own else data_root())
    folder = holder / known.folder
    if not folder.is_dir():
        raise CorpusError(
            f"{holder} has no folder {known.folder!r}: fetch the data set (see data/README.md) "
            f"and set {DATA_VARIABLE} to the folder that holds it"
        )
    return known.read(folder)
