"""Which modules may import which. The arrows stand in the code, late imports included."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("classifier", "train")
MAX_LINES: Final = 320
MAX_FUNCTION_LINES: Final = 45

# Longer than the rule, and why.
LONG_MODULES: Final = {
    "classifier.segment.html": "one state machine over the parser's events",
    "classifier.features.lexical": "one family: its columns, evidence and tables belong together",
}
LONG_FUNCTIONS: Final = {
    "classifier.pipeline.classify": "its docstring is the main page of the reference",
}

# Part of the package -> parts that it may import. Each part may import itself.
CLASSIFIER: Final[dict[str, set[str]]] = {
    "errors": set(),
    "parser": set(),
    "kernel": {"_native"},
    "limits": set(),
    "jsonlines": set(),
    "decide": set(),
    "decode": {"errors", "parser"},
    "segment": {"kernel", "limits", "parser"},
    "features": {"kernel", "segment"},
    "forest": {"features", "kernel"},
    "modelfile": {"errors"},
    "network": {"features"},
    "pagetype": {"features"},
    "model": {"errors", "features", "forest", "modelfile", "network", "pagetype", "segment"},
    "render": {"parser", "segment"},
    "explain": {"errors", "features", "model", "segment"},
    "metadata": {"parser", "segment"},
    "page": {"decode", "errors", "explain", "features", "metadata", "model", "render", "segment"},
    "workers": {"errors"},
    "many": {"errors", "model", "page", "segment", "workers"},
    "isolate": {"many", "page", "workers"},
    "site": {"errors", "model", "page", "segment"},
    "pipeline": {
        "decide",
        "decode",
        "errors",
        "features",
        "isolate",
        "limits",
        "many",
        "model",
        "page",
        "segment",
        "site",
        "workers",
    },
}
# What stands on top of the pipeline: many pages, sites, clusters, people. None of the parts above may
# import one of these.
TOPS: Final = {
    "batch",
    "cli",
    "completion",
    "console",
    "datatrove",
    "gather",
    "inspect",
    "langchain",
    "ray",
    "scrapy",
    "sources",
    "spark",
    "terminal",
    "__main__",
}
TRAIN: Final[dict[str, set[str]]] = {
    "errors": set(),
    "folds": set(),
    "metrics": set(),
    "corpus": {"errors", "folds"},
    "align": {"metrics"},
    "plaintext": {"corpus"},
    "forest": set(),
    "lexicon": set(),
    "table": {"align", "corpus", "errors", "plaintext"},
    "network": set(),
    "pagetype": set(),
    "phrases": {"errors", "lexicon"},
    "weights": {"corpus", "table"},
    "ensemble": {"errors", "network", "table", "weights"},
    "fit": {"ensemble", "errors", "folds", "lexicon", "pagetype", "phrases", "table", "weights"},
    "languages": {"corpus", "plaintext"},
    "evaluate": {"corpus", "errors", "languages", "metrics", "table"},
    "confidence": {"evaluate", "table"},
    "site": {"corpus", "errors", "metrics", "plaintext", "table", "weights"},
    "export": {"corpus", "forest"},
    "adapt": {"corpus", "errors", "export", "lexicon", "metrics", "table", "weights"},
    "estimator": {"evaluate", "fit", "folds", "metrics", "table"},
    "own": {"adapt", "corpus", "errors", "suggest", "table"},
    "trials": {"compare", "corpus", "footprint", "fuzz", "gate", "hostile", "scale", "speed", "structure"},
    "suggest": set(),
    "peers": {"corpus"},
    "compare": {"corpus", "metrics", "peers"},
    "structure": {"align", "compare", "corpus", "peers"},
    "speed": {"compare", "corpus", "metrics", "peers", "plaintext"},
    "fresh": set(),
    "footprint": {"compare", "corpus", "fresh"},
    "baselines": {"metrics"},
    "deadline": set(),
    "standings": {
        "baselines",
        "corpus",
        "deadline",
        "errors",
        "evaluate",
        "languages",
        "peers",
        "plaintext",
        "table",
    },
    "losses": {"metrics", "table"},
    "ablate": {"ensemble", "fit", "metrics", "table"},
    "importance": {"ablate", "ensemble", "errors", "fit", "forest", "metrics", "table"},
    "learning": {"ablate", "ensemble", "errors", "fit", "metrics", "table"},
    "card": {"align", "confidence", "corpus", "evaluate", "metrics", "plaintext"},
    "gate": {"compare", "corpus", "errors", "evaluate", "metrics", "plaintext"},
    "fuzz": {"corpus", "errors"},
    "hostile": {"fresh"},
    "scale": {"fresh"},
}
# What drives the steps, and what shows results.
TRAIN_TOPS: Final = {"steps", "report", "__main__"}
# What each package needs of others, beside the standard library.
CLASSIFIER_NEEDS: Final = {"numpy", "turbohtml"}
# Imported only where a user asks for what they give.
CLASSIFIER_OPTIONAL: Final = {
    "argcomplete",
    "fsspec",
    "isal",
    "joblib",
    "onnxruntime",
    "pandas",
    "py4j",
    "pyarrow",
    "pyspark",
    "ray",
    "rensa",
    "tqdm",
}
# What a module that makes us at home in another package imports of it, at its top: each is a piece for that
# package, and nothing else of ours imports it.
ADAPTERS: Final[dict[str, set[str]]] = {
    "classifier.datatrove": {"datatrove"},
    "classifier.langchain": {"langchain_core"},
    "classifier.scrapy": {"itemadapter", "scrapy", "w3lib"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sources() -> dict[str, Path]:
    return {
        module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))
    }


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(sources()[name].read_text(encoding="utf-8"))


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def statements(node: ast.AST, *, types_too: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if types_too or not is_for_types_only(child):
            yield child
            yield from statements(child, types_too=types_too)


def imports(name: str, *, types_too: bool = True) -> set[str]:
    """Modules that a module imports, wherever in it; a name imported from a package counts as the
    module of that name if there is one."""
    found: set[str] = set()
    for node in statements(tree(name), types_too=types_too):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports by a relative path"
            parent = node.module or ""
            inside = {f"{parent}.{alias.name}" for alias in node.names} & set(sources())
            found |= inside
            if len(inside) < len(node.names):
                found.add(parent)
    return found


def part(name: str) -> str:
    """`classifier.segment.html` gives `segment`, the package itself the empty string."""
    return name.split(".")[1] if "." in name else ""


def ours(name: str, package: str) -> set[str]:
    return {one for one in imports(name) if one.split(".")[0] == package}


def of(package: str) -> list[str]:
    return [name for name in sources() if name.split(".")[0] == package]


@pytest.mark.parametrize("name", of("classifier"))
def test_inference_never_imports_training(name: str) -> None:
    assert ours(name, "train") == set()


@pytest.mark.parametrize("name", of("classifier"))
def test_only_one_module_of_inference_knows_the_parser(name: str) -> None:
    if name != "classifier.parser":
        assert ours(name, "turbohtml") == set()


@pytest.mark.parametrize("name", of("classifier"))
def test_inference_imports_along_the_allowed_arrows(name: str) -> None:
    mine = part(name)
    if not mine:
        return  # `__init__` hands out the public names
    if mine in TOPS:
        allowed = set(CLASSIFIER) | TOPS | {""}
    else:
        assert mine in CLASSIFIER, f"{name} is new: draw its arrows here and in the design"
        allowed = CLASSIFIER[mine] | {mine}
    assert {part(one) for one in ours(name, "classifier")} <= allowed


@pytest.mark.parametrize("name", of("train"))
def test_training_imports_along_the_allowed_arrows(name: str) -> None:
    mine = part(name)
    if mine in TRAIN_TOPS:
        allowed = set(TRAIN) | TRAIN_TOPS
    elif mine:
        assert mine in TRAIN, f"{name} is new: draw its arrows here and in the design"
        allowed = TRAIN[mine] | {mine}
    else:
        allowed = set()
    assert {part(one) for one in ours(name, "train")} <= allowed


@pytest.mark.parametrize("name", of("classifier"))
def test_inference_needs_small_packages_only(name: str) -> None:
    import sys

    others = {one.split(".")[0] for one in imports(name)} - set(sys.stdlib_module_names) - {"classifier"}
    assert others <= CLASSIFIER_NEEDS | CLASSIFIER_OPTIONAL | ADAPTERS.get(name, set())


@pytest.mark.parametrize("name", of("classifier"))
def test_optional_packages_are_imported_late(name: str) -> None:
    at_the_top = {
        alias.name.split(".")[0]
        for node in tree(name).body
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {(node.module or "").split(".")[0] for node in tree(name).body if isinstance(node, ast.ImportFrom)}
    assert not at_the_top & CLASSIFIER_OPTIONAL


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_nothing_imports_an_adapter_whose_package_may_not_be_there(adapter: str) -> None:
    assert [name for name in sources() if name != adapter and adapter in imports(name)] == []


def test_segmentation_knows_no_features_and_features_know_no_model() -> None:
    for name in of("classifier"):
        if part(name) == "segment":
            assert "features" not in {part(one) for one in ours(name, "classifier")}
        if part(name) == "features":
            assert not {"model", "modelfile", "pipeline"} & {part(one) for one in ours(name, "classifier")}


def test_nothing_imports_in_a_circle_late_imports_included() -> None:
    arrows = {
        name: {one for one in imports(name, types_too=False) & set(sources()) if one != name}
        for name in sources()
    }
    done: set[str] = set()
    circles: list[str] = []

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circles.append(" -> ".join([*path[path.index(name) :], name]))
        elif name not in done:
            for one in sorted(arrows[name]):
                walk(one, (*path, name))
            done.add(name)

    for name in arrows:
        walk(name, ())
    assert circles == []


@pytest.mark.parametrize("name", sources())
def test_a_module_stays_within_the_rule(name: str) -> None:
    lines = len(sources()[name].read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES or name in LONG_MODULES


@pytest.mark.parametrize("name", sources())
def test_a_function_stays_within_the_rule(name: str) -> None:
    long = {
        f"{name}.{node.name}": size
        for node in ast.walk(tree(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert set(long) <= set(LONG_FUNCTIONS), long


def test_every_exception_to_the_rule_is_still_needed() -> None:
    for name in LONG_MODULES:
        assert len(sources()[name].read_text(encoding="utf-8").splitlines()) > MAX_LINES, name


@pytest.mark.parametrize("word", ["utils", "util", "common", "helpers", "helper", "misc", "core"])
def test_a_module_is_named_after_what_it_owns(word: str) -> None:
    assert [name for name in sources() if word in name.split(".")] == []


def test_the_top_level_is_as_agreed() -> None:
    here = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    known = {"LICENSE", "CHANGELOG.md", "README.md", "pyproject.toml", "classifier", "train", "data"}
    known |= {"notebooks", "tests"}
    made = {name for name in here if name in {"build", "dist", "work"} or name.endswith(".egg-info")}
    assert here - made <= known
