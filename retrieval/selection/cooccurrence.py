"""Co-occurrence: which hashtags appear together on posts, and how similar that is for two hashtags."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Floats, Rows

_DOUBT = 10  # posts, by which the closeness of rare pairs is reduced
_SAMPLE = 200  # most posts from which variety is computed
_AT_ONCE = 4096  # pairs in one step


class Cooccurrence:
    """Co-occurrence of c hashtags of an archive. Pairs are two arrays (p,) of their numbers."""

    def __init__(self, labels: sparse.csr_matrix, author_of: Rows) -> None:
        """labels: sparse (posts, c), 1 if a post carries a hashtag. author_of: (posts,) numbers, -1 if unknown."""
        self._author_of = author_of
        self._labels = labels
        self._by_hashtag = sparse.csc_matrix(labels)
        self._together = sparse.csr_matrix(self._by_hashtag.T @ self._by_hashtag)
        self._together.sort_indices()
        self.uses: Rows = self._together.diagonal().astype(np.int64)

    def pairs(self, least: int) -> tuple[Rows, Rows]:
        """The pairs that at least `least` posts carry, the lower number first."""
        upper = sparse.coo_matrix(sparse.triu(self._together, k=1))
        enough = upper.data >= least
        return upper.row[enough].astype(np.int64), upper.col[enough].astype(np.int64)

    def both(self, ones: Rows, others: Rows) -> Rows:
        """(p,) the number of posts that carry both."""
        return _take_entries(self._together, ones, others).astype(np.int64)

    def posts_with(self, one: int, other: int) -> Rows:
        """The posts that carry both, ascending."""
        carriers, others = (self._by_hashtag[:, column].indices.astype(np.int64) for column in (one, other))
        return np.intersect1d(carriers, others, assume_unique=True)

    def authors_of(self, posts: Rows) -> int | None:
        """The number of known authors of these posts; None if none is known."""
        authors = self._author_of[posts]
        return len(np.unique(authors[authors >= 0])) or None

    def closeness(self, ones: Rows, others: Rows) -> Floats:
        """(p,) the cosine of the posts that carry them, reduced if few posts carry both; in [0, 1)."""
        both = self.both(ones, others)
        return np.asarray(both / np.sqrt(self.uses[ones] * self.uses[others]) * both / (both + _DOUBT))

    def likeness(self, ones: Rows, others: Rows) -> Floats:
        """(p,) the cosine of their associations with other hashtags, in [0, 1].

        Their association with each other is left out.
        """
        found = [np.zeros(0)]
        for start in range(0, len(ones), _AT_ONCE):
            one, other = ones[start : start + _AT_ONCE], others[start : start + _AT_ONCE]
            shared = np.asarray(self._ties[one].multiply(self._ties[other]).sum(axis=1)).ravel()
            between = _take_entries(self._ties, one, other) ** 2
            lengths = (self._squares[one] - between) * (self._squares[other] - between)
            found.append(shared / np.sqrt(np.maximum(lengths, 1e-12)))
        return np.minimum(np.concatenate(found), 1.0)

    def variety(self, one: int, other: int) -> float:
        """The effective number of posts that carry both; posts whose other hashtags are the same count as one.

        The diversity of order 2 of Leinster and Cobbold (Measuring diversity: the importance of species similarity,
        2012), by the Jaccard similarity of the other hashtags, of at most 200 posts. At least 1 if any post has both.
        """
        rows = self.posts_with(one, other)
        if len(rows) > _SAMPLE:
            rows = np.random.default_rng(0).choice(rows, _SAMPLE, replace=False)
        posts = self._labels[rows]
        shared = posts @ posts.T
        counts = np.asarray(posts.sum(axis=1)).ravel() - 2  # without the pair
        shared = np.asarray(shared.toarray(), dtype=np.float64) - 2
        union = counts[:, None] + counts[None, :] - shared
        alike = np.where(union > 0, shared / np.maximum(union, 1), 1.0)
        return float(len(rows) ** 2 / max(alike.sum(), 1.0))

    @cached_property
    def _ties(self) -> sparse.csr_matrix:
        """(c, c) positive pointwise mutual information, discounted for rare hashtags (Pantel and Lin, 2002)."""
        entries = sparse.coo_matrix(self._together)
        apart = entries.row != entries.col
        one, other, both = entries.row[apart], entries.col[apart], entries.data[apart].astype(np.float64)
        rarer = np.minimum(self.uses[one], self.uses[other])
        information = np.log(both * self._labels.shape[0] / (self.uses[one] * self.uses[other]))
        ties = np.maximum(information, 0) * both / (both + 1) * rarer / (rarer + 1)
        return sparse.csr_matrix((ties, (one, other)), shape=self._together.shape)

    @cached_property
    def _squares(self) -> Floats:
        return np.asarray(self._ties.multiply(self._ties).sum(axis=1)).ravel()


def _take_entries(matrix: sparse.csr_matrix, rows: Rows, columns: Rows) -> NDArray[np.float64]:
    if not len(rows):  # SciPy returns a matrix for no rows
        return np.zeros(0)
    return np.asarray(matrix[rows, columns], dtype=np.float64).ravel()
