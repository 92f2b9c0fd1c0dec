"""The nightly refresh: reads every source again, and publishes an index of what has changed if it passes its gates."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...core.advice import ALLOW_SHRINK
from ...core.errors import RefusedError, SourceError
from ...core.progress import Progress, Silent
from ...core.protocols import EmbeddingEngine, Ingested
from ...core.sources import KnownSource
from ...db.database import Database
from ...index.snapshots.build import Draft, build, embed
from ...index.snapshots.gates import Gate
from ...index.snapshots.history import RunRecord
from ...index.snapshots.manifest import Manifest
from ..home import Home
from .build import origin_of
from .checks import check_photos, check_quality, check_soundness, refuse
from .decision import Decision, add_up
from .engines import embedding_engine
from .precomputed import keep_precomputed
from .reading import Rereading, SourceRefresh, read_again
from .shards import keep_shards

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
    with (
        home.run("index refresh") as run,
        home.database_to_write() as database,
        embedding_engine(home.settings) as engine,
    ):
        return _Refresh(home, database, allow_shrink, progress or Silent(), engine).run(run)


class _Refresh:
    """One refresh, within the lock of the home."""

    def __init__(
        self, home: Home, database: Database, allow_shrink: bool, progress: Progress, engine: EmbeddingEngine
    ) -> None:
        self._home = home
        self._database = database
        self._decision = Decision(home, database, allow_shrink)
        self._progress = progress
        self._engine = engine
        self._readings: list[Rereading] = []
        self.report = RefreshReport(notes=list(self._decision.notes))
        if serving := self._decision.serving:
            self.report.serves(serving.manifest)

    def run(self, run: RunRecord) -> RefreshReport:
        """Read, embed, build. run: its record."""
        if self._decision.refused:
            self.report.refuse(self._decision.refused)
        for known in [] if self._decision.refused else self._decision.sources:
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
        gate = self._decision.check_removed(self.report.sources, {name: ingested.removed})
        if gate and not gate.passed:
            self.report.gates = [gate]
            raise RefusedError(gate.words, ALLOW_SHRINK)

    def _counts(self) -> dict[str, int]:
        """Of all sources together, for the history."""
        lost = [source.rejects for source in self.report.sources]
        rejected, incomplete = (sum(getattr(one, kind) for one in lost) for kind in ("rejected", "incomplete"))
        return asdict(add_up(self.report.sources)) | {"rejected": rejected, "incomplete": incomplete}

    def _tell(self, reading: Rereading) -> None:
        reading.count_rejects()
        if reading.rejects is not None:
            reading.rejects.write()
            self.report.rejects = reading.result.rejects.path or self.report.rejects

    def _build(self, run: RunRecord) -> None:
        """Embed what is new, and publish."""
        home, store = self._home.folder, self._database.posts
        plans = self._decision.plans()
        self.report.notes += keep_shards(store, home, plans)
        for reading in self._readings:
            if reading.reader is not None:
                self.report.notes += keep_precomputed(store, reading.reader, plans)
        embedded = embed(store, plans, self._progress, self._engine)
        self.report.embedded = embedded.counts
        run.counts |= {"embedded": dict(embedded.counts)}
        for reading in self._readings:
            if reading.rejects is not None:
                reading.rejects.set_unreadable(embedded.unreadable)
                self._tell(reading)
        origin = origin_of(self._database)
        learner = self._decision.learner()
        published = build(home, store, plans, learner, origin, self._progress, lambda draft: self._check(draft, run))
        for known in self._decision.sources:
            if known.leaves_at:
                self._database.sources.let_go(known.name)
        notes = [published.note] if published.note else []
        serving = self._decision.serving
        if serving and serving.manifest.feedback != published.manifest.feedback:
            notes.append("feedback since the previous index is used from now on")
        self.report.notes += notes
        run.notes += notes
        self.report.serves(published.manifest)
        self.report.outcome = "published" if published.new else "unchanged"

    def _check(self, draft: Draft, run: RunRecord) -> None:
        """All gates, each of them told."""
        thresholds, store, serving = self._home.settings.thresholds, self._database.posts, self._decision.serving
        if learned := draft.snapshot.manifest.learned:
            self.report.learned = learned.reason
            run.notes.append(learned.reason)
        self.report.gates = [
            *check_soundness(draft, store),
            *self._decision.check_posts(draft.snapshot.archive.keys),
            *check_photos(draft, serving, thresholds),
            *check_quality(draft, serving, thresholds),
        ]
        run.gates |= {gate.name: gate.to_json() for gate in self.report.gates}
        refuse([gate for gate in self.report.gates if not self._decision.is_allowed(gate)], run)
