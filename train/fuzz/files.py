"""Files that others make: model files and labelled pages, with one part of them replaced by the input."""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from classifier import Page, load
from classifier.modelfile import FORMAT, FORMAT_VERSION, MANIFEST, read_model_file
from train.corpus import read

__all__ = ["FILE_WORDS", "label_seeds", "model_seeds", "read_labels", "read_model"]

# What JSON and NumPy's header give a meaning of their own.
FILE_WORDS: Final[tuple[bytes, ...]] = tuple(
    b"""{ } [ ] " : , \\ null true false -1 0 1e999 NaN 1.5 99999999999999999999 \\ud800 [[[[[[[[ "a" {"a":
    "kind" "html" "text" "features" "calibration" "types" "checksums" "format" \x93NUMPY 'descr':
    'fortran_order': 'shape': '<f4' '<f8' '<i4' '|O' '<U9' '|V8' '>f4' (0,) (1, (-1,) (9999999999,)
    True, False, \xff \x00 \x1f\x8b
    \xef\xbb\xbf ../ content clutter <p> PK""".split()
)
# Bytes of an array that are replaced: its header, and the first of its numbers.
_HEAD: Final = 160
_PAGE: Final = "<h1>Rivers</h1><p>The river rises in the hills and ends after a few miles.<p>Log in"


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


# -- models ---------------------------------------------------------------------------------------


@cache
def _model() -> tuple[dict[str, Any], dict[str, bytes]]:
    """Manifest and members of the shipped model for plain text; what does not matter is left out."""
    with resources.as_file(resources.files("classifier") / "models" / "text.model") as path:
        file = read_model_file(path)
    manifest = {key: value for key, value in file.manifest.items() if key != "checksums"}
    return manifest, {name: data for name, data in file.members.items() if name != "card.md"}


def _parts() -> list[str]:
    return [MANIFEST, "", *sorted(_model()[1])]


def model_seeds() -> list[bytes]:
    """For each part of a model file its number, the place of a change, and what stands there."""
    manifest, members = _model()
    bodies = [
        json.dumps(manifest).encode(),
        b"PK\x03\x04",
        *(members[name][:_HEAD] for name in sorted(members)),
    ]
    return [bytes([number, 0, 0]) + body for number, body in enumerate(bodies)]


def read_model(data: bytes) -> Page:
    """Load a model file of which the input replaces a part, and what the model makes of a page if it loads.

    The checksums are those of the changed file, but where the archive itself is changed.
    """
    number, at, body = (data[0] if data else 0), int.from_bytes(data[1:3], "big"), data[3:]
    manifest, members = _model()
    part = _parts()[number % len(_parts())]
    path = Path(_folder().name) / "fuzzed.model"
    if part == MANIFEST:
        path.write_bytes(_archive(body, members))
    elif part:
        whole = members[part]
        start = at % len(whole)
        changed = whole[:start] + body + whole[start + len(body) :]
        path.write_bytes(_archive(json.dumps(manifest).encode(), members | {part: changed}))
    else:
        whole = _archive(json.dumps(manifest).encode(), {})
        start = at % len(whole)
        path.write_bytes(whole[:start] + body + whole[start + len(body) :])
    return load(path).classify(_PAGE, kind="text")


def _archive(manifest: bytes, members: Mapping[str, bytes]) -> bytes:
    """A model file with the right checksums; a manifest that is no JSON object stays as it is."""
    checksums = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    try:
        full = json.dumps(
            {"format": FORMAT, "format_version": FORMAT_VERSION, **json.loads(manifest)}
            | {"checksums": checksums}
        ).encode()
    except (ValueError, TypeError, RecursionError):
        full = manifest
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in {MANIFEST: full, **members}.items():
            archive.writestr(name, data)
        archive.comment = hashlib.sha256(full).hexdigest().encode()
    return buffer.getvalue()


# -- labelled pages -------------------------------------------------------------------------------

_HTML: Final = b"<h1 class=x-nc-sel1>Rivers</h1><p cc-select=true>It has weirs.<p class=x-nc-sel0>Log in"
# A small copy of each data set in its published layout.
LAYOUTS: Final[dict[str, dict[str, bytes]]] = {
    "pages": {
        "pages/a/meta.json": b'{"type": "article", "language": "en", "kind": "html", "description": "d"}',
        "pages/a/page.html": _HTML,
        "pages/a/gold.txt": b"Rivers\nIt has weirs.",
    },
    "seed": {
        "seed/news-article.labels.json": b'[{"line": 1, "text": "Rivers", "label": "content"}]',
        "seed/news-article.txt": b"Rivers\n\nLog in",
    },
    "wcxb": {
        "wcxb/metadata.json": b'{"files": {"1": {"split": "dev", "page_type": "article"}}}',
        "wcxb/dev/html/1.html": _HTML,
        "wcxb/dev/ground-truth/1.json": b'{"url": "http://e.example/", '
        b'"ground_truth": {"main_content": "R", "with": ["R"]}}',
    },
    "cleaneval-dev": {
        "cleaneval-dev/input/1.html": b'<text id="http://e.example/">' + _HTML + b"</text>",
        "cleaneval-dev/GoldStandard/1.txt": b"URL: http://e.example/\n<h>Rivers\n<p>It has weirs.",
    },
    "l3s-gn1": {"l3s-gn1/input/1.html": _HTML, "l3s-gn1/GoldStandard/1.txt": _HTML},
    "readability": {
        "readability/a/source.html": b"<link rel=canonical href=http://e.example/>" + _HTML,
        "readability/a/expected.html": _HTML,
        "readability/a/expected-metadata.json": b'{"lang": "en"}',
    },
    "trafilatura-eval": {
        "trafilatura-eval/evaldata.json": b'{"http://e.example/": {"file": "1.html", '
        b'"with": ["R"], "without": []}}',
        "trafilatura-eval/html/1.html": _HTML,
    },
    "webmainbench-sample": {
        "webmainbench-sample/a.jsonl": b'{"track_id": "1", '
        b'"html": "<p cc-select=true>R", "url": "http://e.example/", '
        b'"meta": {"style": "article", "language": "en"}}',
    },
    "labels": {
        "labels.jsonl": b'{"format": "declutter-labels", "version": 1, "path": "a", "kind": "text", '
        b'"text": "Rivers", "sha256": "%s", "blocks": [{"text": "Rivers", "label": "content"}]}'
        % hashlib.sha256(b"Rivers").hexdigest().encode(),
    },
}
_FILES: Final = [(name, path) for name, files in LAYOUTS.items() for path in files]


@cache
def _data() -> Path:
    root = Path(_folder().name) / "data"
    for files in LAYOUTS.values():
        for name, body in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(body)
    return root


def label_seeds() -> list[bytes]:
    """For each file of each data set its number and what stands in it."""
    return [bytes([number]) + LAYOUTS[name][path] for number, (name, path) in enumerate(_FILES)]


def read_labels(data: bytes) -> None:
    """Read a data set of which the input replaces a file."""
    name, path = _FILES[(data[0] if data else 0) % len(_FILES)]
    file = _data() / path
    try:
        file.write_bytes(data[1:])
        for _ in read(name, _data()):
            pass
    finally:
        file.write_bytes(LAYOUTS[name][path])
