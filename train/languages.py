"""Which group of languages a page belongs to, so that figures can be given for each group."""

import re
from collections import Counter
from functools import cache
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from classifier.decode import decode
from train.corpus import GoldPage
from train.plaintext import line_text

__all__ = ["GROUPS", "Group", "declared_language", "language_group", "page_group"]

Group = Literal[
    "English",
    "other Latin script",
    "Cyrillic",
    "Chinese, Japanese, Korean",
    "Arabic, Hebrew",
    "Indic, Thai",
    "other or unknown",
]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)

# A script other than Latin counts from this share of the letters on: names, addresses and program code
# are in Latin letters on pages of every script, and where a word takes one or two characters, as in
# Chinese, little of it outweighs much of them.
MIN_SHARE: Final = 0.3
# Enough for the vote of the stop words.
_VOTE_CHARACTERS: Final = 20_000
# The start tag of <html> and the <meta> of a page stand this near its beginning.
_HEAD_CHARACTERS: Final = 50_000

# First and last code point of runs of Unicode blocks, by group. Latin letters tell no group by themselves.
_LATIN: Final = "0041-005A 0061-007A 00C0-00D6 00D8-00F6 00F8-02AF 1E00-1EFF FF21-FF3A FF41-FF5A"
_BLOCKS: Final[dict[Group, str]] = {
    "Cyrillic": "0400-052F 1C80-1C8F 2DE0-2DFF A640-A69F",
    "Chinese, Japanese, Korean": (
        "1100-11FF 2E80-2FDF 3005-3007 3040-318F 31A0-31FF 3400-4DBF 4E00-9FFF A960-A97F AC00-D7FF "
        "F900-FAFF FF66-FFDC 20000-3FFFD"
    ),
    "Arabic, Hebrew": "0590-06FF 0750-077F 08A0-08FF FB1D-FDFF FE70-FEFE",
    # With the other scripts of the family: Lao, Tibetan, Burmese, Khmer.
    "Indic, Thai": "0900-109F 1780-17FF",
    # Greek, Armenian, Syriac, Thaana and their neighbours, Georgian, Ethiopic, Cherokee, Mongolian.
    "other or unknown": "0370-03FF 0530-058F 0700-074F 0780-085F 10A0-10FF 1200-13FF 1800-18AF 1F00-1FFF",
}
# Languages that are not written in Latin letters, by group; all others are taken to be.
_CODES: Final[dict[Group, str]] = {
    "English": "en",
    "Cyrillic": "ru uk be bg mk sr kk ky tg mn tt ba cv",
    "Chinese, Japanese, Korean": "zh ja ko yue wuu",
    "Arabic, Hebrew": "ar arz fa ur ps ckb sd ug he iw yi",
    "Indic, Thai": "hi bn ta te ml mr gu kn pa or as ne sa si th lo my km bo dz",
    "other or unknown": "el hy ka am ti dv syr chr und mul mis zxx",
}
_GROUP_OF_CODE: Final = {code: group for group, codes in _CODES.items() for code in codes.split()}
_GROUP_OF_SCRIPT: Final[dict[str, Group]] = {"latn": "other Latin script", "cyrl": "Cyrillic"}

# Frequent words of widespread languages in Latin letters; English ones against all the others.
_ENGLISH: Final = "the of and to in is that for it with was on are this you"
_NOT_ENGLISH: Final = {
    "de": "der die und das ist nicht mit den von zu ein eine auf für sich",
    "fr": "le la les des et est une du que dans pour qui sur pas au",
    "es": "el la los las de y que en un una por con para se del",
    "pt": "não uma com para dos das que em por mais são ao os de da",
    "it": "il di che la un per non è con del della sono gli una le",
    "nl": "de het een en van dat niet op te zijn voor met aan ook wordt",
    "sv": "och att det som en på är av för inte den till med har ett",
    "da, no": "og at det er en til på av ikke med som den har et fra",
    "pl": "w na się nie jest że jak oraz przez od dla po są który z",
    "cs": "se na je že ale jako jsou pro by v s jeho nebo který také",
    "hu": "az és hogy nem egy van meg csak ez volt már de mint még ki",
    "fi": "ja ei että oli mutta hän kun myös ovat se olla joka niin sen ole",
    "ro": "și în de la cu pe nu este care din mai sunt pentru că un",
    "tr": "ve bir bu için ile olarak çok daha gibi da de en ne kadar olan",
    "id": "yang dan di untuk dengan ini itu dari pada tidak adalah dalam akan ke juga",
    "vi": "và của là có cho không được các một trong người với những đã này",
}

_HTML_LANG: Final = re.compile(r"<html\b[^>]*?(?<![\w-])lang\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_META: Final = re.compile(r"<meta\b[^>]*\bcontent-language\b[^>]*>", re.IGNORECASE)
_META_CONTENT: Final = re.compile(r"\bcontent\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_LETTERS: Final = re.compile(r"[^\W\d_]+")


def page_group(page: GoldPage) -> Group:
    """The group of a page: of its gold text if it has one, else of all its text.

    Raises:
        BinaryPageError: the page is a PDF, an image or the like.
    """
    text = decode(page.page)
    declared = declared_language(text) if page.kind == "html" else ""
    whole = line_text(text) if page.kind == "html" and not page.gold else text
    return language_group(page.gold or whole, declared, page.language or "")


def language_group(text: str, declared: str = "", given: str = "") -> Group:
    """Decide the group of a text.

    A `given` language wins. Else the script of the letters decides; between English and other
    languages in Latin letters the `declared` language does and, without one, a vote of stop words.

    Args:
        text: the text, of any length, also empty.
        declared: language code that the page declares; templates declare wrong ones, too.
        given: language code that a data set states.
    """
    stated = _group_of_code(given)
    if stated is not None:
        return stated
    claimed = _group_of_code(declared)
    script = _script(text)
    if script == "none":
        return claimed or "other or unknown"
    if script != "Latin":
        return script
    if claimed in ("English", "other Latin script"):
        return claimed
    return _vote(text)


def declared_language(html: str) -> str:
    """The language code that a page declares, in lower case, the empty string if it declares none.

    `lang` of the `<html>` element, else `<meta http-equiv="content-language">`.
    """
    head = html[:_HEAD_CHARACTERS]
    found = _HTML_LANG.search(head)
    if found is None and (meta := _META.search(head)) is not None:
        found = _META_CONTENT.search(meta[0])
    return found[1].lower() if found else ""


def _group_of_code(code: str) -> Group | None:
    """The group of a language code such as `pt-BR`; None for what is none."""
    primary, *rest = code.strip().lower().replace("_", "-").split("-")
    if not (2 <= len(primary) <= 3 and primary.isascii() and primary.isalpha()):
        return None
    for subtag in rest:
        if subtag in _GROUP_OF_SCRIPT:  # sr-Latn, uz-Cyrl
            return _GROUP_OF_SCRIPT[subtag]
    return _GROUP_OF_CODE.get(primary, "other Latin script")


@cache
def _code_points() -> npt.NDArray[np.uint8]:
    """For each code point 0 (no letter), 1 (Latin) or 2 and up (a place in `_BLOCKS`)."""
    place = np.zeros(0x110000, np.uint8)
    for number, blocks in enumerate((_LATIN, *_BLOCKS.values()), start=1):
        for block in blocks.split():
            first, last = (int(end, 16) for end in block.split("-"))
            place[first : last + 1] = number
    return place


def _script(text: str) -> Group | Literal["Latin", "none"]:
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    letters = np.bincount(_code_points()[points], minlength=len(_BLOCKS) + 2)[1:]
    if not letters.any():
        return "none"
    others = letters[1:]
    most = int(others.argmax())
    return list(_BLOCKS)[most] if others[most] >= MIN_SHARE * letters.sum() else "Latin"


def _vote(text: str) -> Group:
    """English if at least as many of its stop words occur as of any other language, and any at all."""
    counts = Counter(_LETTERS.findall(text[:_VOTE_CHARACTERS].lower()))
    english = sum(counts[word] for word in _ENGLISH.split())
    other = max(sum(counts[word] for word in words.split()) for words in _NOT_ENGLISH.values())
    if not english and not other:
        return "other or unknown"
    return "English" if english >= other else "other Latin script"
