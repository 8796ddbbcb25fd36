"""Fuzzing: hostile pages, model files and labelled pages through the calls that users make.

`python -m train fuzz` runs it. A finding is an input on which a call crashes, takes longer than
`SECONDS`, raises anything but the documented errors, or breaks what it promises.
"""

from train.fuzz.run import Report, fuzz
from train.fuzz.targets import SECONDS, TARGETS, Target

__all__ = ["SECONDS", "TARGETS", "Report", "Target", "fuzz"]
