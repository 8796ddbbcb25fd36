import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.decode import decode, refuse_binary
from classifier.errors import BinaryPageError

JAPANESE = "<p>日本語の文章です。今日は天気がいいので散歩に行きました。</p>"
CHINESE = "<p>今天天气很好，我们去公园散步，然后回家吃饭。</p>"
RUSSIAN = "<p>Сегодня хорошая погода, и мы пошли гулять в парк.</p>"
FRENCH = "<p>Le café était très bon, déjà vu à Besançon.</p>"
MIXED = FRENCH + RUSSIAN + JAPANESE


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-8"])
def test_text_in_any_script_survives_a_unicode_encoding(codec: str) -> None:
    assert decode(MIXED.encode(codec)) == MIXED


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_a_byte_order_mark_decides_and_is_no_part_of_the_text(mark: bytes, codec: str) -> None:
    assert decode(mark + FRENCH.encode(codec)) == FRENCH


def test_a_byte_order_mark_beats_the_declared_encoding() -> None:
    page = '<meta charset="windows-1251">' + FRENCH
    assert decode(codecs.BOM_UTF8 + page.encode()) == page


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("page", ["<p>Plain words</p>", FRENCH, RUSSIAN, JAPANESE, CHINESE])
def test_utf_16_without_a_mark_is_seen_by_its_zero_bytes(page: str, codec: str) -> None:
    assert decode(page.encode(codec)) == page


@pytest.mark.parametrize(
    ("label", "codec", "page"),
    [
        ("shift_jis", "cp932", JAPANESE),
        ("euc-jp", "euc-jp", JAPANESE),
        ("gb18030", "gb18030", CHINESE),
        ("gbk", "gb18030", CHINESE),
        ("windows-1251", "cp1251", RUSSIAN),
        ("koi8-r", "koi8-r", RUSSIAN),
        ("iso-8859-1", "cp1252", FRENCH),
        ("WINDOWS-1252", "cp1252", FRENCH),
    ],
)
def test_the_declared_encoding_is_believed(label: str, codec: str, page: str) -> None:
    declared = f'<meta charset="{label}">{page}'
    assert decode(declared.encode(codec)) == declared


def test_an_encoding_declared_the_old_way_is_believed() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">' + RUSSIAN
    assert decode(page.encode("cp1251")) == page


@pytest.mark.parametrize(
    ("codec", "page"),
    [("cp932", JAPANESE), ("euc-jp", JAPANESE), ("gb18030", CHINESE), ("cp1251", RUSSIAN)],
)
def test_an_undeclared_encoding_is_detected_from_the_text(codec: str, page: str) -> None:
    assert decode(page.encode(codec)) == page


def test_iso_2022_jp_is_detected_by_its_escapes_though_all_its_bytes_are_ascii() -> None:
    assert decode(JAPANESE.encode("iso-2022-jp")) == JAPANESE


def test_undeclared_utf_8_is_read_as_utf_8() -> None:
    assert decode(FRENCH.encode()) == FRENCH


def test_well_formed_utf_8_beats_a_wrong_declaration() -> None:
    page = '<meta charset="iso-8859-1">' + RUSSIAN
    assert decode(page.encode()) == page


@pytest.mark.parametrize("page", [FRENCH, RUSSIAN, JAPANESE])
@pytest.mark.parametrize("cut", [1, 2])
def test_utf_8_cut_inside_its_last_character_is_still_utf_8(page: str, cut: int) -> None:
    last = "字".encode()[:cut]
    assert decode(page.encode() + last) == page + "\ufffd"


def test_a_malformed_sequence_becomes_the_replacement_character() -> None:
    page = b'<meta charset="utf-8">' + RUSSIAN.encode() + b"\xff" + RUSSIAN.encode()
    assert decode(page).endswith(RUSSIAN + "\ufffd" + RUSSIAN)


@pytest.mark.parametrize("comment", ["x" * 2_000, "x" * 60_000])
def test_a_declaration_after_the_first_kilobyte_counts(comment: str) -> None:
    page = f"<!--{comment}--><meta charset=windows-1251>" + "<p>Да</p>"
    assert decode(page.encode("cp1251")) == page


@pytest.mark.parametrize("label", ["utf-16", "UTF-16LE", "utf-16be"])
def test_a_late_declaration_of_utf_16_that_one_could_read_is_not_believed(label: str) -> None:
    page = f"<!--{'x' * 2_000}--><meta charset={label}>" + "<p>plain words here</p>"
    assert "<p>plain words here</p>" in decode(page.encode() + b"\xe9")


@pytest.mark.parametrize("label", ["hex", "rot13", "zlib", "no-such-encoding", "utf-7", "x" * 40])
@pytest.mark.parametrize("before", ["", "<!--" + "x" * 2_000 + "-->"])
def test_a_declaration_of_no_web_encoding_is_ignored(label: str, before: str) -> None:
    page = f"{before}<meta charset={label}>{FRENCH}"
    assert decode(page.encode("cp1252")) == page


def test_plain_ascii_stays_as_it_is() -> None:
    assert decode(b"plain words\r\n\ttabs\x0cform feeds") == "plain words\r\n\ttabs\x0cform feeds"


def test_no_bytes_are_no_text() -> None:
    assert decode(b"") == ""


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7\n1 0 obj", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"GIF89a\x01\0\x01\0", "GIF"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "WebP"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "RIFF"),
        (b"PK\x03\x04\x14\0", "ZIP"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"BZh91AY&SY\x07\0", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd\x04", "Zstandard"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"Rar!\x1a\x07\0", "RAR"),
        (b"name" + bytes(253) + b"ustar\x0000", "tar"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"{\\rtf1\\ansi", "rich-text"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (b"\0\0\0\x18ftypmp42", "MP4"),
        (b"OggS\0\x02", "Ogg"),
        (b"ID3\x03\0\0", "MP3"),
        (b"\x1aE\xdf\xa3\x01", "Matroska"),
        (b"wOF2\0\x01\0\0", "font"),
        (b"\x7fELF\x02\x01", "executable"),
        (b"SQLite format 3\0", "SQLite"),
        (b"PAR1\x15\x04", "Parquet"),
    ],
)
def test_the_error_for_a_file_that_is_no_page_names_what_it_is(data: bytes, name: str) -> None:
    with pytest.raises(BinaryPageError, match=name):
        decode(data)


@pytest.mark.parametrize(
    "text",
    [
        "ID3 tags explained",
        "RIFF is a container format",
        "The ftyp box comes first",
        "GIF89a was published in 1989",
        "PAR1 and PAR2 archives",
        "OggS pages are the unit of Ogg",
    ],
)
def test_a_text_about_a_format_is_not_taken_for_a_file_of_it(text: str) -> None:
    assert decode(text.encode()) == text


def test_binary_data_of_an_unknown_kind_is_refused_with_a_count() -> None:
    with pytest.raises(BinaryPageError, match="2000 of its first 4000 bytes"):
        decode(b"\x01a\x02b" * 1_000)


def test_a_known_format_is_refused_even_when_its_zeros_look_like_utf_16() -> None:
    with pytest.raises(BinaryPageError, match="PNG"):
        decode(b"\x89PNG\r\n" + b"a\0" * 3_000)


def test_every_other_byte_zero_is_no_text_when_the_rest_are_control_characters() -> None:
    with pytest.raises(BinaryPageError, match="binary data"):
        decode(b"\x01\0\x02\0" * 1_000)


def test_a_few_control_characters_do_not_make_a_page_binary() -> None:
    page = b"plain words " * 20 + b"\x00\x08"
    assert decode(page).endswith("words \x00\x08")


def test_refuse_binary_lets_text_pass() -> None:
    refuse_binary(RUSSIAN.encode())
    refuse_binary(b"")


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_decoded_or_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except BinaryPageError:
        return
    assert isinstance(text, str)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=100))
def test_utf_8_with_a_mark_is_read_back_exactly(text: str) -> None:
    assert decode(text.encode("utf-8-sig")) == text
