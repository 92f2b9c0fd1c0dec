"""Compares the reranker with the vote on held-out posts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Floats, Rows, Vectors
from ..voting.ranking import Calibration, log_votes
from .features import RARE
from .scorer import cross_calibrate, platt

KS = (5, 10)  # numbers of hashtags at which reranker and vote are compared

_BINS = 10

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TrainingExamples:
    """The examples of t posts: their c candidates, one post after another.

    rows: (t,) of the archive. unseen: (t,) whether the near-duplicates of the post were left out of its neighbours.
    due: (t,) how many hashtags each carries. names: (f,). features: (c, f). post: (c,) which of the t posts each
    candidate belongs to, ascending. columns: (c,) of the hashtags. carried: see `Candidates`. labels: (c,) whether the
    post carries the hashtag. post_folds, post_blocks: (posts of the archive,), the same for near-duplicates; a block is
    left out of the counts at a time.
    """

    rows: Rows
    unseen: Flags
    due: NDArray[np.integer[Any]]
    names: tuple[str, ...]
    features: Vectors
    post: NDArray[np.int64]
    columns: NDArray[np.integer[Any]]
    carried: Flags
    labels: Flags
    post_folds: NDArray[np.int64]
    post_blocks: NDArray[np.int64]

    @property
    def folds(self) -> NDArray[np.int64]:
        """(c,) the fold of each candidate's post."""
        return self.post_folds[self.rows][self.post]

    def take(self, some: Flags) -> "TrainingExamples":
        """Some of the candidates, of the same posts. some: (c,)."""
        return replace(
            self,
            features=self.features[some],
            post=self.post[some],
            columns=self.columns[some],
            carried=self.carried[some],
            labels=self.labels[some],
        )


@dataclass(frozen=True, slots=True)
class Reliability:
    """n suggestions of similar probability. probability: the mean. carried: the fraction that was right."""

    n: int
    probability: float
    carried: float


@dataclass(frozen=True, slots=True)
class RerankerReport:
    """The quality of reranker and vote on held-out posts, whose near-duplicates neither had seen.

    posts, clusters: the numbers of posts and of clusters. vote_f1, reranker_f1: micro F1 by number of hashtags.
    calibration: of the vote. The rest is of the better one of the two, which is used. threshold: the least probability
    to suggest if the number of hashtags is free. auto_f1: micro F1 at the threshold. auto_count: hashtags suggested for
    a post at the threshold. ece: expected calibration error of the suggestions at the threshold. reliability: its bins.
    """

    posts: int
    clusters: int
    vote_f1: Mapping[int, float]
    reranker_f1: Mapping[int, float]
    calibration: Calibration
    threshold: float
    auto_f1: float
    auto_count: float
    ece: float
    reliability: tuple[Reliability, ...]

    @property
    def ships(self) -> bool:
        """Whether the reranker is better than the vote, and so is used."""
        return _is_better(self.reranker_f1, self.vote_f1)

    def to_json(self) -> dict[str, Any]:
        """For the snapshot and for machines."""
        return asdict(self) | {"ships": self.ships}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "RerankerReport":
        """Raises KeyError, TypeError or ValueError on other fields."""
        known = {name: fields[name] for name in cls.__slots__}
        for name in ("vote_f1", "reranker_f1"):
            known[name] = {int(k): float(f1) for k, f1 in known[name].items()}
        known["calibration"] = Calibration(**known["calibration"])
        known["reliability"] = tuple(Reliability(**entry) for entry in known["reliability"])
        return cls(**known)


def report_on(examples: TrainingExamples, probabilities: Floats, clusters: Rows) -> tuple[RerankerReport, Floats]:
    """Report on reranker and vote; returns also the probabilities (c,) of the better one.

    probabilities: (c,) of the candidates, from models not trained on their cluster. clusters: (posts of the archive,).
    """
    vote = _break_ties(examples)
    vote_f1 = {k: _compute_f1(k, examples, vote) for k in KS}
    reranker_f1 = {k: _compute_f1(k, examples, probabilities) for k in KS}
    odds = log_votes(examples.features[:, examples.names.index("vote")])
    if not _is_better(reranker_f1, vote_f1):
        probabilities = cross_calibrate(odds, examples.labels, examples.folds)
    # The best threshold for F1 is half of the best F1 (Lipton, Elkan and Naryanaswamy, Optimal Thresholding of
    # Classifiers to Maximize F1, 2014).
    threshold = _find_best_f1(examples, probabilities) / 2
    suggested = probabilities >= threshold
    bins, ece = _measure_reliability(probabilities[suggested], examples.labels[suggested])
    unseen = examples.rows[examples.unseen]
    free = suggested & examples.unseen[examples.post]
    report = RerankerReport(
        posts=len(unseen),
        clusters=len(np.unique(clusters[unseen])),
        vote_f1=vote_f1,
        reranker_f1=reranker_f1,
        calibration=Calibration(*platt(odds, examples.labels)),
        threshold=threshold,
        auto_f1=2
        * int(examples.labels[free].sum())
        / max(1, int(free.sum()) + int(examples.due[examples.unseen].sum())),
        auto_count=int(free.sum()) / max(1, len(unseen)),
        ece=ece,
        reliability=bins,
    )
    return report, probabilities


def _is_better(one: Mapping[int, float], other: Mapping[int, float]) -> bool:
    return sum(one.values()) > sum(other.values())


def _break_ties(examples: TrainingExamples) -> Floats:
    """The fused votes, (c,), with equal votes ordered by use: the more used hashtag first."""
    votes, lift = (
        examples.features[:, examples.names.index(name)].astype(np.float64) for name in ("vote", "vote_lift")
    )
    prior = (votes + RARE) * np.exp(-lift) - RARE
    return votes + 1e-6 * prior


def _compute_f1(k: int, examples: TrainingExamples, scores: Floats) -> float:
    """Micro F1 of the k best candidates of each unseen post."""
    order = np.lexsort((-scores, examples.post))
    post = examples.post[order]
    rank = np.arange(len(post)) - np.searchsorted(post, post)
    best = order[(rank < k) & examples.unseen[post]]
    right = int(examples.labels[best].sum())
    return 2 * right / max(1, k * int(examples.unseen.sum()) + int(examples.due[examples.unseen].sum()))


def _find_best_f1(examples: TrainingExamples, probabilities: Floats) -> float:
    """The highest micro F1 that one threshold for all posts reaches."""
    right = np.cumsum(examples.labels[np.argsort(-probabilities, kind="stable")])
    suggested = np.arange(1, len(right) + 1)
    return float((2 * right / (suggested + examples.due.sum())).max(initial=0.0))


def _measure_reliability(probabilities: Floats, labels: Flags) -> tuple[tuple[Reliability, ...], float]:
    """Bins by tenths of probability, and the expected calibration error over them."""
    tenth = np.minimum((probabilities * _BINS).astype(np.int64), _BINS - 1)
    bins = tuple(
        Reliability(int(here.sum()), float(probabilities[here].mean()), float(labels[here].mean()))
        for here in (tenth == i for i in np.unique(tenth))
    )
    off = sum(some.n * abs(some.probability - some.carried) for some in bins)
    return bins, off / max(1, len(probabilities))
