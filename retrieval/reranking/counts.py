"""Counts of hashtags, pairs of hashtags and mentions in captions, also without some of the posts.

Counts used as features in training must leave out the post itself. If they left out that post alone, a count lower by
one would show which hashtags are its own. Therefore whole blocks of posts are left out together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Rows, Vectors

_FEWEST_TOGETHER = 2  # posts; rarer pairs are dropped, as they are many and carry little information

Columns = NDArray[np.integer[Any]]


class PairCounts:
    """How many posts carry two hashtags together."""

    def __init__(self, labels: sparse.csr_matrix, fewest: int) -> None:
        """labels: (posts, m). fewest: pairs on fewer posts are dropped."""
        together = sparse.csr_matrix(labels.T @ labels)
        together.sort_indices()
        kept = together.data >= fewest
        rows = np.repeat(np.arange(together.shape[0], dtype=np.int64), np.diff(together.indptr))
        self._m = labels.shape[1]
        self._keys = rows[kept] * self._m + together.indices[kept]
        self._counts = together.data[kept].astype(np.float32)

    def between(self, ones: Columns, others: Columns) -> Vectors:
        """The number of posts with both hashtags: float32 (a, b) for columns (a,) and (b,)."""
        wanted = ones.astype(np.int64)[:, None] * self._m + others
        if not len(self._keys):
            return np.zeros(wanted.shape, dtype=np.float32)
        nearest = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[nearest] == wanted, self._counts[nearest], np.float32(0))


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts over n_posts posts and m hashtags.

    uses: (m,) posts that carry each. mentions: (m,) captions that contain each. kept: (m,) posts that carry it and
    whose caption contains it. pairs: of the whole archive. less: of the posts that are left out.
    """

    n_posts: int
    uses: Vectors
    mentions: Vectors
    kept: Vectors
    pairs: PairCounts
    less: PairCounts | None = None

    def prior(self, columns: Columns) -> Vectors:
        """The fraction of posts that carry each of c hashtags: float32 (c,)."""
        return self.uses[columns] / np.float32(max(1, self.n_posts))

    def together(self, ones: Columns, others: Columns) -> Vectors:
        """The number of posts with both hashtags, float32 (a, b); 0 for pairs on a single post."""
        counts = self.pairs.between(ones, others)
        if self.less is not None:
            counts = counts - self.less.between(ones, others)
        return np.where(counts >= _FEWEST_TOGETHER, counts, np.float32(0))

    def without(self, rows: Rows, labels: sparse.csr_matrix, mentioned: sparse.csr_matrix) -> "Counts":
        """The counts without some posts. labels, mentioned: (posts, m) of the whole archive."""
        labels = labels[rows]
        uses, mentions, kept = _sum_columns(labels, mentioned[rows])
        return Counts(
            self.n_posts - len(rows),
            self.uses - uses,
            self.mentions - mentions,
            self.kept - kept,
            self.pairs,
            PairCounts(labels, 1),
        )


def count(labels: sparse.csr_matrix, mentioned: sparse.csr_matrix) -> Counts:
    """Count. labels, mentioned: (posts, m), above 0 if a post carries, or its caption contains, a hashtag."""
    return recount(labels, *_sum_columns(labels, mentioned)[1:])


def recount(labels: sparse.csr_matrix, mentions: Vectors, kept: Vectors) -> Counts:
    """Count again without captions. mentions, kept: (m,) as `count` found them."""
    uses = np.bincount(labels.indices, minlength=labels.shape[1]).astype(np.float32)
    return Counts(labels.shape[0], uses, mentions, kept, PairCounts(labels, _FEWEST_TOGETHER))


def _sum_columns(labels: sparse.csr_matrix, mentioned: sparse.csr_matrix) -> tuple[Vectors, Vectors, Vectors]:
    contained = mentioned > 0
    tables = (labels, contained, labels.multiply(contained))
    uses, mentions, kept = (np.asarray(table.sum(axis=0), dtype=np.float32).ravel() for table in tables)
    return uses, mentions, kept
