"""Kept blocks -> clean text, HTML and Markdown."""

from classifier.render.html import render_html
from classifier.render.markdown import render_markdown
from classifier.render.text import render_text

__all__ = ["render_html", "render_markdown", "render_text"]
