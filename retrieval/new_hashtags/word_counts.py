"""Counts how the words of captions become hashtags, or parts of hashtags."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy import sparse

from ...core.string_table import StringTable, Table
from ...core.vectors import Rows, Vectors
from .words import OTHER, Split

KINDS = ("captions", "named", "begun", "ended")

_FEWEST = 3  # words that a suffix must have followed
_SHORTEST, _LONGEST = 2, 10  # letters of a suffix


@dataclass(frozen=True, slots=True)
class WordCounts:
    """Counts of w words over n_posts posts: float32 (w + 1,) each, the last of which, 0, is for all other words.

    captions: that contain the word. named: of these, those whose post carries it as a hashtag. begun, ended: posts that
    carry a longer hashtag which begins, or ends, with it.
    """

    n_posts: int
    words: StringTable
    captions: Vectors
    named: Vectors
    begun: Vectors
    ended: Vectors

    def find(self, words: Sequence[str]) -> Rows:
        """The place of each of n words in the arrays: (n,)."""
        places = self.words.find(words)
        return np.where(places < 0, len(self.words), places)


@dataclass(frozen=True, slots=True)
class PostCounts:
    """The same by post, so that some can be left out: sparse (n, w) of n posts. rows: (n,) of the archive."""

    rows: Rows
    words: StringTable
    by_post: Mapping[str, sparse.csr_matrix]

    def total(self, without: Rows) -> WordCounts:
        """The counts over all posts but some. without: rows of the archive."""
        kept = ~np.isin(self.rows, without)
        sums = (np.asarray(self.by_post[kind][kept].sum(axis=0), dtype=np.float32).ravel() for kind in KINDS)
        return WordCounts(int(kept.sum()), self.words, *(np.append(each, np.float32(0)) for each in sums))


def words_of(split: Split) -> list[str]:
    """The words that can be parts of phrases, each once."""
    return list(dict.fromkeys(word.text for word in split.words if word.kind != OTHER))


def count_words(rows: Rows, words: Sequence[Sequence[str]], labels: sparse.csr_matrix, hashtags: Table) -> PostCounts:
    """Count over n posts. rows: (n,). words: (n,) of their captions, see `words_of`. labels: (n, m)."""
    column_of = {word: column for column, word in enumerate(dict.fromkeys(chain.from_iterable(words)))}
    captions = _binary([[column_of[word] for word in some] for some in words], len(column_of))
    used = np.unique(labels.indices)
    names = [hashtags[column] for column in used.tolist()]
    parts = {
        "named": [[name] for name in names],
        "begun": [[name[:end] for end in range(1, len(name))] for name in names],
        "ended": [[name[start:] for start in range(1, len(name))] for name in names],
    }
    by_post = {"captions": captions}
    for kind, some in parts.items():
        known = _binary([[column_of[part] for part in each if part in column_of] for each in some], len(column_of))
        by_post[kind] = sparse.csr_matrix((labels[:, used] @ known) > 0, dtype=np.float32)
    by_post["named"] = sparse.csr_matrix(by_post["named"].multiply(captions))
    return PostCounts(rows, StringTable.of(column_of), by_post)


def find_suffixes(words: Sequence[Sequence[str]], labels: sparse.csr_matrix, hashtags: Table) -> dict[str, int]:
    """What hashtags add to words of their own caption, as 맛집 (good restaurant), with how many words it follows.

    words: (n,) of the captions. labels: (n, m). Only those that follow 3 different words or more.
    """
    before: dict[str, set[str]] = defaultdict(set)
    for row, some in enumerate(words):
        own = set(some)
        for column in labels.indices[labels.indptr[row] : labels.indptr[row + 1]].tolist():
            name = hashtags[column]
            for end in range(max(1, len(name) - _LONGEST), len(name) - _SHORTEST + 1):
                if name[:end] in own and not name[end:].isdecimal():
                    before[name[end:]].add(name[:end])
    return {suffix: len(some) for suffix, some in sorted(before.items()) if len(some) >= _FEWEST}


def _binary(columns: Iterable[Sequence[int]], width: int) -> sparse.csr_matrix:
    listed = list(columns)
    pointers = np.cumsum([0, *map(len, listed)])
    indices = np.fromiter(chain.from_iterable(listed), dtype=np.int64, count=int(pointers[-1]))
    return sparse.csr_matrix((np.ones(len(indices), dtype=np.float32), indices, pointers), shape=(len(listed), width))
