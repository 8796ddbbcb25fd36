import codecs
from typing import Final

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
    page = f"{LATE}<meta charset={label}>" + "<p>plain words here</p>"
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


# -- the Encoding Standard ------------------------------------------------------------------------

# Every label of the Encoding Standard (4.2), by the encoding that it names.
LABELS: Final = {
    "big5": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc-jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "euc-kr": (
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 "
        "ksc_5601 windows-949"
    ),
    "gb18030": "gb18030",
    "gbk": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "ibm866": "866 cp866 csibm866 ibm866",
    "iso-2022-jp": "csiso2022jp iso-2022-jp",
    "iso-8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso-8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso-8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso-8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso-8859-16": "iso-8859-16",
    "iso-8859-2": (
        "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"
    ),
    "iso-8859-3": (
        "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3"
    ),
    "iso-8859-4": (
        "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4"
    ),
    "iso-8859-5": (
        "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988"
    ),
    "iso-8859-6": (
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 "
        "iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"
    ),
    "iso-8859-7": (
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 "
        "iso_8859-7 iso_8859-7:1987 sun_eu_greek"
    ),
    "iso-8859-8": (
        "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 "
        "iso88598 iso_8859-8 iso_8859-8:1988 visual"
    ),
    "iso-8859-8-i": "csiso88598i iso-8859-8-i logical",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "macintosh": "csmacintosh mac macintosh x-mac-roman",
    "replacement": "csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement",
    "shift_jis": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "utf-16be": "unicodefffe utf-16be",
    "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "windows-1250": "cp1250 windows-1250 x-cp1250",
    "windows-1251": "cp1251 windows-1251 x-cp1251",
    "windows-1252": (
        "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
        "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"
    ),
    "windows-1253": "cp1253 windows-1253 x-cp1253",
    "windows-1254": (
        "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 "
        "l5 latin5 windows-1254 x-cp1254"
    ),
    "windows-1255": "cp1255 windows-1255 x-cp1255",
    "windows-1256": "cp1256 windows-1256 x-cp1256",
    "windows-1257": "cp1257 windows-1257 x-cp1257",
    "windows-1258": "cp1258 windows-1258 x-cp1258",
    "windows-874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "x-mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "x-user-defined": "x-user-defined",
}
# Text in the script of an encoding, and Python's name of the encoding where its own is another.
SAMPLES: Final = {
    "big5": ("big5", "這是一個繁體中文的句子。"),
    "euc-jp": ("euc-jp", "日本語の文章です。"),
    "euc-kr": ("cp949", "한국어 문장입니다. 똠방각하"),
    "gb18030": ("gb18030", "这是一个句子。𠀀"),
    "gbk": ("gbk", "这是一个句子。繁體"),
    "ibm866": ("cp866", "Сегодня хорошая погода"),
    "iso-2022-jp": ("iso-2022-jp", "日本語の文章です。"),
    "iso-8859-10": ("iso-8859-10", "Áðat ŋšŧ"),
    "iso-8859-13": ("iso-8859-13", "Ąžuolas ėjo"),
    "iso-8859-14": ("iso-8859-14", "Tŷ ẁ Ẃ"),
    "iso-8859-15": ("iso-8859-15", "10 € cœur"),
    "iso-8859-16": ("iso-8859-16", "Ștefan țară €"),
    "iso-8859-2": ("iso-8859-2", "Příliš žluťoučký kůň"),
    "iso-8859-3": ("iso-8859-3", "ĉiuĵaŭde ĝi"),
    "iso-8859-4": ("iso-8859-4", "Ķemeri ņem"),
    "iso-8859-5": ("iso-8859-5", "Сегодня хорошая"),
    "iso-8859-6": ("iso-8859-6", "جملة عربية"),
    "iso-8859-7": ("iso-8859-7", "Ελληνική πρόταση"),
    "iso-8859-8": ("iso-8859-8", "משפט בעברית"),
    "iso-8859-8-i": ("iso-8859-8", "משפט בעברית"),
    "koi8-r": ("koi8-r", "Сегодня хорошая"),
    "koi8-u": ("koi8-u", "Їжак і ґава є"),
    "macintosh": ("mac-roman", "Déjà vu ∞"),
    "shift_jis": ("cp932", "日本語の文章です。①"),
    "utf-16be": ("utf-8", "read as UTF-8, as whoever can read the label must"),
    "utf-16le": ("utf-8", "read as UTF-8, as whoever can read the label must"),
    "utf-8": ("utf-8", "déjà vu"),
    "windows-1250": ("cp1250", "Příliš “žluťoučký”"),
    "windows-1251": ("cp1251", "Сегодня “хорошая”"),
    "windows-1252": ("cp1252", "déjà “vu” €"),
    "windows-1253": ("cp1253", "Ελληνική “πρόταση”"),
    "windows-1254": ("cp1254", "İğne “ışık”"),
    "windows-1255": ("cp1255", "משפט “בעברית”"),
    "windows-1256": ("cp1256", "جملة “عربية” پ"),
    "windows-1257": ("cp1257", "Ąžuolas “ėjo”"),
    "windows-1258": ("cp1258", "tiếng".replace("ế", "ê\u0301")),
    "windows-874": ("cp874", "ประโยคภาษาไทย €"),
    "x-mac-cyrillic": ("mac-cyrillic", "Сегодня хорошая"),
    "x-user-defined": ("cp1252", "déjà “vu” €"),
}
LATE: Final = f"<!--{'x' * 2_000}-->"
# Declares an encoding: where the standard's prescan looks, after it, and as XML does.
DECLARATIONS: Final = {
    "early": '<meta charset="{}">',
    "unquoted": "<meta charset={}>",
    "spaced": "<meta  CHARSET = ' {} '/>",
    "old": '<meta content="text/html; charset={}" http-equiv=Content-Type>',
    "late": f"{LATE}<meta charset='{{}}'>",
    "late old": f"{LATE}<META HTTP-EQUIV=content-type content='text/html;charset = \"{{}}\" ;'>",
    "xml": '<?xml version="1.0" encoding="{}"?>',
}
MALFORMED: Final = b" \xff\xfe\xff\xfe"


def test_the_samples_are_of_every_encoding_but_the_one_that_is_never_decoded() -> None:
    assert set(SAMPLES) | {"replacement"} == set(LABELS)
    assert len(" ".join(LABELS.values()).split()) == 228


@pytest.mark.parametrize("declaration", DECLARATIONS.values(), ids=DECLARATIONS)
@pytest.mark.parametrize("encoding", SAMPLES)
def test_every_label_of_the_standard_names_its_encoding(encoding: str, declaration: str) -> None:
    codec, sample = SAMPLES[encoding]
    # Bytes that are no UTF-8, where the encoding's own are or may be.
    after = MALFORMED if codec == "utf-8" else b""
    for label in LABELS[encoding].split():
        for spelt in (label, label.upper()):
            page = declaration.format(spelt) + sample
            assert decode(page.encode(codec) + after) == page + after.decode("utf-8", "replace"), spelt


@pytest.mark.parametrize("declaration", DECLARATIONS.values(), ids=DECLARATIONS)
@pytest.mark.parametrize("label", LABELS["replacement"].split())
def test_an_encoding_that_is_never_decoded_gives_one_replacement_character(
    label: str, declaration: str
) -> None:
    assert decode(declaration.format(label).encode() + b"\xb0\xa1\xb0\xa2") == "\ufffd"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_a_declaration_of_another_encoding_is_read_as_utf_16(codec: str) -> None:
    page = '<?xml version="1.0" encoding="koi8-r"?><meta charset=gbk>' + RUSSIAN
    assert decode(page.encode(codec)) == page


# -- where a declaration counts -------------------------------------------------------------------

WORDS: Final = "Сегодня хорошая погода"


@pytest.mark.parametrize(
    "before",
    [
        "<!-- <meta charset=koi8-r> -->",
        "<!-- > <meta charset=koi8-r> -->",
        "<p title='<meta charset=koi8-r>'>",
        '<p title="<meta charset=koi8-r>">',
        "<metadata charset=koi8-r>",
        "<meta name=x content='text/html; charset=koi8-r'>",
        "<meta http-equiv=refresh content='text/html; charset=koi8-r'>",
        "<meta http-equiv=content-type content='text/html; charset=\"koi8-r'>",
        "<meta http-equiv=content-type content='text/html; charset koi8-r'>",
        "<meta charset=no-such-encoding>",
        "<meta charset=''>",
        "<meta data-charset=koi8-r>",
    ],
)
@pytest.mark.parametrize("filler", ["", LATE], ids=["early", "late"])
def test_what_only_looks_like_a_declaration_is_none(before: str, filler: str) -> None:
    page = f"{filler}{before}<meta charset=windows-1251>{WORDS}"
    assert decode(page.encode("cp1251")) == page


def test_a_late_declaration_that_a_script_or_a_style_sheet_quotes_is_none() -> None:
    quoted = "<script>'<meta charset=koi8-r>'</script><style><meta charset=koi8-r></style>"
    page = f"{LATE}{quoted}<meta charset=windows-1251>{WORDS}"
    assert decode(page.encode("cp1251")) == page


@pytest.mark.parametrize("filler", ["", LATE], ids=["early", "late"])
def test_the_first_of_several_declarations_counts(filler: str) -> None:
    page = f"{filler}<meta charset=bogus><meta charset=windows-1251><meta charset=koi8-r>{WORDS}"
    assert decode(page.encode("cp1251")) == page


def test_a_meta_element_outranks_an_xml_declaration() -> None:
    for filler in ("", LATE):
        page = f'<?xml version="1.0" encoding="koi8-r"?>{filler}<meta charset=windows-1251>{WORDS}'
        assert decode(page.encode("cp1251")) == page


@pytest.mark.parametrize(
    "declaration",
    [
        ' <?xml version="1.0" encoding="koi8-r"?>',
        '<?xml version="1.0"?> encoding="koi8-r"',
        '<?xml version="1.0" encoding="koi8-r?>',
        '<?xml version="1.0" encoding=koi8-r?>',
        '<?xml version="1.0" encoding=" koi8-r"?>',
        '<?xml version="1.0" encoding="bogus"?>',
    ],
)
def test_an_xml_declaration_out_of_place_or_out_of_form_is_none(declaration: str) -> None:
    page = declaration + RUSSIAN
    assert decode(page.encode("cp1251")) == page


def test_a_declaration_across_the_end_of_the_prescan_counts() -> None:
    for size in range(980, 1_040):
        page = f"<!--{'x' * size}--><meta charset=windows-1251>Да"
        assert decode(page.encode("cp1251")) == page


# -- malformed and mixed --------------------------------------------------------------------------


@pytest.mark.parametrize("declared", ["", "<meta charset=windows-1252>", "<meta charset=gbk>"])
@pytest.mark.parametrize(
    ("stray", "characters"),
    [
        (b"\xe9", 1),
        (b"\xed\xa0\x80", 3),
        (b"\xc0\x80", 2),
        (b"\xf4\x90\x80\x80", 4),
        (b"\xe2\x82", 1),
        (b"\xf0\x9f\x98", 1),
    ],
    ids=[
        "another encoding",
        "a surrogate",
        "an overlong form",
        "beyond Unicode",
        "a cut three",
        "a cut four",
    ],
)
def test_a_stray_sequence_in_much_utf_8_costs_only_itself(
    declared: str, stray: bytes, characters: int
) -> None:
    page = declared.encode() + RUSSIAN.encode() * 2 + stray + b"<p>" + RUSSIAN.encode() * 2
    assert decode(page) == declared + RUSSIAN * 2 + "\ufffd" * characters + "<p>" + RUSSIAN * 2


def test_text_in_another_encoding_with_a_word_of_utf_8_keeps_its_encoding() -> None:
    page = f"<meta charset=windows-1251>{RUSSIAN}".encode("cp1251")
    assert decode(page + "ö".encode()).startswith(f"<meta charset=windows-1251>{RUSSIAN}")


def test_bytes_that_an_encoding_lacks_become_the_replacement_character() -> None:
    assert (
        decode(b"<meta charset=windows-1253>\xc1\xaa\xc2\xd2") == "<meta charset=windows-1253>Α\ufffdΒ\ufffd"
    )
    assert decode(b"<meta charset=gbk>\xd6\xd0\xff<p>\xce\xc4") == "<meta charset=gbk>中\ufffd<p>文"


def test_a_sign_of_markup_after_half_a_character_is_not_swallowed() -> None:
    for label in ("gbk", "big5", "euc-jp", "euc-kr", "gb18030"):
        assert decode(f"<meta charset={label}>".encode() + b"\xb0<p>\xb0\xa1").count("<p>") == 1


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_lone_surrogate_or_half_a_unit_of_utf_16_becomes_the_replacement_character(mark: bytes) -> None:
    codec = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    for text in ("a\ud800b", "a\udc00b", "\udc00\ud800"):
        expected = text.replace("\ud800", "\ufffd").replace("\udc00", "\ufffd")
        assert decode(mark + text.encode(codec, "surrogatepass")) == expected
    assert decode(mark + "ab".encode(codec) + b"c") == "ab\ufffd"


def test_only_the_mark_at_the_start_is_dropped() -> None:
    assert decode(codecs.BOM_UTF8 + "a\ufeffb".encode()) == "a\ufeffb"
    assert decode(codecs.BOM_UTF8 * 2 + b"a") == "\ufeffa"
    assert decode(codecs.BOM_UTF16_LE + "\ufeffa".encode("utf-16-le")) == "\ufeffa"


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_mark_that_is_cut_is_no_mark(cut: int) -> None:
    assert isinstance(decode(codecs.BOM_UTF8[:cut]), str)
    assert isinstance(decode(codecs.BOM_UTF16_LE[:cut]), str)


def test_zeros_among_text_stay_for_the_parser_to_judge() -> None:
    assert decode(b"<p>some words of text\0 and more of it" * 3).count("\0") == 3


SOME_LABELS: Final = sorted(" ".join(LABELS.values()).split())


@given(st.sampled_from(SOME_LABELS), st.sampled_from(list(DECLARATIONS.values())), st.binary(max_size=200))
def test_declared_bytes_are_decoded_alike_each_time_and_leave_no_surrogate(
    label: str, declaration: str, data: bytes
) -> None:
    page = declaration.format(label).encode() + data
    try:
        text = decode(page)
    except BinaryPageError:
        return
    assert text == decode(page)
    text.encode()
