"""Tells a web page's content from its clutter.

from classifier import classify, extract

extract(html)                      # the content only
page = classify(html)              # blocks with labels and probabilities
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifier.errors import (
        BatchError,
        BinaryPageError,
        ClassifierError,
        ExplanationError,
        FeatureMismatchError,
        ModelError,
        PageError,
        PageMemoryError,
        PageTimeoutError,
        PageTooLargeError,
        SiteError,
        UntrustedModelError,
        WorkerError,
    )
    from classifier.explain import Explanation
    from classifier.limits import Limits
    from classifier.metadata import Fact, Metadata
    from classifier.model import Model
    from classifier.page import Block, Label, Page
    from classifier.pipeline import Classifier, classify, classify_many, extract, load
    from classifier.site import SiteProfile
    from classifier.workers import Isolation

__all__ = [
    "BatchError",
    "BinaryPageError",
    "Block",
    "Classifier",
    "ClassifierError",
    "Explanation",
    "ExplanationError",
    "Fact",
    "FeatureMismatchError",
    "Isolation",
    "Label",
    "Limits",
    "Metadata",
    "Model",
    "ModelError",
    "Page",
    "PageError",
    "PageMemoryError",
    "PageTimeoutError",
    "PageTooLargeError",
    "SiteError",
    "SiteProfile",
    "UntrustedModelError",
    "WorkerError",
    "classify",
    "classify_many",
    "extract",
    "load",
]

__version__ = "0.1.0"

_ERRORS = frozenset(name for name in __all__ if name.endswith("Error"))
# Where the other names are defined; those that are not here are the pipeline's.
_MODULES = {
    **dict.fromkeys(("Block", "Label", "Page"), "page"),
    "Explanation": "explain",
    "Isolation": "workers",
    "Fact": "metadata",
    "Limits": "limits",
    "Metadata": "metadata",
    "Model": "model",
    "SiteProfile": "site",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `declutter --help` needs no NumPy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "errors" if name in _ERRORS else _MODULES.get(name, "pipeline")
    try:
        value = globals()[name] = getattr(import_module(f"classifier.{module}"), name)
    except ImportError as error:
        if "subinterpreters" not in str(error):
            raise
        # NumPy's own message speaks of a broken installation, and names the reason in its last line.
        raise ImportError(
            "NumPy does not support subinterpreters with a lock of their own: import classifier in the main "
            "interpreter, in threads or in processes"
        ) from error
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
