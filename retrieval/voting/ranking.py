"""Ranks the candidates of a query: what a ranker takes and returns, and the vote as a ranker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.odds import logistic
from ...core.vectors import Floats, Matches, Rows, Vectors, highest
from ..search.similarity import Contents

MOST_CANDIDATES = 500  # of one query; no option asks for more

UNLEARNED = 0.2  # threshold if nothing was learned: half of the F1 that such a vote can reach


@dataclass(frozen=True, slots=True)
class QueryBatch:
    """n queries and the votes on them.

    hits: by channel of the fusion (n, k) neighbours. votes: sparse (n, m), the fused scores. compared: by encoder, see
    `Ranker.compare`; what is missing is computed when it is needed.
    """

    contents: Contents
    hits: Mapping[str, Matches]
    votes: sparse.csr_matrix
    compared: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidates of one query, likeliest first.

    columns: (c,) of the archive's hashtags. probabilities: float64 (c,). features: float32 (c, f), of the reranker;
    f is 0 for the vote.
    """

    columns: Rows
    probabilities: Floats
    features: Vectors


class Ranker(Protocol):
    """Ranks the candidates of queries."""

    @property
    def threshold(self) -> float:
        """The least probability to suggest if the number of hashtags is free."""
        ...

    def compare(self, encoder: str, vectors: Vectors) -> Any:
        """What follows for n queries from the vectors of one encoder alone, while others still encode.

        vectors: (n, d). Returns whatever the ranker makes of them, or None if nothing follows.
        """
        ...

    def rank(self, queries: QueryBatch) -> list[Ranked]:
        """The candidates of each query; if it has no votes, the hashtags that the archive uses most."""
        ...


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns votes into probabilities: log odds = slope * ln(vote) + offset (Platt, 1999)."""

    slope: float
    offset: float

    def probability(self, votes: NDArray[np.floating[Any]]) -> Floats:
        """votes: (n,) in [0, 1]."""
        return logistic(self.slope * log_votes(votes) + self.offset)


def log_votes(votes: NDArray[np.floating[Any]]) -> Floats:
    """ln(votes + 1e-4), which is finite for no vote: float64 (n,)."""
    return np.asarray(np.log(votes.astype(np.float64) + 1e-4))


class Vote:
    """Ranks candidates by the vote alone."""

    def __init__(self, prior: Floats, calibration: Calibration | None, threshold: float) -> None:
        """prior: (m,) the fraction of posts that carry each hashtag.

        calibration: None to take votes as probabilities, if the archive is too small for one.
        """
        self._prior = prior
        self._most_used = highest(prior, MOST_CANDIDATES)
        self._calibration = calibration
        self.threshold = threshold

    def compare(self, encoder: str, vectors: Vectors) -> None:
        """See `Ranker.compare`."""

    def rank(self, queries: QueryBatch) -> list[Ranked]:
        """See `Ranker.rank`."""
        votes = queries.votes
        return [self._rank(votes.indices[a:b], votes.data[a:b]) for a, b in pairwise(votes.indptr)]

    def _rank(self, columns: NDArray[np.integer[Any]], votes: Vectors) -> Ranked:
        no_features = np.zeros((0, 0), dtype=np.float32)
        if not len(columns):
            return Ranked(self._most_used, self._prior[self._most_used], no_features)
        order = np.lexsort((columns, -self._prior[columns], -votes))[:MOST_CANDIDATES]
        scores = votes[order].astype(np.float64)
        probabilities = self._calibration.probability(scores) if self._calibration else np.minimum(scores, 1.0)
        return Ranked(columns[order].astype(np.int64), probabilities, no_features)
