"""Systems that suggest hashtags, compared."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import SettingsError
from ...core.post import Post
from ...core.progress import Progress, Silent
from ...core.protocols import PostReader, Recommender
from ...core.settings import Settings
from ...eval.registry import CATALOGUE, Entry, SystemContext, check_names, choose, not_installed
from ...eval.reporting import compare
from ...eval.reporting.compare import Comparison
from ...eval.reporting.report import build_report
from ...eval.reporting.writer import check_libraries, write_report
from ...eval.runs import run as trials
from ...eval.runs.estimate import Ahead, TimeLeft
from ...eval.runs.outcome_cache import OutcomeCache, check_folder
from ...eval.runs.run import RunResult, Trial, pooled
from ...eval.runs.splits import HARRISON_TEST, Split, draw_split, has_hashtags
from ...eval.systems.networks.features import FeatureCache
from ...retrieval.encoders.backbones import make_backbone
from ...retrieval.encoders.photos import read_photo
from ...retrieval.encoders.profiles import EncoderSpec, query_runtime
from ...retrieval.runtimes.runtime import Runtime
from ...retrieval.selection.lists import SPAM, spam_rules
from ..partial_build import EncodedPosts, product_builder
from ..refresh.build import chosen_encoders, plan_channels
from .archive import FEATURES, identity, read_archive, scratch_folder, split_archive

_log = logging.getLogger(__name__)


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
    specs: Sequence[EncoderSpec] | None = None,
) -> dict[str, Any]:
    """Compare systems on an archive, and write the report into the plan's folder; returns what report.json holds.

    settings: of the product, apart from its home. begin: hears what is known before the first system runs. tell: hears
    of every system that has run, and what is ahead. specs: of the encoders; None for those of the settings. What has
    run stays, so that the same call goes on where another was stopped. A library that is missing is told before the
    archive is read. Raises SettingsError on a plan that nothing can fulfil, SourceError where the archive cannot be
    read, HomeError where the folder cannot be written.
    """
    progress = progress or Silent()
    if plan.seeds < 1:
        raise SettingsError(f"seeds is {plan.seeds}; it must be at least 1")
    check_names(plan.systems)  # before the work of an hour
    for name, reason in not_installed(plan.systems).items():
        _log.warning("%s is left out: %s", name, reason)
    check_libraries()
    check_folder(plan.out)
    specs, notes = chosen_encoders(settings) if specs is None else (specs, [])
    channels = dict(zip(specs, plan_channels(specs, settings), strict=True))
    with scratch_folder(plan.out) as scratch:
        archive = read_archive(plan.out, channels, reader, progress)
        split = _split(archive, plan)
        trial = Trial.of(archive.posts, split)
        entries, left_out = choose(plan.systems, [*trial.train, *trial.validation])
        parts = (trial.train, trial.validation, trial.test)
        own = identity("hashtags", parts, split.origin, archive, plan.backbone)
        kept = OutcomeCache(plan.out, own, RunResult.from_json)
        context = _system_context(archive, trial, plan, scratch, query_runtime(settings.cache_folder))
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


def systems() -> Sequence[Entry]:
    """All systems that can be compared."""
    return CATALOGUE


def compare_reports(one: Path, other: Path) -> Comparison:
    """What changed from one report.json to another; see `eval.reporting.compare`."""
    return compare.compare_reports(one, other)


def _result(
    entry: Entry, context: SystemContext, trial: Trial, seeds: int, kept: OutcomeCache[RunResult], progress: Progress
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


def _done(entries: Sequence[Entry], seeds: int, kept: OutcomeCache[RunResult]) -> dict[str, RunResult]:
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


def _split(archive: EncodedPosts, plan: EvaluationPlan) -> Split:
    if plan.protocol == "harrison":
        return draw_split(archive.posts, "random", archive.clusters, allow_leaks=True, test_part=HARRISON_TEST)
    return split_archive(archive, plan.split, plan.allow_leaks, has_hashtags)


def _system_context(
    archive: EncodedPosts, trial: Trial, plan: EvaluationPlan, scratch: Path, runtime: Runtime
) -> SystemContext:
    dense = [encoder for encoder in archive.encoders.values() if not encoder.sparse]
    lexical = next(encoder for encoder in archive.encoders.values() if encoder.sparse)
    look_at = FeatureCache(make_backbone(plan.backbone), plan.out / FEATURES)
    build = product_builder(archive.encoders, scratch)

    def build_student(posts: Sequence[Post], validation: Sequence[Post]) -> Recommender:
        from ..student import student_builder  # PyTorch

        return student_builder(archive.encoders, runtime, scratch)(posts, validation)

    return SystemContext(build, build_student, dense, lexical, look_at, trial.test)


def _spam(settings: Settings) -> frozenset[str]:
    return frozenset(spam_rules(settings.home / SPAM).blocked)
