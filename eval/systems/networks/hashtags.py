"""The hashtags that a network can suggest, and vectors of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....core.post import Post
from ....core.vectors import Vectors, unit_rows
from ...measures.vocabulary import Vocabulary, own_hashtags

Carried = NDArray[np.bool_]


class Hashtags:
    """The m most used ones of the training posts, in normalised form, most used first."""

    def __init__(self, posts: Sequence[Post], most: int) -> None:
        """most: how many are kept."""
        self.names = tuple(Vocabulary.of(posts).hashtags[:most])
        self._columns = {name: column for column, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def columns(self, post: Post) -> list[int]:
        """Those of a post that are kept, most used first."""
        return sorted(self._columns[name] for name in own_hashtags(post) if name in self._columns)

    def labels(self, posts: Sequence[Post]) -> Carried:
        """(n, m): which post carries which."""
        labels = np.zeros((len(posts), len(self)), dtype=np.bool_)
        for row, post in zip(labels, posts, strict=True):
            row[self.columns(post)] = True
        return labels


def hashtag_vectors(labels: Carried, dimension: int) -> Vectors:
    """Vectors of hashtags, near where they stand on the same posts: float32 (m, at most `dimension`) of length 1.

    labels: (n, m). Truncated singular value decomposition of positive pointwise mutual information (Levy and
    Goldberg, NIPS 2014), which word2vec approximates; a post is the window. Unlike there a hashtag stands beside
    itself, so that one without company has a direction, too. Deterministic.
    """
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    table = sparse.csr_matrix(labels, dtype=np.float64)
    together = sparse.coo_matrix(table.T @ table)
    uses = labels.sum(axis=0)
    information = np.log(together.data * len(labels) / (uses[together.row] * uses[together.col]))
    positive = sparse.csr_matrix((np.maximum(information, 0), (together.row, together.col)), shape=together.shape)
    left, strengths, _ = randomized_svd(positive, min(dimension, labels.shape[1]), random_state=0)
    return unit_rows(left * np.sqrt(strengths))


def enriched(labels: Carried, vectors: Vectors, least: float, most: int) -> Carried:
    """Each post carries, besides its own, the hashtags that resemble them: a new (n, m).

    vectors: (m, d) of length 1. least: similarity from which a hashtag is added. most: added for each of a post's own.
    """
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -1)
    alike = np.zeros(similarities.shape, dtype=np.float32)
    nearest = np.argsort(-similarities, axis=1, kind="stable")[:, :most]
    np.put_along_axis(alike, nearest, np.take_along_axis(similarities, nearest, axis=1) >= least, axis=1)
    return labels | (labels.astype(np.float32) @ alike > 0)


def prior_log_odds(labels: Carried) -> Vectors:
    """Where a network's outputs start: the log odds of each hashtag among the posts, half a use added. float32 (m,)."""
    share = (labels.sum(axis=0) + 0.5) / (len(labels) + 1)
    return np.asarray(np.log(share / (1 - share)), dtype=np.float32)
