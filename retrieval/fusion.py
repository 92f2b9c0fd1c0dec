"""How loud each vote counts, learned from the archive itself.

The fused score of a hashtag mixes voices: a voice is the vote of one channel's k nearest posts. Its weight is found by
asking a sample of the archive's own posts as if they were new: expectation maximisation (Dempster, Laird and Rubin,
1977) finds the mixture of voices, and of the archive's prior, under which the hashtags that these posts carry are most
likely. So a channel that knows nothing of the archive's language falls silent by itself, and what popularity alone
explains earns a voice nothing: the prior takes part in the learning, not in the vote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..core.errors import SnapshotError
from ..core.protocols import VectorIndex
from ..core.vectors import NO_ROW, Matches, Rows, Vectors
from .voting import margins, temperatures, vote_shares, votes

NEIGHBOURHOODS = (10, 30, 100)

_COPY = 0.95  # similarity from which a post is a copy of the one that asks
_COPIES = 100  # neighbours looked at beyond the largest neighbourhood, in case so many are copies
_FEWEST = 20  # posts below which nothing is learned
_ROUNDS = 200
_FLATTEN = 0.5  # weights count by this power: half way between what was learned and all alike
_SOFTEST = 1e-3  # a query may have no other voice

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Voice:
    """The vote of a channel's `neighbours` nearest posts. margin: see `voting.temperatures`. weight: above 0."""

    channel: str
    neighbours: int
    margin: float
    weight: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """The voices of all channels."""

    voices: tuple[Voice, ...]

    def to_json(self) -> dict[str, Any]:
        """For the snapshot."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Fusion":
        """Raises SnapshotError on other fields."""
        try:
            return cls(tuple(Voice(**voice) for voice in fields["voices"]))
        except (KeyError, TypeError) as error:
            raise SnapshotError(f"the fusion of the channels cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Fused:
    """scores: sparse (n, m) in [0, 1]. shares: by voice, (n, neighbours), what each neighbour's vote weighs in them."""

    scores: sparse.csr_matrix
    shares: tuple[Vectors, ...]


def fuse(fusion: Fusion, heard: Mapping[str, Matches], carried: sparse.csr_matrix) -> Fused:
    """Mix the votes on n queries; a voice without neighbours leaves its weight to the others.

    heard: each channel's matches, (n, the largest neighbourhood). carried: (posts, m).
    """
    n = len(next(iter(heard.values())).rows)
    total = np.zeros(n, dtype=np.float32)
    for voice in fusion.voices:
        total += voice.weight * _speaks(heard[voice.channel])
    shares = []
    parts = []
    for voice in fusion.voices:
        part = np.asarray(voice.weight / np.maximum(total, _SOFTEST), dtype=np.float32)
        shares.append(_shares(voice, heard[voice.channel]) * part[:, None])
        parts.append(votes(_nearest(heard[voice.channel], voice.neighbours), shares[-1], carried))
    return Fused(sparse.csr_matrix(sum(parts[1:], start=parts[0])), tuple(shares))


@dataclass(frozen=True, slots=True)
class Probes:
    """Posts of the archive that one channel is asked about as if they were new.

    posts: (n,) rows of the archive. vectors: theirs, n rows. index, rows: as in a `Channel`.
    """

    channel: str
    posts: Rows
    vectors: Any
    index: VectorIndex[Any]
    rows: Rows


def learn_fusion(probes: Sequence[Probes], carried: sparse.csr_matrix) -> Fusion:
    """Learn margins and weights from a sample of the archive's posts.

    probes: one of each channel, n may differ. carried: (posts, hashtags) of the whole archive. Deterministic. With
    fewer than 20 posts to learn from, all voices get equal weights.
    """
    heard = _ask(probes)
    equal = [
        Voice(probe.channel, k, _typical_margin(heard[probe.channel]), 1.0) for probe in probes for k in NEIGHBOURHOODS
    ]
    if sum(int(_speaks(matches).sum()) for matches in heard.values()) < _FEWEST:
        return Fusion(tuple(equal))
    learned = maximise(*_likelihoods(equal, heard, probes, carried))[:-1]
    weights = np.maximum(learned**_FLATTEN, _SOFTEST).tolist()
    return Fusion(
        tuple(
            Voice(voice.channel, voice.neighbours, voice.margin, weight)
            for voice, weight in zip(equal, weights, strict=True)
        )
    )


def maximise(likelihoods: Floats, speaks: NDArray[np.bool_]) -> Floats:
    """The mixture of voices under which what was seen is most likely; who does not speak leaves his part to the others.

    likelihoods: (sights, voices) that each voice gave to what was seen. speaks: (sights, voices), the last voice
    always. Returns (voices,), above 0, of sum 1.
    """
    weights = np.full(likelihoods.shape[1], 1 / likelihoods.shape[1])
    likelihoods = np.where(speaks, likelihoods + 1e-9, 0)
    for _ in range(_ROUNDS):
        joint = likelihoods * weights
        responsible = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0)
        chances = (speaks / (speaks @ weights)[:, None]).sum(axis=0)
        weights = np.maximum(responsible / np.maximum(chances, 1e-9), 1e-12)
        weights /= weights.sum()
    return np.asarray(weights)


def _ask(probes: Sequence[Probes]) -> dict[str, Matches]:
    """Each channel's neighbours of its probes, without themselves and without their copies in any channel."""
    found = {}
    copies = [np.zeros(0, dtype=np.int64)]
    for probe in probes:
        matches = probe.index.search(probe.vectors, max(NEIGHBOURHOODS) + _COPIES)
        rows = np.where(matches.rows == NO_ROW, NO_ROW, probe.rows[matches.rows])
        found[probe.channel] = Matches(rows, matches.similarities)
        copies.append(_pairs(probe.posts, rows)[(rows != NO_ROW) & (matches.similarities >= _COPY)])
    barred = np.unique(np.concatenate(copies))
    return {probe.channel: _without(found[probe.channel], probe.posts, barred) for probe in probes}


def _pairs(posts: Rows, rows: Rows) -> Rows:
    """A number for each (asking post, neighbour), the same in every channel."""
    return np.asarray((posts[:, None] << 32) + rows)


def _without(matches: Matches, posts: Rows, barred: Rows) -> Matches:
    """The matches but for those barred and the asking post itself, closed up."""
    out = np.isin(_pairs(posts, matches.rows), barred) | (matches.rows == posts[:, None])
    closed_up = np.argsort(out | (matches.rows == NO_ROW), axis=1, kind="stable")
    rows = np.take_along_axis(np.where(out, NO_ROW, matches.rows), closed_up, axis=1)
    similarities = np.take_along_axis(np.where(out, np.float32(0), matches.similarities), closed_up, axis=1)
    return _nearest(Matches(rows, similarities), max(NEIGHBOURHOODS))


def _nearest(matches: Matches, k: int) -> Matches:
    return Matches(matches.rows[:, :k], matches.similarities[:, :k])


def _speaks(matches: Matches) -> NDArray[np.bool_]:
    return np.asarray((matches.rows != NO_ROW).any(axis=1))


def _shares(voice: Voice, matches: Matches) -> Vectors:
    return vote_shares(_nearest(matches, voice.neighbours), temperatures(matches, voice.margin))


def _typical_margin(matches: Matches) -> float:
    speaks = _speaks(matches)
    return float(np.median(margins(matches)[speaks])) if speaks.any() else 1.0


def _likelihoods(
    voices: Sequence[Voice], heard: Mapping[str, Matches], probes: Sequence[Probes], carried: sparse.csr_matrix
) -> tuple[Floats, NDArray[np.bool_]]:
    """What each voice, and last the prior, gave to every hashtag that the probes carry; and whether it spoke at all."""
    posts = np.unique(np.concatenate([probe.posts for probe in probes]))
    truth = carried[posts].tocoo()
    likelihoods = np.zeros((len(truth.row), len(voices) + 1))
    speaks = np.zeros(likelihoods.shape, dtype=bool)
    place_of = {probe.channel: _places(posts, probe.posts) for probe in probes}
    for i, voice in enumerate(voices):
        matches = heard[voice.channel]
        given = votes(_nearest(matches, voice.neighbours), _shares(voice, matches), carried)
        place = place_of[voice.channel][truth.row]
        asked = place >= 0
        speaks[asked, i] = _speaks(matches)[place[asked]]
        likelihoods[asked, i] = np.asarray(given[place[asked], truth.col[asked]]).ravel()
    uses = np.asarray(carried.sum(axis=0)).ravel()
    likelihoods[:, -1] = (uses[truth.col] - 1) / max(1, carried.shape[0] - 1)
    speaks[:, -1] = True
    told = speaks[:, :-1].any(axis=1)  # where the prior alone speaks there is nothing to learn
    return likelihoods[told], speaks[told]


def _places(posts: Rows, some: Rows) -> Rows:
    """For each of `posts` (ascending) its place in `some`, -1 where it is not there."""
    places = np.full(len(posts), -1, dtype=np.int64)
    places[np.searchsorted(posts, some)] = np.arange(len(some))
    return places
