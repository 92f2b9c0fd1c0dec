"""What a refresh would do, found out without changing anything."""

from collections.abc import Iterable, Sequence

import numpy as np

from ...core.archive_state import Changes
from ...core.post import Post
from ...core.protocols import Ingested, PostStore
from ...core.sources import KnownSource
from ...core.vectors import Rows
from ...db.database import Database
from ...db.readers import EncodedReader
from ...index.snapshots import gates
from ...index.snapshots.build import ChannelPlan, is_built_from, what_stays
from ...index.snapshots.manifest import Manifest
from ...index.snapshots.relearning import Origins, told
from ...index.snapshots.snapshot import Snapshot, serving_snapshot
from ..home import Home
from .build import origin_of
from .gates import check_shrink, leaving_of, staying
from .reading import SourceRefresh, read_again
from .refresh import RefreshReport, plans_of, told_of, what_is_missing
from .training import CarryOver


def plan_refresh(home: Home, allow_shrink: bool = False) -> RefreshReport:
    """What `refresh_index` would do; of the gates, shrink alone can be checked before a snapshot is made.

    Raises what `refresh_index` raises, DatabaseError also where there is no database.
    """
    home.existing()
    with home.database() as database:
        plan = _Plan(home, database, serving_snapshot(home.folder))
        return plan.run(allow_shrink)


class _Plan:
    def __init__(self, home: Home, database: Database, serving: Snapshot | None) -> None:
        self._home = home
        self._database = database
        self._serving = serving
        self._contents: dict[str, set[str]] = {"image": set(), "text": set()}
        self._posts: Rows = np.zeros(0, dtype=np.int64)  # keys of those that the database would hold, but for new ones
        self._known: dict[int, str | None] = {}
        self._new = 0
        self._report = RefreshReport("planned")

    def run(self, allow_shrink: bool) -> RefreshReport:
        report, known = self._report, self._database.sources.known()
        if self._serving:
            report.serves(self._serving.manifest)
        report.notes += told_of(known)
        if missing := what_is_missing(known, self._serving is not None):
            report.reason = missing
            return report
        report.sources = [self._read(source) for source in known if source.source or source.leaves_at]
        plans = plans_of(self._home, self._serving)
        kept = [plan for plan in plans if plan.kept]
        report.embedded = {plan.encoder.channel: self._lacking(plan, self._database.posts) for plan in kept}
        report.learned = self._learned(plans)
        if self._serving and not allow_shrink:
            self._check_shrink(self._serving, known)
        for source in report.sources:
            report.reason = report.reason or source.reason()
        return report

    def _read(self, known: KnownSource) -> SourceRefresh:

        reading = read_again(
            known, self._home.folder, self._database.posts, lambda posts: self._compare(known.name, posts)
        )
        if reading.reader is not None:
            self._report.notes += reading.reader.notes()
        if isinstance(reading.reader, EncodedReader):
            self._report.notes.append(f"{known.name} has vectors of its own: less may have to be encoded than is told")
        return reading.result

    def _compare(self, name: str, posts: Iterable[Post]) -> Ingested:
        compared = self._database.posts.compare(name, posts)
        self._contents["image"] |= compared.photos
        self._contents["text"] |= compared.captions
        self._known |= compared.known
        self._new += compared.new
        return compared.ingested

    def _lacking(self, plan: ChannelPlan, store: PostStore) -> int:
        """Contents that have no vector yet, those of posts already known included."""
        fingerprint, modality = plan.encoder.fingerprint, plan.encoder.modality
        new = self._contents[modality]
        lacking = new - self._database.posts.vectors_of(fingerprint, sorted(new)).keys()
        if modality == "image":
            lacking |= {photo.digest for photo in store.photos_without(fingerprint)}
        else:
            lacking |= {digest for digest, _ in store.captions_without(fingerprint)}
        return len(lacking)

    def _changes(self) -> Changes:
        """Of all sources together, against the database."""
        ingested = [source.ingested or Ingested(0, 0, 0, 0) for source in self._report.sources]
        return Changes(*(sum(getattr(one, name) for one in ingested) for name in ("added", "updated", "removed")))

    def _learned(self, plans: Sequence[ChannelPlan]) -> str | None:
        """Why it would be learned anew, or carried over; None where no snapshot would be made."""
        store, origin = self._database.posts, origin_of(self._database)
        if self._serving is None:
            return "learned anew: no whole snapshot serves"
        part = self._home.settings.thresholds.relearn_after
        learner = CarryOver(self._database, (), self._serving, origin.program, part)
        fingerprints = {plan.encoder.channel: plan.encoder.fingerprint for plan in plans}
        versions = store.versions().changed(self._known)
        archive, self._posts = store.digest(instead=self._known), versions.keys

        def is_same(manifest: Manifest) -> bool:
            return not self._new and is_built_from(manifest, archive, origin, fingerprints)

        if stays := what_stays(self._home.folder, self._serving, versions.keys, learner, is_same):
            self._report.notes += [stays.note] if stays.note else []
            return None
        records = self._serving.manifest.channels
        speaking = {record.channel: fingerprints[record.channel] for record in records if record.vectors}
        reason = learner.why_anew(Origins(origin.program, speaking), versions, Changes(self._new, 0, 0))
        carried_over = f"carried over: {told(self._changes())} now, less than {part:.0%} since it was learned"
        return f"learned anew: {reason}" if reason else carried_over

    def _check_shrink(self, serving: Snapshot, known: Sequence[KnownSource]) -> None:

        leaving, thresholds = leaving_of(known, serving), self._home.settings.thresholds
        gone = {source.name: source.ingested.removed for source in self._report.sources if source.ingested}
        before = staying(serving.manifest.sources, leaving)
        gate = gates.shrink(before, staying(gone, leaving), thresholds.max_shrink)
        if gate.passed and self._report.learned:
            (gate,) = check_shrink(self._posts, serving, leaving, thresholds)
        self._report.gates = [gate]
        if not gate.passed:
            self._report.reason = f"{gate.words}; if that is right, run `hashtag index refresh --allow-shrink`"
