"""The vectors of a channel, kept while its snapshot is built: to train on them, and to check the index with them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ...core.sparse_vectors import mapped_matrix
from ...core.vectors import Vectors


class TemporaryVectors(Protocol):
    """Takes the vectors of a channel in batches, and has them all."""

    def add(self, vectors: Any) -> None:
        """One more batch: n vectors, as the encoder yields them."""
        ...

    def all(self) -> Any:  # noqa: A003 - of those that were added
        """All vectors so far, (v, d), in their order."""
        ...


@contextmanager
def collect_vectors(folder: Path, dimension: int, sparse: bool) -> Iterator[TemporaryVectors]:
    """Where the vectors of a channel go, of that dimension; what was taken by `all` stays.

    folder: on whose disk they lie until they are let go or the process ends, 4 bytes a number and, of sparse ones, 4
    for its column. Not that of a snapshot: on a network disk the file may have a name until then.
    """
    with ExitStack() as files:
        file = files.enter_context(TemporaryFile(dir=folder))
        if sparse:
            yield _Sparse(file, files.enter_context(TemporaryFile(dir=folder)), dimension)
        else:
            yield _Dense(file, dimension)


class _Dense:
    """In a file without a name, mapped into memory: the system drops what it has no room for, and reads it again."""

    def __init__(self, file: IO[bytes], dimension: int) -> None:
        self._file = file
        self._dimension = dimension
        self._count = 0

    def add(self, vectors: Vectors) -> None:
        """See `TemporaryVectors.add`. Raises OSError where the disk is full."""
        self._file.write(np.ascontiguousarray(vectors, dtype=np.float32).data)
        self._count += len(vectors)

    def all(self) -> Vectors:  # noqa: A003
        """See `TemporaryVectors.all`. float32, read-only."""
        self._file.flush()
        return np.asarray(_map(self._file, np.dtype(np.float32), (self._count, self._dimension)))


class _Sparse:
    """Numbers and their columns, in two such files."""

    def __init__(self, numbers: IO[bytes], columns: IO[bytes], dimension: int) -> None:
        self._numbers, self._columns = numbers, columns
        self._dimension = dimension
        self._pointers, self._entries = [np.zeros(1, dtype=np.int64)], 0

    def add(self, vectors: csr_matrix) -> None:
        """See `TemporaryVectors.add`. Raises OSError where the disk is full."""
        self._numbers.write(np.ascontiguousarray(vectors.data, dtype=np.float32).data)
        self._columns.write(np.ascontiguousarray(vectors.indices, dtype=np.int32).data)
        self._pointers.append(self._entries + vectors.indptr[1:].astype(np.int64))
        self._entries += vectors.nnz

    def all(self) -> csr_matrix:  # noqa: A003
        """See `TemporaryVectors.all`. float32, read-only."""
        pointers = np.concatenate(self._pointers)
        for file in (self._numbers, self._columns):
            file.flush()
        numbers, columns = (
            _map(file, np.dtype(kind), (self._entries,))
            for file, kind in ((self._numbers, np.float32), (self._columns, np.int32))
        )
        return mapped_matrix(numbers, columns, pointers, self._dimension)


def _map(file: IO[bytes], kind: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if 0 in shape[:1]:  # what is empty cannot be mapped
        return np.zeros(shape, dtype=kind)
    return np.memmap(file, dtype=kind, mode="r", shape=shape)
