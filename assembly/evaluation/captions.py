"""Systems that write captions, compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import SettingsError
from ...core.progress import Progress, Silent
from ...core.protocols import PostReader
from ...core.settings import Settings
from ...eval.caption_registry import CaptionContext, choose
from ...eval.reporting.caption_report import build_caption_report
from ...eval.reporting.caption_writer import check_caption_libraries, write_caption_report
from ...eval.runs import captions as trials
from ...eval.runs.captions import CaptionResult, CaptionTrial, has_photo_and_caption
from ...eval.runs.outcome_cache import OutcomeCache, check_folder
from ...eval.systems.networks.features import FeatureCache
from ...retrieval.encoders.backbones import make_backbone
from ...retrieval.encoders.photos import read_photo
from ..partial_build import EncodedPosts, product_builder
from ..refresh.build import chosen_encoders, plan_channels
from .archive import FEATURES, identity, read_archive, scratch_folder, split_archive


@dataclass(frozen=True, slots=True)
class CaptionPlan:
    """What is compared, and how. Fields: see `EvaluationPlan`; systems are those of `eval.caption_registry`."""

    systems: Sequence[str] = ("all",)
    split: str = "group"
    allow_leaks: bool = False
    backbone: str = "efficientnet-lite0"
    out: Path = Path("caption-evaluation")


def evaluate_captions(
    settings: Settings,
    reader: PostReader,
    plan: CaptionPlan,
    progress: Progress | None = None,
    begin: Callable[[Sequence[str]], None] = lambda notes: None,
    tell: Callable[[CaptionResult], None] = lambda result: None,
) -> dict[str, Any]:
    """Compare what systems write for the photos of an archive, and write the report into the plan's folder.

    Returns what report.json holds. begin: hears notes before the first system runs. tell: hears of every system that
    has run. settings, errors, and what becomes of a call that was stopped: see `evaluate`. Raises SettingsError also
    where a part of the posts holds none with a photo and a caption.
    """
    progress = progress or Silent()
    entries = choose(plan.systems)
    check_caption_libraries()
    check_folder(plan.out)
    specs, notes = chosen_encoders(settings)
    channels = dict(zip(specs, plan_channels(specs, settings), strict=True))
    with scratch_folder(plan.out) as scratch:
        archive = read_archive(plan.out, channels, reader, progress)
        if not any(map(has_photo_and_caption, archive.posts)):
            raise SettingsError(_nothing_to_judge_by(archive))
        split = split_archive(archive, plan.split, plan.allow_leaks, has_photo_and_caption)
        trial = CaptionTrial.of(archive.posts, split)
        parts = (trial.train, trial.validation, trial.test)
        own = identity("captions", parts, split.origin, archive, plan.backbone)
        kept = OutcomeCache(plan.out, own, CaptionResult.from_json)
        known = [*notes, *reader.notes(), *split.notes(), *trial.notes()]
        begin(known)
        context = _context(archive, plan, scratch)
        if any(entry.looked_at for entry in entries):
            context.look_at.prepare([post.photos[0].path for part in parts for post in part], progress)
        results = []
        for entry in entries:
            if not (result := kept.find(entry.name, 0)):
                result = trials.run_captions(entry.make(context), trial, progress)
                kept.keep(result, 0)
            tell(result)
            results.append(result)
        report = build_caption_report(trial, results, split=split.to_json(archive.posts), dataset=reader.source)
        report |= {"notes": known}
        write_caption_report(plan.out, report, trial, results, read_photo)
        return report


def _nothing_to_judge_by(archive: EncodedPosts) -> str:
    n = len(archive.posts)
    if not any(post.photos for post in archive.posts):
        return f"captions are written for photos, and none of the {n:,} posts has one that can be read"
    if not any(post.caption.strip() for post in archive.posts):
        return f"captions are judged by those of the posts, and none of the {n:,} posts has one"
    return f"captions are judged by posts with a photo and a caption, and none of the {n:,} posts has both"


def _context(archive: EncodedPosts, plan: CaptionPlan, scratch: Path) -> CaptionContext:
    image = next(encoder for encoder in archive.encoders.values() if encoder.channel == "image")
    look_at = FeatureCache(make_backbone(plan.backbone), plan.out / FEATURES)
    return CaptionContext(product_builder(archive.encoders, scratch), image, look_at)
