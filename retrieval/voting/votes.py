"""The vote: each neighbour votes for the hashtags it carries, with a weight by similarity."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.protocols import Archive
from ...core.vectors import NO_ROW, Matches, Numbers, Rows, T, Vectors

BACKGROUND = 49  # rank of the neighbour that stands for posts without special similarity
SHARPNESS = 0.7  # temperature / margin
OWN = 0.25  # exponent of the query's own margin; that of the channel has the rest to 1


def label_matrix(archive: Archive) -> sparse.csr_matrix:
    """The labels: sparse float32 (n posts, m hashtags), 1 if a post carries a hashtag."""
    pointers, columns = archive.labels
    ones = np.ones(len(columns), dtype=np.float32)
    return sparse.csr_matrix((ones, columns, pointers), shape=(len(pointers) - 1, len(archive.hashtags)))


def carrier_matrix(archive: Archive) -> sparse.csc_matrix:
    """The labels by hashtag, in column format."""
    pointers, rows = archive.carriers
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.csc_matrix((ones, rows, pointers), shape=(len(archive.author_of), len(archive.hashtags)))


def count_uses(labels: sparse.csr_matrix) -> Numbers:
    """How many posts carry each hashtag: (m,). labels: (posts, m)."""
    return np.bincount(labels.indices, minlength=labels.shape[1])


def find_carriers(
    labels: sparse.csr_matrix, rows: Rows, columns: Numbers, offsets: Numbers | None = None
) -> tuple[Numbers, Numbers]:
    """Which of some posts carry which of some hashtags: indices in `columns` and in `rows`, (p,) each; rows ascending.

    rows: (r,) of labels. columns: (c,) ascending. offsets: (r,), added to the columns of the hashtags of each post, to
    find those of several queries at once; None for 0.
    """
    starts, ends = labels.indptr[rows], labels.indptr[rows + 1]
    lengths = ends - starts
    row = np.repeat(np.arange(len(rows)), lengths)
    entries = np.arange(len(row)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    carried = labels.indices[entries] if offsets is None else labels.indices[entries] + offsets[row]
    column, known = _locate(columns, carried)
    return column[known], row[known]


def pair_keys(pairs: sparse.csr_matrix) -> Rows:
    """A number for each entry of a sparse (n, m), row * m + column: int64, ascending where its columns are."""
    n, m = pairs.shape
    return np.repeat(np.arange(n, dtype=np.int64) * m, np.diff(pairs.indptr)) + pairs.indices


def look_up(columns: Numbers, some: Numbers, values: NDArray[T]) -> NDArray[T]:
    """The value of each of c columns: (c,), 0 for those not in `some` (ascending). values: of `some`."""
    indices, known = _locate(some, columns)
    found = np.zeros(len(columns), dtype=values.dtype)
    found[known] = values[indices[known]]
    return found


def _locate(columns: Numbers, some: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """The index of each of `some` in `columns` (ascending), and whether it is there."""
    if not len(columns):
        return np.zeros(len(some), dtype=np.int64), np.zeros(len(some), dtype=bool)
    indices = np.minimum(np.searchsorted(columns, some), len(columns) - 1)
    return indices, columns[indices] == some


def margins(matches: Matches) -> Vectors:
    """The similarity of each query's nearest neighbour above the background: float32 (n,), above 0.

    matches: (n, k); a missing neighbour counts as similarity 0.
    """
    background = matches.similarities[:, min(BACKGROUND, matches.similarities.shape[1] - 1)]
    return np.asarray(np.maximum(matches.similarities[:, 0] - background, 1e-3), dtype=np.float32)


def temperatures(matches: Matches, margin: float) -> Vectors:
    """The temperature of each query's vote: SHARPNESS * margin^(1 - OWN) * own margin^OWN; float32 (n,), above 0.

    matches: (n, k). margin: of a typical query of this channel; it makes one constant fit every encoder.
    """
    return np.asarray(SHARPNESS * margin ** (1 - OWN) * margins(matches) ** OWN, dtype=np.float32)


def vote_shares(matches: Matches, temperature: Vectors) -> Vectors:
    """Softmax of similarity / temperature over each query's neighbours.

    matches: (n, k). temperature: (n,). Returns float32 (n, k): rows sum to 1, or to 0 if there is no neighbour.
    """
    present = matches.rows != NO_ROW
    above = (matches.similarities - matches.similarities[:, :1]) / temperature[:, None]
    weights = np.where(present, np.exp(np.where(present, above, 0)), 0)
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-30), dtype=np.float32)


def decay(shares: Vectors, matches: Matches, ages: Vectors) -> Vectors:
    """Halve the shares (n, k) for every half-life by which a neighbour is older than the youngest; keep their sums.

    ages: (posts,) in half-lives.
    """
    present = matches.rows != NO_ROW
    ages_of = np.where(present, ages[np.where(present, matches.rows, 0)], np.inf)
    youngest = ages_of.min(axis=1, keepdims=True)
    weights = shares * np.exp2(-(ages_of - np.where(np.isinf(youngest), 0, youngest)))
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1e-30)
    return np.asarray(weights * shares.sum(axis=1, keepdims=True) / total, dtype=np.float32)


def votes(matches: Matches, shares: Vectors, labels: sparse.csr_matrix) -> sparse.csr_matrix:
    """The sum of the shares of the neighbours that carry each hashtag: sparse (n, m) in [0, 1].

    matches, shares: (n, k). labels: sparse (posts, m).
    """
    n, m = len(matches.rows), labels.shape[1]
    present = matches.rows != NO_ROW
    pointers: NDArray[np.int64] = np.concatenate([[0], np.cumsum(present.sum(axis=1))])
    voters, voter_of = np.unique(matches.rows[present], return_inverse=True)
    ballots = labels[voters]
    # Without the hashtags that no voter carries: a product takes memory for all columns, which may be a million.
    columns, narrowed = np.unique(ballots.indices, return_inverse=True)
    narrow = sparse.csr_matrix((ballots.data, narrowed, ballots.indptr), shape=(len(voters), len(columns)))
    counted = sparse.csr_matrix((shares[present], voter_of, pointers), shape=(n, len(voters))) @ narrow
    return sparse.csr_matrix((counted.data, columns[counted.indices], counted.indptr), shape=(n, m))
