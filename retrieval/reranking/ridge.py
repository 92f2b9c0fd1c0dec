"""Kernel ridge regression from posts to hashtags.

score(q) = sum over posts p of beta_p(q) Y_p + (1 - sum beta(q)) prior, beta(q) = (K + penalty)^-1 k(q). With more than
3,000 posts, K is its Nystroem approximation from landmarks (Williams and Seeger, 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.vectors import Rows, Vectors
from ..search.similarity import Similarity, WeightedContents


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
        self, landmarks: WeightedContents, weights: Vectors, served: Sequence[str], hashtags: Sequence[str], fewest: int
    ) -> None:
        """landmarks: m posts. served: (r,) hashtags with weights; some may no longer be in the archive.

        weights: (r + 2, m), of these, of the constant 1, and of the number of hashtags. hashtags: of the archive.
        fewest: least number of uses of a hashtag with weights.
        """
        if weights.shape != (len(served) + 2, len(landmarks)):
            raise SnapshotError("the reranker's regression is damaged: its arrays do not fit together", REBUILD)
        row_of = {hashtag: row for row, hashtag in enumerate(served)}
        self._likeness = Similarity(landmarks)
        self._weights_row = np.asarray([row_of.get(hashtag, -1) for hashtag in hashtags], dtype=np.int64)
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
        self, query: RidgeQuery, columns: NDArray[np.integer[Any]], prior: Vectors, labels: sparse.csr_matrix
    ) -> Vectors:
        """The scores of hashtags for a post: float32 (c,), mostly in [0, 1]; NaN for those without weights.

        columns: (c,). prior: (c,) the fraction of posts that carry each. labels: (posts, hashtags).
        """
        rows = self._weights_row[columns]
        found = self.weights[np.maximum(rows, 0)] @ query.likeness
        if len(query.left_out):
            found += query.parts @ labels[query.left_out][:, columns].toarray()
        total = self.weights[-2] @ query.likeness + query.parts.sum()
        return np.asarray(np.where(rows >= 0, found + (1 - total) * prior, np.nan), dtype=np.float32)

    def n_hashtags(self, query: RidgeQuery, counts: Vectors) -> float:
        """The expected number of hashtags of a post. counts: (posts,), of each post of the archive."""
        total = self.weights[-2] @ query.likeness + query.parts.sum()
        found = self.weights[-1] @ query.likeness + query.parts @ counts[query.left_out]
        return float(found + (1 - total) * counts.mean())
