"""Measures of suggested hashtags against the truth: pure functions.

Three different things are called F1: from aggregate counts (`micro_average`), the mean over posts of each post's own
(`mean_per_post`), and that of mean precision and mean recall (`f1_of_means`). They differ widely.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Floats
from .vocabulary import normalised

Counts = NDArray[np.integer[Any]]  # (n, 3): of each post its hits, precision's divisor, and its own hashtags


@dataclass(frozen=True, slots=True)
class Measure:
    """Precision, recall and their harmonic mean, each in [0, 1]."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """van Rijsbergen, Information Retrieval (1979), with beta 1; 0 where both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class MeanMeasure:
    """Means of precision, recall and F1, each in [0, 1]: F1 is not that of the two beside it."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What was suggested for n posts, held against their own hashtags.

    right, counted: bool (n, places), best place first: whether there is one of the post's own hashtags, and whether
    there is a hashtag at all; one that occurs twice is there only the first time. due: (n,) own hashtags of each post.
    """

    right: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    due: NDArray[np.int64]

    def counts(self, k: int) -> Counts:
        """Of the first k suggestions. The divisor of precision is k for every post, however few were suggested.

        Raises ValueError where k is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}; it must be at least 1")
        return np.stack([self.right[:, :k].sum(axis=1), np.full(len(self.due), k), self.due], axis=1)

    def counts_as_suggested(self, k: int | None = None) -> Counts:
        """Of the first k suggestions, or of all. The divisor of precision is what was suggested."""
        return np.stack([self.right[:, :k].sum(axis=1), self.counted[:, :k].sum(axis=1), self.due], axis=1)


def judge(
    suggested: Sequence[Sequence[str]],
    truth: Sequence[Collection[str]],
    concerned: Callable[[str], bool] | None = None,
) -> Judged:
    """Hold suggestions against the truth.

    suggested: by post, best first. truth: by post, its own hashtags. Both are normalised here. Hashtags that nothing
    could have suggested stay among those due. concerned: whether a hashtag (normalised) is to count, on either side;
    places stay as they are. Raises ValueError where the two differ in length.
    """
    if len(suggested) != len(truth):
        raise ValueError(f"{len(suggested)} lists of suggestions for {len(truth)} posts")
    right = np.zeros((len(truth), max(map(len, suggested), default=0)), dtype=np.bool_)
    counted = np.zeros_like(right)
    due = np.zeros(len(truth), dtype=np.int64)
    for row, (answer, own) in enumerate(zip(suggested, truth, strict=True)):
        gold = set(filter(concerned, {normalised(hashtag) for hashtag in own} - {""}))
        due[row] = len(gold)
        first = {hashtag: place for place, hashtag in reversed(list(enumerate(map(normalised, answer))))}
        for hashtag, place in first.items():
            right[row, place] = hashtag in gold
            counted[row, place] = concerned is None or concerned(hashtag)
    return Judged(right, counted, due)


def micro_average(counts: Counts) -> Measure:
    """From aggregate counts over all posts."""
    hits, divisor, due = counts.sum(axis=0).tolist()
    return Measure(hits / max(1, divisor), hits / max(1, due))


def mean_per_post(counts: Counts) -> MeanMeasure:
    """The means over posts of each post's own precision, recall and F1."""
    precision, recall = _per_post(counts)
    f1 = 2 * counts[:, 0] / np.maximum(1, counts[:, 1] + counts[:, 2])
    return MeanMeasure(_mean(precision), _mean(recall), _mean(f1))


def f1_of_means(counts: Counts) -> Measure:
    """The means over posts of precision and recall, and the F1 of these two."""
    precision, recall = _per_post(counts)
    return Measure(_mean(precision), _mean(recall))


def hit_rate(counts: Counts) -> float:
    """The part of posts with at least one hit; also called A@k."""
    return _mean(counts[:, 0] > 0)


def macro_average(suggested: Sequence[Sequence[str]], truth: Sequence[Collection[str]], k: int) -> MeanMeasure:
    """The means over hashtags of each one's own precision, recall and F1, of the first k suggestions.

    Over all hashtags that the posts carry, so that the divisor is the same for every system (Sebastiani, Machine
    Learning in Automated Text Categorization, 2002). One that was never suggested has precision 0.
    """
    hits, times_suggested, due = Counter[str](), Counter[str](), Counter[str]()
    for answer, own in zip(suggested, truth, strict=True):
        gold = {normalised(hashtag) for hashtag in own} - {""}
        found = {normalised(hashtag) for hashtag in answer[:k]}
        due.update(gold)
        times_suggested.update(found)
        hits.update(gold & found)
    rows = [(hits[hashtag], times_suggested[hashtag], labels) for hashtag, labels in due.items()]
    return mean_per_post(np.asarray(rows, dtype=np.int64).reshape(-1, 3))


def average_precision(judged: Judged) -> Floats:
    """(n,): the mean, over a post's own hashtags, of the precision at the place of each; 0 for one not suggested.

    Its mean over posts is MAP (Manning, Raghavan and Schuetze, Introduction to Information Retrieval, 2008).
    """
    precision = judged.right.cumsum(axis=1) / _places(judged)
    return np.asarray((precision * judged.right).sum(axis=1) / np.maximum(1, judged.due))


def reciprocal_rank(judged: Judged) -> Floats:
    """(n,): 1 / the place of the first hit, or 0. Its mean over posts is MRR (Voorhees, TREC-8, 1999)."""
    return np.asarray((judged.right / _places(judged)).max(axis=1, initial=0.0))


def ndcg(judged: Judged, k: int) -> Floats:
    """(n,): discounted gain of the first k suggestions, by that of the best k (Jarvelin and Kekalainen, TOIS 2002)."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gained = judged.right[:, :k] @ discounts[: judged.right.shape[1]]
    best = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(judged.due, k)]
    return np.asarray(gained / np.where(best > 0, best, 1))


def micro(suggested: Sequence[Sequence[str]], truth: Sequence[Collection[str]], k: int | None) -> Measure:
    """`micro_average` of the first k suggestions each, or of all where k is None: then precision's divisor is theirs.

    suggested, truth, and errors: as for `judge` and `Judged.counts`.
    """
    judged = judge(suggested, truth)
    return micro_average(judged.counts_as_suggested() if k is None else judged.counts(k))


def _per_post(counts: Counts) -> tuple[Floats, Floats]:
    hits, divisor, due = counts.T
    return hits / np.maximum(1, divisor), hits / np.maximum(1, due)


def _places(judged: Judged) -> NDArray[np.int64]:
    return np.arange(1, judged.right.shape[1] + 1)


def _mean(values: NDArray[Any]) -> float:
    """0 where there are none."""
    return float(values.sum()) / max(1, len(values))
