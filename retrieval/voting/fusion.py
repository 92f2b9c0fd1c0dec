"""How loud each vote counts, learned from the archive itself.

The fused score of a hashtag mixes voices: a voice is the vote of one channel's k nearest posts. Its weight is found by
asking a sample of the archive's own posts as if they were new: expectation maximisation (Dempster, Laird and Rubin,
1977) finds the mixture of voices, and of the archive's prior, under which the hashtags that these posts carry are most
likely. So a channel that knows nothing of the archive's language falls silent by itself, and what popularity alone
explains earns a voice nothing: the prior takes part in the learning, not in the vote.

Weights are learned for each combination of modalities that a query can have: beside a photo that tells everything a
caption has little to add, and yet a caption may come alone.
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

_FEWEST = 20  # hashtags of posts that were asked, below which nothing is learned
_ROUNDS = 200
_FLATTEN = 0.5  # weights count by this power: half way between what was learned and all alike
_SOFTEST = 1e-3  # a query may have no other voice


@dataclass(frozen=True, slots=True)
class VoteSource:
    """The vote of a channel's `neighbours` nearest posts. margin: see `voting.temperatures`."""

    channel: str
    modality: str
    neighbours: int
    margin: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the votes are mixed.

    vote_sources: of all channels. weights: of the vote sources, in their order, by the modalities of a query
    (`image text`).
    """

    vote_sources: tuple[VoteSource, ...]
    weights: Mapping[str, tuple[float, ...]]

    def to_json(self) -> dict[str, Any]:
        """For the snapshot; `voices` is the name of the vote sources there since release 0.1."""
        return {"voices": [asdict(vote_source) for vote_source in self.vote_sources], "weights": dict(self.weights)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Fusion":
        """Raises SnapshotError on other fields."""
        try:
            vote_sources = tuple(VoteSource(**vote_source) for vote_source in fields["voices"])
            weights = {combination: tuple(own) for combination, own in fields["weights"].items()}
            if any(len(own) != len(vote_sources) for own in weights.values()):
                raise ValueError("not as many weights as voices")
            return cls(vote_sources, weights)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SnapshotError(f"the fusion of the channels cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Fused:
    """scores: sparse (n, m) in [0, 1]. shares: by voice, (n, neighbours), what each neighbour's vote weighs in them."""

    scores: sparse.csr_matrix
    shares: tuple[Vectors, ...]


def fuse(
    fusion: Fusion, hits: Mapping[str, Matches], labels: sparse.csr_matrix, n: int, ages: Vectors | None = None
) -> Fused:
    """Mix the votes on n queries; a voice without neighbours leaves its weight to the others.

    hits: each channel's matches, (n, the largest neighbourhood). labels: (posts, m). ages: (posts,) in half-lives, by
    which a neighbour's vote counts less than those of the same voice that are younger; None: all count alike.
    """
    weights = _compute_weights(fusion, hits, n)
    parts = weights / np.maximum(weights.sum(axis=1, keepdims=True), _SOFTEST)
    shares = []
    weighted_votes = []
    for i, vote_source in enumerate(fusion.vote_sources):
        matches = hits[vote_source.channel]
        nearest = _take_nearest(matches, vote_source.neighbours)
        own = _compute_shares(vote_source, matches)
        if ages is not None:
            own = decay(own, nearest, ages)
        shares.append(own * parts[:, i : i + 1])
        weighted_votes.append(votes(nearest, shares[-1], labels))
    nothing = _make_empty(n, labels.shape[1])
    return Fused(sparse.csr_matrix(sum(weighted_votes, start=nothing)), tuple(shares))


def _compute_weights(fusion: Fusion, hits: Mapping[str, Matches], n: int) -> Vectors:
    """How loud each voice is for each query: float32 (n, voices), 0 where it found nobody."""
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
    """For each modality, (n,) whether any voice of it speaks. has_votes: (n, voices)."""
    modality_of = np.array([vote_source.modality for vote_source in vote_sources])
    return {str(m): np.asarray(has_votes[:, modality_of == m].any(axis=1)) for m in np.unique(modality_of)}


@dataclass(frozen=True, slots=True)
class SampledPosts:
    """Posts of the archive that one channel is asked about as if they were new.

    posts: (n,) rows of the archive, ascending. vectors: theirs, v rows. of: (v,) ascending, the post among the n to
    which each belongs.
    """

    neighbourhood: Neighbourhood
    posts: Rows
    vectors: Any
    of: Rows

    def nearest(self, k: int, sees_copies: NDArray[np.bool_]) -> Matches:
        """The k nearest other posts of each, (n, k); see `Neighbourhood.nearest_to_own`."""
        return self.neighbourhood.nearest_to_own(self.posts, self.vectors, k, sees_copies, self.of)


def learn_fusion(sampled_posts: Sequence[SampledPosts], labels: sparse.csr_matrix) -> Fusion:
    """Learn margins and weights from a sample of the archive's posts, without themselves and without their copies.

    sampled_posts: one of each channel, n may differ. labels: (posts, hashtags) of the whole archive. Deterministic.
    With fewer than 20 hashtags to learn from, the voices get equal weights.
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
    """The weights of all voices but the prior, the last; 0 for those that never speak."""
    if len(likelihoods) < _FEWEST:
        return tuple([1.0] * int(likelihoods.shape[1] - 1))
    learned = maximise(likelihoods, has_votes)[:-1]
    return tuple((np.maximum(learned**_FLATTEN, _SOFTEST) * has_votes[:, :-1].any(axis=0)).tolist())


def maximise(likelihoods: Floats, has_votes: NDArray[np.bool_]) -> Floats:
    """The mixture of voices under which what was seen is most likely; who does not speak leaves his part to the others.

    likelihoods: (sights, voices) that each voice gave to what was seen. has_votes: (sights, voices), the last voice
    always. Returns (voices,), above 0, of sum 1.
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


def _make_empty(n: int, m: int) -> sparse.csr_matrix:
    empty = np.zeros(0, dtype=np.int64)
    return sparse.csr_matrix((empty.astype(np.float32), empty, np.zeros(n + 1, dtype=np.int64)), shape=(n, m))


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
    """What each voice, and last the prior, gave to every hashtag that the probes carry; and whether it spoke at all."""
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
