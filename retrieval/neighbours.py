"""Who is near: the posts of an archive that resemble a query, of near-duplicates only the nearest."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.post import Modality
from ..core.protocols import VectorIndex
from ..core.vectors import NO_ROW, Matches, Rows

_COPIES = 100  # looked at beyond the k nearest, where the archive has near-duplicates


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """One channel's posts among which neighbours are sought.

    index: its vectors. rows: (v,) the row of the archive to which each belongs. clusters: (n,) the near-duplicates of
    the whole archive by number: fifty copies of one advertisement have one vote.
    """

    channel: str
    modality: Modality
    index: VectorIndex[Any]
    rows: Rows
    clusters: Rows

    def nearest(self, vectors: Any, k: int) -> Matches:
        """The k nearest posts of new ones, as rows of the archive."""
        found, near = self._search(vectors, k)
        return _closed_up(found, near, self._repeated(near), k)

    def nearest_to_own(self, posts: Rows, vectors: Any, k: int, sees_copies: NDArray[np.bool_]) -> Matches:
        """As `nearest` for posts (q,) of the archive as if they were new, with their vectors in this channel.

        sees_copies: (q,) whether a post's near-duplicates stay there; it itself never does.
        """
        found, near = self._search(vectors, k)
        own = posts[:, None]
        out = (near == own) | ((self.clusters[near] == self.clusters[own]) & ~sees_copies[:, None])
        return _closed_up(found, near, out | self._repeated(np.where(out, NO_ROW, near)), k)

    def _search(self, vectors: Any, k: int) -> tuple[Matches, Rows]:
        found = self.index.search(vectors, k + _COPIES)
        return found, np.where(found.rows == NO_ROW, NO_ROW, self.rows[found.rows])

    def _repeated(self, near: Rows) -> NDArray[np.bool_]:
        """Which neighbours are copies of a nearer one."""
        clusters = np.where(near == NO_ROW, -1 - np.arange(near.shape[1]), self.clusters[near])
        order = np.argsort(clusters, axis=1, kind="stable")
        by_cluster = np.take_along_axis(clusters, order, axis=1)
        repeated = np.zeros(near.shape, dtype=bool)
        np.put_along_axis(repeated, order[:, 1:], by_cluster[:, 1:] == by_cluster[:, :-1], axis=1)
        return repeated


def _closed_up(found: Matches, near: Rows, out: NDArray[np.bool_], k: int) -> Matches:
    """The k nearest of those that are not out."""
    out |= near == NO_ROW
    order = np.argsort(out, axis=1, kind="stable")[:, :k]
    rows = np.take_along_axis(np.where(out, NO_ROW, near), order, axis=1)
    similarities = np.take_along_axis(np.where(out, np.float32(0), found.similarities), order, axis=1)
    return Matches(rows, similarities)
