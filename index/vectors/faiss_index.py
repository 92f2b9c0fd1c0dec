"""Dense channels in FAISS: exact inner product of centred unit vectors, on the GPU when there is one."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

import faiss
import numpy as np

from ...core.errors import SnapshotError
from ...core.vectors import Matches, Vectors, read_array
from .exact import centred, mean_to_centre, positive

FILE = "vectors.faiss"
MEAN = "mean.npy"

_AT_ONCE = 4096  # vectors centred at once


class FaissIndex:
    """A FAISS index that was written by `FaissWriter`."""

    cap = np.inf

    def __init__(self, index: Any, mean: Vectors, one_at_a_time: AbstractContextManager[Any] | None = None) -> None:
        """index: a faiss.Index with inner product, of centred vectors, on any device; it is only read.

        mean: (d,) that was taken off them. one_at_a_time: held while the index is searched; a GPU serves one thread at
        a time, unlike a CPU.
        """
        self._one_at_a_time = one_at_a_time or nullcontext()
        self._index = index
        self._mean = mean

    @classmethod
    def read(cls, folder: Path) -> "FaissIndex":
        """Raises SnapshotError on files that are no FAISS index of this kind."""
        path = folder / FILE
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
            mean: Vectors = read_array(folder / MEAN)
        except (RuntimeError, OSError, ValueError) as error:
            raise SnapshotError(f"{path} is no FAISS index: {str(error).splitlines()[0]}") from error
        if index.metric_type != faiss.METRIC_INNER_PRODUCT or mean.shape != (index.d,):
            raise SnapshotError(f"{path} and {MEAN} beside it do not fit together")
        if faiss.get_num_gpus():
            return cls(faiss.index_cpu_to_all_gpus(index), mean, Lock())
        return cls(index, mean)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, queries: Vectors, k: int) -> Matches:
        """See `VectorIndex.search`. queries: float32 (m, d)."""
        asked = centred(queries, self._mean)
        with self._one_at_a_time:
            similarities, rows = self._index.search(asked, k)
        order = np.lexsort((rows, -similarities))  # equal ones by row, which FAISS does not do by itself
        best = Matches(np.take_along_axis(rows, order, axis=1), np.take_along_axis(similarities, order, axis=1))
        return positive(best)

    uncapped = search

    def beside(self, vectors: Vectors) -> "FaissIndex":
        """See `Extendable.beside`. vectors: float32 (m, d), rows of length 1."""
        newcomers = faiss.IndexFlatIP(len(self._mean))
        newcomers.add(centred(vectors, self._mean))
        return FaissIndex(newcomers, self._mean)


class FaissWriter:
    """Collects vectors into an exact FAISS index."""

    def __init__(self, dimension: int) -> None:
        self._index = faiss.IndexFlatIP(dimension)
        self._total = np.zeros(dimension)

    def add(self, vectors: Vectors) -> None:
        """vectors: float32 (n, d), rows of length 1."""
        self._total += vectors.sum(axis=0, dtype=np.float64)
        self._index.add(np.ascontiguousarray(vectors))

    def write(self, folder: Path) -> None:
        """See `IndexWriter.write`. Nothing can be added afterwards."""
        mean = mean_to_centre(self._total, self._index.ntotal)
        # The index's own memory, so that a large archive is not held twice.
        stored = faiss.rev_swig_ptr(self._index.get_xb(), self._index.ntotal * self._index.d)
        for vectors in np.array_split(stored.reshape(-1, self._index.d), 1 + self._index.ntotal // _AT_ONCE):
            vectors[:] = centred(vectors, mean)
        try:
            faiss.write_index(self._index, str(folder / FILE))
        except RuntimeError as error:
            raise OSError(None, "FAISS could not write its index", str(folder / FILE)) from error
        np.save(folder / MEAN, mean)
