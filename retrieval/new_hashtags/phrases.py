"""Finds the noun phrases of captions, written as one word: `sourdough pizza` is sourdoughpizza."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.vectors import Rows
from .words import OTHER, PREFIX, SUFFIX, Split, Word

MOST_WORDS = 4  # of a phrase

_MOST = 150  # phrases of a caption, the first ones
_SHORTEST, _LONGEST = 2, 30  # letters


@dataclass(frozen=True, slots=True)
class Phrases:
    """The p phrases of a caption, each once.

    texts: (p,) normalised as hashtags are. first, last: (p,) the places of the words between which each stands first.
    count: (p,) how often it stands there.
    """

    split: Split
    texts: Sequence[str]
    first: Rows
    last: Rows
    count: Rows

    def words(self, i: int) -> tuple[str, ...]:
        """The words of a phrase."""
        return tuple(word.text for word in self.split.words[self.first[i] : self.last[i] + 1])

    def shown(self, i: int) -> str:
        """A phrase as the caption writes it, with spaces and apostrophes."""
        words = self.split.words
        return self.split.letters[words[self.first[i]].start : words[self.last[i]].end]


def find_phrases(split: Split) -> Phrases:
    """Up to MOST_WORDS words that no word of another kind and no punctuation separates; the first 150 of them."""
    found: dict[str, list[int]] = {}
    for first in range(len(split.words)):
        for last, text in _extend(split.words, first):
            if text in found:
                found[text][2] += 1
            elif len(found) < _MOST:
                found[text] = [first, last, 1]
    return Phrases(split, list(found), *np.asarray(list(found.values()), dtype=np.int64).reshape(-1, 3).T)


def _extend(words: Sequence[Word], first: int) -> list[tuple[int, str]]:
    """The phrases that begin with a word: the place of the last word, and the text."""
    text, end = "", words[first].start
    found: list[tuple[int, str]] = []
    if words[first].kind == SUFFIX:
        return found
    for last in range(first, min(first + MOST_WORDS, len(words))):
        word = words[last]
        if word.kind == OTHER or word.start > end + 1:
            break
        text, end = text + word.text, word.end
        if _SHORTEST <= len(text) <= _LONGEST and word.kind != PREFIX and not text.isdecimal():
            found.append((last, text))
    return found
