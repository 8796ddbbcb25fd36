"""The compiled kernel, if it was built and is not switched off; the Python code does the same without."""

import os
from types import ModuleType
from typing import Final

__all__ = ["SWITCH", "native"]

# Set to "off", it leaves the kernel out: to compare the two, or to look into what seems a fault of it.
SWITCH: Final = "CLASSIFIER_KERNEL"


def _kernel() -> ModuleType | None:
    if os.environ.get(SWITCH) == "off":
        return None
    try:
        import classifier._native as compiled
    except ImportError:
        return None
    return compiled


native: Final = _kernel()
