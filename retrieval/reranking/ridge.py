"""Kernel ridge regression from posts to hashtags; it can answer for an archive's own post as if that were not there.

score(q) = sum over posts p of beta_p(q) Y_p + (1 - sum beta(q)) prior, beta(q) = (K + penalty)^-1 k(q). Beyond some
thousand posts K stands for its Nystroem approximation from landmarks (Williams and Seeger, 2001).
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

_EVERY_POST = 3000  # posts up to which all of them are landmarks
_PENALTY = 1.0
_JITTER = 1e-3  # keeps near-copies among the landmarks from making the kernel singular
_MOST_WEIGHTS = 25_000_000  # numbers kept at most; then the least used hashtags go without
_AT_ONCE = 1024  # posts learned from at once


@dataclass(frozen=True, slots=True)
class RidgeQuery:
    """A post put to the regression.

    likeness: float32 (m,), of the post and the landmarks, or for a post of the archive that mixture of its copies'
    which stands for it. left_out, parts: posts not to be learned from, (e,), and what to add for what they carry, (e,).
    """

    likeness: Vectors
    left_out: Rows
    parts: Vectors


class KernelRidge:
    """Made by `learn_ridge`, or from what was kept of it."""

    def __init__(
        self, landmarks: WeightedContents, weights: Vectors, served: Sequence[str], hashtags: Sequence[str], fewest: int
    ) -> None:
        """landmarks: m posts. served: (r,) hashtags that have weights, which the archive may no longer know.

        weights: (r + 2, m) of these, of 1, and of how many hashtags a post carries. hashtags: those of the archive.
        fewest: uses from which a hashtag had enough to learn from.
        """
        if weights.shape != (len(served) + 2, len(landmarks)):
            raise SnapshotError("the reranker's regression contradicts itself", REBUILD)
        row_of = {hashtag: row for row, hashtag in enumerate(served)}
        self._likeness = Similarity(landmarks)
        self._weights_row = np.asarray([row_of.get(hashtag, -1) for hashtag in hashtags], dtype=np.int64)
        self.weights = weights
        self.served = tuple(served)
        self.fewest = fewest

    @property
    def landmarks(self) -> WeightedContents:
        """The m posts that stand for all."""
        return self._likeness.posts

    def likeness(self, posts: WeightedContents) -> Vectors:
        """float32 (n, m), of n posts and the landmarks."""
        return self._likeness.of(posts)

    def ask(self, posts: WeightedContents) -> list[RidgeQuery]:
        """New posts."""
        nobody, nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return [RidgeQuery(row, nobody, nothing) for row in self.likeness(posts)]

    def scores(
        self, query: RidgeQuery, columns: NDArray[np.integer[Any]], prior: Vectors, labels: sparse.csr_matrix
    ) -> Vectors:
        """How likely hashtags are for a post: float32 (c,), mostly in [0, 1]; NaN for those too rare.

        columns: (c,). prior: (c,) the part of all posts that carries each. labels: (posts, hashtags).
        """
        rows = self._weights_row[columns]
        found = self.weights[np.maximum(rows, 0)] @ query.likeness
        if len(query.left_out):
            found += query.parts @ labels[query.left_out][:, columns].toarray()
        total = self.weights[-2] @ query.likeness + query.parts.sum()
        return np.asarray(np.where(rows >= 0, found + (1 - total) * prior, np.nan), dtype=np.float32)

    def n_hashtags(self, query: RidgeQuery, counts: Vectors) -> float:
        """How many hashtags such a post carries. counts: (posts,) what each post of the archive carries."""
        total = self.weights[-2] @ query.likeness + query.parts.sum()
        found = self.weights[-1] @ query.likeness + query.parts @ counts[query.left_out]
        return float(found + (1 - total) * counts.mean())


class ArchiveRidge:
    """What is needed, beside the regression, to ask it about posts it was learned from."""

    def __init__(self, ridge: KernelRidge, lower: Vectors, penalised: Any) -> None:
        self.ridge = ridge
        self._lower = lower
        self._penalised = penalised

    def ask_without(
        self, posts: WeightedContents, copies: Sequence[Rows], rows: Sequence[Rows]
    ) -> list[list[RidgeQuery]]:
        """Posts of the archive, as if they and their copies were not there: exact, without learning anew.

        posts: the archive. copies: by cluster its e posts. rows: of each cluster those that are asked about, (a,).
        With the hat matrix H among the copies and x (I - H) = a post's own unit row: x f(copies) - x H Y(copies).
        Memory grows with the copies of all clusters, and with the square of the largest.
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
    """posts: n of the archive. labels: (n, hashtags). clusters: the copies, of which one may be a landmark."""
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
    """The landmarks, ascending: the first post of each cluster, or of some drawn the same way every time."""
    firsts = np.asarray([members[0] for members in clusters], dtype=np.int64)
    if n > _EVERY_POST and len(firsts) > LANDMARKS:
        firsts = np.random.default_rng(0).choice(firsts, LANDMARKS, replace=False)
    return np.sort(firsts)


def _find_fewest(uses: NDArray[np.integer[Any]], n_landmarks: int) -> int:
    """Uses from which hashtags get weights, so that there is room for all of them."""
    fewest = 1
    while np.count_nonzero(uses >= fewest) * n_landmarks > _MOST_WEIGHTS:
        fewest += 1
    return fewest


def _make_targets(labels: sparse.csr_matrix, enough: NDArray[np.bool_]) -> sparse.csr_matrix:
    counts = np.diff(labels.indptr).astype(np.float32)
    beside = sparse.csr_matrix(np.stack([np.ones_like(counts), counts], axis=1))
    return sparse.csr_matrix(sparse.hstack([labels[:, enough], beside], format="csr"))


def _round_to_half(weights: Vectors) -> Vectors:
    """Rounded to half precision, in which they are kept: half the size, and a ten-thousandth off."""
    return np.ascontiguousarray(weights.astype(np.float16).astype(np.float32))
