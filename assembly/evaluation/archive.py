"""The posts that systems are judged on: read, encoded once for all systems, parted, and the product built of some."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from ...core.advice import IN_MEMORY, Advice
from ...core.errors import HomeError, SettingsError, describe
from ...core.pipeline import encode_stream
from ...core.post import Post
from ...core.program import program
from ...core.progress import Progress
from ...core.protocols import Encoder, PostReader
from ...core.settings import Settings
from ...core.vectors import Rows
from ...db.database import open_database
from ...db.rejects import REJECTS, Rejects
from ...db.store import SqlPostStore
from ...eval.runs.splits import Drawn, Split, Teaches, draw_split, read_split
from ...index.snapshots.build import ChannelPlan, embed
from ...retrieval.encoders.caching import CachingEncoder
from ...retrieval.encoders.profiles import EncoderSpec
from ...retrieval.encoders.stacking import stacked
from ...retrieval.recommender import ArchiveRecommender
from ...retrieval.search.channels import contents_of
from ...retrieval.search.duplicates import find_duplicates
from ..home import Home
from ..refresh.build import build_channels
from ..suggest.recommender import recommender_of

DATABASE = "archive.sqlite"
FEATURES = "features"

ProductBuilder: TypeAlias = Callable[[Sequence[Post], Sequence[Post]], ArchiveRecommender]

_SCRATCH = "product-"  # begins the names of folders for indexes that are judged


@dataclass(frozen=True, slots=True)
class JudgedArchive:
    """All posts, as a person's archive would hold them, and what their encoders made of them.

    clusters: (n,) the near-duplicates' numbers.
    """

    posts: Sequence[Post]
    encoders: Mapping[EncoderSpec, Encoder[Any]]
    clusters: Rows


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """A folder within `out`, both made, that is gone afterwards. Raises HomeError where they cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for left in out.glob(f"{_SCRATCH}*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=_SCRATCH) as scratch:
            yield Path(scratch)
    except OSError as error:
        raise HomeError(f"{out} cannot be written: {describe(error)}") from error


def read_archive(
    out: Path, plans: Mapping[EncoderSpec, ChannelPlan], reader: PostReader, progress: Progress
) -> JudgedArchive:
    """Posts into a database of their own, through the encoders: what was encoded before is not encoded again."""
    rejects = Rejects(reader, out / REJECTS)
    with open_database(f"sqlite:///{(out / DATABASE).resolve()}") as database:
        store = database.posts
        try:
            store.ingest(reader.source, rejects.sift(frozenset()))
            rejects.set_unreadable(embed(store, list(plans.values()), progress).unreadable)
        finally:
            rejects.write()
        posts = [stored.post for stored in store.posts()]
        encoders = {spec: _cached_encoder(store, planned, posts) for spec, planned in plans.items()}
    return JudgedArchive(posts, encoders, _clusters(posts, list(encoders.values())))


def split_archive(archive: JudgedArchive, split: str, allow_leaks: bool, teaches: Teaches) -> Split:
    """split: how posts are parted, or a file; see `eval.runs.splits`. teaches: see there, too.

    Raises SettingsError where it is neither, and as the functions there do.
    """
    if split in get_args(Drawn):
        drawn: Any = split
        return draw_split(archive.posts, drawn, archive.clusters, allow_leaks=allow_leaks, teaches=teaches)
    if not Path(split).is_file():
        ways = ", ".join(get_args(Drawn))
        raise SettingsError(f"split is {split!r}, which is neither {ways} nor a file of posts and parts")
    return read_split(Path(split), archive.posts, archive.clusters, allow_leaks=allow_leaks, teaches=teaches)


def identity(
    task: Literal["hashtags", "captions"],
    parts: Sequence[Sequence[Post]],
    origin: str,
    archive: JudgedArchive,
    backbone: str,
) -> dict[str, Any]:
    """All that outcomes depend on, apart from the system and its seed.

    parts: posts to learn from, to validate and to be judged on. origin: how they were parted.
    """
    posts = sha256()
    for part in parts:
        for post in part:
            posts.update(repr((post.post_id, post.caption, post.hashtags, post.digests("image"))).encode())
    return {
        "program": program(),
        "task": task,
        "split": origin,
        "posts": posts.hexdigest(),
        "encoders": [str(encoder.fingerprint) for encoder in archive.encoders.values()],
        "backbone": backbone,
    }


def product_builder(archive: JudgedArchive, scratch: Path) -> ProductBuilder:
    """Builds the product as `hashtag index build` does, but for vectors that are there already."""

    def build(posts: Sequence[Post], validation: Sequence[Post]) -> ArchiveRecommender:
        by_channel = {encoder.channel: encoder for encoder in archive.encoders.values()}
        home = Home(Settings(Path(tempfile.mkdtemp(dir=scratch))), by_channel)
        plans = [ChannelPlan(encoder, spec.to_json()) for spec, encoder in archive.encoders.items()]
        build_channels(home, plans, _Listed([*posts, *validation]))
        return recommender_of(home)

    return build


def _cached_encoder(store: SqlPostStore, plan: ChannelPlan, posts: Sequence[Post]) -> Encoder[Any]:
    if not plan.encoder.stored:
        return plan.encoder
    digests = {digest for post in posts for digest in post.digests(plan.encoder.modality)}
    known = store.vectors_of(plan.encoder.fingerprint, sorted(digests))
    return CachingEncoder(plan.encoder, {digest: vector[None] for digest, vector in known.items()})


def _clusters(posts: Sequence[Post], encoders: Sequence[Encoder[Any]]) -> Rows:
    channels = []
    for encoder in encoders:
        contents = ((row, content) for row, post in enumerate(posts) for content in post.contents(encoder.modality))
        made = list(encode_stream(encoder, contents))
        rows = np.asarray([row for batch in made for row in batch.keys], dtype=np.int64)
        vectors = stacked([batch.vectors for batch in made if batch.vectors is not None])
        channels.append((encoder, rows, vectors))
    return find_duplicates(contents_of([post.caption for post in posts], channels))


@dataclass(frozen=True, slots=True)
class _Listed:
    """Posts in memory as a `PostReader`."""

    posts: Sequence[Post]

    @property
    def source(self) -> str:
        return self.posts[0].source

    @property
    def origin(self) -> None:
        return None

    @property
    def advice(self) -> Advice:
        return IN_MEMORY

    def notes(self) -> Sequence[str]:
        return ()

    def read(self) -> Any:
        return iter(self.posts)
