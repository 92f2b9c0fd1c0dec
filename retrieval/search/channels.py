"""Channels: encode photos or captions of queries, and search the index for the nearest posts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
from scipy import sparse

from ...core.pipeline import encode_stream
from ...core.protocols import Encoder, V
from ...core.query import Query
from ...core.vectors import Rows, Vectors, unit_rows
from ..encoders.ngrams import BUCKETS
from ..encoders.open_clip_text import CHANNEL as TEXT_TOWER
from ..encoders.reading import can_read
from ..encoders.stacking import stacked
from .neighbours import Neighbourhood, Neighbours, no_neighbours
from .similarity import Contents

# Channels that compare photos with captions: the encoder of the query, and the one whose vectors of posts are searched.
_ACROSS = {"image_to_text": ("image", TEXT_TOWER), "text_to_image": (TEXT_TOWER, "image")}


@dataclass(frozen=True, slots=True)
class Channel(Generic[V]):
    """The encoder of queries, and the posts with vectors that are compared with its vectors."""

    encoder: Encoder[V]
    neighbourhood: Neighbourhood

    @property
    def name(self) -> str:
        """`image`, `sentence`, `multilingual`, `lexical`, `image_to_text` or `text_to_image`."""
        return self.neighbourhood.channel


def channels_of(encoders: Collection[str]) -> dict[str, tuple[str, str]]:
    """The channels that encoders make: by name, the encoder of the query and that of the posts.

    encoders: by `Encoder.channel`. All but the text tower compare contents of one kind; captions with captions are left
    to models that were trained for that.
    """
    alike = {name: (name, name) for name in encoders if name != TEXT_TOWER}
    return alike | {name: pair for name, pair in _ACROSS.items() if set(pair) <= set(encoders)}


@dataclass(frozen=True, slots=True)
class EncodedQueries:
    """What one encoder makes of a batch of n queries.

    of: (v,) ascending, the query to which each vector belongs. vectors: (v, d), dense or sparse; None if v is 0.
    failures: by query, why one of its photos cannot be read.
    """

    n: int
    of: Rows
    vectors: Any
    failures: dict[int, str]


def encode_queries(encoder: Encoder[Any], queries: Sequence[Query]) -> EncodedQueries:
    """Encode what a batch of queries has for one encoder: all photos of each, or its caption if it can be read."""
    failures: dict[int, str] = {}
    of: list[int] = []
    vectors: list[Any] = []
    contents = [
        ((i, number), content)
        for i, query in enumerate(queries)
        if can_read(query.caption, encoder.languages)
        for number, content in enumerate(query.contents(encoder.modality), start=1)
    ]
    for batch in encode_stream(encoder, contents):
        for (i, number), reason in batch.failures:
            several = len(queries[i].photos) > 1
            failures.setdefault(i, f"photo {number}: {reason}" if several else reason)
        if batch.vectors is not None:
            of += (i for i, _ in batch.keys)
            vectors.append(batch.vectors)
    return EncodedQueries(len(queries), np.asarray(of, dtype=np.int64), stacked(vectors), failures)


def search_channel(channel: Channel[Any], encoded: EncodedQueries, k: int) -> Neighbours:
    """The k neighbours of each of n queries in one channel, (n, k); none for a query without a vector."""
    matches = no_neighbours(encoded.n, k)
    if encoded.vectors is None:
        return matches
    with_vectors, of = np.unique(encoded.of, return_inverse=True)
    found = channel.neighbourhood.nearest(encoded.vectors, k, of)
    for whole, part in (
        (matches.rows, found.rows),
        (matches.similarities, found.similarities),
        (matches.photos, found.photos),
    ):
        whole[with_vectors] = part
    return matches


def contents_of(captions: Sequence[str], vectors: Sequence[tuple[Encoder[Any], Rows, Any]]) -> Contents:
    """The contents of n posts. A post without a photo or a caption has an empty row there.

    captions: (n,). vectors: for each encoder the post (v,) to which each vector belongs, and the vectors (v, d), or
    None if v is 0; at most one is sparse. A post with several photos gets the mean of their vectors. The text tower is
    left out.
    """
    n = len(captions)
    no_index = np.zeros(0, dtype=np.int64)
    ngrams = sparse.csr_matrix((no_index.astype(np.float32), (no_index, no_index)), shape=(n, BUCKETS))
    dense = {}
    for encoder, of, rows in vectors:
        if encoder.channel == TEXT_TOWER:
            continue
        if encoder.sparse:
            ngrams = _scatter(rows, of, n) if rows is not None else ngrams
        else:
            dense[encoder.channel] = lay_out(encoder, of, rows, n)
    return Contents(captions, ngrams, dense)


def lay_out(encoder: Encoder[Any], of: Rows, rows: Vectors | None, n: int) -> Vectors:
    """One row for each of n posts: the mean of its vectors, or zeros: float32 (n, d). No copy if all have one vector.

    of, rows: (v,) and (v, d) as `contents_of` takes them.
    """
    if rows is None:
        return np.zeros((n, encoder.fingerprint.dimension), dtype=np.float32)
    means = _average(rows, of)
    if np.array_equal(of, np.arange(n)):
        return np.ascontiguousarray(means, dtype=np.float32)
    laid_out = np.zeros((n, rows.shape[1]), dtype=np.float32)
    laid_out[of] = means
    return laid_out


def _average(rows: Vectors, of: Rows) -> Vectors:
    """Replace each row by the mean of all rows of its post, scaled to length 1: float32 (v, d). of: (v,)."""
    order = np.argsort(of, kind="stable")
    _, first, several = np.unique(of[order], return_index=True, return_counts=True)
    if len(first) == len(rows):
        return rows
    means = np.add.reduceat(rows[order], first, axis=0) / several[:, None].astype(np.float32)
    means[several > 1] = unit_rows(means[several > 1])
    spread = np.empty_like(rows)
    spread[order] = np.repeat(means, several, axis=0)
    return spread


def _scatter(rows: sparse.csr_matrix, of: Rows, n: int) -> sparse.csr_matrix:
    """Put rows (v, d) at indices `of` (v,) among n rows; the others are empty. Returns sparse (n, d)."""
    entries = rows.tocoo()
    scattered = sparse.csr_matrix((entries.data, (of[entries.row], entries.col)), shape=(n, rows.shape[1]))
    scattered.sort_indices()
    return scattered
