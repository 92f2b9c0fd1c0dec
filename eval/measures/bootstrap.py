"""How sure a figure is, and a difference: the paired bootstrap over posts, or over the users who posted them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Floats, Rows
from .metrics import Counts

_RESAMPLES = 2000
_AT_ONCE = 100

# (n, c): of each post the numbers whose sums over posts a figure is made of.
Summed: TypeAlias = NDArray[np.integer[Any] | np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One system's micro F1 less another's on the same posts, its 95% interval, and how likely it is above 0."""

    f1: float
    low: float
    high: float
    probability: float


def micro_f1(counts: Counts) -> float:
    """2 hits / (suggested + due). counts: (n, 3): of each post its hits, suggestions, and own hashtags."""
    hits, suggested, due = counts.sum(axis=0)
    return 2 * float(hits) / max(1, int(suggested + due))


def resampled(summed: Summed, figure: Callable[[Summed], Floats], users: Rows | None = None) -> Floats:
    """(2000,): a figure of posts drawn with replacement. Deterministic.

    figure: from sums (r, c) over posts to (r,) figures. users: (n,) numbers, as `users_of` gives them; whole users are
    drawn, since one user's posts are not independent. Equal n, and equal users, draw the same posts: the figures of two
    systems are paired (Efron and Tibshirani, An Introduction to the Bootstrap, 1993). Raises ValueError where there is
    no post.
    """
    if not len(summed):
        raise ValueError("there are no posts to draw from")
    drawable = summed if users is None else _by_user(summed, users)
    rng = np.random.default_rng(0)
    figures: list[Floats] = []
    for _ in range(_RESAMPLES // _AT_ONCE):
        drawn = rng.integers(len(drawable), size=(_AT_ONCE, len(drawable)))
        figures.append(figure(drawable[drawn].sum(axis=1)))
    return np.concatenate(figures)


def resampled_micro_f1(counts: Counts, users: Rows | None = None) -> Floats:
    """(2000,): see `resampled`. counts: (n, 3), as for `micro_f1`."""
    return resampled(counts, _f1s, users)


def resampled_mean(values: Floats, users: Rows | None = None) -> Floats:
    """(2000,): see `resampled`. values: (n,) of each post."""
    return resampled(np.stack([values, np.ones(len(values))], axis=1), _means, users)


def interval(resampled: Floats) -> tuple[float, float]:
    """The 95% interval: the 2.5th and the 97.5th percentile."""
    low, high = np.percentile(resampled, [2.5, 97.5])
    return float(low), float(high)


def probability_better(one: Floats, other: Floats) -> float:
    """The part of paired resamples in which one is above the other; equal ones count half.

    Koehn, Statistical Significance Tests for Machine Translation Evaluation (EMNLP 2004).
    """
    return float(np.mean((one > other) + 0.5 * (one == other)))


def paired_difference(one: Counts, other: Counts, users: Rows | None = None) -> Difference:
    """one, other: (n, 3) of the same posts in the same order. users, and how it is done: see `resampled`.

    Raises ValueError where the two differ in shape or there is no post.
    """
    if one.shape != other.shape or not len(one):
        raise ValueError(f"counts of {one.shape} and {other.shape}; they must be of the same posts, and of some")
    ones, others = resampled_micro_f1(one, users), resampled_micro_f1(other, users)
    low, high = interval(ones - others)
    return Difference(micro_f1(one) - micro_f1(other), low, high, probability_better(ones, others))


def users_of(authors: Sequence[str | None]) -> Rows:
    """(n,): the number of each post's author, from 0; a post whose author is unknown counts as a user of its own."""
    numbers: dict[str | int, int] = {}
    names = [place if author is None else author for place, author in enumerate(authors)]
    return np.asarray([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _by_user(summed: Summed, users: Rows) -> Summed:
    """(users, c): the sums over each user's posts, of which those over all are made."""
    sums = np.zeros((int(users.max()) + 1, summed.shape[1]), dtype=summed.dtype)
    np.add.at(sums, users, summed)
    return sums


def _f1s(sums: Summed) -> Floats:
    hits, suggested, due = sums.T
    return np.asarray(2 * hits / np.maximum(1, suggested + due), dtype=np.float64)


def _means(sums: Summed) -> Floats:
    total, n = sums.T
    return np.asarray(total / n, dtype=np.float64)
