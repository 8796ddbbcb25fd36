"""Bytes -> text, as browsers do it, and refusal of what is no page at all."""

import codecs
import re
from typing import Final

from classifier.errors import BinaryPageError
from classifier.parser import SaxHandler, detect, sax_parse

__all__ = ["decode", "refuse_binary"]

# How files that are no pages begin (offset, bytes), and what people call them.
_MAGIC: Final = (
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG\r\n", "a PNG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (8, b"WEBP", "a WebP image"),
    (0, b"PK\x03\x04", "a ZIP archive (or an Office or EPUB file)"),
    (0, b"\x1f\x8b", "gzip-compressed data: decompress it first"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\x00", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard-compressed data: decompress it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (0, b"{\\rtf", "a rich-text document"),
    (0, b"%!PS", "a PostScript document"),
    (4, b"ftyp", "an MP4 or HEIF file"),
    (0, b"OggS", "an Ogg file"),
    (0, b"ID3", "an MP3 file"),
    (0, b"RIFF", "a RIFF file (WAV, AVI or WebP)"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (0, b"wOFF", "a font"),
    (0, b"wOF2", "a font"),
    (0, b"\x7fELF", "an executable"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"PAR1", "a Parquet file"),
)
# Control characters that no text encoding produces in number; escape stands in ISO-2022-JP.
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))
_SNIFFED: Final = 4096
_CONTROL_SHARE: Final = 0.05
# Share of every other byte that is zero in UTF-16: about half and more where most is markup, as little
# as the spaces and digits in prose, whose bytes are no ASCII text either; 1 in 256 of random bytes.
_ZEROS_OF_MARKUP: Final = 0.4
_ZEROS_OF_PROSE: Final = 0.05
# UTF-8 in which at most one character in this many is malformed was cut, edited or put together carelessly;
# text in another encoding is malformed throughout. Looked at around the first malformed one.
_WELL_FORMED: Final = 20
_AROUND: Final = 32_768
# The standard's prescan reads 1,024 bytes; browsers restart the parse for a later declaration.
_PRESCAN: Final = 1_024
# All that says something of an encoding by itself, bytes beyond ASCII and escapes, as a letter.
_ASCII_ONLY: Final = bytes(range(27)) + b"x" + bytes(range(28, 128)) + b"x" * 128
_LATE_META: Final = 65_536
# How `content="text/html; charset=..."` names an encoding (HTML standard, 2.5.3), and `<?xml ...?>`
# (13.2.3.3).
_CHARSET: Final = re.compile(
    r"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"'][^\s;]*))", re.ASCII | re.IGNORECASE
)
_XML: Final = re.compile(rb"<\?xml[^>]*?encoding[\x00-\x20]*=[\x00-\x20]*([\"'])([^\x00-\x20>]*?)\1[^>]*>")
# No label of an encoding has other characters.
_LABEL: Final = re.compile(r"[\w.:-]+", re.ASCII)


def decode(data: bytes, encoding: str | None = None) -> str:
    """Decode the bytes of a page.

    A byte-order mark decides, then UTF-8 with characters beyond ASCII, well-formed but for a cut end or one
    character in twenty (here this departs from browsers, which believe a wrong declaration), then UTF-16
    without a mark, then the server's declaration, then the page's (`<meta>`, else `<?xml ...?>`), then
    detection by character frequencies. Malformed sequences become U+FFFD. Encodings and their labels are
    those of the WHATWG Encoding Standard; one that it replaces, such as ISO-2022-KR, gives a single U+FFFD.

    Args:
        encoding: what the server declares (`charset` of the HTTP header `Content-Type`); an unknown one is
            passed over.

    Raises:
        BinaryPageError: the bytes are a PDF, an image, an archive or other binary data.
    """
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("utf-8", "replace")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    _refuse_known(data)
    if codec := _unmarked_utf16(data):
        return data.decode(codec, "replace")
    refuse_binary(data)
    if (text := _utf8(data)) is not None:
        return text
    codec = _of_label(encoding) if encoding else None
    codec = codec or _declared(data) or _late_declaration(data) or _xml_declaration(data)
    return data.decode(codec or detect(data).codec or "utf-8", "replace")


def refuse_binary(data: bytes) -> None:
    """Raise `BinaryPageError` when the bytes are no text, naming what they seem to be."""
    _refuse_known(data)
    head = data[:_SNIFFED]
    controls = _controls(head)
    if controls > _CONTROL_SHARE * len(head):
        raise BinaryPageError(
            f"the page is binary data, not HTML or plain text: {controls} of its first {len(head)} "
            "bytes are control characters"
        )


def _refuse_known(data: bytes) -> None:
    """Raise `BinaryPageError` when the bytes begin like a well-known format."""
    for offset, magic, name in _MAGIC:
        if not data.startswith(magic, offset):
            continue
        # A text may begin with the letters "ID3" or "RIFF"; in such a file control bytes follow.
        if not magic.isalnum() or _controls(data[:_SNIFFED]):
            raise BinaryPageError(f"the page is {name}, not HTML or plain text")


def _controls(head: bytes) -> int:
    return len(head) - len(head.translate(None, _CONTROLS))


def _utf8(data: bytes) -> str | None:
    """The text if the bytes are ASCII, or UTF-8 in nearly every character beyond it."""
    if data.isascii():
        # Escape sequences switch the character set in ISO-2022-JP: plain ASCII has none.
        return None if b"\x1b" in data else data.decode("ascii")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
    is_cut = start >= len(data) - 3 and not data[:start].isascii()
    if not is_cut:
        around = data[max(0, start - _AROUND) : start + _AROUND].decode("utf-8", "replace")
        beyond_ascii = len(around) - len(around.encode("ascii", "ignore"))
        if around.count("\ufffd") * _WELL_FORMED > beyond_ascii:
            return None
    return data.decode("utf-8", "replace")


def _unmarked_utf16(data: bytes) -> str | None:
    """Which UTF-16 the bytes are, judged by the zero halves of the ASCII in any page's markup."""
    head = data[:_SNIFFED]
    if len(head) < 4 or b"\x00" not in head:
        return None
    half = len(head) // 2
    even, odd = head[::2].count(0), head[1::2].count(0)
    # The other half is zero in a few characters only, such as U+4E00 and the wide space U+3000.
    if max(even, odd) <= half * (_ZEROS_OF_PROSE if _is_odd(head) else _ZEROS_OF_MARKUP):
        return None
    if min(even, odd) > max(even, odd) / 4:
        return None
    codec = "utf-16-le" if odd > even else "utf-16-be"
    text = head.decode(codec, "ignore").encode("latin-1", "ignore")
    return codec if _controls(text) <= _CONTROL_SHARE * len(text) else None


def _is_odd(head: bytes) -> bool:
    """Whether the bytes, zeros aside, are no UTF-8 (a cut end forgiven) or have control characters."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return True
    return _controls(head) - head.count(0) > _CONTROL_SHARE * len(head)


def _declared(data: bytes) -> str | None:
    """The codec that a `<meta>` declares where the standard's prescan looks."""
    # One byte beyond ASCII leaves whoever has to guess in doubt; a declaration is sure.
    match = detect(data[:_PRESCAN].translate(_ASCII_ONLY) + b"\xff")
    return match.codec if match.confidence == 1 else None


class _Declarations(SaxHandler):
    """Collects the labels that a page's `<meta>` elements declare, comments and scripts left aside."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def start_element(self, tag: str, attrs: tuple[tuple[str, str | None], ...]) -> None:
        if tag != "meta":
            return
        known = {name: value or "" for name, value in attrs}
        if "charset" in known:
            self.labels.append(known["charset"])
        elif known.get("http-equiv", "").lower() == "content-type" and (
            match := _CHARSET.search(known.get("content", ""))
        ):
            self.labels.append(match[1] or match[2] or match[3] or "")


def _late_declaration(data: bytes) -> str | None:
    """The codec that a `<meta>` beyond the prescan declares."""
    handler = _Declarations()
    sax_parse(data[:_LATE_META].decode("latin-1"), handler)
    return next((codec for label in handler.labels if (codec := _known(label))), None)


def _xml_declaration(data: bytes) -> str | None:
    """The codec that an XML declaration at the page's very start names."""
    match = _XML.match(data[:_PRESCAN])
    return _known(match[2].decode("latin-1")) if match else None


def _of_label(label: str) -> str | None:
    """The codec of an encoding label of the standard; the parser has registered them."""
    try:
        return codecs.lookup(f"whatwg-{label.strip().lower()}").name
    except (LookupError, ValueError):
        return None


def _known(label: str) -> str | None:
    """The codec of an encoding label that stands in a page, None for an unknown one."""
    label = label.strip("\t\n\f\r ")
    if not _LABEL.fullmatch(label):
        return None
    # Asked in this way, the label is read by the standard's rules for a declaration: one that could be
    # read is not UTF-16.
    return _declared(f"<meta charset={label}>".encode())
