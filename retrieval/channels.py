"""A channel: photos or captions through an encoder into an index, and out come posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
from scipy import sparse

from ..core.pipeline import encode_stream
from ..core.post import Query
from ..core.protocols import Encoder, V
from ..core.vectors import NO_ROW, Matches, Rows
from .encoders.ngrams import BUCKETS, NgramEncoder
from .kernel import Contents
from .neighbours import Neighbourhood


@dataclass(frozen=True, slots=True)
class Channel(Generic[V]):
    """An encoder, and the posts whose vectors it has made."""

    encoder: Encoder[V]
    neighbourhood: Neighbourhood

    @property
    def name(self) -> str:
        """`image`, `sentence` or `lexical`."""
        return self.encoder.channel

    def content(self, query: Query) -> Any:
        """What this channel compares of a query: its photo or its caption; None where it has none."""
        return query.photo if self.encoder.modality == "image" else query.caption or None


@dataclass(frozen=True, slots=True)
class Heard:
    """What one channel found for a batch of n queries.

    matches: (n, k), no row at all for queries without this channel's modality. places: (v,) of those with it, and their
    vectors, v rows; None where v is 0. failures: reasons by the query's place.
    """

    channel: str
    matches: Matches
    places: Rows
    vectors: Any
    failures: dict[int, str]


def listen(channel: Channel[Any], queries: Sequence[Query], k: int) -> Heard:
    """Ask one channel for the neighbours of a batch of queries."""
    rows = np.full((len(queries), k), NO_ROW, dtype=np.int64)
    similarities = np.zeros((len(queries), k), dtype=np.float32)
    failures: dict[int, str] = {}
    places: list[int] = []
    vectors: list[Any] = []
    asked = [(i, content) for i, query in enumerate(queries) if (content := channel.content(query)) is not None]
    for batch in encode_stream(channel.encoder, asked):
        failures |= dict(batch.failures)
        if batch.vectors is not None:
            found = channel.neighbourhood.nearest(batch.vectors, k)
            rows[batch.keys] = found.rows
            similarities[batch.keys] = found.similarities
            places += batch.keys
            vectors.append(batch.vectors)
    there = np.asarray(places, dtype=np.int64)
    return Heard(channel.name, Matches(rows, similarities), there, stacked(vectors), failures)


def stacked(batches: Sequence[Any]) -> Any:
    """Batches of vectors as one, dense or sparse; None of none."""
    if not batches:
        return None
    return sparse.vstack(batches, format="csr") if sparse.issparse(batches[0]) else np.concatenate(batches)


def contents_of(captions: Sequence[str], vectors: Sequence[tuple[str, int, Rows, Any]]) -> Contents:
    """n posts as they are compared with each other; what a post has not is an empty row.

    vectors: of each channel its name, the dimension, the places (v,) of its posts among the n, and v rows or None.
    """
    n = len(captions)
    nowhere = np.zeros(0, dtype=np.int64)
    ngrams = sparse.csr_matrix((nowhere.astype(np.float32), (nowhere, nowhere)), shape=(n, BUCKETS))
    dense = {}
    for channel, dimension, places, rows in vectors:
        if channel == NgramEncoder.channel:
            ngrams = _scattered(rows, places, n) if rows is not None else ngrams
        else:
            dense[channel] = np.zeros((n, dimension), dtype=np.float32)
            if rows is not None:
                dense[channel][places] = rows
    return Contents(captions, ngrams, dense)


def _scattered(rows: sparse.csr_matrix, places: Rows, n: int) -> sparse.csr_matrix:
    """Rows (v, d) at their places among n, the others empty."""
    entries = rows.tocoo()
    scattered = sparse.csr_matrix((entries.data, (places[entries.row], entries.col)), shape=(n, rows.shape[1]))
    scattered.sort_indices()
    return scattered
