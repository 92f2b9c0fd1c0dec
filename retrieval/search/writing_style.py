"""How a caption is written, whatever it says: its skeleton of signs, spaces and emoji, as n-grams.

Who posts often has habits (`. . .` between lines, no capitals, one emoji at the end, no caption at all), and habits in
hashtags too.
"""

import unicodedata
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Matches, Vectors

BUCKETS = 2**18
NGRAMS = (1, 6)
NEAREST = 50  # posts in style that have a vote

_LOOKED_AT = 1500  # characters of a caption
_FIRST, _LAST = "\x02", "\x03"
_LETTERS = (("\u024f", "a"), ("\u0fff", "b"), ("\u3130", "c"), ("\u318f", ""), ("\uabff", "d"), ("\ud7ff", "e"))


class _Kinds(dict[int, str]):
    """What stands for a character, by its code point; found when first met."""

    def __missing__(self, code: int) -> str:
        self[code] = kind = _classify(chr(code))
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


class Styles:
    """An archive's posts, to be found by how their captions are written."""

    def __init__(self, style: sparse.csr_matrix) -> None:
        """style: (n, s), rows of length 1."""
        self.style = style
        self._by_ngram = sparse.csr_matrix(style.T)

    def __len__(self) -> int:
        return int(self.style.shape[0])

    def nearest(self, others: sparse.csr_matrix, hidden: NDArray[np.bool_] | None = None) -> list[Matches]:
        """For each of q others the posts nearest in style, (1, k): NEAREST, and all as near as the last of them.

        Many captions are written exactly alike, as those are that say nothing, and of these none comes before another.
        others: (q, s). hidden: (n,) posts that are not to be found.
        """
        alike: Vectors = (others @ self._by_ngram).toarray()
        if hidden is not None:
            alike[:, hidden] = -1
        return [_take_nearest(row) for row in alike]


def _take_nearest(alike: Vectors) -> Matches:
    """alike: (n,), below 0 for what is hidden."""
    last = min(NEAREST, len(alike)) - 1
    least = max(float(-np.partition(-alike, last)[last]), 0.0)
    rows = np.flatnonzero(alike >= least)
    rows = rows[np.argsort(-alike[rows], kind="stable")]
    return Matches(rows[None].astype(np.int64), alike[rows][None])


def _classify(character: str) -> str:
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
