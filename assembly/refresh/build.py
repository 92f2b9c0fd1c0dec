"""Building: an archive into the database, through the encoders, into a snapshot with all that is learned from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...core.advice import OTHER_ENCODERS
from ...core.errors import SettingsError
from ...core.feedback import feedback_digest
from ...core.machine import memory_of_machine
from ...core.program import program
from ...core.progress import Progress, Silent
from ...core.protocols import Ingested, PostReader, RejectCounts
from ...core.settings import Profile, Settings
from ...db.database import Database
from ...db.readers import open_reader
from ...db.readers.columns import Columns
from ...db.rejects import REJECTS, Rejects
from ...index.snapshots.build import ChannelPlan, Draft, Origin, Published, build, embed
from ...index.snapshots.manifest import ChannelRecord, Manifest
from ...index.snapshots.snapshot import serving_snapshot
from ...index.vectors.milvus_index import MilvusAddress
from ...index.vectors.spec import RECALL, IndexLimits
from ...retrieval.encoders import profiles
from ...retrieval.encoders.profiles import ClipModels, EncoderSpec, choose_encoders
from ..home import Home
from .checks import check_quality, check_soundness, refuse
from .engines import embedding_engine
from .precomputed import keep_precomputed
from .shards import keep_shards
from .training import LearnAnew


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What `build_index` did.

    embedded: contents encoded now, by channel. published: whether a new snapshot is in service. rejects: what could not
    be taken.
    """

    ingested: Ingested
    embedded: Mapping[str, int]
    manifest: Manifest
    published: bool
    rejects: RejectCounts
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            **asdict(self.ingested),
            "embedded": dict(self.embedded),
            "published": self.published,
            "snapshot": self.manifest.snapshot,
            "rejected": self.rejects.rejected,
            "incomplete": self.rejects.incomplete,
            "rejects": str(self.rejects.path) if self.rejects.path else None,
            "notes": list(self.notes),
        }


def read_posts(
    archive: Path | str,
    *,
    images: Path | None = None,
    source: str | None = None,
    encoding: str | None = None,
    query: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    for_queries: bool = False,
) -> PostReader:
    """A reader of an archive; see `db.readers.open_reader`. columns: names by role, as the options give them."""
    return open_reader(
        archive,
        images=images,
        source=source,
        encoding=encoding,
        query=query,
        columns=Columns(**(columns or {})),
        for_queries=for_queries,
    )


def build_index(home: Home, reader: PostReader, progress: Progress | None = None) -> BuildReport:
    """Bring database and index of a home in line with a source of posts, and publish the index.

    Raises HomeError where the home cannot be written, SourceError where the source cannot be read or holds nothing
    to suggest from, WeightsError where the encoders asked for are not on disk, ClusterError where the cluster asked for
    cannot encode.
    """
    specs, notes = chosen_encoders(home.settings)
    return build_channels(home, plan_channels(specs, home.settings), reader, progress, notes)


def build_channels(
    home: Home,
    plans: Sequence[ChannelPlan],
    reader: PostReader,
    progress: Progress | None = None,
    notes: Sequence[str] = (),
) -> BuildReport:
    """As `build_index`, with the channels that are planned. notes: to stand in the report."""
    rejects = Rejects(reader, home.folder / REJECTS)
    progress = progress or Silent()
    worse: list[str] = []
    with (
        home.run("index build") as run,
        home.database_to_write() as database,
        embedding_engine(home.settings) as engine,
    ):
        store, serving = database.posts, serving_snapshot(home.folder)

        def accept(draft: Draft) -> None:
            refuse(check_soundness(draft, store), run)
            # Who builds has asked for this archive, and is told where what can be learned of it is worse.
            quality = check_quality(draft, serving, home.settings.thresholds)
            worse.extend(f"published, although it is worse: {gate.words}" for gate in quality if not gate.passed)

        try:
            ingested = store.ingest(
                reader.source, rejects.sift(store.forgotten(), had_photos=store.has_photos(reader.source))
            )
            run.counts |= asdict(ingested)
            if reader.origin:
                database.sources.remember(reader.origin)
            ready = [*keep_shards(store, home.folder, plans), *keep_precomputed(store, reader, plans)]
            embedded = embed(store, plans, progress, engine)
            rejects.set_unreadable(embedded.unreadable)
            counts = rejects.counts()
            run.counts |= {"rejected": counts.rejected, "incomplete": counts.incomplete}
            run.counts |= {"embedded": dict(embedded.counts)}
        finally:
            rejects.write()
        published = publish_index(home, database, plans, progress, accept)
        of_index = [*filter(None, [published.note]), *worse]
        run.notes += of_index
    of_photos = filter(None, [rejects.note_of_photos(home.settings.thresholds.max_shrink)])
    all_notes = (*of_photos, *reader.notes(), *notes, *ready, *of_index)
    return BuildReport(
        ingested,
        embedded.counts,
        published.manifest,
        published.new,
        counts,
        all_notes,
    )


def publish_index(
    home: Home,
    database: Database,
    plans: Sequence[ChannelPlan],
    progress: Progress,
    accept: Callable[[Draft], None],
    *,
    ends_rollback: bool = False,
) -> Published:
    """Publish a snapshot of what the database holds, all of it learned anew; see `index.snapshots.build.build`."""
    judgements = database.feedback.judgements()
    learner = LearnAnew(database, judgements, "a build was asked for")
    origin = origin_of(database)
    return build(home.folder, database.posts, plans, learner, origin, progress, accept, ends_rollback=ends_rollback)


def origin_of(database: Database) -> Origin:
    """Where a snapshot made now comes from."""
    judged = feedback_digest(database.feedback.judgements())
    return Origin(program(), database.posts.shown_url, judged)


def chosen_encoders(settings: Settings) -> tuple[list[EncoderSpec], list[str]]:
    """Those that settings ask for, and what a person should know of the choice; see `choose_encoders`."""
    profile = settings.profile
    named = (settings.image_model, settings.image_weights, settings.sentence_model)
    if profile == Profile.compact and any(named):
        raise SettingsError("a model is named, but the compact encoders are fixed", OTHER_ENCODERS)
    default = ClipModels()
    clip = ClipModels(
        _whole_path(settings.image_model) or default.image_model,
        _whole_path(settings.image_weights) or ("" if settings.image_model else default.image_weights),
        _whole_path(settings.sentence_model) or default.sentence_model,
    )
    return choose_encoders(profile, clip)


def _whole_path(name: str | None) -> str | None:
    """A model's name, or the whole path of a file or folder, so that the index finds it from wherever it is asked."""
    return str(Path(name).resolve()) if name and Path(name).exists() else name


def plans_of(records: Sequence[ChannelRecord], settings: Settings) -> list[ChannelPlan]:
    """The channels of the snapshot in service, by today's encoders; see `plan_channels`."""
    return plan_channels([EncoderSpec.from_json(record.spec) for record in records], settings, records)


def plan_channels(
    specs: Sequence[EncoderSpec], settings: Settings, recorded: Sequence[ChannelRecord] = ()
) -> list[ChannelPlan]:
    """The channels that encoders fill. recorded: those of the snapshot in service, whose limits hold on if none is set.

    Dense channels share the memory by their dimensions. Raises WeightsError if weights are not on disk, SettingsError
    on a memory that is no size, and on an index that is no address.
    """
    runtime = profiles.build_runtime(settings.cache_folder)
    encoders = [profiles.make_encoder(spec, runtime) for spec in specs]
    dimensions = {encoder.channel: encoder.fingerprint.dimension for encoder in encoders if not encoder.sparse}
    memory = settings.memory_bytes or memory_of_machine() // 2
    limits = {
        channel: IndexLimits(memory * dimension // sum(dimensions.values()))
        for channel, dimension in dimensions.items()
    }
    if settings.memory is None:
        limits |= {record.channel: record.limits for record in recorded}
    place = next((record.limits.index for record in recorded if record.limits.index), None)
    if settings.index is not None:
        place = None if settings.index == "faiss" else str(MilvusAddress.of(settings.index))
    recalls = {record.channel: record.limits.recall for record in recorded}
    plans = []
    for spec, encoder in zip(specs, encoders, strict=True):
        limit = limits.get(encoder.channel, IndexLimits())
        recall = recalls.get(encoder.channel, RECALL) if settings.recall is None else settings.recall
        limited = IndexLimits(limit.memory, recall, None if encoder.sparse else place)
        plans.append(ChannelPlan(encoder, spec.to_json(), limited))
    return plans
