"""Splits captions into words, each with its kind, so that noun phrases can be found in them.

Korean is split into morphemes by Kiwi, because particles are written behind a noun without a space: 카페에서. Japanese
and Chinese are split where the script changes; a run of Hiragana is taken for grammar, not for a noun. In all other
scripts, spaces and punctuation separate words.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

from ...core.post import normalise_hashtag

# Kinds of words. All but OTHER can be parts of a noun phrase.
OTHER, NOUN, NAME, FOREIGN, IDEOGRAPHS, NUMBER, PREFIX, SUFFIX = range(8)

_READ = 1500  # characters of a caption that are read
_LONGEST, _DIGITS = 8, 4  # characters of a word in ideographs, and of a number
# Addresses, names of accounts, and markup hold no words of the caption.
_LINKS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|(?<!\S)@\S+|<[^<>]{0,100}>|\x1b\[[0-9;]*[A-Za-z]")

_KINDS = {"NNG": NOUN, "XR": NOUN, "NNP": NAME, "NR": NUMBER, "XPN": PREFIX, "XSN": SUFFIX}  # by the tags of Kiwi
_HANGUL = "\uac00-\ud7a3"
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff々"
_HIRAGANA, _KATAKANA = "\u3041-\u309f", "\u30a0-\u30ff"
_JAMO = "\u1100-\u11ff\u3131-\u318e\uffa1-\uffdc"  # single letters of Korean, such as laughter: ㅋㅋㅋ
_LETTERS = rf"[^\s'’{_HANGUL}{_IDEOGRAPHS}{_HIRAGANA}{_KATAKANA}{_JAMO}]+"
_RUN = re.compile(
    rf"(?P<korean>[{_HANGUL}]+)|(?P<ideographs>[{_KATAKANA}]+|[{_IDEOGRAPHS}]+)|(?P<hiragana>[{_HIRAGANA}]+)"
    rf"|(?P<jamo>[{_JAMO}]+)|{_LETTERS}(?:['’]{_LETTERS})*"
)
_KOREAN = re.compile(rf"[{_HANGUL}]+")
# Joiners, soft hyphens and marks of direction: hashtags do not hold them. A space of no width separates words.
_UNSEEN = re.compile("[\u00ad\u061c\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")


class Word(NamedTuple):
    """A word of a caption. text: normalised as hashtags are. start, end: its place in `Split.letters`."""

    text: str
    kind: int
    start: int
    end: int


class Split(NamedTuple):
    """A caption, split.

    letters: its beginning, composed (NFC), without what cannot be seen, and with a space for all else that no hashtag
    holds.
    """

    letters: str
    words: list[Word]


def split_words(caption: str) -> Split:
    """The words of the first 1,500 characters of a caption."""
    read = _LINKS.sub(_blank, unicodedata.normalize("NFC", _UNSEEN.sub("", caption[:_READ])))
    letters = read.translate(_SPACED)
    morphemes = _analyse(read) if _KOREAN.search(letters) else []
    words: list[Word] = []
    for run in _RUN.finditer(letters):
        if run["korean"]:
            while morphemes and morphemes[-1].start < run.end():
                morpheme = morphemes.pop()
                if words and morpheme.start < words[-1].end:
                    words[-1] = words[-1]._replace(kind=OTHER)  # one syllable that holds a particle, too: 누굴
                elif morpheme.start >= run.start():
                    words.append(morpheme)
        elif text := normalise_hashtag(run.group()):
            words.append(Word(text, _kind_of(run, text), run.start(), run.end()))
    return Split(letters, words)


def _kind_of(run: re.Match[str], text: str) -> int:
    if run["hiragana"] or run["jamo"]:
        return OTHER
    if run["ideographs"]:
        return IDEOGRAPHS if len(text) <= _LONGEST else OTHER  # without spaces, a longer run is a sentence
    if text.isdecimal():
        return NUMBER if len(text) <= _DIGITS else OTHER  # a longer one is somebody's number
    return FOREIGN


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _analyse(text: str) -> list[Word]:
    """The Korean morphemes of a text, last to first."""
    words = []
    for token in _kiwi()(text):
        start, end = token.start, token.start + token.len
        if _KOREAN.fullmatch(text, start, end):
            words.append(Word(text[start:end], _KINDS.get(token.tag, OTHER), start, end))
    return words[::-1]


_LOADING = Lock()


def _kiwi() -> Callable[[str], Any]:
    with _LOADING:
        return _load_kiwi()


@cache
def _load_kiwi() -> Callable[[str], Any]:
    from kiwipiepy import Kiwi  # takes a second to load, and only Korean needs it

    tokenize: Callable[[str], Any] = Kiwi(num_workers=1).tokenize
    return tokenize


class _Spaced(dict[int, int]):
    """For `str.translate`: letters, marks, digits and apostrophes stay, all else is a space. Filled as they come."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        belongs = unicodedata.category(character)[0] in "LMN" or character in "'’"
        return self.setdefault(code, code if belongs else ord(" "))


_SPACED = _Spaced()
