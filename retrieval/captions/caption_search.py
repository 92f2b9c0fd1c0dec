"""Captions for a query: those of its neighbours, cleaned, by consensus."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from ...core.caption_cleaning import CleanedCaption, clean_caption
from ...core.captions import CaptionOptions, SuggestedCaption
from ...core.protocols import Archive
from ...core.vectors import NO_ROW, Floats
from ...core.writing_systems import mostly_written_in
from ..search.channels import Channel
from ..search.neighbours import Neighbours
from ..voting.fusion import NEIGHBOURHOODS, Fused, Fusion
from .consensus import find_consensus
from .given_hashtags import nearest_by_hashtags

HASHTAGS = "hashtags"  # the channel of posts that carry given hashtags

_LEAST = 0.1  # of the weight of the heaviest neighbour; the caption of a lighter one is not suggested
_GIVEN = 0.5  # part of all weight that given hashtags have beside a photo or a draft

UNLIKE_ANY = "no post of the archive with a caption is similar to this one"


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """A neighbour by the channel that gives it most weight. weight: of all channels. similarity, photo: in that one."""

    row: int
    weight: float
    channel: str
    similarity: float
    photo: int


class CaptionSearch:
    """Finds captions among the posts of an archive."""

    def __init__(
        self,
        archive: Archive,
        labels: sparse.csr_matrix,
        by_hashtag: sparse.csc_matrix,
        fusion: Fusion,
        channels: Sequence[Channel[Any]],
    ) -> None:
        """labels: (posts, m). by_hashtag: the same in column format."""
        self._archive = archive
        self._labels = labels
        self._by_hashtag = by_hashtag
        self._fusion = fusion
        # Without any channel, no post has a caption.
        self._neighbourhood = channels[0].neighbourhood if channels else None

    def find(
        self, query: int, given: Collection[int], hits: Mapping[str, Neighbours], fused: Fused, options: CaptionOptions
    ) -> tuple[tuple[SuggestedCaption, ...], tuple[str, ...]]:
        """The captions for one query of a batch, best first, and if there are fewer than wished for, why.

        given: columns of its given hashtags. hits: by channel, (n, k). fused: the votes on the same n queries.
        """
        candidates, left_out = self._candidates(query, given, hits, fused, options)
        reasons = [f"{_posts(n)} left out: {reason}" for reason, n in left_out.items()]
        if not candidates:
            return (), tuple(reasons or [UNLIKE_ANY])
        weights = np.asarray([neighbour.weight for neighbour, _ in candidates])
        consensus = find_consensus([cleaned.text for _, cleaned in candidates], weights)
        captions = []
        for i in consensus.order[: options.count].tolist():
            alike = [candidates[j][0].row for j in np.flatnonzero(consensus.leader == i).tolist()]
            neighbour, cleaned = candidates[i]
            captions.append(self._suggest(neighbour, cleaned, float(consensus.scores[i]), alike))
        return tuple(captions), tuple(reasons if len(captions) < options.count else ())

    def _suggest(
        self, neighbour: _Neighbour, cleaned: CleanedCaption, score: float, alike: Sequence[int]
    ) -> SuggestedCaption:
        """alike: the rows of the neighbours whose captions are near-duplicates of this one, its own among them."""
        number = int(self._archive.author_of[neighbour.row])
        return SuggestedCaption(
            caption=cleaned.text,
            score=score,
            post=self._archive.neighbour(
                neighbour.row, neighbour.channel, neighbour.similarity, neighbour.weight, neighbour.photo
            ),
            author=self._archive.authors[number] if number >= 0 else None,
            similar=self._count_copies(alike) - 1,
            removed=cleaned.removed,
        )

    def _count_copies(self, rows: Sequence[int]) -> int:
        """How many posts are near-duplicates of one of these, themselves included."""
        if self._neighbourhood is None:
            return len(rows)
        clusters = self._neighbourhood.clusters
        return int(np.isin(clusters, clusters[list(rows)]).sum())

    def _candidates(
        self, query: int, given: Collection[int], hits: Mapping[str, Neighbours], fused: Fused, options: CaptionOptions
    ) -> tuple[list[tuple[_Neighbour, CleanedCaption]], dict[str, int]]:
        """The neighbours whose captions may be suggested, with these, and by reason how many may not."""
        candidates = []
        left_out: dict[str, int] = {}
        neighbours = self._neighbours(query, given, hits, fused)
        for neighbour in neighbours:
            if neighbour.weight < _LEAST * neighbours[0].weight:
                break
            caption = self._archive.neighbour(neighbour.row, neighbour.channel, 0, 0).caption
            if not caption.strip():
                continue
            cleaned = clean_caption(caption)
            reason = _why_not(cleaned.text, options)
            if reason is None:
                candidates.append((neighbour, cleaned))
            else:
                left_out[reason] = left_out.get(reason, 0) + 1
        return candidates, left_out

    def _neighbours(
        self, query: int, given: Collection[int], hits: Mapping[str, Neighbours], fused: Fused
    ) -> list[_Neighbour]:
        """The neighbours of one query by all channels, heaviest first."""
        weights: dict[int, float] = {}
        heaviest: dict[int, _Neighbour] = {}
        for candidate in self._neighbours_by_channel(query, given, hits, fused):
            row = candidate.row
            weights[row] = weights.get(row, 0.0) + candidate.weight
            if row not in heaviest or candidate.weight > heaviest[row].weight:
                heaviest[row] = candidate
        merged = [replace(candidate, weight=weights[row]) for row, candidate in heaviest.items()]
        return sorted(merged, key=lambda candidate: (-candidate.weight, candidate.row))

    def _neighbours_by_channel(
        self, query: int, given: Collection[int], hits: Mapping[str, Neighbours], fused: Fused
    ) -> Iterator[_Neighbour]:
        """The neighbours of one query by each channel, with the weight that this one gives; all weights sum to 1.

        The channels are weighted as in the vote. Within a channel the shares are those of its widest vote source,
        because a consensus needs more posts than a vote.
        """
        if self._neighbourhood is None:
            return
        by_hashtags = nearest_by_hashtags(
            given, self._labels, self._by_hashtag, self._neighbourhood, max(NEIGHBOURHOODS)
        )
        found = [
            (channel, hits[channel], query, shares, total)
            for channel, (shares, total) in self._shares_by_channel(query, fused).items()
            if total > 0
        ]
        if (by_hashtags.rows != NO_ROW).any():
            part = _GIVEN if found else 1.0
            found = [(channel, own, i, shares, (1 - part) * total) for channel, own, i, shares, total in found]
            found.append((HASHTAGS, by_hashtags, 0, by_hashtags.similarities[0].astype(np.float64), part))
        for channel, neighbours, i, shares, total in found:
            for rank in np.flatnonzero(shares > 0).tolist():
                yield _Neighbour(
                    row=int(neighbours.rows[i, rank]),
                    weight=total * float(shares[rank] / shares.sum()),
                    channel=channel,
                    similarity=float(neighbours.similarities[i, rank]),
                    photo=int(neighbours.photos[i, rank]),
                )

    def _shares_by_channel(self, query: int, fused: Fused) -> dict[str, tuple[Floats, float]]:
        """By channel the shares (k,) of its widest vote source, and the part of the whole vote that the channel has."""
        totals: dict[str, float] = {}
        widest: dict[str, Floats] = {}
        for vote_source, shares in zip(self._fusion.vote_sources, fused.shares, strict=True):
            own = shares[query].astype(np.float64)
            totals[vote_source.channel] = totals.get(vote_source.channel, 0.0) + float(own.sum())
            if vote_source.neighbours == max(NEIGHBOURHOODS):
                widest[vote_source.channel] = own
        return {channel: (widest[channel], total) for channel, total in totals.items()}


def _why_not(caption: str, options: CaptionOptions) -> str | None:
    """Why a cleaned caption may not be suggested; None if it may."""
    if not any(map(str.isalpha, caption)):
        return "nothing to say is left of their captions without names, links, dates and prices"
    if options.languages and not mostly_written_in(caption, options.languages):
        return "their captions are in other languages"
    if len(caption) < options.min_length or (options.max_length is not None and len(caption) > options.max_length):
        return "their captions are too short or too long"
    return None


def _posts(n: int) -> str:
    return f"{n} similar post{'s' * (n != 1)}"
