"""Fits the kernel ridge regression, and leaves out posts of the archive exactly.

Apart from `ridge`, since a suggestion needs none of it, and SciPy's linear algebra takes a tenth of a second to load.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from ...core.string_table import Table
from ...core.vectors import Rows, Vectors
from ..search.similarity import Similarity, WeightedContents
from .ridge import KernelRidge, RidgeQuery

LANDMARKS = 2500

_EVERY_POST = 3000  # posts; with no more, the first post of every cluster is a landmark
_PENALTY = 1.0
_JITTER = 1e-3  # added to the diagonal, so that similar landmarks do not make the kernel singular
_MOST_WEIGHTS = 25_000_000  # numbers stored at most; the least used hashtags get none
_AT_ONCE = 1024  # posts in one step of learning


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
    posts: WeightedContents, labels: sparse.csr_matrix, hashtags: Table, clusters: Sequence[Rows]
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
