"""The vote: neighbours put their weight on the hashtags they carry. Sparse matrix products throughout."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.protocols import Archive
from ...core.vectors import NO_ROW, Matches, Vectors

BACKGROUND = 49  # the place, from 0, of the neighbour that stands for posts of no special likeness
SHARPNESS = 0.7
OWN = 0.25  # how far a query's own margin moves the temperature away from the channel's


def label_matrix(archive: Archive) -> sparse.csr_matrix:
    """Who carries what: (n posts, m hashtags), float32, 1 where a post carries a hashtag."""
    pointers, columns = archive.labels
    ones = np.ones(len(columns), dtype=np.float32)
    return sparse.csr_matrix((ones, columns, pointers), shape=(len(pointers) - 1, len(archive.hashtags)))


def margins(matches: Matches) -> Vectors:
    """How far each query's nearest neighbour stands out from the background: float32 (n,), above 0.

    matches: (n, k); a missing neighbour counts as similarity 0.
    """
    background = matches.similarities[:, min(BACKGROUND, matches.similarities.shape[1] - 1)]
    return np.asarray(np.maximum(matches.similarities[:, 0] - background, 1e-3), dtype=np.float32)


def temperatures(matches: Matches, margin: float) -> Vectors:
    """The temperature of each query's vote: float32 (n,), above 0.

    margin: of a typical query of this channel. In units of it, one constant serves every encoder.
    """
    return np.asarray(SHARPNESS * margin ** (1 - OWN) * margins(matches) ** OWN, dtype=np.float32)


def vote_shares(matches: Matches, temperature: Vectors) -> Vectors:
    """Softmax of similarity / temperature over each query's neighbours.

    matches: (n, k). temperature: (n,). Returns float32 (n, k): rows sum to 1, or are 0 where there is no neighbour.
    """
    present = matches.rows != NO_ROW
    above = (matches.similarities - matches.similarities[:, :1]) / temperature[:, None]
    weights = np.where(present, np.exp(np.where(present, above, 0)), 0)
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-30), dtype=np.float32)


def decay(shares: Vectors, matches: Matches, ages: Vectors) -> Vectors:
    """Shares (n, k) that halve with every half-life by which a neighbour is older than the youngest; sums stay.

    ages: (posts,) in half-lives.
    """
    present = matches.rows != NO_ROW
    ages_of = np.where(present, ages[np.where(present, matches.rows, 0)], np.inf)
    youngest = ages_of.min(axis=1, keepdims=True)
    weights = shares * np.exp2(-(ages_of - np.where(np.isinf(youngest), 0, youngest)))
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1e-30)
    return np.asarray(weights * shares.sum(axis=1, keepdims=True) / total, dtype=np.float32)


def votes(matches: Matches, shares: Vectors, labels: sparse.csr_matrix) -> sparse.csr_matrix:
    """The part of a query's neighbours, by their shares, that carries each hashtag: sparse (n, m) in [0, 1]."""
    n = len(matches.rows)
    present = matches.rows != NO_ROW
    pointers: NDArray[np.int64] = np.concatenate([[0], np.cumsum(present.sum(axis=1))])
    weighted_votes = sparse.csr_matrix((shares[present], matches.rows[present], pointers), shape=(n, labels.shape[0]))
    return sparse.csr_matrix(weighted_votes @ labels)
