"""The one place that wires concrete parts: what the command line and the Python interface offer.

Imports of other rooms stand inside the functions, so that `hashtag --help` loads no model library, index or database.
"""

import json
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from .core.errors import HomeError, SettingsError, StaleIndexError
from .core.pipeline import batches
from .core.post import Post, Query, Reject
from .core.progress import Progress, Silent
from .core.protocols import Encoder, Ingested, PostReader
from .core.results import Answer
from .core.settings import Settings, resolve_settings

if TYPE_CHECKING:
    from .db.store import SqlPostStore
    from .index.build import ChannelPlan, Sample
    from .index.manifest import ChannelRecord, Manifest
    from .index.snapshot import Snapshot
    from .retrieval.channels import Channel
    from .retrieval.encoders.profiles import EncoderSpec, ModelState, Profile
    from .retrieval.recommender import ArchiveRecommender

PROGRAM = "hashtag-recommender"

_FUSION = "fusion.json"
_QUERIES_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What `build_index` did.

    embedded: contents encoded now, by channel. published: whether a new snapshot is in service.
    rejected: posts that could not be taken; first_reject: the row of the first of them and its reason; rejects: the
    CSV of them all.
    """

    ingested: Ingested
    embedded: Mapping[str, int]
    manifest: "Manifest"
    published: bool
    rejected: int
    first_reject: str | None
    rejects: Path
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            **asdict(self.ingested),
            "embedded": dict(self.embedded),
            "published": self.published,
            "snapshot": self.manifest.snapshot,
            "rejected": self.rejected,
            "rejects": str(self.rejects) if self.rejected else None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What `suggest_batch` did.

    posts: lines written. rejected: of these, posts that could not be read. notes: how many answers came with which.
    """

    posts: int
    rejected: int
    notes: Mapping[str, int]
    out: Path

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"out": str(self.out)}


def open_recommender(home: str | Path | None = None) -> "ArchiveRecommender":
    """Open the index of a home folder (default: `HASHTAG_HOME`, else `./.hashtag`) to ask it for hashtags.

    Raises NoIndexError where none was built, SnapshotError where it is damaged, StaleIndexError or WeightsError where
    its encoders are not the ones that are here.
    """
    from .index.snapshot import current_snapshot

    settings = resolve_settings(Path(home) if home else None, {})
    return _recommender(current_snapshot(_existing(settings.home)))


def read_posts(
    path: Path,
    *,
    images: Path | None = None,
    source: str | None = None,
    encoding: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    for_queries: bool = False,
) -> PostReader:
    """A reader of a file of posts; see `db.readers.open_reader`. columns: names by role, as the options give them."""
    from .db.readers import open_reader
    from .db.readers.columns import Columns

    return open_reader(
        path,
        images=images,
        source=source,
        encoding=encoding,
        columns=Columns(**(columns or {})),
        for_queries=for_queries,
    )


def build_index(settings: Settings, reader: PostReader, progress: Progress | None = None) -> BuildReport:
    """Bring database and index of a home in line with a source of posts, and publish the index.

    Raises HomeError where the home cannot be written, SourceError where the source cannot be read or holds nothing
    to suggest from, WeightsError where the encoders asked for are not on disk.
    """
    specs, notes = _chosen(settings)
    return build_channels(settings, specs, reader, progress, notes)


def build_channels(
    settings: Settings,
    specs: Sequence["EncoderSpec"],
    reader: PostReader,
    progress: Progress | None = None,
    notes: Sequence[str] = (),
) -> BuildReport:
    """As `build_index`, with a channel for each encoder named. notes: to stand in the report."""
    from .db.rejects import Rejects
    from .index.build import Origin, build, embed
    from .index.snapshot import writing

    plans = [_plan(spec) for spec in specs]
    rejects = Rejects(reader, settings.home / "rejects.csv")
    progress = progress or Silent()
    try:
        with writing(settings.home), _open_store(settings) as store:
            try:
                ingested = store.ingest(reader.source, rejects.sift())
                embedded = embed(store, plans, progress)
                rejects.add_unreadable(embedded.unreadable)
            finally:
                rejects.write()
            origin = Origin(f"{PROGRAM} {version(PROGRAM)}", store.shown_url)
            manifest, published = build(settings.home, store, plans, _learn, origin, progress)
    except OSError as error:
        raise HomeError(
            f"{settings.home} cannot be written ({error.strerror or error}); see that its disk has room and that the "
            "folder can be written"
        ) from error
    all_notes = (*reader.notes(), *notes)
    return BuildReport(
        ingested, embedded.counts, manifest, published, len(rejects), rejects.first(), rejects.path, all_notes
    )


def index_info(settings: Settings) -> "Manifest":
    """What the snapshot in service says of itself. Raises NoIndexError, SnapshotError."""
    from .index.snapshot import current_snapshot

    return current_snapshot(_existing(settings.home)).manifest


def verify_index(settings: Settings) -> list[str]:
    """What is wrong with a home's index, one sentence each; empty when all is well.

    Raises NoIndexError where there is none, DatabaseError where the database cannot be opened.
    """
    from .db.engine import default_path
    from .index.verify import verify

    home = _existing(settings.home)
    if settings.db is None and not default_path(home).exists():
        database = index_info(settings).database
        return [f"{home} holds no database; the index was built from {database}, name it with --db"]
    with _open_store(settings, create=False) as store:
        return verify(home, store)


def suggest_batch(
    recommender: "ArchiveRecommender",
    reader: PostReader,
    out: Path,
    count: int,
    exclude: Sequence[str] = (),
    progress: Progress | None = None,
) -> BatchReport:
    """Write the answer for every post of a file as one line of JSON, in its order.

    The file appears whole or not at all. A post that cannot be read gets a line without hashtags that says why.
    Raises SettingsError where `out` cannot be written.
    """
    posts = rejected = 0
    notes: Counter[str] = Counter()
    try:
        with _whole_or_not_at_all(out) as lines, (progress or Silent()).stage("Suggesting", None) as stage:
            for entries in batches(reader.read(), _QUERIES_AT_ONCE):
                for answer in _answers(recommender, entries, count, exclude):
                    lines.write(json.dumps(answer.to_json(), ensure_ascii=False) + "\n")
                    posts += 1
                    notes.update(answer.notes)
                    rejected += answer.error is not None
                stage.advance(len(entries))
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}") from error
    return BatchReport(posts, rejected, dict(notes), out)


@contextmanager
def _whole_or_not_at_all(out: Path) -> Iterator[TextIO]:
    """A text file that takes its place when all of it is written; pipes and devices are written as they are."""
    target = out.resolve()
    if target.exists() and not target.is_file():
        with target.open("w", encoding="utf-8") as file:
            yield file
        return
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            yield file
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def model_states() -> "list[ModelState]":
    """The models of every profile, and whether their weights are here."""
    from .retrieval.encoders.profiles import model_states

    return model_states()


def pull_models(profile: str) -> Iterator[str]:
    """Fetch the weights of a profile; yields each model's name when it is here.

    Raises WeightsError where that fails, SettingsError for a profile that has nothing to fetch.
    """
    from .retrieval.encoders.profiles import pull_models

    return pull_models(profile)


def _answers(
    recommender: "ArchiveRecommender", entries: Sequence[Post | Reject], count: int, exclude: Sequence[str]
) -> Iterator[Answer]:
    queries = [Query(e.caption, e.photo.path if e.photo else None) for e in entries if isinstance(e, Post)]
    answers = iter(recommender.suggest_batch(queries, count, exclude=exclude))
    for entry in entries:
        yield next(answers) if isinstance(entry, Post) else Answer((), recommender.snapshot, error=entry.reason)


def _existing(home: Path) -> Path:
    if not home.is_dir():
        raise HomeError(f"no home folder {home}; run `hashtag index build SOURCE --home {home}` first")
    return home


def _open_store(settings: Settings, create: bool = True) -> "SqlPostStore":
    from .db.engine import default_url
    from .db.store import open_store

    return open_store(settings.db or default_url(settings.home), create)


def _chosen(settings: Settings) -> tuple[list["EncoderSpec"], list[str]]:
    from .retrieval.encoders.profiles import ClipModels, choose_encoders

    profile = _profile(settings.encoders or "auto")
    named = (settings.image_model, settings.image_weights, settings.sentence_model)
    if profile == "compact" and any(named):
        raise SettingsError("the compact encoders are fixed; name models with --encoders clip or auto")
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


def _profile(name: str) -> "Profile":
    if name not in ("auto", "clip", "compact"):
        raise SettingsError(f"encoders is {name!r}; it must be auto, clip or compact")
    return cast("Profile", name)


def _plan(spec: "EncoderSpec") -> "ChannelPlan":
    from .index.build import ChannelPlan
    from .retrieval.encoders.profiles import make_encoder

    if spec.kind == "ngrams":
        return ChannelPlan(make_encoder(spec), spec.to_json(), "lexical", kept=False)
    return ChannelPlan(make_encoder(spec), spec.to_json(), "faiss", kept=True)


def _learn(folder: Path, samples: Sequence["Sample"]) -> None:
    import numpy as np
    from scipy import sparse

    from .index.archive import SnapshotArchive
    from .index.build import read_rows
    from .index.kinds import read_index
    from .retrieval.fusion import Probes, learn_fusion
    from .retrieval.voting import carried_matrix

    def stacked(batches: Sequence[Any]) -> Any:
        return sparse.vstack(batches, format="csr") if sparse.issparse(batches[0]) else np.concatenate(batches)

    probes = [
        Probes(
            sample.record.channel,
            sample.modality,
            sample.rows,
            stacked(sample.batches),
            read_index(sample.record.index, folder / sample.record.channel),
            read_rows(folder / sample.record.channel, sample.record.vectors),
        )
        for sample in samples
    ]
    fusion = learn_fusion(probes, carried_matrix(SnapshotArchive(folder)))
    (folder / _FUSION).write_text(json.dumps(fusion.to_json(), indent=1), encoding="utf-8")


def _recommender(snapshot: "Snapshot") -> "ArchiveRecommender":
    from .retrieval.fusion import Fusion
    from .retrieval.recommender import ArchiveRecommender

    channels = [_open_channel(snapshot, record) for record in snapshot.manifest.channels if record.vectors]
    fusion = Fusion.from_json(json.loads((snapshot.folder / _FUSION).read_bytes()))
    return ArchiveRecommender(channels, snapshot.archive, fusion, snapshot.name)


def _open_channel(snapshot: "Snapshot", record: "ChannelRecord") -> "Channel[Any]":
    from .index.build import read_rows
    from .index.kinds import read_index
    from .retrieval.channels import Channel
    from .retrieval.encoders.profiles import EncoderSpec, make_encoder

    spec = EncoderSpec.from_json(record.spec)
    encoder: Encoder[Any] = make_encoder(spec)
    if encoder.fingerprint != record.fingerprint:
        raise StaleIndexError(
            f"the {record.channel} channel was built with {record.fingerprint}, the encoder here is "
            f"{encoder.fingerprint}; run `hashtag index build` again"
        )
    folder = snapshot.folder / record.channel
    return Channel(encoder, read_index(record.index, folder), read_rows(folder, record.vectors))
