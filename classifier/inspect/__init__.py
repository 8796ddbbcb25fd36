"""Look at pages, correct labels: one self-contained HTML file, from which labels come back as JSON Lines.

pages -> inspect_pages -> report.html -> a person -> labels.jsonl -> train.corpus
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifier.inspect.report import inspect_pages

__all__ = ["inspect_pages"]


def __getattr__(name: str) -> Any:
    """Import it when it is first used, so that `declutter inspect --help` needs no NumPy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from classifier.inspect.report import inspect_pages

    return inspect_pages
