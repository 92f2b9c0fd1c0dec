"""What a system's scores are worth: precision against recall, and whether probabilities come true."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Floats
from .metrics import judge

_POINTS = 100  # of a curve, about
_BINS = 10

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pooled:
    """All suggestions for all posts together. scores, right: (s,) each one's score and whether it is due.

    due: how many hashtags all posts carry.
    """

    scores: Floats
    right: Flags
    due: int

    @classmethod
    def of(cls, answers: Sequence[Sequence[tuple[str, float]]], truth: Sequence[Collection[str]]) -> "Pooled":
        """answers: by post, hashtags and their scores. truth: by post. Of the same hashtag twice, the first counts."""
        judged = judge([[hashtag for hashtag, _ in answer] for answer in answers], truth)
        scores = np.zeros(judged.counted.shape)
        for row, answer in zip(scores, answers, strict=True):
            row[: len(answer)] = [score for _, score in answer]
        return cls(scores[judged.counted], judged.right[judged.counted], int(judged.due.sum()))


def precision_recall(pooled: Pooled) -> list[dict[str, float]]:
    """Micro precision and recall of what scores at least a threshold, from the highest threshold to the lowest.

    The thresholds are all scores that occur, one for all posts (Davis and Goadrich, The Relationship Between
    Precision-Recall and ROC Curves, ICML 2006); of many, about a hundred in equal steps of recall.
    """
    order = np.argsort(-pooled.scores, kind="stable")
    scores, hits = pooled.scores[order], np.cumsum(pooled.right[order])
    last_of_a_score = np.flatnonzero(np.append(scores[1:] != scores[:-1], len(scores) > 0))
    precision = hits[last_of_a_score] / (last_of_a_score + 1)
    recall = hits[last_of_a_score] / max(1, pooled.due)
    return [{"precision": float(precision[i]), "recall": float(recall[i])} for i in _thinned(recall)]


def _thinned(recall: Floats) -> list[int]:
    """The first and the last place, and between them those at which recall, ascending, passes equal steps."""
    places = np.arange(len(recall))
    if len(recall) > _POINTS:
        steps = np.linspace(recall[0], recall[-1], _POINTS)
        places = np.unique(np.concatenate([[0], np.searchsorted(recall, steps), [len(recall) - 1]]))
    return list(places.tolist())


def reliability(pooled: Pooled) -> dict[str, Any] | None:
    """How far probabilities are from the part that was right; None where there are none, or scores beyond [0, 1].

    `bins` holds, by tenths of probability, n suggestions, their mean probability, and the part carried by their
    posts. `ece` is the expected calibration error, the mean distance of the two, weighted by n (Naeini and others,
    Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI 2015).
    """
    scores = pooled.scores
    if not len(scores) or not ((scores >= 0) & (scores <= 1)).all():
        return None
    tenth = np.minimum((scores * _BINS).astype(np.int64), _BINS - 1)
    bins = [
        {"n": int(here.sum()), "probability": float(scores[here].mean()), "carried": float(pooled.right[here].mean())}
        for here in (tenth == i for i in np.unique(tenth))
    ]
    off = sum(some["n"] * abs(some["probability"] - some["carried"]) for some in bins)
    return {"ece": off / len(scores), "bins": bins}
