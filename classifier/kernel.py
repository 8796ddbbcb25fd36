"""The compiled kernel, if it was built and is not switched off; the Python code does the same without."""

import os
from types import ModuleType
from typing import Final

__all__ = ["INTERFACE", "SWITCH", "native"]

# Set to "off", it leaves the kernel out: to compare the two, or to look into what seems a fault of it.
SWITCH: Final = "CLASSIFIER_KERNEL"
# What the kernel takes and gives. It goes up by one here and in native/module.cpp where that changes, so that
# a kernel that was built from an older checkout is told from a fault.
INTERFACE: Final = 1


def _kernel() -> ModuleType | None:
    if os.environ.get(SWITCH) == "off":
        return None
    try:
        import classifier._native as compiled
    except ImportError:
        return None
    found = getattr(compiled, "INTERFACE", None)
    if found != INTERFACE:
        raise ImportError(
            f"the compiled kernel {compiled.__file__} is of another version of this package (its interface "
            f"is {found}, not {INTERFACE}): install the package again to build it anew, or set {SWITCH}=off"
        )
    return compiled


native: Final = _kernel()
