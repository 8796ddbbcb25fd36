import pytest

from train.corpus import GoldPage
from train.languages import GROUPS, declared_language, language_group, page_group


def page(html: str, gold: str | None = None, language: str | None = None, kind: str = "html") -> GoldPage:
    return GoldPage(
        id="1",
        dataset="invented",
        page=html.encode(),
        gold=gold,
        site="1",
        language=language,
        kind=kind,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("The weir was mended and the river is calm.", "English"),
        ("Das Wehr wurde geflickt und der Fluss ist ruhig.", "other Latin script"),
        ("Đập đã được sửa và con sông không còn chảy xiết.", "other Latin script"),
        ("Плотину починили, и река успокоилась.", "Cyrillic"),
        ("堰が直され、川は静かだ。", "Chinese, Japanese, Korean"),
        ("둑을 고치자 강이 잔잔해졌다.", "Chinese, Japanese, Korean"),
        ("堤坝修好了，河水平静了。", "Chinese, Japanese, Korean"),
        ("تم إصلاح السد وهدأ النهر", "Arabic, Hebrew"),
        ("הסכר תוקן והנהר שקט", "Arabic, Hebrew"),
        ("बाँध की मरम्मत हो गई", "Indic, Thai"),
        ("ซ่อมฝายเสร็จแล้ว", "Indic, Thai"),
        ("Το φράγμα επισκευάστηκε", "other or unknown"),
    ],
)
def test_a_text_without_any_declaration_is_told_by_its_script_and_stop_words(text: str, group: str) -> None:
    assert language_group(text) == group


@pytest.mark.parametrize("text", ["", " \n", "2024 - 17 %", "😀"])
def test_a_text_without_letters_has_the_group_of_its_declaration(text: str) -> None:
    assert language_group(text) == "other or unknown"
    assert language_group(text, declared="ja") == "Chinese, Japanese, Korean"


def test_a_text_of_no_known_stop_word_is_unknown() -> None:
    assert language_group("Weir lock") == "other or unknown"


def test_a_declaration_tells_languages_in_latin_letters_apart() -> None:
    assert language_group("Weir lock", declared="en-GB") == "English"
    assert language_group("Weir lock", declared="sl") == "other Latin script"


def test_the_script_outranks_a_declaration_that_a_template_left() -> None:
    assert language_group("Плотину починили", declared="en") == "Cyrillic"
    assert language_group("The weir was mended", declared="ru") == "English"


def test_latin_letters_among_another_script_do_not_count_until_they_prevail() -> None:
    assert language_group("堰のAPIはGETとPOSTを使う") == "Chinese, Japanese, Korean"
    assert language_group("The sign of the weir reads 堰, and that is all of it.") == "English"


def test_a_language_that_the_data_set_gives_wins() -> None:
    assert language_group("The weir was mended", declared="en", given="de-AT") == "other Latin script"
    assert language_group("", given="he") == "Arabic, Hebrew"


def test_a_given_language_that_is_no_code_counts_for_nothing() -> None:
    assert language_group("The weir was mended", given="English (United States)") == "English"


def test_a_script_in_the_code_outranks_its_language() -> None:
    assert language_group("", given="sr-Latn-RS") == "other Latin script"


def test_a_lone_surrogate_does_no_harm() -> None:
    assert language_group("the weir \ud83d") == "English"


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ("<!doctype html><html class=x lang=de-AT><p>x", "de-at"),
        ('<HTML xmlns:og="x" xml:lang="fr" LANG = "pt-BR">', "fr"),
        ("<html data-lang='en' dir=rtl lang='ar'>", "ar"),
        ('<html><meta http-equiv="Content-Language" content="cs, en">', "cs"),
        ('<html lang=""><meta content="nl" http-equiv=content-language>', "nl"),
        ("<html><p lang=en>", ""),
        ("", ""),
    ],
)
def test_the_declared_language_is_that_of_the_root_or_of_the_meta(html: str, code: str) -> None:
    assert declared_language(html) == code


def test_a_page_is_told_by_its_gold_text_and_by_what_it_declares() -> None:
    assert page_group(page("<html lang=it><p>Menu", gold="Weir lock")) == "other Latin script"
    assert page_group(page("<p>Log in and read all of the news", gold="Плотину починили")) == "Cyrillic"


@pytest.mark.parametrize("gold", [None, ""])
def test_a_page_without_a_gold_text_is_told_by_all_its_text(gold: str | None) -> None:
    assert page_group(page("<script>var a = 'the of and'</script><p>Плотину починили", gold)) == "Cyrillic"
    assert page_group(page("Плотину починили", gold, kind="text")) == "Cyrillic"


def test_the_language_of_the_data_set_wins_for_a_page_too() -> None:
    assert page_group(page("<html lang=en><p>the weir", "the weir", language="pl")) == "other Latin script"


def test_an_empty_page_is_unknown() -> None:
    assert page_group(page("", "")) == "other or unknown"
    assert "other or unknown" in GROUPS
