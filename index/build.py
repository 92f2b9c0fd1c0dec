"""Builds a snapshot from the database: embed what is new, index every channel, publish."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import NoIndexError, SnapshotError, SourceError
from ..core.pipeline import encode_stream
from ..core.progress import Progress
from ..core.protocols import Encoder, Fingerprint, IndexWriter, PostStore
from ..core.vectors import Rows
from .archive import ArchiveWriter, SnapshotArchive
from .manifest import ChannelRecord, Manifest
from .snapshot import current_snapshot, publish

SAMPLE = 1500  # posts that are learned from
ROWS = "rows.npy"  # in every channel's folder: which row of the archive each vector belongs to


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """A channel to be built.

    spec: how the encoder is made again. new_writer: of its index, given the dimension.
    kept: whether its vectors are kept in the database (those of the n-grams are made faster than read).
    """

    encoder: Encoder[Any]
    spec: Mapping[str, str]
    new_writer: Callable[[int], IndexWriter[Any]]
    kept: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """Posts of a new snapshot with their vectors in one channel, to learn from.

    rows: (n,) of the archive. batches: their vectors, n rows in all.
    """

    record: ChannelRecord
    rows: Rows
    batches: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build came to. embedded: contents encoded now, by channel. published: False where nothing had changed."""

    manifest: Manifest
    embedded: Mapping[str, int]
    unreadable: Mapping[str, str]
    published: bool


def build(
    home: Path,
    store: PostStore,
    database: str,
    plans: Iterable[ChannelPlan],
    finish: Callable[[Path, Sequence[Sample]], None],
    program: str,
    progress: Progress,
) -> Built:
    """Bring the home's index in line with the database; call it within `writing(home)`.

    database: the store's URL without a password. finish: adds to the folder of a snapshot what is learned from its
    posts, of which it is given a sample by channel. program: name and version, for the manifest.
    Raises SourceError where no post carries a hashtag.
    """
    plans = list(plans)
    embedded, unreadable = _embed(store, plans, progress)
    store.set_unreadable(unreadable)
    archive = store.digest()
    fingerprints = {plan.encoder.channel: plan.encoder.fingerprint for plan in plans}
    serving = _serving(home)
    if serving and (serving.archive, serving.program) == (archive, program):
        if {record.channel: record.fingerprint for record in serving.channels} == fingerprints:
            return Built(serving, embedded, unreadable, published=False)

    def fill(folder: Path, name: str) -> Manifest:
        posts = ArchiveWriter(folder)
        keys = posts.write(store.posts())
        if posts.n_hashtags == 0:
            raise SourceError("no post of the archive carries a hashtag, so there is nothing to suggest from")
        sampled = sample_rows(SnapshotArchive(folder))
        written = [_write_channel(folder, store, plan, keys, sampled, progress) for plan in plans]
        with progress.stage("Learning how loud each channel counts", None):
            finish(folder, [sample for _, sample in written if sample is not None])
        return Manifest(
            snapshot=name,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            program=program,
            archive=archive,
            database=database,
            sources=dict(posts.sources),
            posts=len(keys),
            hashtags=posts.n_hashtags,
            channels=tuple(record for record, _ in written),
            files={},
        )

    return Built(publish(home, fill), embedded, unreadable, published=True)


def _serving(home: Path) -> Manifest | None:
    try:
        return current_snapshot(home).manifest
    except (NoIndexError, SnapshotError):
        # A damaged snapshot is the very reason to build: it is replaced by a whole one.
        return None


def _embed(store: PostStore, plans: list[ChannelPlan], progress: Progress) -> tuple[dict[str, int], dict[str, str]]:
    """Encode what has no vector yet. Returns counts by channel, and reasons by digest of photos that are none."""
    embedded: dict[str, int] = {}
    unreadable: dict[str, str] = {}
    for plan in plans:
        if not plan.kept:
            continue
        encoder, fingerprint = plan.encoder, plan.encoder.fingerprint
        total = store.count_without(fingerprint, encoder.modality)
        embedded[encoder.channel] = 0
        if not total:
            continue
        what = "photos" if encoder.modality == "image" else "captions"
        with progress.stage(f"Encoding {what}", total) as stage:
            for batch in encode_stream(encoder, _contents(store, plan, fingerprint)):
                if batch.vectors is not None:
                    store.save_vectors(fingerprint, batch.keys, batch.vectors)
                embedded[encoder.channel] += len(batch.keys)
                unreadable |= dict(batch.failures)
                stage.advance(len(batch.keys) + len(batch.failures))
    return embedded, unreadable


def _contents(store: PostStore, plan: ChannelPlan, fingerprint: Fingerprint) -> Iterator[tuple[str, Any]]:
    if plan.encoder.modality == "image":
        return ((photo.digest, photo.path) for photo in store.photos_without(fingerprint))
    return ((sha256(caption.encode()).hexdigest(), caption) for caption in store.captions_without(fingerprint))


def sample_rows(archive: SnapshotArchive) -> Rows:
    """The rows, ascending, of at most SAMPLE posts with hashtags, drawn the same way every time."""
    carriers = np.flatnonzero(np.diff(archive.carried[0]))
    if len(carriers) > SAMPLE:
        carriers = np.sort(np.random.default_rng(0).choice(carriers, SAMPLE, replace=False))
    return carriers.astype(np.int64)


def _write_channel(
    folder: Path, store: PostStore, plan: ChannelPlan, keys: Rows, sampled: Rows, progress: Progress
) -> tuple[ChannelRecord, Sample | None]:
    encoder, fingerprint = plan.encoder, plan.encoder.fingerprint
    writer = plan.new_writer(fingerprint.dimension)
    rows: list[Rows] = []
    sample: list[tuple[Rows, Any]] = []
    vectors = _kept_vectors(store, plan, keys) if plan.kept else _fresh_vectors(store, plan)
    with progress.stage(f"Indexing the {encoder.channel} channel", len(keys)) as stage:
        for batch_rows, batch in vectors:
            writer.add(batch)
            rows.append(batch_rows)
            drawn = np.isin(batch_rows, sampled)
            sample.append((batch_rows[drawn], batch[drawn]))
            stage.advance(len(batch_rows))
    n = sum(len(batch) for batch in rows)
    record = ChannelRecord(encoder.channel, plan.spec, fingerprint, n)
    if not n:  # such as the photos of an archive that has none: the channel has no files
        return record, None
    (folder / encoder.channel).mkdir()
    writer.write(folder / encoder.channel)
    np.save(folder / encoder.channel / ROWS, np.concatenate(rows))
    return record, Sample(record, np.concatenate([drawn for drawn, _ in sample]), [batch for _, batch in sample])


def _kept_vectors(store: PostStore, plan: ChannelPlan, keys: Rows) -> Iterator[tuple[Rows, Any]]:
    for batch_keys, vectors in store.vectors(plan.encoder.fingerprint, plan.encoder.modality):
        yield np.searchsorted(keys, batch_keys).astype(np.int64), vectors


def _fresh_vectors(store: PostStore, plan: ChannelPlan) -> Iterator[tuple[Rows, Any]]:
    captions = ((row, stored.post.caption) for row, stored in enumerate(store.posts()) if stored.post.caption)
    for batch in encode_stream(plan.encoder, captions):
        if batch.vectors is not None:
            yield np.asarray(batch.keys, dtype=np.int64), batch.vectors


def read_rows(folder: Path, vectors: int) -> Rows:
    """Which row of the archive each of a channel's vectors belongs to: (vectors,) int64.

    Raises SnapshotError where there are not as many.
    """
    try:
        rows: Rows = np.load(folder / ROWS, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{folder / ROWS} cannot be read: {error}") from error
    if rows.shape != (vectors,):
        raise SnapshotError(f"{folder / ROWS} names {len(rows)} posts for {vectors} vectors")
    return rows
