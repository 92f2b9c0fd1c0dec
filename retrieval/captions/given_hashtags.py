"""Posts that carry given hashtags, as neighbours."""

from collections.abc import Collection

import numpy as np
from scipy import sparse

from ...core.vectors import Floats, Numbers
from ..search.neighbours import Neighbourhood, Neighbours, no_neighbours


def nearest_by_hashtags(
    given: Collection[int],
    labels: sparse.csr_matrix,
    by_hashtag: sparse.csc_matrix,
    neighbourhood: Neighbourhood,
    k: int,
) -> Neighbours:
    """The k posts whose hashtags are most similar to given ones, (1, k); of near-duplicates only the most similar.

    given: columns of `labels`. labels: (n, m). by_hashtag: the same in column format. neighbourhood: tells
    near-duplicates, and which posts may be neighbours. The similarity is the cosine of hashtags, each weighted by
    idf(t) = ln((1 + n) / (1 + uses of t)) + 1.
    """
    found = no_neighbours(1, k)
    columns = np.unique(np.asarray(list(given), dtype=np.int64))
    if not len(columns):
        return found
    rows = np.unique(by_hashtag[:, columns].indices)
    rows = rows[neighbourhood.can_vote[rows]]
    carried = labels[rows]
    squares = _idf(by_hashtag, carried.indices) ** 2
    row_of = np.repeat(np.arange(len(rows)), np.diff(carried.indptr))
    shared = np.bincount(row_of, squares * np.isin(carried.indices, columns), len(rows))
    lengths = np.sqrt(np.bincount(row_of, squares, len(rows)) * (_idf(by_hashtag, columns) ** 2).sum())
    cosines = shared / np.maximum(lengths, 1e-12)
    order = np.argsort(-cosines, kind="stable")
    _, first = np.unique(neighbourhood.clusters[rows[order]], return_index=True)
    nearest = order[np.sort(first)][:k]
    found.rows[0, : len(nearest)] = rows[nearest]
    found.similarities[0, : len(nearest)] = cosines[nearest]
    return found


def _idf(by_hashtag: sparse.csc_matrix, columns: Numbers) -> Floats:
    uses = by_hashtag.indptr[columns + 1] - by_hashtag.indptr[columns]
    return np.asarray(np.log((1 + by_hashtag.shape[0]) / (1 + uses)) + 1)
