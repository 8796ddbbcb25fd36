"""Programs in fresh interpreters, so that what they take is theirs alone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Final

__all__ = ["PEAK", "ROOT", "fresh"]

ROOT: Final = Path(__file__).resolve().parents[1]
# Defines the most memory that a program has held, in MB. Linux counts into ru_maxrss what the parent held
# before the program began.
PEAK: Final = """
import re, resource, sys
from pathlib import Path

def peak():
    if sys.platform == "linux":
        kilobytes = int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
    else:
        unit = 1024 if sys.platform == "darwin" else 1
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return kilobytes * 1024 / 1e6
"""


def fresh(code: str, *arguments: str, stdin: IO[bytes] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program in a new interpreter, on one thread; the caller looks at how it ended."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-c", code, *arguments]
    return subprocess.run(call, env=environment, stdin=stdin, capture_output=True, text=True, check=False)
