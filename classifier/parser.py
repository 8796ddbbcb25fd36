"""The HTML5 parser, behind one small module so that it can be exchanged.

turbohtml builds the tree in C by the WHATWG algorithm and reports it as events, so no page, however
deep, meets Python recursion and no node becomes a Python object.
"""

from turbohtml import Document, Element, Markdown, MicrodataItem, Node, Text, parse
from turbohtml.clean import OnDisallowed, Policy, sanitize
from turbohtml.detect import detect
from turbohtml.saxparse import SaxHandler, sax_parse

__all__ = [
    "Document",
    "Element",
    "Markdown",
    "MicrodataItem",
    "Node",
    "OnDisallowed",
    "Policy",
    "SaxHandler",
    "Text",
    "detect",
    "parse",
    "sanitize",
    "sax_parse",
]
