"""Synthetic posts of rare hashtags, by which classes are balanced."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.vectors import Vectors
from .hashtags import Carried

NEIGHBOURS = 5

_SAFE, _BORDER, _RARE, _OUTLIER = 1, 2, 3, 4
_BOUNDS = (0.3, 0.7, 1.0)  # the part of neighbours without the hashtag, from which a place is no longer of a kind
# How near to the reference, in [0, 1], a synthetic post may lie and still have the hashtag of a seed of each kind.
_REACH = np.array([0.0, 0.5, 0.75, 1.0 + 1e-5, 0.0 - 1e-5])


def oversampled(features: Vectors, labels: Carried, share: float, seed: int) -> tuple[Vectors, Carried]:
    """Posts and, behind them, `share` times as many synthetic ones between neighbours. Deterministic for a seed.

    features: (n, d). labels: (n, m). MLSOL (Liu and Tsoumakas, Synthetic Oversampling of Multi-Label Data Based on
    Local Label Distribution, ECML PKDD 2019): a post is the likelier a seed, the fewer of its neighbours carry its
    hashtags; whether a synthetic post carries one depends on how near it lies, and on how safe the seed's place is.
    Differs in that to carry a hashtag is always taken for the rare case, as which few hashtags are not.
    """
    neighbours = _neighbours(features)
    foreign = _foreign(labels, neighbours)
    weights = _weights(foreign)
    if not weights.any():
        return features, labels
    kinds = _kinds(labels, foreign, neighbours)
    rng = np.random.default_rng(seed)
    n_new = round(share * len(features))
    seeds = rng.choice(len(features), size=n_new, p=weights / weights.sum())
    references = neighbours[seeds, rng.integers(neighbours.shape[1], size=n_new)]
    way = features[references] - features[seeds]
    step = rng.random(way.shape, dtype=np.float32) * way
    gone, left = np.linalg.norm(step, axis=1), np.linalg.norm(way - step, axis=1)
    part = np.where(gone + left > 0, gone / np.maximum(gone + left, 1e-12), 0)[:, None]
    # Where only one of both carries a hashtag, the one that does decides how far it reaches.
    reaches = np.where(
        labels[seeds] & labels[references],
        True,
        (labels[seeds] & (part <= _REACH[kinds[seeds]]))
        | (labels[references] & (1 - part <= _REACH[kinds[references]])),
    )
    return np.concatenate([features, features[seeds] + step]), np.concatenate([labels, reaches])


def _neighbours(features: Vectors) -> NDArray[np.int64]:
    """(n, at most NEIGHBOURS): rows of the nearest other posts."""
    from sklearn.neighbors import NearestNeighbors

    k = min(NEIGHBOURS, len(features) - 1)
    found: NDArray[np.int64] = NearestNeighbors(n_neighbors=k).fit(features).kneighbors(return_distance=False)
    return found


def _foreign(labels: Carried, neighbours: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, m): where a post carries a hashtag, the part of its neighbours that do not; elsewhere 0."""
    rows, columns = np.nonzero(labels)
    foreign = np.zeros(labels.shape)
    foreign[rows, columns] = 1 - labels[neighbours[rows], columns[:, None]].mean(axis=1)
    return foreign


def _weights(foreign: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,): how much a post is in need of company; outliers, whose neighbours are all foreign, are left alone."""
    needs = np.where(foreign < 1, foreign, 0)
    return np.asarray((needs / np.maximum(needs.sum(axis=0), 1e-12)).sum(axis=1))


def _kinds(labels: Carried, foreign: NDArray[np.float64], neighbours: NDArray[np.int64]) -> NDArray[np.int8]:
    """(n, m): of each hashtag that a post carries, how safe its place is; elsewhere 0."""
    kinds: NDArray[Any] = np.where(labels, 1 + np.digitize(foreign, _BOUNDS), 0).astype(np.int8)
    while True:  # a rare one beside safe ones or borderers is a borderer, which may make others so
        rows, columns = np.nonzero(kinds == _RARE)
        near = kinds[neighbours[rows], columns[:, None]]
        risen = ((near == _SAFE) | (near == _BORDER)).any(axis=1)
        if not risen.any():
            return kinds
        kinds[rows[risen], columns[risen]] = _BORDER
