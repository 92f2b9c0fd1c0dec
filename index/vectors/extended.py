"""An index that has grown since it was written: the newcomers lie in memory, the index stays as it is."""

from typing import Generic, Protocol

import numpy as np

from ...core.protocols import V_in, VectorIndex
from ...core.vectors import NO_ROW, Matches


class Extendable(VectorIndex[V_in], Protocol[V_in]):
    """An index beside which newcomers can stand."""

    @property
    def cap(self) -> float:
        """The highest similarity that `search` tells; what is above comes first, and is told as this."""
        ...

    def uncapped(self, queries: V_in, k: int) -> Matches:
        """As `search`, with similarities as they are computed."""
        ...

    def beside(self, vectors: V_in) -> "Extendable[V_in]":
        """An exact index in memory of n other vectors, compared as this one's are.

        What was measured of the archive when this index was built, its mean or its idf, holds for them, too.
        """
        ...


class ExtendedIndex(Generic[V_in]):
    """Any index and, after its own vectors, n newcomers, numbered from `len(index)` on; satisfies `VectorIndex`."""

    def __init__(self, index: Extendable[V_in], newcomers: V_in) -> None:
        """newcomers: n vectors, as the encoder yields them."""
        self._index = index
        self._newcomers = index.beside(newcomers)

    def __len__(self) -> int:
        return len(self._index) + len(self._newcomers)

    def search(self, queries: V_in, k: int) -> Matches:
        """See `VectorIndex.search`."""
        known, new = self._index.uncapped(queries, k), self._newcomers.uncapped(queries, k)
        rows = np.hstack([known.rows, np.where(new.rows == NO_ROW, NO_ROW, len(self._index) + new.rows)])
        similarities = np.hstack([known.similarities, new.similarities])
        order = np.lexsort((rows, -similarities))[:, :k]  # what is no match is of similarity 0, and so the last
        best = np.take_along_axis(similarities, order, axis=1)
        return Matches(np.take_along_axis(rows, order, axis=1), np.minimum(best, self._index.cap))
