"""Finds hashtags in captions, as whole words or as beginnings of words: 카페 in `성수 카페에서`."""

import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from ...core.string_table import Table
from ..search.sampling import draw_posts

BEGINS, WHOLE = 1, 2  # whether a hashtag is the beginning of a word, or a whole word

_SHORTEST, _LONGEST = 2, 20  # characters of a hashtag
_LOOKED_AT = 1500  # characters of a caption that are read
_AT_ONCE = 256  # captions
_BETWEEN = "\0"


class HashtagFinder:
    """Finds an archive's hashtags of 2 to 20 characters in captions."""

    def __init__(self, hashtags: Table) -> None:
        """hashtags: (m,), normalised."""
        self._hashtags = hashtags

    def find(self, caption: str) -> Mapping[int, int]:
        """The hashtags in a caption, by column: WHOLE or BEGINS.

        Separators are ignored (`new york` contains #newyork). Each Chinese or Japanese character counts as a word.
        """
        return self._find([caption])[0]

    def find_all(self, captions: Sequence[str]) -> sparse.csr_matrix:
        """`find` for n captions: sparse float32 (n, m)."""
        steps = range(0, len(captions), _AT_ONCE)
        found = [sorted(each.items()) for start in steps for each in self._find(captions[start : start + _AT_ONCE])]
        pointers = np.cumsum([0, *map(len, found)])
        columns = [column for entries in found for column, _ in entries]
        values = np.asarray([value for entries in found for _, value in entries], dtype=np.float32)
        return sparse.csr_matrix((values, columns, pointers), shape=(len(captions), len(self._hashtags)))

    def _find(self, captions: Sequence[str]) -> list[dict[int, int]]:
        found: list[dict[int, int]] = [{} for _ in captions]
        words = [_words(caption) for caption in captions]
        # All at once, with a character between them that no hashtag has.
        text = _BETWEEN.join(letters for letters, _, _ in words)
        offsets = np.cumsum([0, *(len(letters) + 1 for letters, _, _ in words)])[:-1].tolist()
        begins = [offset + start for offset, (_, starts, _) in zip(offsets, words, strict=True) for start in starts]
        for start, length, column in self._hashtags.find_within(text, begins, _LONGEST):
            if length >= _SHORTEST:
                i = bisect_right(offsets, start) - 1
                how = WHOLE if start + length - offsets[i] in words[i][2] else BEGINS
                found[i][column] = max(found[i].get(column, BEGINS), how)
        return found


def find_mentions(finder: HashtagFinder, captions: Sequence[str]) -> sparse.csr_matrix:
    """The hashtags in the captions of those posts that are learned from; the rows of the others are empty.

    captions: (n,), of all posts of an archive. Returns sparse float32 (n, m).
    """
    rows = draw_posts(len(captions))
    found = finder.find_all([captions[row] for row in rows.tolist()])
    counts = np.zeros(len(captions), dtype=np.int64)
    counts[rows] = np.diff(found.indptr)
    pointers = np.concatenate([[0], np.cumsum(counts)])
    return sparse.csr_matrix((found.data, found.indices, pointers), shape=(len(captions), found.shape[1]))


def _words(caption: str) -> tuple[str, list[int], set[int]]:
    """A caption's letters, marks, digits and `_` without separators, and the offsets where words start and end."""
    letters: list[str] = []
    starts: list[int] = []
    ends: set[int] = set()
    within = False
    for character in unicodedata.normalize("NFKC", caption[:_LOOKED_AT]).casefold():
        belongs = character == "_" or unicodedata.category(character)[0] in "LMN"
        alone = "\u3040" <= character <= "\u9fff"
        if belongs and (alone or not within):
            starts.append(len(letters))
        if within and (alone or not belongs):
            ends.add(len(letters))
        if belongs:
            letters.append(character)
            if alone:
                ends.add(len(letters))
        within = belongs
    ends.add(len(letters))
    return "".join(letters), starts, ends
