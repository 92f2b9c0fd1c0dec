"""The exact index in plain NumPy: slow, obvious, and the oracle for every other."""

import numpy as np

from ...core.vectors import NO_ROW, Matches, Vectors, nearest, unit_rows

_NO_LENGTH = 1e-3  # vectors are kept to half that precision

_AT_ONCE = 65_536  # vectors summed at once

FEWEST_TO_CENTRE = 20  # the mean of fewer vectors says more of them than of the encoder


class ExactIndex:
    """Cosine similarity, about the archive's mean, with every vector."""

    cap = np.inf

    def __init__(self, vectors: Vectors, mean: Vectors | None = None) -> None:
        """vectors: float32 (n, d), rows of length 1. mean: (d,) to be taken off them instead of their own."""
        self._mean = mean_of(vectors) if mean is None else mean
        self._vectors = centred(vectors, self._mean)

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, queries: Vectors, k: int) -> Matches:
        """See `VectorIndex.search`. queries: float32 (m, d)."""
        # Not by BLAS, which may round the same product otherwise beside other vectors: equal posts are equally alike.
        alike = np.einsum("md,nd->mn", centred(queries, self._mean), self._vectors)
        return positive(nearest(alike, k))

    def uncapped(self, queries: Vectors, k: int) -> Matches:
        """See `Extendable.uncapped`."""
        return self.search(queries, k)

    def beside(self, vectors: Vectors) -> "ExactIndex":
        """See `Extendable.beside`. vectors: float32 (m, d), rows of length 1."""
        return ExactIndex(vectors, self._mean)


def mean_of(vectors: Vectors) -> Vectors:
    """The mean that is taken off every vector, (d,): what all photos, or all captions, of an archive have in common.

    vectors: (n, d), of which some are read at a time. Zero for an archive too small to tell.
    """
    total = np.zeros(vectors.shape[1])
    if len(vectors) >= FEWEST_TO_CENTRE:
        for start in range(0, len(vectors), _AT_ONCE):
            total += vectors[start : start + _AT_ONCE].sum(axis=0, dtype=np.float64)
    return np.asarray(total / max(1, len(vectors)), dtype=np.float32)


def centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """Vectors less the mean, scaled to length 1, (n, d), a new array.

    Rows of zeros stay so; a row that is the mean itself, as where all are equal, stays as it is.
    """
    rest = vectors - mean
    rest[np.linalg.norm(rest, axis=1) < _NO_LENGTH] = 0
    rows = unit_rows(rest)
    as_they_are = ~rows.any(axis=1) | ~vectors.any(axis=1)
    rows[as_they_are] = vectors[as_they_are]
    return rows


def positive(matches: Matches) -> Matches:
    """Matches without those of similarity 0 or less, which are no likeness at all."""
    none = (matches.rows == NO_ROW) | ~(matches.similarities > 0)
    return Matches(np.where(none, NO_ROW, matches.rows), np.where(none, np.float32(0), matches.similarities))
