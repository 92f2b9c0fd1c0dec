"""How captions are cut into tokens before they are measured: the same for every measure and every system."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Literal

from ...core.writing_systems import SCRIPTS, scripts_of
from .strata import caption_script

Unit = Literal["words", "characters"]

_SPACELESS = SCRIPTS["ja"] | SCRIPTS["th"] | frozenset(["LAO", "KHMER", "MYANMAR"])
# Of these words alone say little: Korean adds endings to its words, the others put no space between them.
_BY_CHARACTERS = frozenset(["hangul", "japanese", "cjk", "thai", "lao", "khmer", "myanmar"])


def tokens_of(caption: str, unit: Unit) -> list[str]:
    """The tokens of a caption, in NFKC and case folded. All but letters, marks and digits parts tokens, and is dropped.

    words: runs of letters, marks and digits; an apostrophe within a word is left out (`don't` is `dont`). A letter of a
    script that is written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) is a word of its own.
    characters: letters and digits one by one, marks with the letter before them.
    """
    words = list(_words(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", caption).casefold())))
    if unit == "words":
        return words
    return [character for word in words for character in _characters(word)]


def joined(words: Sequence[str]) -> str:
    """A caption of words, as `tokens_of` cuts them: with spaces, but none between letters of scripts without."""
    parts = list(words[:1])
    for before, word in pairwise(words):
        parts += ["" if _is_spaceless(before[0]) and _is_spaceless(word[0]) else " ", word]
    return "".join(parts)


def units_for(captions: Iterable[str]) -> Sequence[Unit]:
    """By what captions are to be measured: words, and characters if one is Korean, Japanese, Chinese or Thai."""
    also = any(caption_script(caption) in _BY_CHARACTERS for caption in captions)
    return ("words", "characters") if also else ("words",)


def _words(folded: str) -> Iterator[str]:
    for belongs, run in groupby(folded.translate(_APOSTROPHES), _is_of_word):
        if not belongs:
            continue
        for spaceless, part in groupby(_characters("".join(run)), lambda character: _is_spaceless(character[0])):
            characters = list(part)
            yield from characters if spaceless else ["".join(characters)]


def _characters(word: str) -> list[str]:
    characters: list[str] = []
    for letter in word:
        if characters and unicodedata.category(letter)[0] == "M":
            characters[-1] += letter
        else:
            characters.append(letter)
    return characters


def _is_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _is_spaceless(letter: str) -> bool:
    return not scripts_of(letter).isdisjoint(_SPACELESS)


_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ"))
