"""The exceptions this package raises, one small tree: catch `ClassifierError` for all of them."""

__all__ = [
    "BatchError",
    "BinaryPageError",
    "ClassifierError",
    "ExplanationError",
    "FeatureMismatchError",
    "ModelError",
    "PageError",
    "PageMemoryError",
    "PageTimeoutError",
    "PageTooLargeError",
    "SiteError",
    "UntrustedModelError",
    "WorkerError",
]


class ClassifierError(Exception):
    """Base of every error that this package raises on purpose (wrong types raise `TypeError`)."""


class PageError(ClassifierError, ValueError):
    """The page cannot be classified."""


class BinaryPageError(PageError):
    """The bytes are no page but, say, a PDF, an image or an archive; the message names which."""


class PageTooLargeError(PageError):
    """The page exceeds the size limit; the message names both sizes."""


class PageTimeoutError(PageError):
    """The page took longer than its isolated worker may; the message says what to do."""


class PageMemoryError(PageError):
    """The page needed more memory than its isolated worker may take; the message says what to do."""


class ModelError(ClassifierError):
    """A model file is missing, damaged, or of a version this package does not read."""


class FeatureMismatchError(ModelError):
    """The model was trained on other features; the message names those that differ."""


class UntrustedModelError(ModelError):
    """The file would run code when loaded and the caller has not said that it is trusted."""


class ExplanationError(ClassifierError):
    """The page cannot be explained: it does not know its model, or the model what is usual."""


class SiteError(ClassifierError):
    """A site profile is missing, damaged, or of a version this package does not read."""


class WorkerError(ClassifierError):
    """A worker process of `classify_many` cannot start, or ended on a page; the message says what to do."""


class BatchError(ClassifierError):
    """A batch cannot begin or resume: its input or its folder is not what it was; the message says how."""
