"""One page that shows how good a fit is: `study` measures, `sections` tell, `figures` draw, `page` writes."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

import classifier
from train.report.page import write
from train.report.parts import Report
from train.report.sections import chapter
from train.report.study import Inputs, Scope, Study

__all__ = ["Inputs", "Report", "Scope", "report_on", "write"]

TITLE: Final = "How well clutter-classifier does"


def report_on(inputs: Sequence[Inputs], scope: Scope) -> Report:
    """Measure all that can be, one kind of page after the other, and tell it.

    What is missing is told in its section; so this raises nothing where the steps before have left nothing.
    """
    chapters = tuple(chapter(Study(one, scope)) for one in inputs)
    packages = ", ".join(f"{name} {version(name)}" for name in ("scikit-learn", "numpy", "turbohtml"))
    made = (
        f"Made on {datetime.now(UTC).date().isoformat()} by `python -m train report`, with "
        f"clutter-classifier {classifier.__version__}, {packages} and Python {sys.version.split()[0]}."
    )
    return Report(TITLE, made, chapters)
