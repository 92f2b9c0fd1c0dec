"""Building the product of a part of an archive's posts, from vectors that are there already."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.advice import IN_MEMORY, Advice
from ..core.pipeline import encode_stream
from ..core.post import Post
from ..core.protocols import Encoder
from ..core.settings import Settings
from ..core.vectors import Rows
from ..db.store import SqlPostStore
from ..index.snapshots.build import ChannelPlan
from ..retrieval.encoders.caching import CachingEncoder
from ..retrieval.encoders.profiles import EncoderSpec
from ..retrieval.encoders.stacking import stacked
from ..retrieval.recommender import ArchiveRecommender
from ..retrieval.search.channels import contents_of
from ..retrieval.search.duplicates import find_duplicates
from .home import Home
from .refresh.build import build_channels
from .suggest.recommender import recommender_of


@dataclass(frozen=True, slots=True)
class EncodedPosts:
    """All posts of an archive, and what their encoders made of them.

    clusters: (n,) the near-duplicates' numbers.
    """

    posts: Sequence[Post]
    encoders: Mapping[EncoderSpec, Encoder[Any]]
    clusters: Rows


def encoded_posts(store: SqlPostStore, plans: Mapping[EncoderSpec, ChannelPlan]) -> EncodedPosts:
    """The active posts of a database. What it holds no vectors of is encoded when it is first asked for."""
    posts = [stored.post for stored in store.posts()]
    encoders = {spec: _cached_encoder(store, planned, posts) for spec, planned in plans.items()}
    return EncodedPosts(posts, encoders, clusters_of(posts, list(encoders.values())))


def clusters_of(posts: Sequence[Post], encoders: Sequence[Encoder[Any]]) -> Rows:
    """(n,) the near-duplicates' numbers, by all that the encoders see."""
    channels = []
    for encoder in encoders:
        contents = ((row, content) for row, post in enumerate(posts) for content in post.contents(encoder.modality))
        made = list(encode_stream(encoder, contents))
        rows = np.asarray([row for batch in made for row in batch.keys], dtype=np.int64)
        vectors = stacked([batch.vectors for batch in made if batch.vectors is not None])
        channels.append((encoder, rows, vectors))
    return find_duplicates(contents_of([post.caption for post in posts], channels))


def product_builder(
    encoders: Mapping[EncoderSpec, Encoder[Any]], scratch: Path
) -> Callable[[Sequence[Post], Sequence[Post]], ArchiveRecommender]:
    """Builds the product of posts as `hashtag index build` does, validation posts included.

    scratch: a folder for the indexes; who deletes it closes what was built before.
    """

    def build(posts: Sequence[Post], validation: Sequence[Post]) -> ArchiveRecommender:
        by_channel = {encoder.channel: encoder for encoder in encoders.values()}
        home = Home(Settings(Path(tempfile.mkdtemp(dir=scratch))), by_channel)
        plans = [ChannelPlan(encoder, spec.to_json()) for spec, encoder in encoders.items()]
        build_channels(home, plans, ListedPosts([*posts, *validation]))
        return recommender_of(home)

    return build


@dataclass(frozen=True, slots=True)
class ListedPosts:
    """Posts in memory as a `PostReader`. posts: at least one."""

    posts: Sequence[Post]

    @property
    def source(self) -> str:
        """See `PostReader.source`."""
        return self.posts[0].source

    @property
    def origin(self) -> None:
        """See `PostReader.origin`."""
        return None

    @property
    def advice(self) -> Advice:
        """See `PostReader.advice`."""
        return IN_MEMORY

    def notes(self) -> Sequence[str]:
        """See `PostReader.notes`."""
        return ()

    def read(self) -> Any:
        """See `PostReader.read`."""
        return iter(self.posts)


def _cached_encoder(store: SqlPostStore, plan: ChannelPlan, posts: Sequence[Post]) -> Encoder[Any]:
    if not plan.encoder.stored:
        return plan.encoder
    digests = {digest for post in posts for digest in post.digests(plan.encoder.modality)}
    known = store.vectors_of(plan.encoder.fingerprint, sorted(digests))
    return CachingEncoder(plan.encoder, {digest: vector[None] for digest, vector in known.items()})
