"""Builds a snapshot from the database: embed what is new, index every channel, publish."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ...core.archive_state import ArchiveState
from ...core.errors import SnapshotError, SourceError
from ...core.pipeline import LocalEngine, encode_stream
from ...core.post import Post
from ...core.progress import Progress
from ...core.protocols import EmbeddingEngine, Encoded, Encoder, PostStore
from ...core.vectors import Rows, read_array
from ..vectors.registry import choose_index, is_exact, place_of, reach_index, read_index, write_index
from ..vectors.spec import IndexLimits, IndexSpec, Measured
from .archive import ArchiveWriter
from .manifest import ChannelRecord, LearnedFrom, Manifest
from .serving import held_back, told_of_rollback
from .snapshot import Snapshot, publish, serving_snapshot
from .temporary_vectors import collect_vectors

ROWS = "rows.npy"  # in every channel's folder: which row of the archive each vector belongs to, ascending


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """A channel to be built. spec: how the encoder is made again. limits: by which its index is chosen."""

    encoder: Encoder[Any]
    spec: Mapping[str, str]
    limits: IndexLimits = IndexLimits()

    def index(self, vectors: int) -> IndexSpec:
        """The index for so many vectors. Raises SettingsError where none fits."""
        return choose_index(vectors, self.encoder.fingerprint.dimension, self.encoder.sparse, self.limits)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A channel of a new snapshot, and its vectors, to learn from.

    rows: (v,) of the archive, ascending; a post with several photos has several. vectors: theirs, (v, d), dense ones
    float32 and read-only.
    """

    record: ChannelRecord
    encoder: Encoder[Any]
    rows: Rows
    vectors: Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a snapshot comes from, beside the posts.

    program: name and version. database: its address, without a password. feedback: `feedback_digest` of what it holds.
    """

    program: str
    database: str
    feedback: str


class Learner(Protocol):
    """Fills a snapshot with what is learned from its posts and their vectors, or carried over from another."""

    def is_content_with(self, serving: Manifest) -> bool:
        """Whether what a snapshot of just these posts has learned may stay."""
        ...

    def learn(self, folder: Path, name: str, channels: Sequence[Indexed], posts: ArchiveState) -> LearnedFrom:
        """Write into the folder of the snapshot of that name, and say where it comes from."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A snapshot that is written whole and does not serve yet, and its channels with their vectors."""

    snapshot: Snapshot
    channels: Sequence[Indexed]


@dataclass(frozen=True, slots=True)
class Embedded:
    """counts: contents encoded now, by channel. unreadable: reasons by digest, of photos that turned out to be none."""

    counts: Mapping[str, int]
    unreadable: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Published:
    """The manifest in service; new: whether it is a new one. note: what a person should know of that."""

    manifest: Manifest
    new: bool
    note: str | None = None


def is_built_from(manifest: Manifest, archive: str, origin: Origin, plans: Sequence[ChannelPlan]) -> bool:
    """Whether a snapshot was built from just these posts, by this origin, with these encoders and their indexes.

    archive: `PostStore.digest` of the posts.
    """
    made_of = (manifest.archive, manifest.feedback, manifest.program)
    records = {record.channel: record for record in manifest.channels}
    return (
        made_of == (archive, origin.feedback, origin.program)
        and records.keys() == {plan.encoder.channel for plan in plans}
        and all(_is_as_planned(records[plan.encoder.channel], plan) for plan in plans)
    )


def _is_as_planned(record: ChannelRecord, plan: ChannelPlan) -> bool:
    """Whether a channel was made by this encoder, and its index is what would be chosen and finds what it should."""
    made_by = record.fingerprint, record.index
    finds = record.measured.recall >= plan.limits.recall or is_exact(record.index)
    return finds and made_by == (plan.encoder.fingerprint, plan.index(record.vectors))


def embed(
    store: PostStore, plans: Sequence[ChannelPlan], progress: Progress, engine: EmbeddingEngine | None = None
) -> Embedded:
    """Encode what has no vector yet, and set aside photos that are none. engine: None is this process.

    Raises ClusterError, before any work, if the vectors are to lie where they cannot be put.
    """
    for limits in {plan.limits for plan in plans}:
        reach_index(limits)
    counts: dict[str, int] = {}
    unreadable: dict[str, str] = {}
    for plan in plans:
        if plan.encoder.stored:
            counts[plan.encoder.channel] = 0
            for batch in _encoded(store, plan, progress, engine or LocalEngine()):
                if batch.vectors is not None:
                    store.save_vectors(plan.encoder.fingerprint, batch.keys, batch.vectors)
                counts[plan.encoder.channel] += len(batch.keys)
                unreadable |= dict(batch.failures)
            plan.encoder.release()  # what follows needs the memory, and no model
    store.set_unreadable(unreadable)
    return Embedded(counts, unreadable)


def _encoded(
    store: PostStore, plan: ChannelPlan, progress: Progress, engine: EmbeddingEngine
) -> Iterator[Encoded[str, Any]]:
    encoder, fingerprint = plan.encoder, plan.encoder.fingerprint
    total = store.count_without(fingerprint, encoder.modality)
    if not total:
        return
    contents: Iterator[tuple[str, Any]]
    if encoder.modality == "image":
        contents = ((photo.digest, photo) for photo in store.photos_without(fingerprint))
    else:
        contents = store.captions_without(fingerprint)
    with progress.stage(f"Encoding {'photos' if encoder.modality == 'image' else 'captions'}", total) as stage:
        for batch in engine.encode(encoder, plan.spec, contents):
            yield batch
            stage.advance(len(batch.keys) + len(batch.failures))


def build(
    home: Path,
    store: PostStore,
    plans: Sequence[ChannelPlan],
    learner: Learner,
    origin: Origin,
    progress: Progress,
    accept: Callable[[Draft], None],
    *,
    ends_rollback: bool = False,
) -> Published:
    """Publish a snapshot of what the database holds, unless the one in service is that already.

    Nor is one published that `serving.held_back` holds back, as it was rolled back; but for ends_rollback.
    Call it within `writing(home)`, after `embed`. accept: refuses a snapshot by raising an error.
    Raises SourceError where no post carries a hashtag.
    """
    archive, versions = store.digest(), store.versions()
    whole = serving_snapshot(home)  # a damaged one is the very reason to build: it is replaced by a whole one

    def is_same(manifest: Manifest) -> bool:
        return is_built_from(manifest, archive, origin, plans)

    if whole and (stays := what_stays(home, whole, versions.keys, learner, is_same, ends_rollback)):
        return stays

    written: list[Indexed] = []

    def fill(folder: Path, name: str) -> Manifest:
        posts = ArchiveWriter(folder)
        keys = posts.write(store.posts())
        if posts.n_hashtags == 0:
            raise SourceError("no post of the archive carries a hashtag, so none can be suggested")
        written.extend(_write_channel(home, folder, store, plan, keys, progress) for plan in plans)
        with progress.stage("Training on the archive", None):
            lineage = learner.learn(folder, name, written, versions)
        return Manifest(
            snapshot=name,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            program=origin.program,
            archive=archive,
            database=origin.database,
            sources=dict(posts.sources),
            posts=len(keys),
            hashtags=posts.n_hashtags,
            channels=tuple(channel.record for channel in written),
            files={},
            feedback=origin.feedback,
            learned=lineage,
        )

    return Published(publish(home, fill, lambda snapshot: accept(Draft(snapshot, written))), True)


def what_stays(
    home: Path,
    serving: Snapshot,
    posts: Rows,
    learner: Learner,
    is_same: Callable[[Manifest], bool],
    ends_rollback: bool = False,
) -> Published | None:
    """The snapshot in service, if it is to serve on as it is or a rollback holds; None if a new one is to be published.

    posts, is_same: see `serving.held_back`.
    """
    if is_same(serving.manifest) and learner.is_content_with(serving.manifest) and _holds_vectors(serving):
        return Published(serving.manifest, False)
    held = None if ends_rollback else held_back(home, serving, posts, is_same)
    if held is None:
        return None
    told = f"a new index would be the same as {held}, {told_of_rollback(serving.name, held)}"
    return Published(serving.manifest, False, told)


def _holds_vectors(serving: Snapshot) -> bool:
    """Whether the vectors are there that lie outside of a whole snapshot."""
    try:
        for record in serving.manifest.channels:
            if record.vectors and place_of(record.index):
                read_index(record.index, serving.folder / record.channel)
    except SnapshotError:
        return False
    return True


def _write_channel(
    home: Path, folder: Path, store: PostStore, plan: ChannelPlan, keys: Rows, progress: Progress
) -> Indexed:
    encoder, fingerprint = plan.encoder, plan.encoder.fingerprint
    rows: list[Rows] = []
    with (
        progress.stage(f"Indexing the {encoder.channel} channel", len(keys)) as stage,
        collect_vectors(home, fingerprint.dimension, encoder.sparse) as temporary,
    ):
        for batch_rows, batch in channel_vectors(store, plan, keys):
            rows.append(batch_rows)
            temporary.add(batch)
            stage.advance(len(np.unique(batch_rows)))
        rows_of_all = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
        stage.advance(len(keys) - len(np.unique(rows_of_all)))  # posts without this modality
        vectors = temporary.all()
    n, measured = len(rows_of_all), Measured()
    index = plan.index(n)
    if n:  # else, as for the photos of an archive that has none, the channel has no files
        (folder / encoder.channel).mkdir()
        measured = write_index(index, vectors, folder / encoder.channel, plan.limits.recall)
        np.save(folder / encoder.channel / ROWS, rows_of_all)
    record = ChannelRecord(encoder.channel, plan.spec, fingerprint, index, n, plan.limits, measured)
    return Indexed(record, encoder, rows_of_all, vectors)


def channel_vectors(store: PostStore, plan: ChannelPlan, keys: Rows) -> Iterator[tuple[Rows, Any]]:
    """The vectors of a channel in batches: rows of the archive, and as many vectors.

    keys: of all rows; posts that were added meanwhile are passed over.
    """
    return _stored_vectors(store, plan, keys) if plan.encoder.stored else _fresh_vectors(store, plan, keys)


def _stored_vectors(store: PostStore, plan: ChannelPlan, keys: Rows) -> Iterator[tuple[Rows, Any]]:
    order = np.argsort(keys)
    for batch_keys, vectors in store.vectors(plan.encoder.fingerprint, plan.encoder.modality):
        known = np.isin(batch_keys, keys)
        yield order[np.searchsorted(keys, batch_keys[known], sorter=order)].astype(np.int64), vectors[known]


def _fresh_vectors(store: PostStore, plan: ChannelPlan, keys: Rows) -> Iterator[tuple[Rows, Any]]:
    posts, modality = _posts_of(store, keys), plan.encoder.modality
    contents = ((row, content) for row, post in enumerate(posts) for content in post.contents(modality))
    for batch in encode_stream(plan.encoder, contents):
        if batch.vectors is not None:
            yield np.asarray(batch.keys, dtype=np.int64), batch.vectors


def captions_of(store: PostStore, keys: Rows) -> Iterator[str]:
    """The captions of the posts with these keys, which stand in the order of `PostStore.posts`."""
    return (post.caption for post in _posts_of(store, keys))


def _posts_of(store: PostStore, keys: Rows) -> Iterator[Post]:
    known = set(keys.tolist())
    return (stored.post for stored in store.posts() if stored.key in known)


def read_rows(folder: Path, vectors: int) -> Rows:
    """Which row of the archive each of a channel's vectors belongs to: (vectors,) int64.

    Raises SnapshotError where there are not as many.
    """
    try:
        rows: Rows = read_array(folder / ROWS)
    except (OSError, EOFError, ValueError) as error:
        raise SnapshotError(f"{folder / ROWS} cannot be read: {error}") from error
    if rows.shape != (vectors,):
        raise SnapshotError(f"{folder / ROWS} names {len(rows)} posts for {vectors} vectors")
    return rows
