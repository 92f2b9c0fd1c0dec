"""The posts behind a suggestion."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from ...core.protocols import Archive
from ...core.results import Neighbour
from ...core.vectors import NO_ROW, Rows, Vectors
from ..search.channels import ChannelHits
from .fusion import NEIGHBOURHOODS, Fused, Fusion

EVIDENCE = 5  # posts shown for a hashtag

QUOTED = 200  # characters of a caption that evidence shows

_ALIKE = 0.005  # similarity below which a post is no evidence, whatever it carries
_WEIGHTLESS = 0.02  # of what the weightiest post brings, below which another is no evidence


class Evidence:
    """The neighbours of a batch of queries, and what the vote of each weighs."""

    def __init__(
        self, archive: Archive, labels: sparse.csr_matrix, fusion: Fusion, hits: Sequence[ChannelHits], fused: Fused
    ) -> None:
        """labels: (posts, m). hits: by each channel, of the queries on which `fused` holds the votes."""
        self._archive = archive
        self._labels = labels
        self._fusion = fusion
        self._heard = hits
        self._fused = fused

    def behind(self, place: int, columns: Rows) -> list[tuple[Neighbour, ...]]:
        """For each hashtag the neighbours of a query that carry it, those whose votes weigh most first."""
        found: list[list[Neighbour]] = [[] for _ in columns]
        for channel in self._heard:
            weights = self._weights(place, channel.channel)
            near = channel.matches.similarities[place] >= _ALIKE
            present = (channel.matches.rows[place] != NO_ROW) & near
            rows = channel.matches.rows[place][present]
            photos = channel.matches.photos[place][present]
            similarities = channel.matches.similarities[place][present]
            carries = self._labels[rows][:, columns].toarray() > 0
            for j, who in enumerate(carries.T):
                # By weight, as one that is nearer may weigh less for its age.
                for i in sorted(np.flatnonzero(who), key=lambda i: -weights[i])[:EVIDENCE]:  # noqa: B023
                    similarity, share = float(similarities[i]), float(weights[i])
                    photo = int(photos[i])
                    post = self._archive.neighbour(int(rows[i]), channel.channel, similarity, share, photo)
                    found[j].append(replace(post, caption=post.caption[:QUOTED]))
        return [_weightiest(behind) for behind in found]

    def _weights(self, place: int, channel: str) -> Vectors:
        """What the vote of each of a channel's neighbours weighs in the scores, over all its neighbourhoods."""
        weights = np.zeros(max(NEIGHBOURHOODS), dtype=np.float32)
        for vote_source, shares in zip(self._fusion.vote_sources, self._fused.shares, strict=True):
            if vote_source.channel == channel:
                weights[: vote_source.neighbours] += shares[place]
        return weights


def _weightiest(behind: list[Neighbour]) -> tuple[Neighbour, ...]:
    ranked = sorted(behind, key=lambda neighbour: -neighbour.share)[:EVIDENCE]
    return tuple(neighbour for neighbour in ranked if neighbour.share >= _WEIGHTLESS * ranked[0].share)
