"""Exporting a student of a home: a small network for phones, and a report on how it compares with the home itself."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core import durable
from ..core.advice import OTHER_FILE
from ..core.errors import HomeError, SettingsError, describe
from ..core.post import Post, normalise_hashtag
from ..core.progress import Progress, Silent
from ..core.protocols import Encoder
from ..core.rules import combine_rules
from ..eval.registry import PHOTO_ALONE, STUDENT
from ..eval.runs.estimate import Ahead
from ..eval.runs.run import RunResult
from ..index.snapshots.build import ChannelPlan
from ..index.snapshots.serving import serve
from ..index.snapshots.snapshot import Snapshot
from ..retrieval.encoders.profiles import EncoderSpec, query_runtime
from ..retrieval.selection.lists import SPAM, spam_rules
from ..retrieval.student.exporting import StudentFile, check_size, write_student
from ..retrieval.student.litert import LiteRtFile, check_litert, write_litert
from ..retrieval.student.ngrams import HashedNgrams
from ..retrieval.student.training import TrainedHead
from .evaluation.hashtags import Beginning, EvaluationPlan, evaluate
from .home import Home
from .partial_build import EncodedPosts, ListedPosts, encoded_posts
from .student import StudentPlan, train_student

LITERT = "model.tflite"  # beside the ONNX file


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What is exported.

    out: the ONNX file. quantise: in 8 bits. size_limit: bytes of the ONNX file at most; None for any. captions: the
    student reads captions, too. litert: also for LiteRT.
    """

    out: Path
    quantise: bool = False
    size_limit: int | None = None
    captions: bool = False
    litert: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What `export_student` wrote, from which snapshot. litert_file: None if it was not asked for."""

    plan: ExportPlan
    snapshot: str
    head: TrainedHead
    file: StudentFile
    litert_file: LiteRtFile | None
    notes: tuple[str, ...]

    @property
    def litert_path(self) -> Path:
        """Where the LiteRT file is, if there is one."""
        return self.plan.out.with_name(LITERT)

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "out": str(self.plan.out),
            "snapshot": self.snapshot,
            "captions": self.plan.captions,
            "quantised": self.plan.quantise,
            **self.file.to_json(),
            "threshold": self.head.threshold,
            "training": self.head.to_json(),
            "litert": self.litert_file and {"out": str(self.litert_path), **self.litert_file.to_json()},
            "notes": list(self.notes),
        }


def export_student(home: Home, plan: ExportPlan, progress: Progress | None = None) -> Exported:
    """Train a small network on what a home answers, and write it into a file.

    What can be refused is refused before the work of minutes. An existing file is replaced when the new one is
    complete. Raises SettingsError where there is too little to learn from, where the size cannot be met and where a
    package is missing, HomeError where the file cannot be written, RefusedError where 8 bits are too few.
    """
    progress = progress or Silent()
    if plan.litert:
        check_litert(plan.quantise)
    if plan.size_limit is not None:
        check_size(plan.size_limit, plan.quantise, HashedNgrams().buckets if plan.captions else 0)
    _check_out(plan)
    served = serve(home.existing())
    snapshot, runtime = served.snapshot, query_runtime(home.settings.cache_folder)
    archive, blocked = _archive(home, snapshot)
    trained = train_student(archive, StudentPlan(plan.captions, blocked), runtime, snapshot.name, progress)
    with tempfile.TemporaryDirectory() as scratch:
        made, converted = Path(scratch) / "student.onnx", Path(scratch) / LITERT
        with progress.stage("writing the student", None):
            file = write_student(trained, made, plan.quantise, plan.size_limit)
        litert = None
        if plan.litert:
            with progress.stage("converting it for LiteRT", None):
                litert = write_litert(file.student, file.metadata, file.check, converted, plan.quantise)
        _put(made, plan.out)
        if litert:
            _put(converted, plan.out.with_name(LITERT))
    notes = [served.note] if served.note else []
    if file.dropped:
        notes.append(
            f"{file.hashtags:,} hashtags fit into the size limit; the {file.dropped:,} rarest of "
            f"{file.hashtags + file.dropped:,} are left out"
        )
    return Exported(plan, snapshot.name, trained.head, file, litert, tuple(notes))


def report_on_student(
    home: Home,
    folder: Path,
    progress: Progress | None = None,
    begin: Callable[[Beginning], None] = lambda beginning: None,
    tell: Callable[[RunResult, Ahead], None] = lambda result, ahead: None,
) -> dict[str, Any]:
    """Compare students with the home's retrieval, on a part of its posts from which neither learns.

    The student is one that sees photos alone, in 8 bits. folder, begin, tell, returns, raises: as `evaluate`.
    """
    snapshot = serve(home.existing()).snapshot
    with home.database() as database:
        posts = [stored.post for stored in database.posts.posts()]
    specs = [EncoderSpec.from_json(record.spec) for record in snapshot.manifest.channels]
    reader = ListedPosts([_named(post) for post in posts])
    plan = EvaluationPlan(systems=(PHOTO_ALONE, STUDENT), out=folder)
    return evaluate(home.settings, reader, plan, progress, begin, tell, specs)


def _put(made: Path, path: Path) -> None:
    """Give a finished file its place. Raises HomeError."""
    try:
        durable.write_durably(path, made.read_bytes())
    except OSError as error:
        raise HomeError(f"{path} cannot be written: {describe(error)}", OTHER_FILE) from error


def _named(post: Post) -> Post:
    """A post under a name that no post of another source has."""
    return replace(post, source="archive", post_id=f"{post.source} {post.post_id}")


def _archive(home: Home, snapshot: Snapshot) -> tuple[EncodedPosts, frozenset[str]]:
    """The posts of a home, and the hashtags that a person or the list of spam does not want suggested."""
    plans: dict[EncoderSpec, ChannelPlan] = {}
    for record in snapshot.manifest.channels:
        encoder: Encoder[Any] = home.encoder(record)
        plans[EncoderSpec.from_json(record.spec)] = ChannelPlan(encoder, record.spec)
    with home.database() as database:
        archive = encoded_posts(database.posts, plans)
        rules = combine_rules(spam_rules(home.folder / SPAM), database.rules.rules())
    known = {normalise_hashtag(hashtag) for post in archive.posts for hashtag in post.hashtags}
    return archive, frozenset(hashtag for hashtag in known if rules.why_blocked(hashtag))


def _check_out(plan: ExportPlan) -> None:
    """Raises SettingsError where the file cannot be written for a reason that is there already."""
    if plan.out.is_dir():
        raise SettingsError(f"{plan.out} is a folder; the student is written into a file", OTHER_FILE)
    if not plan.out.absolute().parent.is_dir():
        raise SettingsError(
            f"there is no folder {plan.out.absolute().parent} to write {plan.out.name} into", OTHER_FILE
        )
    if plan.litert and plan.out.name == LITERT:
        raise SettingsError(f"{plan.out} is where the LiteRT file is written", OTHER_FILE)
