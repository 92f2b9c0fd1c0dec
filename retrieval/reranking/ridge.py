"""Kernel ridge regression from posts to hashtags.

score(q) = sum over posts p of beta_p(q) Y_p + (1 - sum beta(q)) prior, beta(q) = (K + penalty)^-1 k(q). With more than
3,000 posts, K is its Nystroem approximation from landmarks (Williams and Seeger, 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.string_table import Table
from ...core.vectors import Numbers, Rows, Vectors
from ..search.similarity import Similarity, WeightedContents
from ..voting.votes import look_up, pair_keys


@dataclass(frozen=True, slots=True)
class RidgeQuery:
    """One post as the regression takes it.

    likeness: float32 (m,), the kernel between the post and the landmarks; for a post of the archive, a mixture over the
    posts that are left out. left_out: (e,) posts that the answer must not depend on. parts: (e,) weights of their
    labels, which correct for that.
    """

    likeness: Vectors
    left_out: Rows
    parts: Vectors


class KernelRidge:
    """The regression. Made by `ridge_learning.learn_ridge`, or from saved arrays."""

    def __init__(
        self, landmarks: WeightedContents, weights: Vectors, served: Sequence[str], hashtags: Table, fewest: int
    ) -> None:
        """landmarks: m posts. served: (r,) hashtags with weights; some may no longer be in the archive.

        weights: (r + 2, m), of these, of the constant 1, and of the number of hashtags. hashtags: of the archive.
        fewest: least number of uses of a hashtag with weights.
        """
        if weights.shape != (len(served) + 2, len(landmarks)):
            raise SnapshotError("the reranker's regression is damaged: its arrays do not fit together", REBUILD)
        columns = hashtags.find(served)
        self._likeness = Similarity(landmarks)
        self._weights_row = np.full(len(hashtags), -1, dtype=np.int64)
        self._weights_row[columns[columns >= 0]] = np.flatnonzero(columns >= 0)
        self.weights = weights
        self.served = tuple(served)
        self.fewest = fewest

    @property
    def landmarks(self) -> WeightedContents:
        """The m landmarks."""
        return self._likeness.posts

    def likeness(self, posts: WeightedContents) -> Vectors:
        """The kernel between n posts and the landmarks: float32 (n, m)."""
        return self._likeness.of(posts)

    def ask(self, posts: WeightedContents) -> list[RidgeQuery]:
        """Prepare new posts for `scores`."""
        no_rows, no_parts = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return [RidgeQuery(row, no_rows, no_parts) for row in self.likeness(posts)]

    def scores(
        self, queries: Sequence[RidgeQuery], of: Rows, columns: Numbers, prior: Vectors, labels: sparse.csr_matrix
    ) -> Vectors:
        """The scores of hashtags for n posts: float32 (c,), mostly in [0, 1]; NaN for those without weights.

        queries: (n,). of: (c,) the post to which each hashtag is scored. columns: (c,). prior: (c,) the fraction of
        posts that carry each. labels: (posts, hashtags).
        """
        rows = self._weights_row[columns]
        several, row = np.unique(np.maximum(rows, 0), return_inverse=True)
        likeness = np.stack([query.likeness for query in queries])
        found = (self.weights[several] @ likeness.T)[row, of]
        found += look_up(of * labels.shape[1] + columns, *self._corrections(queries, labels))
        total = likeness @ self.weights[-2] + _sums_of_parts(queries)
        return np.asarray(np.where(rows >= 0, found + (1 - total[of]) * prior, np.nan), dtype=np.float32)

    @staticmethod
    def _corrections(queries: Sequence[RidgeQuery], labels: sparse.csr_matrix) -> tuple[Rows, Vectors]:
        """What the posts left out add to the scores: query * hashtags + column, ascending, and how much."""
        left_out = np.concatenate([query.left_out for query in queries])
        if not len(left_out):
            return left_out, np.zeros(0, dtype=np.float32)
        parts = np.concatenate([query.parts for query in queries])
        pointers = np.cumsum([0, *(len(query.left_out) for query in queries)])
        mixtures = sparse.csr_matrix((parts, np.arange(len(parts)), pointers), shape=(len(queries), len(parts)))
        added = sparse.csr_matrix(mixtures @ labels[left_out]).sorted_indices()
        return pair_keys(added), added.data

    def n_hashtags(self, queries: Sequence[RidgeQuery], counts: Vectors, mean: float) -> Vectors:
        """The expected number of hashtags of n posts: float32 (n,).

        counts: (posts,), of each post of the archive. mean: of these.
        """
        likeness = np.stack([query.likeness for query in queries])
        total = likeness @ self.weights[-2] + _sums_of_parts(queries)
        found = likeness @ self.weights[-1]
        found += np.asarray([query.parts @ counts[query.left_out] for query in queries], dtype=np.float32)
        return np.asarray(found + (1 - total) * mean, dtype=np.float32)


def _sums_of_parts(queries: Sequence[RidgeQuery]) -> Vectors:
    return np.asarray([query.parts.sum() for query in queries], dtype=np.float32)
