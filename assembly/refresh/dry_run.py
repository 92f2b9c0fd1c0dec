"""What a refresh would do, found out without changing anything."""

from collections.abc import Iterable, Sequence

import numpy as np

from ...core.advice import ALLOW_SHRINK
from ...core.archive_state import Changes
from ...core.post import Post
from ...core.protocols import Ingested, PostStore
from ...core.sources import KnownSource
from ...core.vectors import Rows
from ...db.database import Database
from ...db.readers import EncodedReader
from ...index.snapshots.build import ChannelPlan, is_built_from, what_stays
from ...index.snapshots.manifest import Manifest
from ...index.snapshots.relearning import Origins, describe_changes
from ..home import Home
from .build import origin_of
from .decision import Decision, add_up
from .lacking import digests_without
from .reading import SourceRefresh, read_again
from .refresh import RefreshReport


def plan_refresh(home: Home, allow_shrink: bool = False) -> RefreshReport:
    """What `refresh_index` would do; of the gates, shrink alone can be checked before a snapshot is made.

    Raises what `refresh_index` raises, DatabaseError also where there is no database.
    """
    home.existing()
    with home.database() as database:
        return _DryRun(home, database, allow_shrink).run()


class _DryRun:
    """Follows the decision of a refresh as far as that goes without changing anything."""

    def __init__(self, home: Home, database: Database, allow_shrink: bool) -> None:
        self._home = home
        self._database = database
        self._decision = Decision(home, database, allow_shrink)
        self._contents: dict[str, set[str]] = {"image": set(), "text": set()}
        self._posts: Rows = np.zeros(0, dtype=np.int64)  # keys of those that the database would hold, but for new ones
        self._known: dict[int, str | None] = {}
        self._new = 0
        self._report = RefreshReport("planned", notes=list(self._decision.notes))

    def run(self) -> RefreshReport:
        """Read the sources, and find out what would be encoded, trained and refused."""
        report, decision = self._report, self._decision
        if decision.serving:
            report.serves(decision.serving.manifest)
        if decision.refused:
            report.reason = decision.refused
            return report
        report.sources = [self._read(source) for source in decision.sources]
        plans = decision.plans()
        stored = [plan for plan in plans if plan.encoder.stored]
        report.embedded = {plan.encoder.channel: self._lacking(plan, self._database.posts) for plan in stored}
        report.learned = self._learned(plans)
        self._check_shrink()
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
            self._report.notes.append(f"{known.name} has vectors of its own: fewer photos and captions may be encoded")
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
        new = self._contents[plan.encoder.modality]
        encoded = self._database.posts.vectors_of(plan.encoder.fingerprint, sorted(new)).keys()
        return len((new - encoded) | digests_without(store, plan.encoder))

    def _learned(self, plans: Sequence[ChannelPlan]) -> str | None:
        """Why it would be learned anew, or carried over; None where no snapshot would be made."""
        store, origin = self._database.posts, origin_of(self._database)
        serving, learner = self._decision.serving, self._decision.learner()
        if serving is None:
            return "weights would be trained again: no undamaged snapshot is in service"
        fingerprints = {plan.encoder.channel: plan.encoder.fingerprint for plan in plans}
        versions = store.versions().changed(self._known)
        archive, self._posts = store.digest(instead=self._known), versions.keys

        def is_same(manifest: Manifest) -> bool:
            return not self._new and is_built_from(manifest, archive, origin, plans)

        if stays := what_stays(self._home.folder, serving, versions.keys, learner, is_same):
            self._report.notes += [stays.note] if stays.note else []
            return None
        records = serving.manifest.channels
        speaking = {record.channel: fingerprints[record.channel] for record in records if record.vectors}
        reason = learner.why_anew(Origins(origin.program, speaking), versions, Changes(self._new, 0, 0))
        if reason:
            return f"weights would be trained again: {reason}"
        total = add_up(self._report.sources)
        changes = describe_changes(Changes(total.added, total.updated, total.removed))
        part = self._home.settings.thresholds.relearn_after
        return f"weights would be kept: {changes} now, less than {part:.0%} since training"

    def _check_shrink(self) -> None:
        gate = self._decision.check_removed(self._report.sources)
        if gate is None:
            return
        if gate.passed and self._report.learned:
            (gate,) = self._decision.check_posts(self._posts)
        self._report.gates = [gate]
        if not gate.passed:
            self._report.reason = f"{gate.words}; {ALLOW_SHRINK}"
