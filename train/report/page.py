"""A report as one HTML page that needs nothing else, and as Markdown with its figures beside it."""

import re
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Final

import pandas as pd

from classifier.inspect.report import integrity
from train.card import markdown_table
from train.report.parts import Absent, Chapter, Drawn, Grid, Part, Report, Section
from train.report.svg import standalone, style

__all__ = ["html", "markdown", "write"]

FIGURES: Final = "figures"
# Nothing runs, is fetched, sent or framed; the style is the one of this hash.
_POLICY: Final = "default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'"
_CODE: Final = re.compile(r"`([^`]*)`")
_COMMAND: Final = re.compile(r"python -m train \w+(?: --kind \w+)?|pip install '[^']+'|--no-\w+")
_NUMBER: Final = re.compile(r"[-−\d.,% ()to]*\d[-−\d.,% ()to]*")


def write(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write `report.html`, `report.md` and the figures of the latter; gives the paths of the two."""
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    for drawn in report.figures():
        svg = standalone(drawn.svg, drawn.description)
        (folder / FIGURES / f"{drawn.name}.svg").write_text(svg, encoding="utf-8")
    paths = folder / "report.html", folder / "report.md"
    for path, text in zip(paths, (html(report), markdown(report)), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


# -- HTML -----------------------------------------------------------------------------------------


def html(report: Report) -> str:
    """One page, with its style and its figures in it, and no script."""
    sheet = files(__package__).joinpath("report.css").read_text(encoding="utf-8").replace("\r\n", "\n")
    sheet = f"\n{sheet}\n{style()}"
    body = "\n".join(_chapter(chapter) for chapter in report.chapters)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY.format(style=integrity(sheet))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(report.title)}</title>
<style>{sheet}</style>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<h1>{escape(report.title)}</h1>
<p>{_inline(report.made)}</p>
</header>
<nav aria-label="Sections">
{_contents(report)}
</nav>
<main id="content">
{body}
</main>
</body>
</html>
"""


def _contents(report: Report) -> str:
    lines = []
    for chapter in report.chapters:
        links = (
            f'<li><a href="#{_anchor(chapter, section)}">{escape(section.title)}</a></li>'
            for section in chapter.sections
        )
        lines.append(
            f'<h2><a href="#{chapter.name}">{escape(chapter.title)}</a></h2>\n<ul>{"".join(links)}</ul>'
        )
    return "\n".join(f"<div>{one}</div>" for one in lines)


def _anchor(chapter: Chapter, section: Section) -> str:
    return f"{chapter.name}-{re.sub('[^a-z]+', '-', section.title.lower()).strip('-')}"


def _chapter(chapter: Chapter) -> str:
    sections = "\n".join(_section(chapter, section) for section in chapter.sections)
    return f'<h2 id="{chapter.name}">{escape(chapter.title)}</h2>\n{sections}'


def _section(chapter: Chapter, section: Section) -> str:
    anchor = _anchor(chapter, section)
    lines = [f'<section aria-labelledby="{anchor}">', f'<h3 id="{anchor}">{escape(section.title)}</h3>']
    for seen, parts in groupby(section.parts, lambda part: isinstance(part, Drawn | Grid)):
        told = "\n".join(map(_part, parts))
        lines.append(
            f'<div class="shown">{told}</div>' if seen else told
        )  # side by side, where there is room
    return "\n".join([*lines, "</section>"])


def _part(part: Part) -> str:
    if isinstance(part, Absent):
        return f'<p class="absent">{_inline(_told(part))}</p>'
    if isinstance(part, Grid):
        return _table(part)
    return f"<p>{_inline(part)}</p>" if isinstance(part, str) else _figure(part)


def _figure(drawn: Drawn) -> str:
    svg = drawn.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(drawn.description)}" ', 1)
    return f"<figure>\n{svg}\n<figcaption>{_inline(drawn.caption)}</figcaption>\n</figure>"


def _table(grid: Grid) -> str:
    frame = grid.frame
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in [frame.index.name, *frame.columns])
    rows = []
    for name, row in zip(frame.index, frame.itertuples(index=False), strict=True):
        cells = "".join(f"<td{_numeric(value)}>{escape(str(value))}</td>" for value in row)
        rows.append(f'<tr><th scope="row">{escape(str(name))}</th>{cells}</tr>')
    # A table that is wider than the window is moved by itself, by keyboard as well.
    label = escape(grid.caption.replace("`", ""))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">\n<table>\n'
        f"<caption><span>{_inline(grid.caption)}</span></caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{chr(10).join(rows)}\n</tbody>\n</table>\n</div>"
    )


def _numeric(value: object) -> str:
    return ' class="number"' if _NUMBER.fullmatch(str(value)) else ""


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _told(absent: Absent) -> str:
    """In a sentence, with the commands in it as code."""
    reason = _COMMAND.sub(r"`\g<0>`", absent.reason)
    return f"Not here: {reason}."


# -- Markdown -------------------------------------------------------------------------------------


def markdown(report: Report) -> str:
    """The same in Markdown; its figures are the files that `write` puts beside it."""
    lines = [f"# {report.title}", report.made]
    for chapter in report.chapters:
        lines.append(f"## {chapter.title}")
        for section in chapter.sections:
            lines += [f"### {section.title}", *map(_in_markdown, section.parts)]
    return "\n\n".join(lines) + "\n"


def _in_markdown(part: Part) -> str:
    if isinstance(part, Drawn):
        return f"![{_text(part.description)}]({FIGURES}/{part.name}.svg)\n\n{_text(part.caption)}"
    if isinstance(part, Grid):
        frame: pd.DataFrame = part.frame.map(_cell).rename(index=_cell, columns=_cell)
        return f"{_text(part.caption)}\n\n{markdown_table(frame, str(part.frame.index.name))}"
    return f"> {_text(_told(part))}" if isinstance(part, Absent) else _text(part)


def _text(text: str) -> str:
    """Text that begins no HTML."""
    return text.replace("<", "&lt;")


def _cell(value: object) -> str:
    """Text that does not end its cell either."""
    return _text(str(value)).replace("|", "\\|")
