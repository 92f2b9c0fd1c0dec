"""Which languages a hashtag may be in, as far as its letters tell: by script, so that `en` lets French pass as well."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache

_LATIN = frozenset(["LATIN"])
_HAN = frozenset(["CJK", "IDEOGRAPHIC"])
_ARABIC = frozenset(["ARABIC"])
_CYRILLIC = frozenset(["CYRILLIC"])

# By ISO 639-1 code, the scripts a language is written in: the first words of Unicode's names for their letters.
SCRIPTS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(["en", "de", "es", "fr", "id", "it", "ms", "nl", "pl", "pt", "sv", "tr", "vi"], _LATIN),
    **dict.fromkeys(["ar", "fa", "ur"], _ARABIC),
    **dict.fromkeys(["bg", "ru", "sr", "uk"], _CYRILLIC),
    **dict.fromkeys(["hi", "mr", "ne"], frozenset(["DEVANAGARI"])),
    "bn": frozenset(["BENGALI"]),
    "el": frozenset(["GREEK"]),
    "he": frozenset(["HEBREW"]),
    "ja": frozenset(["HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"]) | _HAN,
    "ko": frozenset(["HANGUL"]),
    "ta": frozenset(["TAMIL"]),
    "th": frozenset(["THAI"]),
    "zh": _HAN,
}


def scripts_of(hashtag: str) -> frozenset[str]:
    """The scripts of a hashtag's letters, by the first words of their Unicode names; empty where it has none."""
    return frozenset(filter(None, map(_script, hashtag)))


def written_in(hashtag: str, languages: Collection[str]) -> bool:
    """Whether every letter is of a script of one of these languages (keys of SCRIPTS); digits and `_` are of all."""
    known = frozenset[str]().union(*(SCRIPTS[language] for language in languages))
    return scripts_of(hashtag) <= known


def mostly_written_in(text: str, languages: Collection[str]) -> bool:
    """Whether most letters of a text are of scripts of these languages (keys of SCRIPTS); False if it has no letter."""
    known = frozenset[str]().union(*(SCRIPTS[language] for language in languages))
    scripts = [script for script in map(_script, text) if script]
    return 2 * sum(script in known for script in scripts) > len(scripts)


def main_script(text: str) -> str:
    """The script of most of a text's letters, by the first word of their Unicode names; empty if it has no letter."""
    scripts = Counter(filter(None, map(_script, text)))
    return min(scripts, key=lambda script: (-scripts[script], script), default="")


@cache
def _script(character: str) -> str:
    if unicodedata.category(character)[0] != "L":
        return ""
    return unicodedata.name(character, "").partition(" ")[0]
