"""The posts behind a suggestion."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import sparse

from ...core.protocols import Archive
from ...core.results import Neighbour
from ...core.vectors import NO_ROW, Rows, Vectors
from ..search.neighbours import Neighbours
from .fusion import Fused, Fusion
from .votes import find_carriers

EVIDENCE = 5  # posts shown for a hashtag

QUOTED = 200  # characters of a caption that evidence shows

_ALIKE = 0.005  # a post of lower similarity is no evidence
_WEIGHTLESS = 0.02  # a post with less than this part of the largest share is no evidence


class _Carrier(NamedTuple):
    """A post that carries a hashtag, as `Archive.neighbour` takes it: nothing is read of a post that is not shown."""

    row: int
    channel: str
    similarity: float
    share: float
    photo: int


class Evidence:
    """The neighbours of a batch of queries and their shares of the vote."""

    def __init__(
        self, archive: Archive, labels: sparse.csr_matrix, fusion: Fusion, hits: Mapping[str, Neighbours], fused: Fused
    ) -> None:
        """labels: (posts, m). hits: by channel, (n, k). fused: the votes on the same n queries."""
        self._archive = archive
        self._labels = labels
        self._fusion = fusion
        self._hits = hits
        self._fused = fused

    def find(self, query: int, columns: Rows) -> list[tuple[Neighbour, ...]]:
        """For each hashtag the neighbours of a query that carry it, those with the largest share of the vote first."""
        found: list[list[_Carrier]] = [[] for _ in columns]
        for channel, neighbours in self._hits.items():
            weights = self._weights(query, channel)
            near = neighbours.similarities[query] >= _ALIKE
            present = (neighbours.rows[query] != NO_ROW) & near
            rows = neighbours.rows[query][present]
            photos = neighbours.photos[query][present]
            similarities = neighbours.similarities[query][present]
            order = np.argsort(columns)
            carried, who = find_carriers(self._labels, rows, columns[order])
            for j, place in enumerate(order.tolist()):
                # Sort by weight: a nearer post may weigh less because it is older.
                for i in sorted(who[carried == j], key=lambda i: -weights[i])[:EVIDENCE]:  # noqa: B023
                    similarity, share = float(similarities[i]), float(weights[i])
                    found[place].append(_Carrier(int(rows[i]), channel, similarity, share, int(photos[i])))
        return [tuple(self._show(carrier) for carrier in _take_weightiest(carriers)) for carriers in found]

    def _show(self, carrier: "_Carrier") -> Neighbour:
        post = self._archive.neighbour(*carrier)
        return replace(post, caption=post.caption[:QUOTED])

    def nearest(self, query: int, k: int) -> dict[str, tuple[Neighbour, ...]]:
        """The k nearest posts of a query by channel, nearest first, with whole captions; k: at most that of `hits`."""
        found: dict[str, tuple[Neighbour, ...]] = {}
        for channel, neighbours in self._hits.items():
            rows, similarities = neighbours.rows[query, :k], neighbours.similarities[query, :k]
            columns = (rows, similarities, self._weights(query, channel), neighbours.photos[query])
            found[channel] = tuple(
                self._archive.neighbour(row, channel, similarity, share, photo)
                for row, similarity, share, photo in zip(*(column[:k].tolist() for column in columns), strict=True)
                if row != NO_ROW
            )
        return found

    def _weights(self, query: int, channel: str) -> Vectors:
        """The share of the whole vote that each of a channel's k neighbours holds, over all its vote sources: (k,)."""
        weights = np.zeros(self._hits[channel].rows.shape[1], dtype=np.float32)
        for vote_source, shares in zip(self._fusion.vote_sources, self._fused.shares, strict=True):
            if vote_source.channel == channel:
                weights[: vote_source.neighbours] += shares[query]
        return weights


def _take_weightiest(carriers: list[_Carrier]) -> list[_Carrier]:
    ranked = sorted(carriers, key=lambda carrier: -carrier.share)[:EVIDENCE]
    return [carrier for carrier in ranked if carrier.share >= _WEIGHTLESS * ranked[0].share]
