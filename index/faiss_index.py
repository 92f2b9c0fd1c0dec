"""Dense channels in FAISS: exact inner product of centred unit vectors, on the GPU when there is one."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np

from ..core.errors import SnapshotError
from ..core.vectors import Matches, Vectors
from .exact import centred, mean_to_centre, positive

FILE = "vectors.faiss"
MEAN = "mean.npy"

_AT_ONCE = 4096  # vectors centred at once


class FaissIndex:
    """A FAISS index that was written by `FaissWriter`."""

    def __init__(self, index: Any, mean: Vectors) -> None:
        """index: a faiss.Index with inner product, of centred vectors. mean: (d,) that was taken off them."""
        self._index = faiss.index_cpu_to_all_gpus(index) if faiss.get_num_gpus() else index
        self._mean = mean

    @classmethod
    def read(cls, folder: Path) -> "FaissIndex":
        """Raises SnapshotError on files that are no FAISS index of this kind."""
        path = folder / FILE
        try:
            index = faiss.read_index(str(path))
            mean: Vectors = np.load(folder / MEAN, allow_pickle=False)
        except (RuntimeError, OSError, ValueError) as error:
            raise SnapshotError(f"{path} is no FAISS index: {str(error).splitlines()[0]}") from error
        if index.metric_type != faiss.METRIC_INNER_PRODUCT or mean.shape != (index.d,):
            raise SnapshotError(f"{path} and {MEAN} beside it do not fit together")
        return cls(index, mean)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, queries: Vectors, k: int) -> Matches:
        """See `VectorIndex.search`. queries: float32 (m, d)."""
        similarities, rows = self._index.search(centred(queries, self._mean), k)
        return positive(Matches(rows, similarities))


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
