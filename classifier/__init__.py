"""Tells a web page's content from its clutter.

from classifier import classify, extract

extract(html)                      # the content only
page = classify(html)              # blocks with labels and probabilities
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifier.errors import (
        BinaryPageError,
        ClassifierError,
        FeatureMismatchError,
        ModelError,
        PageError,
        PageTooLargeError,
        UntrustedModelError,
        WorkerError,
    )
    from classifier.model import Model
    from classifier.page import Block, Label, Page
    from classifier.pipeline import Classifier, classify, classify_many, extract, load

__all__ = [
    "BinaryPageError",
    "Block",
    "Classifier",
    "ClassifierError",
    "FeatureMismatchError",
    "Label",
    "Model",
    "ModelError",
    "Page",
    "PageError",
    "PageTooLargeError",
    "UntrustedModelError",
    "WorkerError",
    "classify",
    "classify_many",
    "extract",
    "load",
]

__version__ = "0.1.0"

_ERRORS = frozenset(name for name in __all__ if name.endswith("Error"))
_RECORDS = frozenset({"Block", "Label", "Page"})


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `declutter --help` needs no NumPy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _ERRORS:
        module = "errors"
    elif name in _RECORDS:
        module = "page"
    else:
        module = "model" if name == "Model" else "pipeline"
    value = globals()[name] = getattr(import_module(f"classifier.{module}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
