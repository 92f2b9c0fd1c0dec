"""The lexical channel: n-gram counts weighted by BM25 over the archive, as an inverted index in a sparse matrix."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.errors import SnapshotError
from ...core.vectors import NO_ROW, Matches, read_array

_MATRIX = ("data", "indices", "indptr")


K1 = 1.2  # how soon further occurrences of an n-gram stop counting
B = 1.0  # how much a long caption's n-grams count less: in full

_AT_ONCE = 64  # queries, whose similarities with the whole archive are held in memory


class LexicalIndex:
    """BM25 similarity of captions, as a share of the score that the query gives to itself, 1 at the most.

    similarity(q, p) = sum over n-grams g of q of idf(g) * weight(g, p) / the same sum with p = q,
    weight(g, p) = idf(g) * count * (K1 + 1) / (count + K1 * (1 - B + B * length(p) / mean length)),
    idf(g) = ln(1 + (n - df + 0.5) / (df + 0.5)).
    After Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009); idf stands squared,
    since the n-grams of a rare word are many and overlap.
    """

    cap = 1.0

    def __init__(self, inverted: sparse.csr_matrix, idf: NDArray[np.float32], mean_length: float) -> None:
        """inverted: (buckets, n) weights. idf: (buckets,). mean_length: n-grams in a caption."""
        self._inverted = inverted
        self._idf = idf
        self._mean_length = mean_length

    @classmethod
    def read(cls, folder: Path) -> "LexicalIndex":
        """Raises SnapshotError if the files do not fit together."""
        try:
            data, indices, indptr = (read_array(folder / f"{name}.npy") for name in _MATRIX)
            idf = read_array(folder / "idf.npy")
            n, mean_length = read_array(folder / "captions.npy")
            inverted = sparse.csr_matrix((data, indices, indptr), shape=(len(idf), int(n)))
        except (OSError, ValueError) as error:
            raise SnapshotError(f"the lexical index in {folder} cannot be read: {error}") from error
        return cls(inverted, idf, float(mean_length))

    def __len__(self) -> int:
        return int(self._inverted.shape[1])

    def search(self, queries: sparse.csr_matrix, k: int) -> Matches:
        """See `VectorIndex.search`. queries: sparse (m, buckets) of counts.

        A post that says all that the query says, and less besides, may be put before the query's own double.
        """
        found = self.uncapped(queries, k)
        return Matches(found.rows, np.minimum(found.similarities, self.cap))

    def uncapped(self, queries: sparse.csr_matrix, k: int) -> Matches:
        """See `Extendable.uncapped`."""
        slices = [self._search(queries[i : i + _AT_ONCE], k) for i in range(0, queries.shape[0], _AT_ONCE)]
        rows = [np.zeros((0, k), dtype=np.int64), *(part.rows for part in slices)]
        similarities = [np.zeros((0, k), dtype=np.float32), *(part.similarities for part in slices)]
        return Matches(np.concatenate(rows), np.concatenate(similarities))

    def beside(self, vectors: sparse.csr_matrix) -> "LexicalIndex":
        """See `Extendable.beside`. vectors: sparse (m, buckets) of counts.

        An n-gram that only these have keeps the idf of df 0, by which queries weigh it, too.
        """
        weights = sparse.csr_matrix(bm25(vectors, self._idf, self._mean_length).T)
        return LexicalIndex(weights, self._idf, self._mean_length)

    def _search(self, queries: sparse.csr_matrix, k: int) -> Matches:
        queries = queries.copy()
        queries.eliminate_zeros()
        asked = _with_data(queries, self._idf[queries.indices])
        own = asked.multiply(bm25(queries, self._idf, self._mean_length)).sum(axis=1)
        scale = 1 / np.maximum(np.asarray(own).ravel(), 1e-9)
        asked.data *= np.repeat(scale, np.diff(asked.indptr))
        similarities = sparse.csr_matrix(asked @ self._inverted)
        rows = np.full((queries.shape[0], k), NO_ROW, dtype=np.int64)
        best = np.zeros(rows.shape, dtype=np.float32)
        for i in range(queries.shape[0]):
            here = slice(similarities.indptr[i], similarities.indptr[i + 1])
            found, values = similarities.indices[here], similarities.data[here]
            if len(found) > k:
                high = values >= np.partition(values, -k)[-k]  # more than k where the last of them are equal
                found, values = found[high], values[high]
            order = np.lexsort((found, -values))[:k]
            rows[i, : len(order)] = found[order]
            best[i, : len(order)] = values[order]
        return Matches(rows, best)


class LexicalWriter:
    """Collects n-gram counts, and weights them once the whole archive is known."""

    def __init__(self, dimension: int) -> None:
        """dimension: the number of buckets."""
        self._dimension = dimension
        self._counts: list[sparse.csr_matrix] = []

    def add(self, vectors: sparse.csr_matrix) -> None:
        """vectors: sparse (n, buckets) of counts."""
        self._counts.append(vectors)

    def in_memory(self) -> LexicalIndex:
        """The finished index, without files."""
        return LexicalIndex(*self._weighted())

    def write(self, folder: Path) -> None:
        """See `IndexWriter.write`."""
        inverted, idf, mean_length = self._weighted()
        for name in _MATRIX:
            np.save(folder / f"{name}.npy", getattr(inverted, name))
        np.save(folder / "idf.npy", idf)
        np.save(folder / "captions.npy", np.asarray([inverted.shape[1], mean_length], dtype=np.float64))

    def _weighted(self) -> tuple[sparse.csr_matrix, NDArray[np.float32], float]:
        counts = sparse.csr_matrix(sparse.vstack(self._counts, format="csr"))
        n = counts.shape[0]
        df = np.bincount(counts.indices, minlength=self._dimension)
        idf = np.log(1 + (n - df + 0.5) / (df + 0.5)).astype(np.float32)
        mean_length = float(counts.sum()) / max(1, n)
        return sparse.csr_matrix(bm25(counts, idf, mean_length).T), idf, mean_length


def bm25(counts: sparse.csr_matrix, idf: NDArray[np.float32], mean_length: float) -> sparse.csr_matrix:
    """The weight of every n-gram in every caption, float32 of the shape of `counts`, (n, buckets)."""
    lengths = np.asarray(counts.sum(axis=1)).ravel() / max(mean_length, 1e-9)
    saturation = np.repeat(K1 * (1 - B + B * lengths), np.diff(counts.indptr))
    return _with_data(counts, idf[counts.indices] * counts.data * (K1 + 1) / (counts.data + saturation))


def _with_data(pattern: sparse.csr_matrix, data: NDArray[np.floating[Any]]) -> sparse.csr_matrix:
    return sparse.csr_matrix((data.astype(np.float32), pattern.indices, pattern.indptr), shape=pattern.shape)
