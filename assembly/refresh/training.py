"""What a new snapshot has learned: anew from its posts, or carried over from the one in service."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.archive_state import NONE, ArchiveState, Changes
from ...core.errors import SnapshotError
from ...core.feedback import Judgement
from ...core.rules import added_hashtags
from ...db.database import Database
from ...index.snapshots.archive import SnapshotArchive
from ...index.snapshots.build import Indexed, captions_of, read_rows
from ...index.snapshots.manifest import LearnedFrom, Manifest
from ...index.snapshots.relearning import Origins, describe_changes, origins_of, read_state, save_state, why_anew
from ...index.snapshots.snapshot import Snapshot
from ...index.vectors.registry import index_to_train
from ...retrieval.encoders.reading import can_read
from ...retrieval.learning import carry_over, learn
from ...retrieval.reranking.hashtag_names import HashtagNames, naming_encoders
from ...retrieval.reranking.training import PostVectors, TrainingArchive
from ...retrieval.search.channels import channels_of, contents_of
from ...retrieval.search.duplicates import find_duplicates, voting_posts
from ...retrieval.search.neighbours import Neighbourhood
from ...retrieval.voting.votes import label_matrix
from ..hashtag_names import read_names


@dataclass(frozen=True, slots=True)
class LearnAnew:
    """Learns from the posts of the snapshot itself. reason: why, for its manifest."""

    database: Database
    judgements: Sequence[Judgement]
    reason: str

    def is_content_with(self, serving: Manifest) -> bool:
        """Only where that was learned from just these posts."""
        return serving.learned is not None and not serving.learned.changes.total

    def learn(self, folder: Path, name: str, channels: Sequence[Indexed], posts: ArchiveState) -> LearnedFrom:
        """See `index.snapshots.build.Learner.learn`."""
        learn(training_archive(folder, channels, self.database), self.judgements).save(folder)
        save_state(folder, posts)
        return LearnedFrom(name, len(posts), NONE, f"weights trained again: {self.reason}")

    def why_anew(self, now: Origins, posts: ArchiveState, to_come: Changes = NONE) -> str:
        """Its reason, whatever the posts."""
        return self.reason


@dataclass(frozen=True, slots=True)
class CarryOver:
    """Carries over what the snapshot in service has learned; learns anew if `relearning.why_anew` says so.

    program: name and version of this one. part: of the posts learned from, from which on so many changes are too many.
    """

    database: Database
    judgements: Sequence[Judgement]
    serving: Snapshot
    program: str
    part: float

    def is_content_with(self, serving: Manifest) -> bool:
        """Always, but where nothing tells what it was learned from."""
        return serving.learned is not None

    def learn(self, folder: Path, name: str, channels: Sequence[Indexed], posts: ArchiveState) -> LearnedFrom:
        """See `index.snapshots.build.Learner.learn`."""
        speaking = {
            channel.record.channel: channel.record.fingerprint for channel in channels if channel.record.vectors
        }
        reason = self.why_anew(Origins(self.program, speaking), posts)
        if reason is None:
            try:
                return self._carry_over(folder, channels, posts)
            except SnapshotError as error:
                reason = str(error)
        return LearnAnew(self.database, self.judgements, reason).learn(folder, name, channels, posts)

    def why_anew(self, now: Origins, posts: ArchiveState, to_come: Changes = NONE) -> str | None:
        """Why it is to be learned anew from these posts, and those to come; None where it is carried over."""
        learned = self.serving.manifest.learned
        if learned is None:
            return "it is not known which posts they were trained on"
        try:
            changes = read_state(self.serving.folder).changes_to(posts) + to_come
        except SnapshotError as error:
            return str(error)
        return why_anew(origins_of(self.serving.manifest), now, learned.posts, changes, self.part)

    def _carry_over(self, folder: Path, channels: Sequence[Indexed], posts: ArchiveState) -> LearnedFrom:
        learned, versions = self.serving.manifest.learned, read_state(self.serving.folder)
        assert learned is not None
        archive = training_archive(folder, channels, self.database)
        carry_over(self.serving.folder, archive, self.judgements).save(folder)
        save_state(folder, versions)
        changes = versions.changes_to(posts)
        since = f"{describe_changes(changes)} since training on {learned.posts:,} posts"
        reason = f"weights kept: {since}, less than {self.part:.0%}"
        return LearnedFrom(learned.snapshot, learned.posts, changes, reason)


def training_archive(folder: Path, channels: Sequence[Indexed], database: Database) -> TrainingArchive:
    """What can be learned from: the posts of a snapshot with all their vectors. Near-duplicates are found here."""
    archive = SnapshotArchive(folder)
    captions = list(captions_of(database.posts, archive.keys))
    spoken = [channel for channel in channels if channel.record.vectors]
    read = {channel.record.channel: _readable(channel, captions) for channel in channels}
    own = [(channel.encoder, read[channel.record.channel]) for channel in spoken]
    contents = contents_of(captions, [(encoder, posts.rows, posts.vectors) for encoder, posts in own])
    clusters, labels = find_duplicates(contents), label_matrix(archive)
    can_vote = voting_posts(clusters, labels)
    known = {channel.record.channel: channel for channel in channels}
    neighbourhoods: list[Neighbourhood] = []
    queries: dict[str, PostVectors] = {}
    for name, (asked, searched) in channels_of(known).items():
        query, channel = known[asked], known[searched]
        if channel.record.vectors:
            index = index_to_train(channel.record.index, folder / searched, channel.vectors)
            rows = read_rows(folder / searched, channel.record.vectors)
            neighbourhoods.append(Neighbourhood(name, query.encoder.modality, index, rows, clusters, can_vote))
            queries[name] = read[asked]
    added = added_hashtags(database.rules.rules())
    names = HashtagNames.from_vectors(
        {
            query: read_names(known[named].encoder, archive.shown, added, database.posts)
            for query, named in naming_encoders(known).items()
            if known[query].record.vectors
        }
    )
    posts = contents, labels, archive.hashtags, clusters, archive.author_of
    return TrainingArchive(*posts, neighbourhoods, queries, names)


def _readable(channel: Indexed, captions: Sequence[str]) -> PostVectors:
    """The vectors of posts that an encoder can read, as it encodes no other queries. captions: of all posts."""
    languages = channel.encoder.languages
    if languages is None or not channel.record.vectors:
        return PostVectors(channel.rows, channel.vectors)
    read = np.flatnonzero([can_read(captions[row], languages) for row in channel.rows.tolist()])
    return PostVectors(channel.rows[read], channel.vectors[read])
