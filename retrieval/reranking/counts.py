"""Counts of hashtags, pairs of hashtags and mentions in captions, also without some of the posts.

Counts used as features in training must leave out the post itself. If they left out that post alone, a count lower by
one would show which hashtags are its own. Therefore whole blocks of posts are left out together.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Rows, Vectors

MOST_PAIRS = 10_000_000  # that are kept of an archive; pairs on the fewest posts are dropped

_FEWEST_TOGETHER = 2  # posts; rarer pairs carry little information
_AT_ONCE = 8_000_000  # pairs on posts that are counted in one step

Columns = NDArray[np.integer[Any]]
Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PairCounts:
    """How many posts carry two hashtags together.

    keys: int64 (p,) ascending, the lower column of each pair times 2^32 plus the higher one. counts: float32 (p,).
    fewest: pairs on fewer posts are dropped.
    """

    keys: Keys
    counts: Vectors
    fewest: int = 1

    @classmethod
    def count(cls, labels: sparse.csr_matrix, most: int | None = None) -> "PairCounts":
        """Count. labels: (posts, m). most: pairs that are kept; None for all. Memory holds twice as many."""
        by_hashtag = sparse.csr_matrix(labels.T)
        parts: list[tuple[Keys, Vectors]] = []
        fewest = 1
        for start, end in _slice(by_hashtag @ np.diff(labels.indptr)):
            together = sparse.csr_matrix(by_hashtag[start:end] @ labels)
            ones = np.repeat(np.arange(start, end, dtype=np.int64), np.diff(together.indptr))
            kept = (together.indices > ones) & (together.data >= fewest)
            keys = _make_keys(ones[kept], together.indices[kept])
            order = np.argsort(keys)
            parts.append((keys[order], together.data[kept][order].astype(np.float32)))
            while most is not None and sum(len(keys) for keys, _ in parts) > most:
                fewest += 1
                parts = [(keys[counts >= fewest], counts[counts >= fewest]) for keys, counts in parts]
        none = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        keys, counts = (np.concatenate(some) for some in zip(none, *parts, strict=True))
        return cls(keys, counts, fewest)

    def between(self, ones: Columns, others: Columns) -> Vectors:
        """The number of posts with both of two hashtags, float32; 0 for one and itself.

        ones, others: columns, of one shape after broadcasting, which is that of the result.
        """
        wanted = _make_keys(np.minimum(ones, others), np.maximum(ones, others))
        found = np.zeros(wanted.shape, dtype=np.float32)
        if len(self.keys):
            order = np.argsort(wanted, axis=None)  # in order they are found faster
            ordered = wanted.ravel()[order]
            nearest = np.minimum(np.searchsorted(self.keys, ordered), len(self.keys) - 1)
            found.ravel()[order] = np.where(self.keys[nearest] == ordered, self.counts[nearest], np.float32(0))
        return found


def _make_keys(lower: Columns, higher: Columns) -> Keys:
    return np.asarray(lower.astype(np.int64) << 32 | higher.astype(np.int64))


def _slice(pairs: Columns) -> list[tuple[int, int]]:
    """Slices of m hashtags of some _AT_ONCE pairs on posts each. pairs: (m,) those of each hashtag."""
    up_to = np.cumsum(pairs)
    ends = np.searchsorted(up_to, np.arange(_AT_ONCE, up_to[-1] if len(up_to) else 0, _AT_ONCE))
    return list(pairwise(np.unique([0, *ends, len(pairs)]).tolist()))


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts over n_posts posts and m hashtags.

    uses: (m,) posts that carry each. mentions: (m,) captions that contain each. kept: (m,) posts that carry it and
    whose caption contains it. pairs: first those of the snapshot; others add to these, or are left out of them.
    """

    n_posts: int
    uses: Vectors
    mentions: Vectors
    kept: Vectors
    pairs: tuple[PairCounts, ...]

    def prior(self, columns: Columns) -> Vectors:
        """The fraction of posts that carry each of c hashtags: float32 (c,)."""
        return self.uses[columns] / np.float32(max(1, self.n_posts))

    def together(self, ones: Columns, others: Columns) -> Vectors:
        """As `PairCounts.between`, but 0 for pairs on a single post, or on too few."""
        counts = np.sum([pairs.between(ones, others) for pairs in self.pairs], axis=0)
        return np.where(counts >= max(_FEWEST_TOGETHER, self.pairs[0].fewest), counts, np.float32(0))

    def without(self, rows: Rows, labels: sparse.csr_matrix, mentioned: sparse.csr_matrix) -> "Counts":
        """The counts without some posts. labels, mentioned: (posts, m) of the whole archive."""
        labels = labels[rows]
        uses, mentions, kept = _sum_columns(labels, mentioned[rows])
        less = PairCounts.count(labels)
        return Counts(
            self.n_posts - len(rows),
            self.uses - uses,
            self.mentions - mentions,
            self.kept - kept,
            (*self.pairs, PairCounts(less.keys, -less.counts)),
        )


def count(labels: sparse.csr_matrix, mentioned: sparse.csr_matrix) -> Counts:
    """Count. labels, mentioned: (posts, m), above 0 if a post carries, or its caption contains, a hashtag."""
    return Counts(labels.shape[0], *_sum_columns(labels, mentioned), (PairCounts.count(labels, MOST_PAIRS),))


def _sum_columns(labels: sparse.csr_matrix, mentioned: sparse.csr_matrix) -> tuple[Vectors, Vectors, Vectors]:
    contained = mentioned > 0
    tables = (labels, contained, labels.multiply(contained))
    uses, mentions, kept = (np.asarray(table.sum(axis=0), dtype=np.float32).ravel() for table in tables)
    return uses, mentions, kept
