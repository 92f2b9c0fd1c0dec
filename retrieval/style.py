"""How a caption is written, whatever it says: its skeleton of signs, spaces and emoji, as n-grams.

Who posts often has habits (`. . .` between lines, no capitals, one emoji at the end, no caption at all), and habits in
hashtags too.
"""

import unicodedata
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from scipy import sparse

BUCKETS = 2**18
NGRAMS = (1, 6)

_LOOKED_AT = 1500  # characters of a caption
_FIRST, _LAST = "\x02", "\x03"
_LETTERS = (("\u024f", "a"), ("\u0fff", "b"), ("\u3130", "c"), ("\u318f", ""), ("\uabff", "d"), ("\ud7ff", "e"))


class _Kinds(dict[int, str]):
    """What stands for a character, by its code point; found when first met."""

    def __missing__(self, code: int) -> str:
        self[code] = kind = _kind(chr(code))
        return kind


_KINDS = _Kinds()
_MANY = frozenset("aAbcde0 ")  # of which one stands for any number in a row


def skeleton(caption: str) -> str:
    """A caption with one letter for each run of a script's letters, 0 for digits, and all signs as they are."""
    kinds = caption[:_LOOKED_AT].translate(_KINDS)
    return _FIRST + "".join(kind if kind in _MANY else "".join(run) for kind, run in groupby(kinds)) + _LAST


def style_counts(captions: Sequence[str]) -> sparse.csr_matrix:
    """Counts of the n-grams of n skeletons: sparse float32 (n, BUCKETS), columns ascending.

    None is without n-grams: to have no caption is a style.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    if not len(captions):
        return sparse.csr_matrix(np.zeros((0, BUCKETS), dtype=np.float32))
    vectorizer = HashingVectorizer(
        analyzer="char",
        ngram_range=NGRAMS,
        lowercase=False,
        n_features=BUCKETS,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    counts = sparse.csr_matrix(vectorizer.transform([skeleton(caption) for caption in captions]))
    counts.sort_indices()
    return counts


def _kind(character: str) -> str:
    """Letters by their script, capitals apart; single jamo (ㅋㅋ, ㅠㅠ) stand for themselves, as signs do. Marks go."""
    category = unicodedata.category(character)
    if character.isspace():
        return " "
    if category == "Nd":
        return "0"
    if category[0] == "M":
        return ""
    if category[0] != "L":
        return character
    if category == "Lu":
        return "A"
    for last, kind in _LETTERS:
        if character <= last:
            return kind or character
    return "b"
