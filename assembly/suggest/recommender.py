"""Opening what was built, and what has come since, to ask it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ...core.errors import DatabaseError
from ...core.pipeline import encode_stream
from ...core.post import Modality
from ...core.protocols import Archive, Encoder, Fingerprint, StoredPost, VectorIndex
from ...core.rules import HashtagRule, added_hashtags, combine_rules
from ...core.vectors import Rows, Vectors
from ...index.snapshots.build import read_rows
from ...index.snapshots.extended_archive import ExtendedArchive
from ...index.snapshots.manifest import ChannelRecord
from ...index.snapshots.serving import serve
from ...index.snapshots.snapshot import Snapshot
from ...index.vectors.extended import ExtendedIndex
from ...index.vectors.registry import read_index
from ...retrieval.encoders.stacking import stacked
from ...retrieval.learned import load
from ...retrieval.recommender import ArchiveRecommender
from ...retrieval.search.channels import Channel, channels_of
from ...retrieval.search.duplicates import voting_posts
from ...retrieval.search.neighbours import Neighbourhood
from ...retrieval.selection.lists import PLATFORMS, SPAM, spam_rules
from ...retrieval.selection.same_meaning import merge
from ...retrieval.selection.selector import HashtagTable
from ...retrieval.voting.votes import carrier_matrix, label_matrix
from ..hashtag_names import name_digests, names_of_newcomers
from ..home import Home, open_home
from ..reach import ArchiveReach


@dataclass(frozen=True, slots=True)
class Since:
    """What the database holds beside a snapshot: a person's rules, and posts added one by one since it was built.

    retired: the keys of posts as they were before they were corrected or removed. vectors: those of the posts' contents
    and of the names of hashtags by digest, for each encoder. notes: what could not be read.
    """

    rules: Sequence[HashtagRule] = ()
    posts: Sequence[StoredPost] = ()
    retired: Collection[int] = ()
    vectors: Mapping[Fingerprint, Mapping[str, Vectors]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def open_recommender(home: str | Path | None = None, *, db: str | None = None) -> ArchiveRecommender:
    """Open the index of a home folder (default: `HASHTAG_HOME`, else `./.hashtag`) to ask it for hashtags.

    db: SQLAlchemy URL of its database, if that lies elsewhere. Where it cannot be reached, the snapshot answers alone,
    and says so. Where the snapshot is damaged, the last good one answers, and says so.
    Raises NoIndexError where no index was built, SnapshotError where none is whole, StaleIndexError or WeightsError
    where its encoders are not the ones that are here.
    """
    with open_home(home, db=db) as opened:
        return recommender_of(opened)


def recommender_of(home: Home) -> ArchiveRecommender:
    """As `open_recommender`, of a home that is open."""
    served = serve(home.existing())
    snapshot = served.snapshot
    since = _since(home, snapshot)
    added = added_hashtags(since.rules)
    archive: Archive = snapshot.archive
    if since.posts or added:
        archive = ExtendedArchive(snapshot.archive, since.posts, added)
    labels = label_matrix(archive)
    records = {record.channel: record for record in snapshot.manifest.channels}
    newcomers = names_of_newcomers(records, archive.shown[len(snapshot.archive.shown) :], since.vectors)
    uses = np.diff(archive.carriers[0])
    learned = load(snapshot.folder, archive.hashtags, labels, uses, newcomers)
    clusters = np.concatenate([learned.clusters, learned.clusters.max(initial=-1) + 1 + np.arange(len(since.posts))])
    indexes = {
        name: _open_index(snapshot, record, home.encoder(record), since)
        for name, record in records.items()
        if record.vectors
    }
    stays = ~np.isin(snapshot.archive.keys, list(since.retired))
    stays = np.concatenate([stays, np.ones(len(since.posts), dtype=bool)])
    can_vote = voting_posts(clusters, labels) & stays
    channels = []
    for name, (query, posts) in channels_of(records).items():
        if posts in indexes:
            encoder = home.encoder(records[query])
            near = Neighbourhood(name, encoder.modality, *indexes[posts], clusters, can_vote)
            channels.append(Channel(encoder, near))
    table = HashtagTable(archive.hashtags, archive.shown, carrier_matrix(archive))
    rules = merge(learned.links, combine_rules(spam_rules(home.folder / SPAM), since.rules), table)
    notes = (*filter(None, [served.note]), *since.notes)
    platforms = home.folder / PLATFORMS
    reach = ArchiveReach(home, archive, snapshot.archive.keys, rules)
    return ArchiveRecommender(channels, archive, learned, snapshot.name, rules, notes, platforms, reach)


def _since(home: Home, snapshot: Snapshot) -> Since:
    if not home.has_database:
        return Since(
            notes=(
                f"the database {snapshot.manifest.database} is not in {home.folder}: your own rules and posts added "
                "since the index was built are left out; name it with --db",
            )
        )
    if not home.has_rules_or_added_posts():
        return Since()
    try:
        with home.database() as database:
            added = list(database.posts.added())
            known = np.isin([stored.key for stored in added], snapshot.archive.keys)
            posts = [stored for stored, there in zip(added, known.tolist(), strict=True) if not there]
            rules = database.rules.rules()
            contents = [
                digest for stored in posts for kind in get_args(Modality) for digest in stored.post.digests(kind)
            ]
            hashtags = [hashtag for stored in posts for hashtag in stored.post.hashtags]
            hashtags += added_hashtags(rules)
            vectors = {
                record.fingerprint: database.posts.vectors_of(
                    record.fingerprint, sorted({*contents, *name_digests(record.channel, hashtags)})
                )
                for record in snapshot.manifest.channels
            }
            return Since(rules, posts, database.posts.retired(), vectors)
    except DatabaseError as error:
        return Since(notes=(f"{error}; your own rules and posts added since the index was built are left out",))


def _open_index(
    snapshot: Snapshot, record: ChannelRecord, encoder: Encoder[Any], since: Since
) -> tuple[VectorIndex[Any], Rows]:
    """The vectors of an encoder, with those of the posts added since, and the row of the archive of each."""
    folder = snapshot.folder / record.channel
    written, rows = read_index(record.index, folder), read_rows(folder, record.vectors)
    index: VectorIndex[Any] = written
    places, vectors = _newcomers(encoder, since)
    if places:
        index = ExtendedIndex(written, vectors)
        rows = np.concatenate([rows, len(snapshot.archive.keys) + np.asarray(places, dtype=np.int64)])
    return index, rows


def _newcomers(encoder: Encoder[Any], since: Since) -> tuple[list[int], Any]:
    """The places of the added posts that a channel can compare, each as often as it has vectors, and these."""
    if not since.posts:
        return [], None
    if not encoder.stored:
        contents = (
            (place, content)
            for place, stored in enumerate(since.posts)
            for content in stored.post.contents(encoder.modality)
        )
        made = [batch for batch in encode_stream(encoder, contents) if batch.vectors is not None]
        return [place for batch in made for place in batch.keys], stacked([batch.vectors for batch in made])
    kept = since.vectors.get(encoder.fingerprint, {})
    there = [
        (place, kept[digest])
        for place, stored in enumerate(since.posts)
        for digest in stored.post.digests(encoder.modality)
        if digest in kept
    ]
    return [place for place, _ in there], np.asarray([vector for _, vector in there], dtype=np.float32)
