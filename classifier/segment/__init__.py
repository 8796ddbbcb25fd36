"""A page cut into blocks."""

from classifier.segment.html import segment_html
from classifier.segment.kind import detect_kind
from classifier.segment.segments import Elements, Kind, Segments, Source
from classifier.segment.text import segment_text

__all__ = ["Elements", "Kind", "Segments", "Source", "detect_kind", "segment_html", "segment_text"]
