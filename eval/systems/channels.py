"""Channels as evaluation sees them: what an encoder makes of posts and queries, and who is near in it."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.pipeline import encode_stream
from ...core.post import Post
from ...core.protocols import Encoder
from ...core.query import Query
from ...core.vectors import NO_ROW, Matches, Rows, Vectors, compact, find_repeats, nearest
from .system import query_of

Encoded: TypeAlias = Vectors | sparse.csr_matrix  # the latter of encoders that are sparse

_AT_ONCE = 256  # queries, whose similarities to all posts are held in memory


class Channel:
    """n posts in one channel. A query's similarity to a post is the cosine of their vectors; first photos count alone.

    posts: (n, d), rows of length 1, or of zeros where a post lacks the content.
    """

    def __init__(self, encoder: Encoder[Any], posts: Sequence[Post]) -> None:
        """posts: whose n-grams decide, where the encoder is sparse, what an n-gram weighs."""
        self.name = encoder.channel
        self._encoder = encoder
        queries = [query_of(post) for post in posts]
        self.posts: Encoded
        if encoder.sparse:
            counted = counts(encoder, queries)
            self._weigh = Tfidf(counted)
            self.posts = self._weigh(counted)
            self._across: Encoded = sparse.csr_matrix(self.posts.T)
        else:
            self.posts = vectors(encoder, queries)
            self._across = self.posts.T

    def encode(self, queries: Sequence[Query]) -> Encoded:
        """(q, d), as `posts`."""
        if self._encoder.sparse:
            return self._weigh(counts(self._encoder, queries))
        return vectors(self._encoder, queries)

    def nearest(self, encoded: Encoded, k: int, users: Rows | None = None) -> Matches:
        """The k nearest posts, of similarity above 0; exact, equal ones by their order.

        encoded: (q, d). users: (n,) who posted each, as numbers; of each user only the nearest post counts.
        """
        found = [
            self._nearest(encoded[start : start + _AT_ONCE], k, users) for start in range(0, _len(encoded), _AT_ONCE)
        ]
        rows = [matches.rows for matches in found] or [np.zeros((0, k), dtype=np.int64)]
        similarities = [matches.similarities for matches in found] or [np.zeros((0, k), dtype=np.float32)]
        return Matches(np.concatenate(rows), np.concatenate(similarities))

    def nearest_to_own(self, k: int) -> Matches:
        """As `nearest` for the posts themselves, (n, k), each as if it were not among them."""
        found = self.nearest(self.posts, k + 1)
        itself = found.rows == np.arange(len(found.rows))[:, None]
        return _compact(found, itself, k)

    def _nearest(self, encoded: Encoded, k: int, users: Rows | None) -> Matches:
        product = encoded @ self._across
        similarities = np.asarray(product.toarray() if sparse.issparse(product) else product, dtype=np.float32)
        found = nearest(similarities, k if users is None else similarities.shape[1])
        out = ~(found.similarities > 0)
        return _compact(found, out if users is None else out | find_repeats(users[found.rows]), k)


class Tfidf:
    """What n-grams weigh: (1 + ln count) * idf, rows of length 1 or empty.

    idf(g) = 1 + ln((1 + n) / (1 + df)) over n captions, smoothed as scikit-learn's `TfidfTransformer` has it; n-grams
    that stand in none of them weigh nothing (Salton and Buckley, Term-Weighting Approaches, 1988).
    """

    def __init__(self, counted: sparse.csr_matrix) -> None:
        """counted: (n, b), as `counts` yields them."""
        n, buckets = counted.shape
        df = np.bincount(counted.indices, minlength=buckets)
        self._idf = np.where(df > 0, 1 + np.log((1 + n) / (1 + df)), 0).astype(np.float32)

    def __call__(self, counted: sparse.csr_matrix) -> sparse.csr_matrix:
        """counted: (q, b). Returns a new float32 (q, b)."""
        weights = (1 + np.log(counted.data)) * self._idf[counted.indices]
        weighed = sparse.csr_matrix((weights.astype(np.float32), counted.indices, counted.indptr), shape=counted.shape)
        lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1))).ravel()
        weighed.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(counted.indptr))
        return weighed


def vectors(encoder: Encoder[Vectors], queries: Sequence[Query]) -> Vectors:
    """float32 (n, d), rows of length 1; zeros where a query lacks the content, or its photo cannot be read."""
    stacked = np.zeros((len(queries), encoder.fingerprint.dimension), dtype=np.float32)
    for rows, encoded in _encoded(encoder, queries):
        stacked[rows] = encoded
    return stacked


def counts(encoder: Encoder[sparse.csr_matrix], queries: Sequence[Query]) -> sparse.csr_matrix:
    """Sparse float32 (n, buckets); empty rows where a query lacks the content."""
    lengths = np.zeros(len(queries) + 1, dtype=np.int64)
    columns, counted = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.float32)]
    for rows, encoded in _encoded(encoder, queries):
        lengths[np.asarray(rows) + 1] = np.diff(encoded.indptr)
        columns.append(encoded.indices)
        counted.append(encoded.data)
    stored = np.concatenate(counted), np.concatenate(columns), np.cumsum(lengths)
    return sparse.csr_matrix(stored, shape=(len(queries), encoder.fingerprint.dimension))


def _encoded(encoder: Encoder[Any], queries: Sequence[Query]) -> list[tuple[list[int], Any]]:
    """Rows of the queries that have the content, and their vectors, by batch; what cannot be read is left out."""
    of = [query.contents(encoder.modality)[:1] for query in queries]
    batches = encode_stream(encoder, ((row, content) for row, contents in enumerate(of) for content in contents))
    return [(batch.keys, batch.vectors) for batch in batches if batch.vectors is not None]


def _len(encoded: Encoded) -> int:
    return int(encoded.shape[0])


def _compact(found: Matches, left_out: NDArray[np.bool_], k: int) -> Matches:
    """The k nearest of the matches that are not left out."""
    left_out = left_out | (found.rows == NO_ROW)
    return Matches(compact(found.rows, left_out, k, NO_ROW), compact(found.similarities, left_out, k, 0))
