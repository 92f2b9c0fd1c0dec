"""How many of the nearest vectors an index finds, against comparing with every one of them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from ...core.protocols import VectorIndex
from ...core.vectors import NO_ROW, Rows, Vectors
from .bm25 import Bm25
from .exact import centred, mean_of

SAMPLE = 200  # vectors that are asked for
K = 50

_Similarity = Callable[[Rows], Vectors]  # of each query with the vectors of (queries, k) rows, 0 for NO_ROW

_AT_ONCE = 8192  # vectors compared at once
_OF_OWN = 0.7  # part of the allowed misses that vectors of the index itself may have
_EQUAL = 1e-5  # what rounding may make of a similarity


class Oracle:
    """The nearest vectors of a sample of n vectors, found by comparing each of the sample with all n."""

    def __init__(self, vectors: Any, k: int = K, sample: int = SAMPLE) -> None:
        """vectors: (n, d), dense or sparse. Draws the same sample every time."""
        n = vectors.shape[0]
        rows = np.sort(np.random.default_rng(0).choice(n, min(n, sample), replace=False))
        self._k = min(k, n)
        compare: Callable[..., tuple[_Similarity, Vectors]] = _lexical if sparse.issparse(vectors) else _dense
        self._queries: Any = vectors[rows]
        self._similarity, self._due = compare(vectors, self._queries, self._k)

    def recall(self, index: VectorIndex[Any]) -> float:
        """Recall at k of an index of the same vectors, in [0, 1]; 1 where there is nothing to find.

        What is as near as the last of the k nearest counts as found. The similarities are worked out here, whatever the
        index says they are.
        """
        found = self._similarity(index.search(self._queries, self._k).rows)
        wanted = np.count_nonzero(self._due > _EQUAL, axis=1)
        last = self._due[np.arange(len(self._due)), np.maximum(wanted, 1) - 1]
        hits = np.minimum(np.count_nonzero(found >= last[:, None] - _EQUAL, axis=1), wanted)
        return float(hits.sum() / wanted.sum()) if wanted.any() else 1.0


def recall(index: VectorIndex[Any], vectors: Any, k: int = K, sample: int = SAMPLE) -> float:
    """Recall at k of a sample of the vectors that an index was made of; see `Oracle`."""
    return Oracle(vectors, k, sample).recall(index)


def least_effort(
    oracle: Oracle, wanted: float, efforts: Sequence[int], index_of: Callable[[int], VectorIndex[Any]]
) -> tuple[int, float]:
    """The least of some efforts (ascending) with which an index finds what is wanted, and its recall with that.

    The recall is that of its own vectors. New ones lie farther off, so a part of the misses is kept for them, as far as
    the last effort finds more than is wanted. If it finds less, it is the answer.
    """
    most = oracle.recall(index_of(efforts[-1]))
    enough = min(1 - _OF_OWN * (1 - wanted), (wanted + most) / 2)
    for effort in efforts[:-1] if most >= wanted else ():
        found = oracle.recall(index_of(effort))
        if found >= enough:
            return effort, found
    return efforts[-1], most


def _dense(vectors: Vectors, queries: Vectors, k: int) -> tuple[_Similarity, Vectors]:
    """How similarities with rows are worked out, and those of the k nearest, float32 (queries, k), falling."""
    mean = mean_of(vectors)
    asked = centred(queries, mean)
    due = np.zeros((len(queries), 0), dtype=np.float32)
    for start in range(0, len(vectors), _AT_ONCE):
        due = _largest(np.hstack([due, asked @ centred(vectors[start : start + _AT_ONCE], mean).T]), k)

    def similarity(rows: Rows) -> Vectors:
        there = centred(np.asarray(vectors[np.maximum(rows, 0).ravel()]), mean).reshape(*rows.shape, -1)
        return np.where(rows == NO_ROW, np.float32(0), np.einsum("qd,qkd->qk", asked, there))

    return similarity, due


def _lexical(vectors: sparse.csr_matrix, queries: sparse.csr_matrix, k: int) -> tuple[_Similarity, Vectors]:
    """The same of counts of n-grams."""
    scales = Bm25.of(vectors)
    asked = sparse.csr_matrix(scales.weigh_queries(queries).T)
    due = np.zeros((queries.shape[0], 0), dtype=np.float32)
    for start in range(0, vectors.shape[0], _AT_ONCE):
        here = scales.weigh(vectors[start : start + _AT_ONCE]) @ asked
        due = _largest(np.hstack([due, np.minimum(here.toarray().T, 1)]), k)

    def similarity(rows: Rows) -> Vectors:
        found = np.zeros(rows.shape, dtype=np.float32)
        for i, own in enumerate(rows):
            there = np.flatnonzero(own != NO_ROW)
            found[i, there] = (scales.weigh(vectors[own[there]]) @ asked[:, [i]]).toarray().ravel()
        return np.minimum(found, 1)

    return similarity, due


def _largest(similarities: Vectors, k: int) -> Vectors:
    """The k largest of each row, falling."""
    k = min(k, similarities.shape[1])
    return np.asarray(-np.sort(np.partition(-similarities, k - 1, axis=1)[:, :k], axis=1))
