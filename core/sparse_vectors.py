"""Sparse vectors that lie on a disk. Apart from `vectors`, since SciPy takes a tenth of a second to load."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


def mapped_matrix(data: NDArray[Any], columns: NDArray[Any], pointers: NDArray[Any], width: int) -> sparse.csr_matrix:
    """A sparse matrix of arrays that are mapped into memory, (n, width); SciPy would read and copy them.

    data, columns: (entries,). pointers: (n + 1,).
    """
    matrix = sparse.csr_matrix((len(pointers) - 1, width), dtype=data.dtype)
    kind = np.int32 if columns.dtype == np.int32 and pointers[-1] <= np.iinfo(np.int32).max else np.int64
    matrix.data, matrix.indices, matrix.indptr = data, columns.astype(kind, copy=False), pointers.astype(kind)
    return matrix
