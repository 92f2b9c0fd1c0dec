"""The nightly refresh: reads every source again, and publishes an index of what has changed if it passes its gates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ...core.errors import RefusedError, SettingsError, SourceError
from ...core.progress import Progress, Silent
from ...core.protocols import Ingested
from ...core.sources import KnownSource
from ...db.database import Database
from ...index.snapshots import gates
from ...index.snapshots.build import ChannelPlan, Draft, Learner, build, embed
from ...index.snapshots.gates import Gate
from ...index.snapshots.history import RunRecord
from ...index.snapshots.manifest import Manifest
from ...index.snapshots.snapshot import Snapshot, serving_snapshot
from ...retrieval.encoders.profiles import EncoderSpec
from ..home import Home
from .build import chosen_encoders, origin_of, plan_channel
from .gates import check_photos, check_quality, check_shrink, check_soundness, leaving_of, refuse, staying
from .precomputed import keep_precomputed
from .reading import Rereading, SourceRefresh, read_again
from .training import CarryOver, LearnAnew

RefreshOutcome = Literal["published", "unchanged", "refused", "planned"]


@dataclass(slots=True)
class RefreshReport:
    """What a refresh did, or would do.

    reason: why it was refused. embedded: contents encoded now (or to be encoded), by channel. learned: why it was (or
    would be) learned anew or carried over; None where no snapshot was made. gates: those that were checked.
    snapshot: the one in service now; None where none is.
    """

    outcome: RefreshOutcome = "unchanged"
    reason: str | None = None
    sources: list[SourceRefresh] = field(default_factory=list)
    embedded: Mapping[str, int] = field(default_factory=dict)
    learned: str | None = None
    gates: list[Gate] = field(default_factory=list)
    snapshot: str | None = None
    posts: int = 0
    rejects: Path | None = None
    notes: list[str] = field(default_factory=list)

    def refuse(self, reason: str) -> None:
        """The first reason stands."""
        self.outcome, self.reason = "refused", self.reason or reason

    def serves(self, manifest: Manifest) -> None:
        """What is in service now."""
        self.snapshot, self.posts = manifest.snapshot, manifest.posts

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "sources": [source.to_json() for source in self.sources],
            "embedded": dict(self.embedded),
            "learned": self.learned,
            "gates": [gate.to_json() for gate in self.gates],
            "snapshot": self.snapshot,
            "posts": self.posts,
            "rejects": str(self.rejects) if self.rejects else None,
            "notes": self.notes,
        }


def refresh_index(home: Home, allow_shrink: bool = False, progress: Progress | None = None) -> RefreshReport:
    """Bring database and index in line with all sources, or leave the index that serves and say why.

    Each source is taken in whole or not at all. Raises what `build_index` raises, but for a source that fails, or a
    snapshot that does not pass its gates: that is a refusal.
    """
    home.existing()
    with home.run("index refresh") as run, home.database_to_write() as database:
        return _Refresh(home, database, allow_shrink, progress or Silent()).run(run)


class _Refresh:
    """One refresh, within the lock of the home."""

    def __init__(self, home: Home, database: Database, allow_shrink: bool, progress: Progress) -> None:

        self._home = home
        self._database = database
        self._serving = serving_snapshot(home.folder)
        self._allow_shrink = allow_shrink
        self._progress = progress
        self._readings: list[Rereading] = []
        self._known = database.sources.known()
        self._leaving = leaving_of(self._known, self._serving)
        self.report = RefreshReport()
        if self._serving:
            self.report.serves(self._serving.manifest)

    def run(self, run: RunRecord) -> RefreshReport:
        """Read, embed, build. run: its record."""
        if missing := what_is_missing(self._known, self._serving is not None):
            self.report.refuse(missing)
        self.report.notes += told_of(self._known)
        for known in self._known:
            if self.report.outcome != "refused" and (known.source or known.leaves_at):
                self._readings.append(self._read(known))
                self.report.sources.append(self._readings[-1].result)
        run.counts |= self._counts()
        for source in self.report.sources:
            if reason := source.reason():
                self.report.refuse(reason)
        if self.report.outcome != "refused":
            try:
                self._build(run)
            except (RefusedError, SourceError) as error:
                self.report.refuse(str(error))
        if self.report.reason:
            run.refuse(self.report.reason)
        return self.report

    def _read(self, known: KnownSource) -> Rereading:
        """Take one source in, in one transaction."""
        store = self._database.posts
        reading = read_again(
            known,
            self._home.folder,
            store,
            lambda posts: store.ingest(known.name, posts, lambda new: self._accept(known.name, new)),
        )
        if reading.reader is not None:
            self.report.notes += reading.reader.notes()
        self._tell(reading)
        return reading

    def _accept(self, name: str, ingested: Ingested) -> None:
        """Keep a source that has lost too much, together with those before it, out of the database as well."""
        if self._serving is None or self._allow_shrink:
            return
        gone = {source.name: source.ingested.removed for source in self.report.sources if source.ingested}
        before = staying(self._serving.manifest.sources, self._leaving)
        gone = staying(gone | {name: ingested.removed}, self._leaving)
        gate = gates.shrink(before, gone, self._home.settings.thresholds.max_shrink)
        if not gate.passed:
            self.report.gates = [gate]
            raise RefusedError(f"{gate.words}; if that is right, run `hashtag index refresh --allow-shrink`")

    def _counts(self) -> dict[str, int]:
        """Of all sources together, for the history."""
        read = [source.ingested for source in self.report.sources if source.ingested]
        counts = {kind.name: sum(getattr(one, kind.name) for one in read) for kind in fields(Ingested)}
        lost = [source.rejects for source in self.report.sources]
        counts["rejected"] = sum(rejects.rejected for rejects in lost)
        counts["incomplete"] = sum(rejects.incomplete for rejects in lost)
        return counts

    def _tell(self, reading: Rereading) -> None:
        reading.count_rejects()
        if reading.rejects is not None:
            reading.rejects.write()
            self.report.rejects = reading.result.rejects.path or self.report.rejects

    def _build(self, run: RunRecord) -> None:
        """Embed what is new, and publish."""
        home, store = self._home.folder, self._database.posts
        plans = plans_of(self._home, self._serving)
        for reading in self._readings:
            if reading.reader is not None:
                self.report.notes += keep_precomputed(store, reading.reader, plans)
        embedded = embed(store, plans, self._progress)
        self.report.embedded = embedded.counts
        run.counts |= {"embedded": dict(embedded.counts)}
        for reading in self._readings:
            if reading.rejects is not None:
                reading.rejects.set_unreadable(embedded.unreadable)
                self._tell(reading)
        origin = origin_of(self._database)
        learner = learner_of(self._home, self._database, self._serving)
        published = build(home, store, plans, learner, origin, self._progress, lambda draft: self._check(draft, run))
        for known in self._known:
            if known.leaves_at:
                self._database.sources.let_go(known.name)
        notes = [published.note] if published.note else []
        if self._serving and self._serving.manifest.feedback != published.manifest.feedback:
            notes.append("what people said of suggestions since then counts from now on")
        self.report.notes += notes
        run.notes += notes
        self.report.serves(published.manifest)
        self.report.outcome = "published" if published.new else "unchanged"

    def _check(self, draft: Draft, run: RunRecord) -> None:
        """All gates, each of them told."""
        thresholds, store = self._home.settings.thresholds, self._database.posts
        lineage = draft.snapshot.manifest.learned
        if lineage:
            self.report.learned = lineage.reason
            run.notes.append(lineage.reason)
        self.report.gates = check_soundness(draft, store, thresholds)
        shrink = check_shrink(draft.snapshot.archive.keys, self._serving, self._leaving, thresholds)
        shrink += check_photos(draft, self._serving, thresholds)
        self.report.gates += shrink + check_quality(draft, self._serving, thresholds)
        run.gates |= {gate.name: gate.to_json() for gate in self.report.gates}
        refuse([gate for gate in self.report.gates if not (self._allow_shrink and gate in shrink)], run)


def what_is_missing(known: Sequence[KnownSource], serves: bool) -> str | None:
    """Why a refresh is refused before anything is read: all posts would go. None if there is something to do.

    serves: whether a whole snapshot does. Raises SettingsError if there is nothing to read and none does.
    """
    if any(source.leaves_at is None for source in known):
        return None
    advice = "name one with `hashtag sources add SOURCE`"
    if not serves:
        raise SettingsError(f"no source is known to be read again; {advice}, or run `hashtag index build SOURCE`")
    return f"every source was removed, so that no post would be left; {advice}" if known else None


def told_of(known: Sequence[KnownSource]) -> list[str]:
    """What a person should know of sources that are not read."""
    notes = [
        f"the {source.posts:,} posts of {source.name} stay as they are: nothing tells how it is read; "
        "tell by `hashtag sources add`, or let them leave by `hashtag sources remove`"
        for source in known
        if source.source is None and source.leaves_at is None
    ]
    if not any(source.source for source in known):
        notes.append("no source is known; name them with `hashtag sources add SOURCE`")
    return notes


def plans_of(home: Home, serving: Snapshot | None) -> list[ChannelPlan]:
    """The channels of the snapshot in service, by the encoders of today; those that settings ask for where none serves.

    So that models which were fetched in the meantime do not turn a night's refresh into encoding everything anew.
    """
    if serving is None:
        return [plan_channel(spec) for spec in chosen_encoders(home.settings)[0]]
    return [plan_channel(EncoderSpec.from_json(record.spec)) for record in serving.manifest.channels]


def learner_of(home: Home, database: Database, serving: Snapshot | None) -> Learner:
    """What fills the next snapshot with what is learned."""
    judgements = database.feedback.judgements()
    if serving is None:
        return LearnAnew(database, judgements, "no whole snapshot serves")
    program = origin_of(database).program
    return CarryOver(database, judgements, serving, program, home.settings.thresholds.relearn_after)
