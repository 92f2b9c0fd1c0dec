"""Finds neighbours: the posts of an archive nearest to a query; of near-duplicates only the nearest one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...core.post import Modality
from ...core.protocols import VectorIndex
from ...core.vectors import NO_ROW, Matches, Rows, compact, find_repeats

_COPIES = 100  # vectors searched beyond the k nearest, because some are near-duplicates
_AT_ONCE = 256  # vectors in one batch of a second, deeper search

# Takes neighbours (v, any) of v vectors, as rows of the archive, and the indices (v,) of these vectors. Returns which
# neighbours are left out, (v, any).
_LeftOut: TypeAlias = Callable[[Rows, Rows], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Neighbours(Matches):
    """The posts nearest to n queries. A post with several photos appears once, by the nearest of its photos.

    photos: (n, k) int64, which photo of the post is nearest, from 0; always 0 in channels of captions.
    """

    photos: Rows


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The posts of one channel, to search for neighbours.

    modality: of the queries. index: of v vectors. rows: (v,) ascending, the row of the archive to which each vector
    belongs; a post with several photos has several vectors. clusters: (n,) of all posts of the archive; all
    near-duplicates together have one vote. can_vote: (n,) whether a post may be a neighbour; see
    `duplicates.voting_posts`.
    """

    channel: str
    modality: Modality
    index: VectorIndex[Any]
    rows: Rows
    clusters: Rows
    can_vote: NDArray[np.bool_]
    _vectors_of_post: float = field(init=False)  # in the mean

    def __post_init__(self) -> None:
        posts = 1 + np.count_nonzero(np.diff(self.rows))
        object.__setattr__(self, "_vectors_of_post", len(self.rows) / posts)

    def nearest(self, vectors: Any, k: int, of: Rows | None = None) -> Neighbours:
        """Find the k nearest posts of n queries, as rows of the archive: (n, k).

        vectors: (v, d). of: (v,) ascending, the query to which each vector belongs, with every number from 0 to n - 1;
        None if each query has one vector. The similarity of two posts is that of the nearest pair of their vectors.
        """
        return self._nearest(vectors, k, of, lambda near, _: np.zeros(near.shape, dtype=bool))

    def nearest_to_own(
        self, posts: Rows, vectors: Any, k: int, sees_copies: NDArray[np.bool_], of: Rows | None = None
    ) -> Neighbours:
        """As `nearest`, but for posts of the archive, each as if it were not in the archive.

        posts: (n,) rows. vectors: (v, d), theirs in this channel. sees_copies: (n,) whether near-duplicates of a post
        may be among its neighbours.
        """
        of = np.arange(len(posts)) if of is None else of

        def own_or_copy(near: Rows, which: Rows) -> NDArray[np.bool_]:
            own = posts[of[which]][:, None]
            copy = (self.clusters[near] == self.clusters[own]) & ~sees_copies[of[which]][:, None]
            return np.asarray((near == own) | copy)

        return self._nearest(vectors, k, of, own_or_copy)

    def _nearest(self, vectors: Any, k: int, of: Rows | None, left_out: _LeftOut) -> Neighbours:
        n = vectors.shape[0]
        depth = ceil((k + _COPIES) * self._vectors_of_post)
        found, short = self._search(vectors, np.arange(n), k, depth, left_out)
        while len(short) and depth < len(self.rows):  # more than _COPIES were left out
            depth = min(2 * depth, len(self.rows))
            still: list[Rows] = []
            for some in np.split(short, range(_AT_ONCE, len(short), _AT_ONCE)):
                deeper, left = self._search(vectors[some], some, k, depth, left_out)
                for whole, part in zip(_parts(found), _parts(deeper), strict=True):
                    whole[some] = part
                still.append(some[left])
            short = np.concatenate(still)
        return found if of is None or len(np.unique(of)) == n else self._merge_by_query(found, of, k)

    def _search(
        self, vectors: Any, which: Rows, k: int, depth: int, left_out: _LeftOut
    ) -> tuple[Neighbours, NDArray[np.int64]]:
        """The k nearest posts of each vector, from its `depth` nearest vectors; and the vectors with fewer posts."""
        matches = self.index.search(vectors, depth)
        none = matches.rows == NO_ROW
        near = np.where(none, NO_ROW, self.rows[matches.rows])
        out = none | left_out(near, which) | ~self.can_vote[near]
        photos = np.where(none, 0, matches.rows - np.searchsorted(self.rows, near))
        found = self._compact(Neighbours(near, matches.similarities, photos), out, k)
        short = (found.rows[:, -1] == NO_ROW) & ~none[:, -1]
        return found, np.flatnonzero(short)

    def _merge_by_query(self, found: Neighbours, of: Rows, k: int) -> Neighbours:
        """The neighbours of queries with several vectors, from the neighbours of each vector."""
        n, number = int(of[-1]) + 1, np.arange(len(of)) - np.searchsorted(of, of)
        merged = no_neighbours(n, (int(number.max()) + 1) * k)
        for whole, part in zip(_parts(merged), _parts(found), strict=True):
            whole.reshape(n, -1, k)[of, number] = part
        order = np.lexsort((merged.rows, -merged.similarities))
        nearest = Neighbours(*(np.take_along_axis(part, order, axis=1) for part in _parts(merged)))
        return self._compact(nearest, nearest.rows == NO_ROW, k)

    def _compact(self, found: Neighbours, left_out: NDArray[np.bool_], k: int) -> Neighbours:
        """The k nearest of the neighbours that are not left out, without copies of a nearer one."""
        left_out = left_out | self._find_copies(np.where(left_out, NO_ROW, found.rows))
        return Neighbours(
            compact(found.rows, left_out, k, NO_ROW),
            compact(found.similarities, left_out, k, 0),
            compact(found.photos, left_out, k, 0),
        )

    def _find_copies(self, near: Rows) -> NDArray[np.bool_]:
        """Which neighbours are copies of a nearer one: (n, m) for rows (n, m), NO_ROW if there is none."""
        return find_repeats(np.where(near == NO_ROW, -1 - np.arange(near.shape[1]), self.clusters[near]))


def no_neighbours(n: int, k: int) -> Neighbours:
    """New arrays (n, k) without any neighbour, to be filled in."""
    rows = np.full((n, k), NO_ROW, dtype=np.int64)
    return Neighbours(rows, np.zeros((n, k), dtype=np.float32), np.zeros((n, k), dtype=np.int64))


def _parts(found: Neighbours) -> tuple[Any, Any, Any]:
    return found.rows, found.similarities, found.photos
