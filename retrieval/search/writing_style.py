"""Writing style: n-grams of the skeleton of a caption, which keeps signs, spaces and emoji but no words.

Authors have habits in captions (`. . .` between lines, no capitals, one emoji at the end, no caption at all), and
posts of one style tend to carry the same hashtags.
"""

import unicodedata
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Matches, Rows, Vectors
from ..encoders.hashing import hashed_counts, ngrams

BUCKETS = 2**18
NGRAMS = (1, 6)
NEAREST = 50  # posts nearest in style whose votes are counted
MOST_POSTS = 20_000  # that are searched by style; all are compared with each query

_LOOKED_AT = 1500  # characters of a caption that are read
_FIRST, _LAST = "\x02", "\x03"
_LETTERS = (("\u024f", "a"), ("\u0fff", "b"), ("\u3130", "c"), ("\u318f", ""), ("\uabff", "d"), ("\ud7ff", "e"))


class _Kinds(dict[int, str]):
    """The kind of a character by its code point; computed at first use."""

    def __missing__(self, code: int) -> str:
        self[code] = kind = _classify(chr(code))
        return kind


_KINDS = _Kinds()
_MANY = frozenset("aAbcde0 ")  # kinds of which a run becomes a single character


def skeleton(caption: str) -> str:
    """A caption with each run of letters of one script as one letter, each run of digits as 0, and signs unchanged."""
    kinds = caption[:_LOOKED_AT].translate(_KINDS)
    return _FIRST + "".join(kind if kind in _MANY else "".join(run) for kind, run in groupby(kinds)) + _LAST


def style_counts(captions: Sequence[str]) -> sparse.csr_matrix:
    """Counts of the n-grams of n skeletons: sparse float32 (n, BUCKETS), columns ascending.

    No row is empty: an empty caption has n-grams too.
    """
    return hashed_counts((ngrams(skeleton(caption), *NGRAMS) for caption in captions), BUCKETS)


class Styles:
    """Posts of an archive, searched by the style of their captions."""

    def __init__(self, style: sparse.csr_matrix, rows: Rows) -> None:
        """style: (n, s), rows of length 1. rows: (n,) ascending, whose they are; some of the archive."""
        self.style = style
        self.rows = rows

    def nearest(self, others: sparse.csr_matrix, hidden: NDArray[np.bool_] | None = None) -> list[Matches]:
        """For each of q captions the posts nearest in style, (1, k).

        k is NEAREST, or more if more posts are as near as the last of these: many captions have the same style, as
        all empty ones. others: (q, s). hidden: (posts,) whether a post of the archive is left out.
        """
        found = []
        for start, end in pairwise(others.indptr.tolist()):
            # A caption shares n-grams with nearly all posts, so a dense query is faster than a sparse one.
            query = np.zeros(others.shape[1], dtype=np.float32)
            query[others.indices[start:end]] = others.data[start:end]
            alike: Vectors = self.style @ query
            if hidden is not None:
                alike[hidden[self.rows]] = -1
            found.append(self._take_nearest(alike))
        return found

    def _take_nearest(self, alike: Vectors) -> Matches:
        """alike: (n,) similarities, below 0 for hidden posts."""
        last = min(NEAREST, len(alike)) - 1
        least = max(float(-np.partition(-alike, last)[last]), 0.0)
        near = np.flatnonzero(alike >= least)
        near = near[np.argsort(-alike[near], kind="stable")]
        return Matches(self.rows[near][None], alike[near][None])


def _classify(character: str) -> str:
    """The kind of a character: letters by script, capitals apart. Signs and jamo (ㅋ, ㅠ) stay; marks become ""."""
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
