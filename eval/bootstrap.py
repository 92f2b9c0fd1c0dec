"""How sure a difference is: the paired bootstrap over posts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.integer[Any]]

_RESAMPLES = 2000
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """One system's micro F1 less another's on the same posts, and its 95% interval."""

    f1: float
    low: float
    high: float


def micro_f1(counts: Counts) -> float:
    """2 hits / (suggested + due). counts: (n, 3): of each post its hits, suggestions, and own hashtags."""
    hits, suggested, due = counts.sum(axis=0)
    return 2 * float(hits) / max(1, int(suggested + due))


def paired_difference(one: Counts, other: Counts) -> Difference:
    """one, other: (n, 3) of the same posts in the same order, as for `micro_f1`. Deterministic.

    Posts are drawn with replacement, the same ones for both (Efron and Tibshirani, An Introduction to the Bootstrap,
    1993); the interval lies between the 2.5th and the 97.5th percentile of the differences. Raises ValueError where the
    two differ in shape or there is no post.
    """
    if one.shape != other.shape or not len(one):
        raise ValueError(f"counts of {one.shape} and {other.shape}; they must be of the same posts, and of some")
    rng = np.random.default_rng(0)
    differences: list[NDArray[np.float64]] = []
    for _ in range(_RESAMPLES // _AT_ONCE):
        drawn = rng.integers(len(one), size=(_AT_ONCE, len(one)))
        differences.append(_f1s(one[drawn]) - _f1s(other[drawn]))
    low, high = np.percentile(np.concatenate(differences), [2.5, 97.5])
    return Difference(micro_f1(one) - micro_f1(other), float(low), float(high))


def _f1s(drawn: Counts) -> NDArray[np.float64]:
    """drawn: (r, n, 3). Returns (r,)."""
    hits, suggested, due = np.moveaxis(drawn.sum(axis=1), -1, 0)
    return np.asarray(2 * hits / np.maximum(1, suggested + due), dtype=np.float64)
