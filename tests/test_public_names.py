import importlib
import pkgutil
import sys
from types import ModuleType

import pytest

import classifier
import train

# What a caller may rely on; a name more or less is a change to tell in the changelog.
DOCUMENTED = {
    "classify",
    "classify_many",
    "extract",
    "load",
    "Block",
    "Classifier",
    "Explanation",
    "ExplanationError",
    "Fact",
    "Isolation",
    "Label",
    "Limits",
    "Metadata",
    "Model",
    "Page",
    "BatchError",
    "BinaryPageError",
    "ClassifierError",
    "FeatureMismatchError",
    "ModelError",
    "PageError",
    "PageMemoryError",
    "PageTimeoutError",
    "PageTooLargeError",
    "SiteError",
    "SiteProfile",
    "UntrustedModelError",
    "WorkerError",
}
RUN_NOT_IMPORTED = "__main__"
# Modules that need a package which `dev` does not bring, and that package.
ADAPTERS = {
    "classifier.datatrove": "datatrove",
    "classifier.langchain": "langchain_core",
    "classifier.scrapy": "scrapy",
}


def modules(package: ModuleType) -> list[str]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [package.__name__, *(one.name for one in found if not one.name.endswith(RUN_NOT_IMPORTED))]


def imported(name: str) -> ModuleType:
    if name in ADAPTERS:
        pytest.importorskip(ADAPTERS[name])
    return importlib.import_module(name)


def test_the_public_names_are_the_documented_ones() -> None:
    assert set(classifier.__all__) == DOCUMENTED


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(classifier, name) is not None
    assert name in dir(classifier)


def test_public_names_are_sorted_and_stand_once() -> None:
    assert len(set(classifier.__all__)) == len(classifier.__all__)
    assert classifier.__all__ == sorted(classifier.__all__)


def test_a_public_name_is_the_one_of_its_module() -> None:
    from classifier import errors, explain, limits, metadata, model, page, pipeline, site, workers

    for name in DOCUMENTED:
        owners = (errors, page, explain, metadata, model, limits, site, workers, pipeline)
        owner = next(one for one in owners if name in one.__all__)
        assert getattr(classifier, name) is getattr(owner, name)


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="no attribute 'declutter_all'"):
        _ = classifier.declutter_all


def test_the_version_is_a_number() -> None:
    assert all(part.isdigit() for part in classifier.__version__.split(".")[:2])


@pytest.mark.parametrize("name", [*modules(classifier), *modules(train)])
def test_every_name_in_a_modules_all_exists(name: str) -> None:
    module = imported(name)
    missing = [one for one in getattr(module, "__all__", ()) if not hasattr(module, one)]
    assert missing == []


@pytest.mark.parametrize("name", [*modules(classifier), *modules(train)])
def test_every_module_says_what_it_is(name: str) -> None:
    assert (imported(name).__doc__ or "").strip()


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_without_its_package_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = ADAPTERS[name]
    for one in {package, *(one for one in sys.modules if one.startswith(f"{package}."))}:
        monkeypatch.setitem(sys.modules, one, None)
    monkeypatch.delitem(sys.modules, name, raising=False)
    extra = name.split(".")[1]
    with pytest.raises(ImportError, match=rf"pip install 'clutter-classifier\[{extra}\]'"):
        importlib.import_module(name)
