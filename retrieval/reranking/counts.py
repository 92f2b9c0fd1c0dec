"""What an archive tells of its hashtags, and what it would tell without some of its posts.

What is counted for learning must not count the learning post itself, nor tell by a missing one which hashtags are its
own: hence whole blocks of posts are left out together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Rows, Vectors

_FEWEST_TOGETHER = 2  # posts; pairs of hashtags met less often are most pairs, and hardly tell

Columns = NDArray[np.integer[Any]]


class PairCounts:
    """How many posts carry two hashtags together."""

    def __init__(self, labels: sparse.csr_matrix, fewest: int) -> None:
        """labels: (posts, m). fewest: pairs met less often are forgotten."""
        together = sparse.csr_matrix(labels.T @ labels)
        together.sort_indices()
        kept = together.data >= fewest
        rows = np.repeat(np.arange(together.shape[0], dtype=np.int64), np.diff(together.indptr))
        self._m = labels.shape[1]
        self._keys = rows[kept] * self._m + together.indices[kept]
        self._counts = together.data[kept].astype(np.float32)

    def between(self, ones: Columns, others: Columns) -> Vectors:
        """float32 (a, b) for a and b columns."""
        wanted = ones.astype(np.int64)[:, None] * self._m + others
        if not len(self._keys):
            return np.zeros(wanted.shape, dtype=np.float32)
        nearest = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[nearest] == wanted, self._counts[nearest], np.float32(0))


@dataclass(frozen=True, slots=True)
class Counts:
    """What n_posts posts tell of m hashtags.

    uses: (m,) posts that carry each. mentions, kept: (m,) captions that contain each, and those of them whose post
    carries it. pairs: of the whole archive; less: of the posts left out.
    """

    n_posts: int
    uses: Vectors
    mentions: Vectors
    kept: Vectors
    pairs: PairCounts
    less: PairCounts | None = None

    def prior(self, columns: Columns) -> Vectors:
        """The part of all posts that carries each of c hashtags: float32 (c,)."""
        return self.uses[columns] / np.float32(max(1, self.n_posts))

    def together(self, ones: Columns, others: Columns) -> Vectors:
        """Posts that carry two hashtags, float32 (a, b); pairs met in a single post count as never met."""
        counts = self.pairs.between(ones, others)
        if self.less is not None:
            counts = counts - self.less.between(ones, others)
        return np.where(counts >= _FEWEST_TOGETHER, counts, np.float32(0))

    def without(self, rows: Rows, labels: sparse.csr_matrix, mentioned: sparse.csr_matrix) -> "Counts":
        """The same without some posts. labels, mentioned: (posts, m) of the whole archive."""
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
    """labels, mentioned: (posts, m), above 0 if a post carries a hashtag, and where its caption contains one."""
    return recount(labels, *_sum_columns(labels, mentioned)[1:])


def recount(labels: sparse.csr_matrix, mentions: Vectors, kept: Vectors) -> Counts:
    """Counts whose captions are no longer at hand. mentions, kept: (m,) as they were counted."""
    uses = np.bincount(labels.indices, minlength=labels.shape[1]).astype(np.float32)
    return Counts(labels.shape[0], uses, mentions, kept, PairCounts(labels, _FEWEST_TOGETHER))


def _sum_columns(labels: sparse.csr_matrix, mentioned: sparse.csr_matrix) -> tuple[Vectors, Vectors, Vectors]:
    contained = mentioned > 0
    tables = (labels, contained, labels.multiply(contained))
    uses, mentions, kept = (np.asarray(table.sum(axis=0), dtype=np.float32).ravel() for table in tables)
    return uses, mentions, kept
