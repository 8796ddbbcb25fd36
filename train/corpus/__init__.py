"""Readers of published data sets, each in its published layout.

`read(name)` gives the pages of one data set; `READERS` lists them with licence, credit and
whether a model may be trained on them.
"""

from train.corpus.page import KIND_NAMES, GoldPage
from train.corpus.registry import READERS, DataSet, Reader, data_root, read

__all__ = ["KIND_NAMES", "READERS", "DataSet", "GoldPage", "Reader", "data_root", "read"]
