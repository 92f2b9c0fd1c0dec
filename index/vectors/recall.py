"""How many of the nearest vectors an index finds, against looking at every one of them."""

from typing import Any

import numpy as np
from scipy import sparse

from ...core.protocols import VectorIndex
from ...core.vectors import NO_ROW, Rows, Vectors
from .exact import centred, mean_to_centre
from .lexical import LexicalWriter

SAMPLE = 100  # vectors that are asked for
K = 10

_AT_ONCE = 4096  # vectors compared at once
_EQUAL = 1e-5  # what rounding may make of a similarity


def recall(index: VectorIndex[Any], vectors: Any, k: int = K, sample: int = SAMPLE) -> float:
    """Recall at k of a sample of the vectors that an index was made of, in [0, 1]; 1 where there is nothing to find.

    vectors: these, (n, d), dense or sparse, in their order. What is as near as the last of the nearest counts as found.
    Draws the same sample every time.
    """
    n = vectors.shape[0]
    rows = np.sort(np.random.default_rng(0).choice(n, min(n, sample), replace=False))
    k = min(k, n)
    found, due = (_lexical if sparse.issparse(vectors) else _dense)(index, vectors, rows, k)
    wanted = np.count_nonzero(due > _EQUAL, axis=1)
    last = due[np.arange(len(due)), np.maximum(wanted, 1) - 1]
    hits = np.minimum(np.count_nonzero(found >= last[:, None] - _EQUAL, axis=1), wanted)
    return float(hits.sum() / wanted.sum()) if wanted.any() else 1.0


def _lexical(index: VectorIndex[Any], vectors: sparse.csr_matrix, rows: Rows, k: int) -> tuple[Vectors, Vectors]:
    """Similarities of what was found, and of what was to be found: float32 (m, k), the latter falling."""
    writer = LexicalWriter(vectors.shape[1])
    writer.add(vectors)
    queries = sparse.csr_matrix(vectors[rows])
    due, answers = writer.in_memory().search(queries, k), index.search(queries, k)
    # What is not among the nearest is as near as it claims to be only if that is no nearer than the last of them.
    claimed = np.minimum(answers.similarities, due.similarities.min(axis=1, keepdims=True))
    known = (answers.rows[:, :, None] == due.rows[:, None, :]) & (answers.rows != NO_ROW)[:, :, None]
    return np.where(known.any(axis=2), np.float32(1), claimed), due.similarities


def _dense(index: VectorIndex[Any], vectors: Vectors, rows: Rows, k: int) -> tuple[Vectors, Vectors]:
    """The same of dense vectors; the similarity of what was found is worked out here, whatever the index says it is."""
    queries = vectors[rows]
    mean = mean_to_centre(vectors.sum(axis=0, dtype=np.float64), len(vectors))
    asked, answers = centred(queries, mean), index.search(queries, k).rows
    due = np.zeros((len(queries), k), dtype=np.float32)
    found = np.zeros_like(due)
    for start in range(0, len(vectors), _AT_ONCE):
        batch = vectors[start : start + _AT_ONCE]
        alike = asked @ centred(batch, mean).T
        due = -np.sort(-np.hstack([due, alike]), axis=1)[:, :k]
        here = (answers != NO_ROW) & (answers >= start) & (answers < start + len(batch))
        query, place = np.nonzero(here)
        found[query, place] = alike[query, answers[query, place] - start]
    return found, due
