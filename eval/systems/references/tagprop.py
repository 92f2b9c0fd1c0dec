"""TagProp: learned weights of neighbours by their rank, and a sigmoid for every hashtag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from ....core.post import Post
from ....core.progress import Progress
from ....core.protocols import Encoder
from ....core.query import Query
from ....core.vectors import NO_ROW, Floats, Matches
from ...measures.vocabulary import Vocabulary
from ..baselines import most_used
from ..channels import Channel
from ..system import SILENT, Fitted, Kind, Scored
from ..validation import with_hashtags
from .neighbours import NEIGHBOURS, best_encoder, votes

_CERTAIN = 1e-5  # no prediction of neighbours is surer than that
_ROUNDS = 100  # of expectation maximisation
_STEPS = 30  # of Newton's method
_LEEWAY = 10.0  # variance of hashtags' sigmoids about the one of all
_AT_ONCE = 256  # queries scored against the whole vocabulary at once


class TagProp:
    """p(t) = sigmoid(a_t x + b_t), x = the sum of the weights of the ranks at which a neighbour carries t.

    Guillaumin, Mensink, Verbeek and Schmid, TagProp: Discriminative Metric Learning in Nearest Neighbor Models (ICCV
    2009), by rank, of 50 neighbours. As there all is learned by maximum likelihood on the training posts, each left out
    of its own neighbours, and what posts carry and what they do not carry weigh alike in the weights of ranks. Differs
    in that the sigmoids come after the weights, count each case once, and are drawn towards the one of all hashtags:
    most hashtags are too rare to learn two numbers from. It works in the channel whose plain vote does best on the
    validation posts, and then learns from these, too. Where nobody votes it suggests the most used hashtags.
    """

    name = "tagprop rank"
    kind: Kind = "reference"
    auto = False

    def __init__(self, encoders: Sequence[Encoder[Any]]) -> None:
        """encoders: of the channels to choose from, at least one."""
        self._encoders = encoders

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        posts, validation = with_hashtags(self.name, posts, validation)
        encoder, note = best_encoder(self._encoders, posts, validation)
        known = [*posts, *validation]
        with progress.stage(self.name, None):
            self._channel = Channel(encoder, known)
            self._vocabulary = Vocabulary.of(known)
            cases = Cases.of(self._channel.nearest_to_own(NEIGHBOURS), self._vocabulary.labels)
            self._weights = rank_weights(cases)
            self._slopes, self._offsets = sigmoids(cases, cases.ranks @ self._weights)
        return Fitted([note])

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`. A score is a probability."""
        suggested: list[list[Scored]] = []
        names = self._vocabulary.hashtags
        for start in range(0, len(queries), _AT_ONCE):
            encoded = self._channel.encode(queries[start : start + _AT_ONCE])
            matches = self._channel.nearest(encoded, NEIGHBOURS)
            weights = np.broadcast_to(self._weights, matches.rows.shape)
            voted = votes(matches, weights, self._vocabulary.labels).toarray()
            for nearest, row in zip(matches.rows[:, 0], expit(self._slopes * voted + self._offsets), strict=True):
                scored = [Scored(names[column], float(row[column])) for column in _highest(row, count).tolist()]
                suggested.append(most_used(self._vocabulary, count) if nearest == NO_ROW else scored)
        return suggested


@dataclass(frozen=True, slots=True)
class Cases:
    """The pairs of post and hashtag of which a neighbour of the post carries the hashtag: c of them, among n posts.

    ranks: sparse (c, k), 1 where the neighbour of that rank carries it. labels: bool (c,), whether the post does.
    columns: (c,) the hashtag. uses: (m,) posts that carry each. n: posts.
    """

    ranks: sparse.csr_matrix
    labels: NDArray[np.bool_]
    columns: NDArray[np.int64]
    uses: NDArray[np.int64]
    n: int

    @classmethod
    def of(cls, matches: Matches, labels: sparse.csr_matrix) -> "Cases":
        """matches: (n, k), the neighbours of each post, itself left out. labels: (n, m)."""
        n, m = labels.shape
        posts, ranks = np.nonzero(matches.rows != NO_ROW)
        theirs = labels[matches.rows[posts, ranks]]
        sizes = np.diff(theirs.indptr)
        pairs, case = np.unique(np.repeat(posts, sizes) * m + theirs.indices, return_inverse=True)
        shape = (len(pairs), matches.rows.shape[1])
        own = np.repeat(np.arange(n), np.diff(labels.indptr)) * m + labels.indices
        return cls(
            sparse.csr_matrix((np.ones(len(case)), (case, np.repeat(ranks, sizes))), shape=shape),
            np.isin(pairs, own),
            pairs % m,
            np.bincount(labels.indices, minlength=m),
            n,
        )


def rank_weights(cases: Cases) -> Floats:
    """(k,), summing to 1: the likeliest weights of ranks, by expectation maximisation; equal ones without a clue.

    Other pairs of post and hashtag have no vote, whatever the weights, and tell nothing of them.
    """
    k = cases.ranks.shape[1]
    weights = np.full(k, 1 / k)
    if not cases.labels.any():
        return weights  # no neighbour was ever right
    positive = cases.labels / max(1, cases.labels.sum())
    negative = ~cases.labels / max(1, (~cases.labels).sum())
    by_rank = sparse.csr_matrix(cases.ranks.T)
    for _ in range(_ROUNDS):
        voted = np.clip(cases.ranks @ weights, _CERTAIN, 1 - _CERTAIN)
        silent = negative / (1 - voted)
        weights = weights * (by_rank @ (positive / voted - silent) + silent.sum())
        weights = np.maximum(weights, 0)
        weights /= weights.sum()
    return weights


def sigmoids(cases: Cases, voted: Floats) -> tuple[Floats, Floats]:
    """Slope and offset of every hashtag, (m,) each: the likeliest, drawn towards those of all hashtags together.

    voted: (c,), the sum of the weights of ranks.
    """
    m = len(cases.uses)
    everyone = np.zeros_like(cases.columns)
    silent_positive = np.asarray(cases.uses - np.bincount(cases.columns, cases.labels, m), dtype=np.float64)
    silent = np.asarray(cases.n - np.bincount(cases.columns, minlength=m), dtype=np.float64)
    start = np.zeros(2)
    together = _fit(voted, cases.labels, everyone, silent_positive.sum(keepdims=True), silent.sum(keepdims=True), start)
    slopes, offsets = _fit(voted, cases.labels, cases.columns, silent_positive, silent, together[:, 0])
    return slopes, offsets


def _highest(scores: Floats, count: int | None) -> NDArray[np.int64]:
    """The columns of the highest scores, highest first, equal ones in their order; scores: (m,)."""
    columns = np.arange(len(scores))
    if count is not None and count < len(scores):
        columns = np.flatnonzero(scores >= np.partition(scores, -count)[-count])  # to sort them all takes long
    return columns[np.argsort(-scores[columns], kind="stable")][:count]


def _fit(
    voted: Floats,
    labels: NDArray[np.bool_],
    columns: NDArray[np.int64],
    silent_positive: Floats,
    silent: Floats,
    centre: Floats,
) -> Floats:
    """(2, m): slopes and offsets, by Newton's method.

    silent, silent_positive: (m,), posts of which no neighbour carries the hashtag, and how many of them do.
    """
    m = len(silent)
    fitted = np.repeat(centre[:, None], m, axis=1)
    for _ in range(_STEPS):
        p = expit(fitted[0, columns] * voted + fitted[1, columns])
        at_rest = expit(fitted[1])
        missing = labels - p
        certainty = p * (1 - p)
        away = (centre[:, None] - fitted) / _LEEWAY
        gradient = away + [
            np.bincount(columns, missing * voted, m),
            np.bincount(columns, missing, m) + silent_positive - silent * at_rest,
        ]
        aa = np.bincount(columns, certainty * voted**2, m) + 1 / _LEEWAY
        ab = np.bincount(columns, certainty * voted, m)
        bb = np.bincount(columns, certainty, m) + silent * at_rest * (1 - at_rest) + 1 / _LEEWAY
        step = np.stack([bb * gradient[0] - ab * gradient[1], aa * gradient[1] - ab * gradient[0]]) / (aa * bb - ab**2)
        fitted += np.clip(step, -1, 1)
    return fitted
