"""Fusion: the weights of the vote sources, learned from the archive.

The fused score of a hashtag is a weighted sum over vote sources; a vote source is the vote of one channel's k nearest
posts. The weights are learned on a sample of the archive's posts, each treated as a query: expectation maximisation
(Dempster, Laird and Rubin, 1977) finds the mixture of the vote sources and the archive's prior under which the
hashtags of these posts are most likely. So a channel that does not help, such as one for another language, gets almost
no weight. The prior is part of the mixture in learning only, so that a vote source gets no weight for what popularity
explains.

Weights are learned for each combination of modalities that a query can have, because a caption adds less beside a
photo than it does alone.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.errors import SnapshotError
from ...core.vectors import NO_ROW, Floats, Matches, Rows, Vectors
from ..search.neighbours import Neighbourhood
from .votes import decay, margins, temperatures, vote_shares, votes

NEIGHBOURHOODS = (10, 30, 100)

_FEWEST = 20  # hashtags of the sampled posts; with fewer, all weights are equal
_ROUNDS = 200
_FLATTEN = 0.5  # exponent of the learned weights: half way to equal weights
_SOFTEST = 1e-3  # least weight, because a query may have no other vote source


@dataclass(frozen=True, slots=True)
class VoteSource:
    """The vote of a channel's `neighbours` nearest posts. margin: see `votes.temperatures`."""

    channel: str
    modality: str
    neighbours: int
    margin: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """The weights by which vote sources are mixed.

    vote_sources: of all channels. weights: by the modalities of a query (`image text`), one for each vote source.
    """

    vote_sources: tuple[VoteSource, ...]
    weights: Mapping[str, tuple[float, ...]]

    def to_json(self) -> dict[str, Any]:
        """For the snapshot. `voices` is the stored name of the vote sources."""
        return {"voices": [asdict(vote_source) for vote_source in self.vote_sources], "weights": dict(self.weights)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Fusion":
        """Raises SnapshotError on other fields."""
        try:
            vote_sources = tuple(VoteSource(**vote_source) for vote_source in fields["voices"])
            weights = {combination: tuple(own) for combination, own in fields["weights"].items()}
            if any(len(own) != len(vote_sources) for own in weights.values()):
                raise ValueError("the numbers of weights and of vote sources differ")
            return cls(vote_sources, weights)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SnapshotError(f"the fusion of the channels cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Fused:
    """The fused votes. scores: sparse (n, m) in [0, 1]. shares: by vote source, (n, neighbours), of the whole vote."""

    scores: sparse.csr_matrix
    shares: tuple[Vectors, ...]


def fuse(
    fusion: Fusion, hits: Mapping[str, Matches], labels: sparse.csr_matrix, n: int, ages: Vectors | None = None
) -> Fused:
    """Mix the votes on n queries. The weight of a vote source without neighbours goes to the others.

    hits: by channel (n, k), k at least max(NEIGHBOURHOODS). labels: sparse (posts, m). ages: (posts,) in half-lives,
    to give older neighbours smaller shares within their vote source; None to ignore age.
    """
    weights = _compute_weights(fusion, hits, n)
    parts = weights / np.maximum(weights.sum(axis=1, keepdims=True), _SOFTEST)
    shares = []
    voters = []
    for i, vote_source in enumerate(fusion.vote_sources):
        matches = hits[vote_source.channel]
        nearest = _take_nearest(matches, vote_source.neighbours)
        own = _compute_shares(vote_source, matches)
        if ages is not None:
            own = decay(own, nearest, ages)
        shares.append(own * parts[:, i : i + 1])
        voters.append(nearest.rows)
    # All at once: a product for each vote source would take longer than the products themselves.
    rows = np.concatenate([np.zeros((n, 0), dtype=np.int64), *voters], axis=1)
    weighted = np.concatenate([np.zeros((n, 0), dtype=np.float32), *shares], axis=1)
    return Fused(votes(Matches(rows, weighted), weighted, labels), tuple(shares))


def _compute_weights(fusion: Fusion, hits: Mapping[str, Matches], n: int) -> Vectors:
    """The weight of each vote source for each query: float32 (n, vote sources), 0 if it has no neighbours."""
    has_votes = np.zeros((n, len(fusion.vote_sources)), dtype=bool)
    for i, vote_source in enumerate(fusion.vote_sources):
        has_votes[:, i] = _have_neighbours(hits[vote_source.channel])
    present = _find_modalities(fusion.vote_sources, has_votes)
    weights = np.zeros(has_votes.shape, dtype=np.float32)
    for combination, own in fusion.weights.items():
        exactly = [there if modality in combination.split() else ~there for modality, there in present.items()]
        weights[np.logical_and.reduce(exactly)] = own
    return weights * has_votes


def _find_modalities(vote_sources: Sequence[VoteSource], has_votes: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """For each modality, (n,) whether any vote source of it has votes. has_votes: (n, vote sources)."""
    modality_of = np.array([vote_source.modality for vote_source in vote_sources])
    return {str(m): np.asarray(has_votes[:, modality_of == m].any(axis=1)) for m in np.unique(modality_of)}


@dataclass(frozen=True, slots=True)
class SampledPosts:
    """Posts of the archive that are searched in one channel as if they were queries.

    posts: (n,) rows of the archive, ascending. vectors: (v, d), theirs. of: (v,) ascending, which of the n posts each
    vector belongs to.
    """

    neighbourhood: Neighbourhood
    posts: Rows
    vectors: Any
    of: Rows

    def nearest(self, k: int, sees_copies: NDArray[np.bool_]) -> Matches:
        """The k nearest other posts of each, (n, k); see `Neighbourhood.nearest_to_own`."""
        return self.neighbourhood.nearest_to_own(self.posts, self.vectors, k, sees_copies, self.of)


def learn_fusion(sampled_posts: Sequence[SampledPosts], labels: sparse.csr_matrix) -> Fusion:
    """Learn margins and weights from a sample of the archive's posts.

    A post and its near-duplicates are left out of its own neighbours. sampled_posts: one for each channel; n may
    differ. labels: (posts, hashtags) of the whole archive. Deterministic. With fewer than 20 hashtags to learn from,
    all vote sources get equal weights.
    """
    hits = {sample.neighbourhood.channel: _search_sample(sample) for sample in sampled_posts}
    vote_sources = tuple(
        VoteSource(sample.neighbourhood.channel, sample.neighbourhood.modality, k, _find_typical_margin(matches))
        for sample, matches in zip(sampled_posts, hits.values(), strict=True)
        for k in NEIGHBOURHOODS
    )
    likelihoods, has_votes = _compute_likelihoods(vote_sources, hits, sampled_posts, labels)
    present = _find_modalities(vote_sources, has_votes[:, :-1])
    weights = {}
    for size in range(1, len(present) + 1):
        for combination in itertools.combinations(present, size):
            chosen = np.logical_and.reduce([present[modality] for modality in combination])
            allowed = np.array([*(vote_source.modality in combination for vote_source in vote_sources), True])
            weights[" ".join(combination)] = _learn_weights(likelihoods[chosen], has_votes[chosen] & allowed)
    return Fusion(vote_sources, weights)


def _learn_weights(likelihoods: Floats, has_votes: NDArray[np.bool_]) -> tuple[float, ...]:
    """The weights of the vote sources, without the prior (the last column); 0 for those that never have votes."""
    if len(likelihoods) < _FEWEST:
        return tuple([1.0] * int(likelihoods.shape[1] - 1))
    learned = maximise(likelihoods, has_votes)[:-1]
    return tuple((np.maximum(learned**_FLATTEN, _SOFTEST) * has_votes[:, :-1].any(axis=0)).tolist())


def maximise(likelihoods: Floats, has_votes: NDArray[np.bool_]) -> Floats:
    """The weights of a mixture of s sources that make n observations most likely, by expectation maximisation.

    likelihoods: (n, s), of each observation under each source. has_votes: (n, s), whether a source has votes there; if
    not, the others share its weight. The last source always has. Returns (s,), above 0, with sum 1.
    """
    weights = np.full(likelihoods.shape[1], 1 / likelihoods.shape[1])
    likelihoods = np.where(has_votes, likelihoods + 1e-9, 0)
    for _ in range(_ROUNDS):
        joint = likelihoods * weights
        responsible = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0)
        chances = (has_votes / (has_votes @ weights)[:, None]).sum(axis=0)
        weights = np.maximum(responsible / np.maximum(chances, 1e-9), 1e-12)
        weights /= weights.sum()
    return np.asarray(weights)


def _search_sample(sample: SampledPosts) -> Matches:
    return sample.nearest(max(NEIGHBOURHOODS), sees_copies=np.zeros(len(sample.posts), dtype=bool))


def _take_nearest(matches: Matches, k: int) -> Matches:
    return Matches(matches.rows[:, :k], matches.similarities[:, :k])


def _have_neighbours(matches: Matches) -> NDArray[np.bool_]:
    return np.asarray((matches.rows != NO_ROW).any(axis=1))


def _compute_shares(vote_source: VoteSource, matches: Matches) -> Vectors:
    return vote_shares(_take_nearest(matches, vote_source.neighbours), temperatures(matches, vote_source.margin))


def _find_typical_margin(matches: Matches) -> float:
    has_votes = _have_neighbours(matches)
    return float(np.median(margins(matches)[has_votes])) if has_votes.any() else 1.0


def _compute_likelihoods(
    vote_sources: Sequence[VoteSource],
    hits: Mapping[str, Matches],
    sampled_posts: Sequence[SampledPosts],
    labels: sparse.csr_matrix,
) -> tuple[Floats, NDArray[np.bool_]]:
    """The likelihoods of the sampled posts' hashtags under each vote source and, last, the prior; see `maximise`."""
    posts = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(sample.posts for sample in sampled_posts)]))
    truth = labels[posts].tocoo()
    likelihoods = np.zeros((len(truth.row), len(vote_sources) + 1))
    has_votes = np.zeros(likelihoods.shape, dtype=bool)
    index_of = {sample.neighbourhood.channel: _find_indices(posts, sample.posts) for sample in sampled_posts}
    for i, vote_source in enumerate(vote_sources):
        matches = hits[vote_source.channel]
        given = votes(_take_nearest(matches, vote_source.neighbours), _compute_shares(vote_source, matches), labels)
        index = index_of[vote_source.channel][truth.row]
        sampled = index >= 0
        has_votes[sampled, i] = _have_neighbours(matches)[index[sampled]]
        likelihoods[sampled, i] = np.asarray(given[index[sampled], truth.col[sampled]]).ravel()
    uses = np.asarray(labels.sum(axis=0)).ravel()
    likelihoods[:, -1] = (uses[truth.col] - 1) / max(1, labels.shape[0] - 1)
    has_votes[:, -1] = True
    return likelihoods, has_votes


def _find_indices(posts: Rows, some: Rows) -> Rows:
    """The index of each of `posts` (ascending) in `some`; -1 if it is not among them."""
    indices = np.full(len(posts), -1, dtype=np.int64)
    indices[np.searchsorted(posts, some)] = np.arange(len(some))
    return indices
