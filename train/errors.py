"""Exceptions of the training side."""


class CorpusError(Exception):
    """A data set is missing, lies elsewhere, or is not in its published layout."""
