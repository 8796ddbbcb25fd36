import pytest

import classifier.errors
from classifier.errors import ClassifierError


def public() -> list[type[Exception]]:
    return [getattr(classifier.errors, name) for name in classifier.errors.__all__]


def defined() -> set[str]:
    members = vars(classifier.errors).values()
    return {one.__name__ for one in members if isinstance(one, type)}


def test_all_names_every_exception_of_the_module_and_nothing_else() -> None:
    assert set(classifier.errors.__all__) == defined()


def test_all_is_sorted() -> None:
    assert classifier.errors.__all__ == sorted(classifier.errors.__all__)


@pytest.mark.parametrize("error", public(), ids=lambda error: error.__name__)
def test_one_base_class_catches_every_error(error: type[Exception]) -> None:
    with pytest.raises(ClassifierError):
        raise error("why")


@pytest.mark.parametrize("error", public(), ids=lambda error: error.__name__)
def test_every_error_says_in_one_line_when_it_is_raised(error: type[Exception]) -> None:
    assert error.__doc__ and error.__doc__.strip()


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("PageError", "ClassifierError"),
        ("BinaryPageError", "PageError"),
        ("PageTooLargeError", "PageError"),
        ("ModelError", "ClassifierError"),
        ("FeatureMismatchError", "ModelError"),
        ("UntrustedModelError", "ModelError"),
        ("ExplanationError", "ClassifierError"),
        ("WorkerError", "ClassifierError"),
    ],
)
def test_the_tree_of_errors_has_this_shape(child: str, parent: str) -> None:
    assert parent in {base.__name__ for base in getattr(classifier.errors, child).__mro__}


def test_a_page_error_is_a_value_error_so_that_plain_python_can_catch_it() -> None:
    assert issubclass(classifier.errors.PageError, ValueError)


def test_a_model_error_is_no_page_error() -> None:
    assert not issubclass(classifier.errors.ModelError, classifier.errors.PageError)
