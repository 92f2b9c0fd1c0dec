"""Kernel ridge regression from posts to hashtags, also with a post of the archive left out.

score(q) = sum over posts p of beta_p(q) Y_p + (1 - sum beta(q)) prior, beta(q) = (K + penalty)^-1 k(q). With more than
3,000 posts, K is its Nystroem approximation from landmarks (Williams and Seeger, 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.vectors import Rows, Vectors
from ..search.similarity import Similarity, WeightedContents

LANDMARKS = 2500

_EVERY_POST = 3000  # posts; with no more, the first post of every cluster is a landmark
_PENALTY = 1.0
_JITTER = 1e-3  # added to the diagonal, so that similar landmarks do not make the kernel singular
_MOST_WEIGHTS = 25_000_000  # numbers stored at most; the least used hashtags get none
_AT_ONCE = 1024  # posts in one step of learning


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
    """The regression. Made by `learn_ridge`, or from saved arrays."""

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


class ArchiveRidge:
    """The regression with the factors needed to leave out posts that it was learned from."""

    def __init__(self, ridge: KernelRidge, lower: Vectors, penalised: Any) -> None:
        self.ridge = ridge
        self._lower = lower
        self._penalised = penalised

    def ask_without(
        self, posts: WeightedContents, copies: Sequence[Rows], rows: Sequence[Rows]
    ) -> list[list[RidgeQuery]]:
        """Prepare posts of the archive for `scores`, each with its whole cluster left out; exact, without refitting.

        posts: of the archive. copies: for each cluster its e posts. rows: for each cluster those to score, (a,). With
        the hat matrix H among the copies and x (I - H) = the unit row of a post, the score is x f(copies) - x H
        Y(copies). Memory grows with the sum of all e, and with the square of the largest.
        """
        everyone = np.concatenate(copies)
        likeness = self.ridge.likeness(posts.take(everyone))
        features = linalg.solve_triangular(self._lower, likeness.T, lower=True, check_finite=False)
        solved = linalg.cho_solve(self._penalised, features, check_finite=False)
        queries = []
        ends = np.cumsum([len(members) for members in copies])
        for end, members, own in zip(ends, copies, rows, strict=True):
            here = slice(end - len(members), end)
            hat = features[:, here].T.astype(np.float64) @ solved[:, here]
            units = np.equal.outer(own, members).astype(np.float64)
            mixtures = np.linalg.solve((np.eye(len(members)) - hat).T, units.T).T
            alike = (mixtures @ likeness[here]).astype(np.float32)
            parts = (units - mixtures).astype(np.float32)  # - x H, since x - x H is the unit row
            queries.append([RidgeQuery(row, members, part) for row, part in zip(alike, parts, strict=True)])
        return queries


def learn_ridge(
    posts: WeightedContents, labels: sparse.csr_matrix, hashtags: Sequence[str], clusters: Sequence[Rows]
) -> ArchiveRidge:
    """Fit. posts: n of the archive. labels: (n, hashtags). clusters: of each at most one post is a landmark."""
    marks = _choose_landmarks(clusters, len(posts))
    landmarks = posts.take(marks)
    likeness = Similarity(landmarks)
    among = likeness.of(landmarks)
    among[np.diag_indices(len(marks))] += _JITTER
    lower = linalg.cholesky(among, lower=True, overwrite_a=True, check_finite=False)
    uses = np.bincount(labels.indices, minlength=labels.shape[1])
    fewest = _find_fewest(uses, len(marks))
    enough = uses >= fewest
    targets = _make_targets(labels, enough)
    gram = np.zeros((len(marks), len(marks)), dtype=np.float32)
    seen = np.zeros((len(marks), targets.shape[1]), dtype=np.float32)
    for start in range(0, len(posts), _AT_ONCE):
        here = slice(start, start + _AT_ONCE)
        features = linalg.solve_triangular(lower, likeness.of(posts.take(here)).T, lower=True, check_finite=False)
        gram += features @ features.T
        seen += (targets[here].T @ features.T).T
    gram[np.diag_indices(len(marks))] += _PENALTY
    penalised = linalg.cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    solved = linalg.cho_solve(penalised, seen, overwrite_b=True, check_finite=False)
    weights = linalg.solve_triangular(lower, solved, lower=True, trans="T", overwrite_b=True, check_finite=False)
    served = [hashtags[column] for column in np.flatnonzero(enough).tolist()]
    stored = _round_to_half(np.asarray(weights.T, dtype=np.float32))
    ridge = KernelRidge(landmarks, stored, served, hashtags, fewest)
    return ArchiveRidge(ridge, lower, penalised)


def _choose_landmarks(clusters: Sequence[Rows], n: int) -> Rows:
    """The landmarks, ascending: the first post of each cluster, or of LANDMARKS clusters drawn with a fixed seed."""
    firsts = np.asarray([members[0] for members in clusters], dtype=np.int64)
    if n > _EVERY_POST and len(firsts) > LANDMARKS:
        firsts = np.random.default_rng(0).choice(firsts, LANDMARKS, replace=False)
    return np.sort(firsts)


def _find_fewest(uses: NDArray[np.integer[Any]], n_landmarks: int) -> int:
    """The least number of uses with which at most _MOST_WEIGHTS numbers are stored."""
    fewest = 1
    while np.count_nonzero(uses >= fewest) * n_landmarks > _MOST_WEIGHTS:
        fewest += 1
    return fewest


def _make_targets(labels: sparse.csr_matrix, enough: NDArray[np.bool_]) -> sparse.csr_matrix:
    counts = np.diff(labels.indptr).astype(np.float32)
    constant_and_count = sparse.csr_matrix(np.stack([np.ones_like(counts), counts], axis=1))
    return sparse.csr_matrix(sparse.hstack([labels[:, enough], constant_and_count], format="csr"))


def _round_to_half(weights: Vectors) -> Vectors:
    """Round to half precision, in which weights are stored; the error is below a thousandth."""
    return np.ascontiguousarray(weights.astype(np.float16).astype(np.float32))
