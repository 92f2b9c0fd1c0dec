"""The vectors of a channel, kept while its snapshot is built: to train on them, and to check the index with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

import numpy as np
from scipy.sparse import csr_matrix, vstack

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

    folder: on whose disk dense ones lie, 4 bytes a number, until they are let go or the process ends. Not that of a
    snapshot: on a network disk the file may have a name until then.
    """
    if sparse:
        yield _Sparse(dimension)
    else:
        with TemporaryFile(dir=folder) as file:
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
        shape = self._count, self._dimension
        if not self._count:  # what is empty cannot be mapped
            return np.zeros(shape, dtype=np.float32)
        return np.asarray(np.memmap(self._file, dtype=np.float32, mode="r", shape=shape))


class _Sparse:
    """In memory, where counts of n-grams take little room."""

    def __init__(self, dimension: int) -> None:
        self._batches = [csr_matrix(np.zeros((0, dimension), dtype=np.float32))]

    def add(self, vectors: csr_matrix) -> None:
        """See `TemporaryVectors.add`."""
        self._batches.append(vectors)

    def all(self) -> csr_matrix:  # noqa: A003
        """See `TemporaryVectors.all`."""
        return csr_matrix(vstack(self._batches, format="csr"))
