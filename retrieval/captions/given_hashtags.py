"""Posts that carry given hashtags, as neighbours."""

from collections.abc import Collection

import numpy as np
from scipy import sparse

from ..search.neighbours import Neighbourhood, Neighbours, no_neighbours


def nearest_by_hashtags(
    given: Collection[int], labels: sparse.csr_matrix, neighbourhood: Neighbourhood, k: int
) -> Neighbours:
    """The k posts whose hashtags are most similar to given ones, (1, k); of near-duplicates only the most similar.

    given: columns of `labels`. labels: (n, m). neighbourhood: tells near-duplicates, and which
    posts may be neighbours. The similarity is the
    cosine of hashtags, each weighted by idf(t) = ln((1 + n) / (1 + uses of t)) + 1.
    """
    found = no_neighbours(1, k)
    columns = np.unique(np.asarray(list(given), dtype=np.int64))
    if not len(columns):
        return found
    n, m = labels.shape
    idf = np.log((1 + n) / (1 + np.bincount(labels.indices, minlength=m))) + 1
    asked = np.zeros(m)
    asked[columns] = idf[columns] ** 2
    lengths = np.sqrt(labels @ idf**2) * np.sqrt(asked.sum())
    cosines = np.where(neighbourhood.can_vote, (labels @ asked) / np.maximum(lengths, 1e-12), 0)
    order = np.argsort(-cosines, kind="stable")
    order = order[cosines[order] > 0]
    _, first = np.unique(neighbourhood.clusters[order], return_index=True)
    nearest = order[np.sort(first)][:k]
    found.rows[0, : len(nearest)] = nearest
    found.similarities[0, : len(nearest)] = cosines[nearest]
    return found
