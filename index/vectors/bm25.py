"""BM25: how much each n-gram of a caption counts, over an archive."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Vectors

K1 = 1.2  # how soon further occurrences of an n-gram stop counting
B = 1.0  # how much a long caption's n-grams count less: in full


@dataclass(frozen=True, slots=True)
class Bm25:
    """The similarity of captions, as a share of the score that the query gives to itself.

    similarity(q, p) = sum over n-grams g of q of idf(g) * weight(g, p) / the same sum with p = q,
    weight(g, p) = idf(g) * count * (K1 + 1) / (count + K1 * (1 - B + B * length(p) / mean length)),
    idf(g) = ln(1 + (n - df + 0.5) / (df + 0.5)).
    After Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009); idf stands squared,
    since the n-grams of a rare word are many and overlap.

    idf: float32 (buckets,). mean_length: n-grams in a caption.
    """

    idf: Vectors
    mean_length: float

    @classmethod
    def of(cls, counts: sparse.csr_matrix) -> "Bm25":
        """Of the n captions of an archive. counts: sparse (n, buckets)."""
        n, buckets = counts.shape
        df = np.bincount(counts.indices, minlength=buckets)
        idf = np.log(1 + (n - df + 0.5) / (df + 0.5)).astype(np.float32)
        return cls(idf, float(counts.data.sum(dtype=np.float64)) / max(1, n))

    def saturation(self, counts: sparse.csr_matrix) -> Vectors:
        """K1 * (1 - B + B * length / mean length) of each caption: float32 (n,)."""
        lengths = np.asarray(counts.sum(axis=1)).ravel() / max(self.mean_length, 1e-9)
        return np.asarray(K1 * (1 - B + B * lengths), dtype=np.float32)

    def weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """The weight of every n-gram in every caption, float32 of the shape of `counts`, (n, buckets)."""
        saturation = np.repeat(self.saturation(counts), np.diff(counts.indptr))
        return with_data(counts, self.idf[counts.indices] * counts.data * (K1 + 1) / (counts.data + saturation))

    def weigh_queries(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """What the weights of a post are multiplied with, summed up, for its similarity: sparse (m, buckets)."""
        queries = counts.copy()
        queries.eliminate_zeros()
        asked = with_data(queries, self.idf[queries.indices])
        own = asked.multiply(self.weigh(queries)).sum(axis=1)
        scale = 1 / np.maximum(np.asarray(own).ravel(), 1e-9)
        asked.data *= np.repeat(scale, np.diff(asked.indptr)).astype(np.float32)
        return asked


def with_data(pattern: sparse.csr_matrix, data: NDArray[np.floating[Any]]) -> sparse.csr_matrix:
    """A sparse matrix of float32 with the entries of another, and other numbers in them."""
    return sparse.csr_matrix((data.astype(np.float32), pattern.indices, pattern.indptr), shape=pattern.shape)
