"""The similarity of two posts in photos and captions: the kernel of the ridge regression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Vectors, unit_rows
from .writing_style import style_counts

FEWEST_TO_CENTRE = 20  # vectors; with fewer, the mean is not subtracted

_BESIDE = 0.5  # weight of the cosine of style, and of each dense channel; that of n-grams has 1
_AT_ONCE = 1024  # posts whose similarities to all others are in memory at a time
_WEIGHED_AT_ONCE = 32_768  # posts that are weighed, or summed, at a time


@dataclass(frozen=True, slots=True)
class Contents:
    """Captions and vectors of n posts.

    captions: (n,) without hashtags; may be empty. ngrams: sparse (n, b) counts of the captions' n-grams. dense: by
    channel float32 (n, d); a row of zeros if a post has nothing for that channel.
    """

    captions: Sequence[str]
    ngrams: sparse.csr_matrix
    dense: Mapping[str, Vectors]

    def __len__(self) -> int:
        return len(self.captions)

    def take(self, rows: NDArray[np.integer[Any]]) -> "Contents":
        """The contents of some posts, in the order of `rows`."""
        dense = {channel: vectors[rows] for channel, vectors in self.dense.items()}
        return Contents([self.captions[row] for row in rows], self.ngrams[rows], dense)


@dataclass(frozen=True, slots=True)
class WeightedContents:
    """Contents of n posts, scaled so that inner products are cosines; all float32.

    words: sparse (n, b), n-grams of captions. style: sparse (n, s), n-grams of skeletons. dense: by channel (n, d).
    """

    words: sparse.csr_matrix
    style: sparse.csr_matrix
    dense: Mapping[str, Vectors]

    def __len__(self) -> int:
        return int(self.words.shape[0])

    def take(self, rows: NDArray[np.integer[Any]] | slice) -> "WeightedContents":
        """Some posts, in the order of `rows`."""
        dense = {channel: vectors[rows] for channel, vectors in self.dense.items()}
        return WeightedContents(self.words[rows], self.style[rows], dense)


@dataclass(frozen=True, slots=True)
class Scales:
    """Statistics of an archive by which the contents of posts are weighted.

    idf, style_idf: float32 (b,) and (s,), 0 for n-grams that are not in the archive. means: by channel float32 (d,).
    """

    idf: Vectors
    style_idf: Vectors
    means: Mapping[str, Vectors]

    @classmethod
    def learn(cls, contents: Contents) -> "Scales":
        """Compute the statistics of n posts."""
        style = style_counts(contents.captions)
        means = {channel: mean_of(vectors) for channel, vectors in contents.dense.items()}
        return cls(idf_of(contents.ngrams), idf_of(style), means)

    def weigh(self, contents: Contents) -> WeightedContents:
        """Weight the contents of n posts; new arrays. Channels that the archive does not have are left out."""
        dense = {channel: centre(contents.dense[channel], mean) for channel, mean in self.means.items()}
        return WeightedContents(self.weigh_words(contents.ngrams), self.weigh_style(contents.captions), dense)

    def weigh_words(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Tf-idf with sublinear tf, (n, b), rows of length 1 or 0."""
        return weigh_ngrams(counts, self.idf)

    def weigh_style(self, captions: Sequence[str]) -> sparse.csr_matrix:
        """Tf-idf of the n-grams of n skeletons: (n, s), rows of length 1 or 0."""
        return weigh_ngrams(style_counts(captions), self.style_idf)


class Similarity:
    """The kernel between any posts and n fixed ones: cosine of n-grams + 1/2 cosine of style and of each dense channel.

    It is a sum of inner products, so positive semidefinite. The value of a post with itself is 3/2, plus 1/2 for each
    dense channel.
    """

    def __init__(self, posts: WeightedContents) -> None:
        self.posts = posts
        self._words = sparse.csr_matrix(posts.words.T)
        self._style = sparse.csr_matrix(posts.style.T)
        self._dense = {channel: np.ascontiguousarray(vectors.T) for channel, vectors in posts.dense.items()}

    def of(self, others: WeightedContents) -> Vectors:
        """float32 (m, n) for m others."""
        alike = np.zeros((len(others), len(self.posts)), dtype=np.float32)
        for start in range(0, len(others), _AT_ONCE):
            here = slice(start, start + _AT_ONCE)
            alike[here] = (others.words[here] @ self._words).toarray()
            alike[here] += _BESIDE * (others.style[here] @ self._style).toarray()
            for channel, vectors in self._dense.items():
                alike[here] += _BESIDE * (others.dense[channel][here] @ vectors)
        return alike


def idf_of(counts: sparse.csr_matrix) -> Vectors:
    """idf(g) = 1 + ln((1 + n) / (1 + df)) over n posts, as scikit-learn's `TfidfTransformer` has it."""
    n, buckets = counts.shape
    df = np.bincount(counts.indices, minlength=buckets)
    return np.where(df > 0, 1 + np.log((1 + n) / (1 + df)), 0).astype(np.float32)


def weigh_ngrams(counts: sparse.csr_matrix, idf: Vectors) -> sparse.csr_matrix:
    """Tf-idf with sublinear tf, (n, b), rows of length 1 or 0. counts: (n, b). idf: (b,)."""
    weighed = np.empty(counts.nnz, dtype=np.float32)
    for start in range(0, counts.shape[0], _WEIGHED_AT_ONCE):
        pointers = counts.indptr[start : start + _WEIGHED_AT_ONCE + 1]
        here = slice(pointers[0], pointers[-1])
        weights = (1 + np.log(np.maximum(counts.data[here], 1))) * idf[counts.indices[here]]
        squares = np.concatenate([[0.0], np.cumsum(weights.astype(np.float64) ** 2)])
        ends = pointers - pointers[0]
        lengths = np.sqrt(np.maximum(squares[ends[1:]] - squares[ends[:-1]], 0))
        weighed[here] = weights * np.repeat(1 / np.maximum(lengths, 1e-9), np.diff(ends))
    return sparse.csr_matrix((weighed, counts.indices, counts.indptr), shape=counts.shape)


def mean_of(vectors: Vectors) -> Vectors:
    """The mean of those of n vectors that are not zeros, float32 (d,); zeros if these are too few."""
    total, present = np.zeros(vectors.shape[1]), 0
    for start in range(0, len(vectors), _WEIGHED_AT_ONCE):
        some = vectors[start : start + _WEIGHED_AT_ONCE]
        total += some.sum(axis=0, dtype=np.float64)
        present += int(np.count_nonzero(some.any(axis=1)))
    if present < FEWEST_TO_CENTRE:
        return np.zeros(vectors.shape[1], dtype=np.float32)
    return np.asarray(total / present, dtype=np.float32)


def centre(vectors: Vectors, mean: Vectors) -> Vectors:
    """Vectors less the mean, scaled to length 1, a new float32 (n, d); zeros stay."""
    rest = vectors - mean
    rest[~vectors.any(axis=1)] = 0
    return unit_rows(rest)
