"""A channel: photos or captions through an encoder into an index, and out come posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np

from ..core.pipeline import encode_stream
from ..core.post import Query
from ..core.protocols import Encoder, V, VectorIndex
from ..core.vectors import NO_ROW, Matches, Rows


@dataclass(frozen=True, slots=True)
class Channel(Generic[V]):
    """rows: (n,) the row of the archive to which each of the index's n vectors belongs."""

    encoder: Encoder[V]
    index: VectorIndex[V]
    rows: Rows

    @property
    def name(self) -> str:
        """`image`, `sentence` or `lexical`."""
        return self.encoder.channel

    def content(self, query: Query) -> Any:
        """What this channel compares of a query: its photo or its caption; None where it has none."""
        return query.photo if self.encoder.modality == "image" else query.caption or None

    def nearest_posts(self, vectors: V, k: int) -> Matches:
        """The k nearest posts of each vector, as rows of the archive."""
        matches = self.index.search(vectors, k)
        rows = np.where(matches.rows == NO_ROW, NO_ROW, self.rows[matches.rows])
        return Matches(rows, matches.similarities)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one channel found for a batch of n queries.

    matches: (n, k), no row at all for queries without this channel's modality.
    failures: reasons by the query's place.
    """

    channel: str
    matches: Matches
    failures: dict[int, str]


def listen(channel: Channel[Any], queries: Sequence[Query], k: int) -> Heard:
    """Ask one channel for the neighbours of a batch of queries."""
    rows = np.full((len(queries), k), NO_ROW, dtype=np.int64)
    similarities = np.zeros((len(queries), k), dtype=np.float32)
    failures: dict[int, str] = {}
    asked = [(i, content) for i, query in enumerate(queries) if (content := channel.content(query)) is not None]
    for batch in encode_stream(channel.encoder, asked):
        failures |= dict(batch.failures)
        if batch.vectors is not None:
            found = channel.nearest_posts(batch.vectors, k)
            rows[batch.keys] = found.rows
            similarities[batch.keys] = found.similarities
    return Heard(channel.name, Matches(rows, similarities), failures)
