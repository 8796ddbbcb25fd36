"""What the site takes from elsewhere in the project, so that nothing is written twice.

Four kinds of lines in a page are replaced when the site is built:

    <!-- include: CHANGELOG.md -->           the file, without its first heading
    <!-- include: README.md#limits -->       what stands below one heading of it
    <!-- help: declutter batch -->           the help text that the command prints
    <!-- features: html -->                  tables of the features for a kind of page

and each notebook becomes a page of the course.
"""

import json
import os
import posixpath
import re
import subprocess
import sys
from base64 import b64decode
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from markdown.extensions.toc import slugify
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this version, whatever is installed

from classifier.features.matrix import column_docs, column_families
from classifier.features.titles import FAMILY_TITLES
from classifier.segment import Kind

ROOT: Final = Path(__file__).resolve().parents[1]
NOTEBOOKS: Final = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIGURES: Final = sorted((ROOT / "data" / "figures").glob("*.svg"))
COURSE: Final = "Course"
HELP_COLUMNS: Final = "100"

_INCLUDE: Final = re.compile(r"^<!-- include: ([^#\s]+)(?:#(\S+))? -->$", re.MULTILINE)
_HELP: Final = re.compile(r"^<!-- help: (.+) -->$", re.MULTILINE)
_FEATURES: Final = re.compile(r"^<!-- features: (html|text) -->$", re.MULTILINE)
_LINK: Final = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_HEADING: Final = re.compile(r"^(#+) (.+)$")
# pandas brings a style of its own with every table.
_STYLE: Final = re.compile(r"<style.*?</style>\s*", re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the notebooks into the navigation."""
    for entry in config.nav or []:
        entry.get(COURSE, []).extend(f"course/{path.stem}.md" for path in NOTEBOOKS)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the notebooks as pages, and the figures that included files show."""
    for path in FIGURES:
        files.append(File.generated(config, f"figures/{path.name}", abs_src_path=str(path)))
    pages = _pages(config)
    for path in NOTEBOOKS:
        for name, content in _notebook(path, pages).items():
            files.append(File.generated(config, f"course/{name}", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replace the lines that stand for something else."""

    def included(match: re.Match[str]) -> str:
        return _relinked(_section(match[1], match[2]), match[1], page.file.src_uri, _pages(config))

    for directive, made in (
        (_INCLUDE, included),
        (_HELP, lambda match: _help(match[1])),
        (_FEATURES, lambda match: _features(match[1])),
    ):
        markdown = directive.sub(made, markdown)
    return markdown


def _section(name: str, slug: str | None) -> str:
    """What stands below a heading of a file, or below its first one."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines, inside, level, fenced = [], False, 1, False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else _HEADING.match(line)
        if inside and heading and len(heading[1]) <= level:
            break
        if inside:
            lines.append(line)
        elif heading and slug in (None, slugify(heading[2], "-")):
            inside, level = True, len(heading[1])
    if not inside:
        raise PluginError(f"{name} has no heading {slug or 'at all'}")
    return "\n".join(lines)


def _pages(config: MkDocsConfig) -> dict[str, str]:
    """Where a file of the project is found in the site, by its path in the project."""
    found = {path.relative_to(ROOT).as_posix(): f"course/{path.stem}.md" for path in NOTEBOOKS}
    found |= {path.relative_to(ROOT).as_posix(): f"figures/{path.name}" for path in FIGURES}
    docs = Path(config.docs_dir)
    for page in docs.rglob("*.md"):
        for name, slug in _INCLUDE.findall(page.read_text(encoding="utf-8")):
            if not slug:
                found[name] = page.relative_to(docs).as_posix()
    return found


def _relinked(text: str, source: str, page: str, pages: dict[str, str]) -> str:
    """The text with links as they are from its new place; what the site lacks is named, not linked."""

    def link(match: re.Match[str]) -> str:
        label, target, anchor = match.groups()
        if "://" in target:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if path not in pages:
            return label if path in label else f"{label} (`{path}`)"
        return f"[{label}]({posixpath.relpath(pages[path], posixpath.dirname(page))}{anchor or ''})"

    return _LINK.sub(link, text)


def _help(command: str) -> str:
    """The help text of a command, as a block of code; of the trainer's, below it, that of every step."""
    program, *words = command.removeprefix("python -m ").split()
    call = [sys.executable, "-m", "classifier" if program == "declutter" else program, *words, "--help"]
    search = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"COLUMNS": HELP_COLUMNS, "NO_COLOR": "1", "PYTHONPATH": search}
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PluginError(f"{command} --help: {done.stderr}")
    text = f"```text\n{done.stdout.rstrip()}\n```\n"
    steps = None if words else re.search(r"\{([\w,-]+)\} \.\.\.", done.stdout)
    for step in steps[1].split(",") if steps else ():
        text += f"\n### {step}\n\n{_help(f'{command} {step}')}"
    return text


def _features(kind: Kind) -> str:
    """What the features for a kind of page are, a table a family."""
    docs = column_docs(kind)
    parts = []
    for family, names in groupby(docs, column_families(kind).get):
        rows = [f"| `{name}` | {docs[name].replace('|', chr(92) + '|')} |" for name in names]
        parts += [f"### {FAMILY_TITLES[family].capitalize()} {{ #{kind}-{family} }}", ""]
        parts += [f"The family `{family}`.", "", "| feature | what it is |", "| --- | --- |", *rows, ""]
    return "\n".join(parts)


def _notebook(path: Path, pages: dict[str, str]) -> dict[str, str | bytes]:
    """A notebook as Markdown, and its plots, by the name of the file."""
    made: dict[str, str | bytes] = {}
    parts: list[str] = []
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(_relinked(source, f"notebooks/{path.name}", f"course/{path.stem}.md", pages))
            continue
        parts.append(f"```python\n{source}\n```")
        for place, output in enumerate(cell["outputs"]):
            plot = f"{path.stem}-{number}-{place}.png"
            parts.append(_output(output, plot, made))
    return made | {f"{path.stem}.md": "\n\n".join(parts) + "\n"}


def _output(output: dict[str, Any], plot: str, made: dict[str, str | bytes]) -> str:
    """One output of a cell as Markdown; a plot goes into `made`."""
    data = output.get("data", {"text/plain": output.get("text", [])})
    if "image/png" in data:
        made[plot] = b64decode("".join(data["image/png"]))
        return f"![Plot]({plot}){{ .plot }}"
    if "text/html" in data:
        return f'<div class="output">{_STYLE.sub("", "".join(data["text/html"]))}</div>'
    return f"`````text\n{''.join(data['text/plain']).rstrip()}\n`````"
