"""Finds hashtags in captions, as whole words or as beginnings of words: 카페 in `성수 카페에서`."""

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

BEGINS, WHOLE = 1, 2  # whether a hashtag is the beginning of a word, or a whole word

_LONGEST = 20  # characters of a hashtag
_LOOKED_AT = 1500  # characters of a caption that are read


class HashtagFinder:
    """Finds an archive's hashtags of 2 to 20 characters in captions."""

    def __init__(self, hashtags: Sequence[str]) -> None:
        """hashtags: (m,), normalised."""
        self._m = len(hashtags)
        self._columns = {tag: i for i, tag in enumerate(hashtags) if 1 < len(tag) <= _LONGEST}
        lengths: dict[str, set[int]] = {}
        for tag in self._columns:
            lengths.setdefault(tag[:2], set()).add(len(tag))
        self._lengths = {start: tuple(sorted(some)) for start, some in lengths.items()}

    def find(self, caption: str) -> Mapping[int, int]:
        """The hashtags in a caption, by column: WHOLE or BEGINS.

        Separators are ignored (`new york` contains #newyork). Each Chinese or Japanese character counts as a word.
        """
        letters, starts, ends = _words(caption)
        found: dict[int, int] = {}
        for start in starts:
            for length in self._lengths.get(letters[start : start + 2], ()):
                column = self._columns.get(letters[start : start + length])
                if column is not None:
                    found[column] = max(found.get(column, BEGINS), WHOLE if start + length in ends else BEGINS)
        return found

    def find_all(self, captions: Sequence[str]) -> sparse.csr_matrix:
        """`find` for n captions: sparse float32 (n, m)."""
        found = [sorted(self.find(caption).items()) for caption in captions]
        pointers = np.cumsum([0, *map(len, found)])
        columns = [column for entries in found for column, _ in entries]
        values = np.asarray([value for entries in found for _, value in entries], dtype=np.float32)
        return sparse.csr_matrix((values, columns, pointers), shape=(len(captions), self._m))


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
