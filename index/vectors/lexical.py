"""The lexical channel: n-gram counts weighted by BM25, as an inverted index in a sparse matrix; exact."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.errors import SnapshotError
from ...core.vectors import NO_ROW, Matches, Vectors, read_array
from .bm25 import Bm25
from .spec import Measured

_MATRIX = ("data", "indices", "indptr")


_AT_ONCE = 64  # queries, whose similarities with the whole archive are held in memory


class LexicalIndex:
    """The similarity of captions (see `Bm25`), 1 at the most, with every caption that shares an n-gram."""

    cap = 1.0

    def __init__(self, inverted: sparse.csr_matrix, scales: Bm25) -> None:
        """inverted: (buckets, n) weights."""
        self._inverted = inverted
        self._scales = scales

    @classmethod
    def of(cls, counts: sparse.csr_matrix, scales: Bm25) -> "LexicalIndex":
        """In memory. counts: sparse (n, buckets). scales: of these or of other captions."""
        return cls(sparse.csr_matrix(scales.weigh(counts).T), scales)

    @classmethod
    def read(cls, folder: Path) -> "LexicalIndex":
        """Raises SnapshotError if the files do not fit together."""
        try:
            data, indices, indptr = (read_array(folder / f"{name}.npy") for name in _MATRIX)
            scales, n = read_scales(folder)
            inverted = sparse.csr_matrix((data, indices, indptr), shape=(len(scales.idf), n))
        except (OSError, ValueError) as error:
            raise SnapshotError(f"the lexical index in {folder} cannot be read: {error}") from error
        return cls(inverted, scales)

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
        return LexicalIndex.of(vectors, self._scales)

    def _search(self, queries: sparse.csr_matrix, k: int) -> Matches:
        similarities = sparse.csr_matrix(self._scales.weigh_queries(queries) @ self._inverted)
        rows = np.full((queries.shape[0], k), NO_ROW, dtype=np.int64)
        best = np.zeros(rows.shape, dtype=np.float32)
        for i in range(queries.shape[0]):
            here = slice(similarities.indptr[i], similarities.indptr[i + 1])
            found, values = take_largest(similarities.indices[here], similarities.data[here], k)
            rows[i, : len(found)] = found
            best[i, : len(found)] = values
        return Matches(rows, best)


def write_lexical(counts: sparse.csr_matrix, folder: Path, wanted: float) -> Measured:
    """Write an index that compares with every caption. counts: sparse (n, buckets). wanted: recall, which is 1."""
    scales = Bm25.of(counts)
    inverted = sparse.csr_matrix(scales.weigh(counts).T)
    for name in _MATRIX:
        np.save(folder / f"{name}.npy", getattr(inverted, name))
    write_scales(folder, scales, counts.shape[0])
    return Measured()


def write_scales(folder: Path, scales: Bm25, n: int) -> None:
    """Write what n captions are weighed by."""
    np.save(folder / "idf.npy", scales.idf)
    np.save(folder / "captions.npy", np.asarray([n, scales.mean_length], dtype=np.float64))


def read_scales(folder: Path) -> tuple[Bm25, int]:
    """What `write_scales` wrote. Raises OSError or ValueError."""
    n, mean_length = read_array(folder / "captions.npy")
    return Bm25(read_array(folder / "idf.npy"), float(mean_length)), int(n)


def take_largest(rows: NDArray[np.integer[Any]], values: Vectors, k: int) -> tuple[NDArray[np.integer[Any]], Vectors]:
    """The k rows of the largest values, falling; of equal values the first rows."""
    if len(rows) > k:
        high = values >= np.partition(values, -k)[-k]  # more than k where the last of them are equal
        rows, values = rows[high], values[high]
    order = np.lexsort((rows, -values))[:k]
    return rows[order], values[order]
