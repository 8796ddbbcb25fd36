"""What a page says about itself: title, author, date and the like, each with where it stands.

The parser reads JSON-LD and Microdata; Open Graph, Twitter cards and the other meta tags are one table.
Nothing here takes part in classification: it is read when it is asked for.
"""

from classifier.metadata.read import read_metadata
from classifier.metadata.record import Fact, FactSource, Metadata

__all__ = ["Fact", "FactSource", "Metadata", "read_metadata"]
