"""What the neighbours of one channel carry: the plain vote, and what methods that refine it share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ....core.post import Post
from ....core.progress import Progress
from ....core.protocols import Encoder
from ....core.query import Query
from ....core.vectors import NO_ROW, Matches
from ...measures.metrics import micro
from ...measures.vocabulary import Vocabulary, own_hashtags
from ..baselines import most_used
from ..channels import Channel
from ..system import SILENT, Fitted, Kind, Scored, query_of
from ..validation import compared_at

NEIGHBOURS = 50

_TEMPERATURE = 0.05


class NeighbourVote:
    """The 50 nearest posts of one channel vote by softmax(similarity / 0.05): what retrieval alone is worth.

    A query without the channel's content, or with no post near it, gets the most used hashtags. It has no need of
    validation posts and remembers them, too; posts without hashtags have no say.
    """

    kind: Kind = "reference"
    auto = False

    def __init__(self, encoder: Encoder[Any]) -> None:
        """encoder: whose channel it is."""
        self.name = f"knn {encoder.channel}"
        self._encoder = encoder

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        known = [post for post in [*posts, *validation] if own_hashtags(post)]
        self._vocabulary = Vocabulary.of(known)
        self._channel = Channel(self._encoder, known)
        return Fitted()

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`. A score is the part of all votes, from 0 to 1; of most used ones, that of all posts."""
        matches = self._channel.nearest(self._channel.encode(queries), NEIGHBOURS)
        return answers(matches, vote_shares(matches), self._vocabulary, count)


def vote_shares(matches: Matches) -> NDArray[np.float64]:
    """(q, k): softmax(similarity / 0.05) over each query's neighbours; 0 where there is none."""
    above = (matches.similarities - matches.similarities[:, :1]).astype(np.float64) / _TEMPERATURE
    weights = np.where(matches.rows == NO_ROW, 0, np.exp(above))
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-30))


def votes(matches: Matches, weights: NDArray[np.float64], labels: sparse.csr_matrix) -> sparse.csr_matrix:
    """Sparse (q, m): what neighbours, by their weights (q, k), put on each hashtag; entries wherever one carries it."""
    present = matches.rows != NO_ROW
    pointers = np.concatenate([[0], np.cumsum(present.sum(axis=1))])
    shape = (len(matches.rows), labels.shape[0])
    ballots = sparse.csr_matrix((weights[present], matches.rows[present], pointers), shape=shape)
    return sparse.csr_matrix(ballots @ labels)


def answers(
    matches: Matches,
    weights: NDArray[np.float64],
    vocabulary: Vocabulary,
    count: int | None,
    toll: NDArray[np.float64] | float = 0.0,
) -> list[list[Scored]]:
    """The hashtags that neighbours voted for, best first, equal ones by use; the most used where nobody voted.

    weights: (q, k). toll: (m,), taken off the votes on each hashtag for every neighbour that voted.
    """
    voted = votes(matches, weights, vocabulary.labels)
    voted.sort_indices()
    tolls = np.broadcast_to(toll, len(vocabulary.hashtags))
    voters = (matches.rows != NO_ROW).sum(axis=1)
    suggested = []
    for row, n_voters in enumerate(voters.tolist()):
        own = slice(voted.indptr[row], voted.indptr[row + 1])
        if n_voters:
            columns = voted.indices[own]
            scores = voted.data[own] - n_voters * tolls[columns]
            order = np.argsort(-scores, kind="stable")[:count]
            names = [vocabulary.hashtags[column] for column in columns[order].tolist()]
            suggested.append(list(map(Scored, names, scores[order].tolist())))
        else:
            suggested.append(most_used(vocabulary, count))
    return suggested


def best_encoder(
    encoders: Sequence[Encoder[Any]], posts: Sequence[Post], validation: Sequence[Post]
) -> tuple[Encoder[Any], str]:
    """The encoder in whose channel the plain vote does best on the validation posts, and a note that says so.

    Compared by micro F1 of `compared_at` hashtags; of equal ones the first. posts, validation: each carries hashtags.
    """
    k = compared_at(posts)
    truth = [own_hashtags(post) for post in validation]
    f1s = []
    for encoder in encoders:
        vote = NeighbourVote(encoder)
        vote.fit(posts, [])
        suggested = vote.suggest([query_of(post) for post in validation], k)
        f1s.append(micro([[scored.hashtag for scored in answer] for answer in suggested], truth, k).f1)
    best = int(np.argmax(f1s))
    told = ", ".join(f"{encoder.channel} {f1:.3f}" for encoder, f1 in zip(encoders, f1s, strict=True))
    return encoders[best], f"works on the {encoders[best].channel} channel; micro F1@{k} on validation posts: {told}"
