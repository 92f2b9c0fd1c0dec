"""Evaluating: systems learn from one part of an archive and are judged on the rest."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ..core.advice import IN_MEMORY, Advice
from ..core.errors import HomeError, SettingsError, describe
from ..core.pipeline import encode_stream
from ..core.post import Post
from ..core.program import program
from ..core.progress import Progress, Silent
from ..core.protocols import Encoder, PostReader, Recommender
from ..core.settings import Settings
from ..core.vectors import Rows
from ..db.database import open_database
from ..db.rejects import REJECTS, Rejects
from ..db.store import SqlPostStore
from ..eval.registry import CATALOGUE, Entry, SystemContext, check_names, choose, not_installed
from ..eval.reporting import compare
from ..eval.reporting.compare import Comparison
from ..eval.reporting.report import build_report
from ..eval.reporting.writer import check_libraries, write_report
from ..eval.runs import run as trials
from ..eval.runs.estimate import Ahead, TimeLeft
from ..eval.runs.outcome_cache import OutcomeCache, check_folder
from ..eval.runs.run import RunResult, Trial, pooled
from ..eval.runs.splits import HARRISON_TEST, Drawn, Split, draw_split, read_split
from ..eval.systems.networks.features import FeatureCache
from ..eval.systems.system import Builder
from ..index.snapshots.build import ChannelPlan, embed
from ..retrieval.encoders.backbones import make_backbone
from ..retrieval.encoders.caching import CachingEncoder
from ..retrieval.encoders.photos import read_photo
from ..retrieval.encoders.profiles import EncoderSpec
from ..retrieval.encoders.stacking import stacked
from ..retrieval.search.channels import contents_of
from ..retrieval.search.duplicates import find_duplicates
from ..retrieval.selection.lists import SPAM, spam_rules
from .home import Home
from .refresh.build import build_channels, chosen_encoders, plan_channel
from .suggest.recommender import recommender_of

DATABASE = "archive.sqlite"
FEATURES = "features"

_log = logging.getLogger(__name__)
_SCRATCH = "product-"  # begins the names of folders for indexes that are judged


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """What is compared, and how.

    systems: names, or `all`. split: `group`, `random`, `author`, `time`, or a file; see `eval.runs.splits`. seeds: how
    often systems that are drawn at random learn anew. out: the folder of the report. backbone: the image network of the
    trained networks. protocol: `harrison` for the split of its authors, as far as they tell it: at random, one of 11
    posts for the test.
    """

    systems: Sequence[str] = ("all",)
    split: str = "group"
    seeds: int = 1
    allow_leaks: bool = False
    backbone: str = "efficientnet-lite0"
    protocol: str | None = None
    out: Path = Path("evaluation")


@dataclass(frozen=True, slots=True)
class _Posts:
    """All posts, as a person's archive would hold them, and what their encoders made of them.

    clusters: (n,) the near-duplicates' numbers.
    """

    posts: Sequence[Post]
    encoders: Mapping[EncoderSpec, Encoder[Any]]
    clusters: Rows


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known before the first system runs: notes, systems left out and why, and what is to run."""

    notes: Sequence[str]
    left_out: Mapping[str, str]
    ahead: Ahead


def evaluate(
    settings: Settings,
    reader: PostReader,
    plan: EvaluationPlan,
    progress: Progress | None = None,
    begin: Callable[["Beginning"], None] = lambda beginning: None,
    tell: Callable[[RunResult, Ahead], None] = lambda result, ahead: None,
) -> dict[str, Any]:
    """Compare systems on an archive, and write the report into the plan's folder; returns what report.json holds.

    settings: of the product, apart from its home. begin: hears what is known before the first system runs. tell: hears
    of every system that has run, and what is ahead. What has run stays, so that the same call goes on where another was
    stopped. A library that is missing is told before the archive is read. Raises SettingsError on a plan that nothing
    can fulfil, SourceError where the archive cannot be read, HomeError where the folder cannot be written.
    """
    progress = progress or Silent()
    if plan.seeds < 1:
        raise SettingsError(f"seeds is {plan.seeds}; it must be at least 1")
    check_names(plan.systems)  # before the work of an hour
    for name, reason in not_installed(plan.systems).items():
        _log.warning("%s is left out: %s", name, reason)
    check_libraries()
    check_folder(plan.out)
    specs, notes = chosen_encoders(settings)
    channels = {spec: plan_channel(spec, settings) for spec in specs}
    try:
        plan.out.mkdir(parents=True, exist_ok=True)
        for left in plan.out.glob(f"{_SCRATCH}*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=plan.out, prefix=_SCRATCH) as scratch:
            archive = _read(plan.out, channels, reader, progress)
            split = _split(archive, plan)
            trial = Trial.of(archive.posts, split)
            entries, left_out = choose(plan.systems, [*trial.train, *trial.validation])
            kept = OutcomeCache(plan.out, _identity(trial, split, archive, plan))
            context = _system_context(archive, trial, plan, Path(scratch))
            known = [*notes, *reader.notes(), *split.notes()]
            done = _done(entries, plan.seeds, kept)
            clock = _time_left(entries, trial, plan.seeds, done)
            begin(Beginning(known, left_out, clock.ahead))
            if any(entry.looked_at for entry in entries):
                context.look_at.prepare([photo.path for post in archive.posts for photo in post.photos[:1]], progress)
            results = []
            for entry in entries:
                if not (result := done.get(entry.name)):
                    result = _result(entry, context, trial, plan.seeds, kept, progress)
                    clock.ran(entry.cost, _runs(entry, plan.seeds), result)
                tell(result, clock.ahead)
                results.append(result)
            origin = split.to_json(archive.posts)
            report = build_report(trial, results, split=origin, dataset=reader.source, spam=_spam(settings))
            report |= {"protocol": plan.protocol, "left_out": left_out, "notes": known}
            write_report(plan.out, report, trial, results, read_photo)
            return report
    except OSError as error:
        raise HomeError(f"{plan.out} cannot be written: {describe(error)}") from error


def systems() -> Sequence[Entry]:
    """All systems that can be compared."""
    return CATALOGUE


def compare_reports(one: Path, other: Path) -> Comparison:
    """What changed from one report.json to another; see `eval.reporting.compare`."""
    return compare.compare_reports(one, other)


def _result(
    entry: Entry, context: SystemContext, trial: Trial, seeds: int, kept: OutcomeCache, progress: Progress
) -> RunResult:
    """Of all runs of a system; those that are kept are not run again."""
    runs = []
    for seed in range(_runs(entry, seeds)):
        result = kept.find(entry.name, seed)
        if result is None:
            result = trials.run(entry.make(context, seed), trial, progress)
            kept.keep(result, seed)
        runs.append(result)
    return trials.pooled(runs)


def _runs(entry: Entry, seeds: int) -> int:
    return seeds if entry.seeded else 1


def _done(entries: Sequence[Entry], seeds: int, kept: OutcomeCache) -> dict[str, RunResult]:
    """By system the outcome of all its runs, if all are kept."""
    found = {entry.name: [kept.find(entry.name, seed) for seed in range(_runs(entry, seeds))] for entry in entries}
    whole = {name: [result for result in runs if result] for name, runs in found.items() if all(runs)}
    return {name: pooled(runs) for name, runs in whole.items()}


def _time_left(entries: Sequence[Entry], trial: Trial, seeds: int, done: Mapping[str, RunResult]) -> TimeLeft:
    clock = TimeLeft(len(trial.train) + len(trial.validation))
    for entry in entries:
        clock.expect(entry.cost, _runs(entry, seeds))
    for entry in entries:
        if result := done.get(entry.name):
            clock.ran(entry.cost, _runs(entry, seeds), result)
    return clock


def _read(out: Path, plans: Mapping[EncoderSpec, ChannelPlan], reader: PostReader, progress: Progress) -> _Posts:
    """Posts into a database of their own, through the encoders: what was encoded before is not encoded again."""
    rejects = Rejects(reader, out / REJECTS)
    with open_database(f"sqlite:///{(out / DATABASE).resolve()}") as database:
        store = database.posts
        try:
            store.ingest(reader.source, rejects.sift(frozenset()))
            rejects.set_unreadable(embed(store, list(plans.values()), progress).unreadable)
        finally:
            rejects.write()
        posts = [stored.post for stored in store.posts()]
        encoders = {spec: _cached_encoder(store, planned, posts) for spec, planned in plans.items()}
    return _Posts(posts, encoders, _clusters(posts, list(encoders.values())))


def _cached_encoder(store: SqlPostStore, plan: ChannelPlan, posts: Sequence[Post]) -> Encoder[Any]:
    if not plan.encoder.stored:
        return plan.encoder
    digests = {digest for post in posts for digest in post.digests(plan.encoder.modality)}
    known = store.vectors_of(plan.encoder.fingerprint, sorted(digests))
    return CachingEncoder(plan.encoder, {digest: vector[None] for digest, vector in known.items()})


def _clusters(posts: Sequence[Post], encoders: Sequence[Encoder[Any]]) -> Rows:
    channels = []
    for encoder in encoders:
        contents = ((row, content) for row, post in enumerate(posts) for content in post.contents(encoder.modality))
        made = list(encode_stream(encoder, contents))
        rows = np.asarray([row for batch in made for row in batch.keys], dtype=np.int64)
        vectors = stacked([batch.vectors for batch in made if batch.vectors is not None])
        channels.append((encoder, rows, vectors))
    return find_duplicates(contents_of([post.caption for post in posts], channels))


def _split(archive: _Posts, plan: EvaluationPlan) -> Split:
    if plan.protocol == "harrison":
        return draw_split(archive.posts, "random", archive.clusters, allow_leaks=True, test_part=HARRISON_TEST)
    if plan.split in get_args(Drawn):
        drawn: Any = plan.split
        return draw_split(archive.posts, drawn, archive.clusters, allow_leaks=plan.allow_leaks)
    if not Path(plan.split).is_file():
        ways = ", ".join(get_args(Drawn))
        raise SettingsError(f"split is {plan.split!r}, which is neither {ways} nor a file of posts and parts")
    return read_split(Path(plan.split), archive.posts, archive.clusters, allow_leaks=plan.allow_leaks)


def _identity(trial: Trial, split: Split, archive: _Posts, plan: EvaluationPlan) -> dict[str, Any]:
    """All that outcomes depend on, apart from the system and its seed."""
    posts = sha256()
    for part in (trial.train, trial.validation, trial.test):
        for post in part:
            posts.update(repr((post.post_id, post.caption, post.hashtags, post.digests("image"))).encode())
    return {
        "program": program(),
        "split": split.origin,
        "posts": posts.hexdigest(),
        "encoders": [str(encoder.fingerprint) for encoder in archive.encoders.values()],
        "backbone": plan.backbone,
    }


def _system_context(archive: _Posts, trial: Trial, plan: EvaluationPlan, scratch: Path) -> SystemContext:
    dense = [encoder for encoder in archive.encoders.values() if not encoder.sparse]
    lexical = next(encoder for encoder in archive.encoders.values() if encoder.sparse)
    look_at = FeatureCache(make_backbone(plan.backbone), plan.out / FEATURES)
    return SystemContext(_product_builder(archive, scratch), dense, lexical, look_at, trial.test)


def _product_builder(archive: _Posts, scratch: Path) -> Builder:
    """Builds the product as `hashtag index build` does, but for vectors that are there already."""

    def build(posts: Sequence[Post], validation: Sequence[Post]) -> Recommender:
        by_channel = {encoder.channel: encoder for encoder in archive.encoders.values()}
        home = Home(Settings(Path(tempfile.mkdtemp(dir=scratch))), by_channel)
        plans = [ChannelPlan(encoder, spec.to_json()) for spec, encoder in archive.encoders.items()]
        build_channels(home, plans, _Listed([*posts, *validation]))
        return recommender_of(home)

    return build


@dataclass(frozen=True, slots=True)
class _Listed:
    """Posts in memory as a `PostReader`."""

    posts: Sequence[Post]

    @property
    def source(self) -> str:
        return self.posts[0].source

    @property
    def origin(self) -> None:
        return None

    @property
    def advice(self) -> Advice:
        return IN_MEMORY

    def notes(self) -> Sequence[str]:
        return ()

    def read(self) -> Any:
        return iter(self.posts)


def _spam(settings: Settings) -> frozenset[str]:
    return frozenset(spam_rules(settings.home / SPAM).blocked)
