"""The one place that wires concrete parts: what the command line and the Python interface offer.

Imports of other rooms stand inside the functions, so that `hashtag --help` loads no model library, index or database.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .core.errors import HomeError, SettingsError, StaleIndexError
from .core.pipeline import batches
from .core.post import Post, Query, Reject
from .core.progress import Progress, Silent
from .core.protocols import Encoder, Ingested, PostReader
from .core.results import Answer
from .core.settings import Settings, resolve_settings

if TYPE_CHECKING:
    from .db.store import SqlPostStore
    from .index.build import Built, ChannelPlan, Sample
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
    """What `build_index` did. rejected: posts that could not be taken; rejects: the CSV of their rows and reasons."""

    ingested: Ingested
    built: "Built"
    rejected: int
    rejects: Path
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            **asdict(self.ingested),
            "embedded": dict(self.built.embedded),
            "published": self.built.published,
            "snapshot": self.built.manifest.snapshot,
            "rejected": self.rejected,
            "rejects": str(self.rejects) if self.rejected else None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What `suggest_batch` did.

    posts: lines written. unlike: of these, posts that resemble nothing in the archive and got its most used hashtags.
    rejected: of these, posts that could not be read.
    """

    posts: int
    unlike: int
    rejected: int
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
    from .index.build import build
    from .index.snapshot import writing

    plans = [_plan(spec) for spec in specs]
    with writing(settings.home), _open_store(settings) as store:
        rejects = Rejects(reader)
        ingested = store.ingest(reader.source, rejects.sift())
        built = build(
            settings.home,
            store,
            store.shown_url,
            plans,
            _learn,
            f"{PROGRAM} {version(PROGRAM)}",
            progress or Silent(),
        )
        path = settings.home / "rejects.csv"
        rejected = rejects.write(path, built.unreadable)
    return BuildReport(ingested, built, rejected, path, (*reader.notes(), *notes))


def index_info(settings: Settings) -> "Manifest":
    """What the snapshot in service says of itself. Raises NoIndexError, SnapshotError."""
    from .index.snapshot import current_snapshot

    return current_snapshot(_existing(settings.home)).manifest


def verify_index(settings: Settings) -> list[str]:
    """What is wrong with a home's index, one sentence each; empty when all is well. Raises NoIndexError."""
    from .index.verify import verify

    return verify(_existing(settings.home), lambda: _open_store(settings))


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
    posts = unlike = rejected = 0
    partial = out.with_name(out.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8") as lines, (progress or Silent()).stage("Suggesting", None) as stage:
            for entries in batches(reader.read(), _QUERIES_AT_ONCE):
                for answer in _answers(recommender, entries, count, exclude):
                    lines.write(json.dumps(answer.to_json(), ensure_ascii=False) + "\n")
                    posts += 1
                    unlike += bool(answer.notes)
                    rejected += answer.error is not None
                stage.advance(len(entries))
        partial.replace(out)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return BatchReport(posts, unlike, rejected, out)


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
        yield Answer((), recommender.snapshot, error=entry.reason) if isinstance(entry, Reject) else next(answers)


def _existing(home: Path) -> Path:
    if not home.is_dir():
        raise HomeError(f"no home folder {home}; run `hashtag index build SOURCE --home {home}` first")
    return home


def _open_store(settings: Settings) -> "SqlPostStore":
    from .db.engine import default_url
    from .db.store import open_store

    return open_store(settings.db or default_url(settings.home))


def _chosen(settings: Settings) -> tuple[list["EncoderSpec"], list[str]]:
    from .retrieval.encoders.profiles import ClipModels, choose_encoders

    default = ClipModels()
    clip = ClipModels(
        settings.image_model or default.image_model,
        settings.image_weights or ("" if settings.image_model else default.image_weights),
        settings.sentence_model or default.sentence_model,
    )
    return choose_encoders(_profile(settings.encoders or "auto"), clip)


def _profile(name: str) -> "Profile":
    if name not in ("auto", "clip", "compact"):
        raise SettingsError(f"encoders is {name!r}; it must be auto, clip or compact")
    return cast("Profile", name)


def _plan(spec: "EncoderSpec") -> "ChannelPlan":
    from .index.build import ChannelPlan
    from .index.faiss_index import FaissWriter
    from .index.lexical import LexicalWriter
    from .retrieval.encoders.profiles import make_encoder

    if spec.kind == "ngrams":
        return ChannelPlan(make_encoder(spec), spec.to_json(), LexicalWriter, kept=False)
    return ChannelPlan(make_encoder(spec), spec.to_json(), FaissWriter, kept=True)


def _learn(folder: Path, samples: Sequence["Sample"]) -> None:
    import numpy as np
    from scipy import sparse

    from .index.archive import SnapshotArchive
    from .index.build import read_rows
    from .retrieval.fusion import Probes, learn_fusion
    from .retrieval.voting import carried_matrix

    def stacked(batches: Sequence[Any]) -> Any:
        return sparse.vstack(batches, format="csr") if sparse.issparse(batches[0]) else np.concatenate(batches)

    probes = [
        Probes(
            sample.record.channel,
            sample.rows,
            stacked(sample.batches),
            _read_index(folder / sample.record.channel, sample.record),
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
    return Channel(encoder, _read_index(folder, record), read_rows(folder, record.vectors))


def _read_index(folder: Path, record: "ChannelRecord") -> Any:
    from .index.faiss_index import FaissIndex
    from .index.lexical import LexicalIndex

    return LexicalIndex.read(folder) if record.spec["kind"] == "ngrams" else FaissIndex.read(folder)
