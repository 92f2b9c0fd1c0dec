"""All that is learned from an archive when its index is built, and how a snapshot keeps it."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from ..core.advice import REBUILD
from ..core.errors import SnapshotError
from ..core.feedback import Judgement
from ..core.vectors import Rows
from .reranking.context_priors import ContextPriors
from .reranking.reports import RerankerReport
from .reranking.reranker import Reranker, read_report
from .reranking.training import TrainingArchive, learn_reranker
from .voting.fusion import Fusion, learn_fusion
from .voting.ranking import UNLEARNED, Ranker, Vote

SAMPLE = 1500  # posts from which it is learned how loud each channel counts

_LEARNED = "learned.json"
_CLUSTERS = "clusters.npy"
_RERANKER = "reranker"

_DOUBT = 2.0  # suggestions of a hashtag that went as expected, beside those that were judged


@dataclass(frozen=True, slots=True)
class Learned:
    """What ranks the candidates of an archive's new posts.

    clusters: (posts,) near-duplicates by number. reranker: None where there are too few posts to learn from, or where
    it cannot be used. report: of the held-out posts, None without. judged: by hashtag (normalised) what a person's
    judgements add to its log odds. notes: what a person should know of it.
    """

    fusion: Fusion
    clusters: Rows
    context_priors: ContextPriors
    judged: Mapping[str, float]
    reranker: Reranker | None
    report: RerankerReport | None
    notes: tuple[str, ...] = ()

    def ranker(self, labels: sparse.csr_matrix) -> Ranker:
        """The reranker where it is better than the vote; labels: (posts, m)."""
        if self.reranker is not None and self.reranker.report.ships:
            return self.reranker
        if self.report is None:
            return Vote(labels, None, UNLEARNED)
        return Vote(labels, self.report.calibration, self.report.threshold)

    def save(self, folder: Path) -> None:
        """Write into the folder of a snapshot."""
        fields = {
            "fusion": self.fusion.to_json(),
            "leanings": self.context_priors.to_json(),
            "judged": dict(self.judged),
        }
        (folder / _LEARNED).write_text(json.dumps(fields, indent=1, ensure_ascii=False), encoding="utf-8")
        np.save(folder / _CLUSTERS, self.clusters)
        if self.reranker is not None:
            (folder / _RERANKER).mkdir()
            self.reranker.save(folder / _RERANKER)


def learn(archive: TrainingArchive, judgements: Sequence[Judgement] = ()) -> Learned:
    """Learn from an archive's own posts, and from what a person said of suggestions. Deterministic."""
    fusion = learn_vote_sources(archive)
    trained = learn_reranker(archive, fusion)
    return Learned(
        fusion,
        archive.clusters,
        trained.context_priors if trained else ContextPriors(),
        weigh_judgements(judgements),
        trained.reranker if trained else None,
        trained.reranker.report if trained else None,
    )


def learn_vote_sources(archive: TrainingArchive) -> Fusion:
    """How loud each channel counts, from a sample of the archive's posts."""
    carriers = np.flatnonzero(np.diff(archive.labels.indptr))
    if len(carriers) > SAMPLE:
        carriers = np.sort(np.random.default_rng(0).choice(carriers, SAMPLE, replace=False))
    return learn_fusion([archive.sampled_posts(channel, carriers) for channel in archive.channels], archive.labels)


def weigh_judgements(judgements: Sequence[Judgement]) -> dict[str, float]:
    """What judgements add to a hashtag's log odds: ln((accepted + doubt) / (expected + doubt)).

    A hashtag of probability .3 is expected to be accepted in three of ten cases. One that is turned down again and
    again comes less often, one that is always taken more often; a single judgement moves little.
    """
    accepted: dict[str, float] = defaultdict(float)
    expected: dict[str, float] = defaultdict(float)
    for judgement in judgements:
        accepted[judgement.hashtag] += judgement.verdict == "accept"
        expected[judgement.hashtag] += judgement.score
    return {tag: float(np.log((accepted[tag] + _DOUBT) / (expected[tag] + _DOUBT))) for tag in accepted}


def load(folder: Path, hashtags: Sequence[str], labels: sparse.csr_matrix) -> Learned:
    """Read what `Learned.save` wrote. hashtags: (m,) normalised. labels: (posts, m).

    The reranker is read only where it is better than the vote. One that cannot be used leaves a note, and the vote.
    Raises SnapshotError where the rest cannot be read.
    """
    fusion, context_priors, judged_by = _read_learned(folder)
    try:
        clusters: Rows = np.load(folder / _CLUSTERS, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise SnapshotError(f"what {folder} has learned cannot be read: {error}", REBUILD) from error
    reranker, report = None, None
    notes: tuple[str, ...] = ()
    if (folder / _RERANKER).is_dir():
        try:
            report = read_report(folder / _RERANKER)
            reranker = Reranker.load(folder / _RERANKER, hashtags, labels, fusion) if report.ships else None
        except SnapshotError as error:
            notes = (f"{error}; until then the plain vote ranks hashtags",)
    return Learned(fusion, clusters, context_priors, judged_by, reranker, report, notes)


def carry_over(folder: Path, archive: TrainingArchive, judgements: Sequence[Judgement] = ()) -> Learned:
    """What a snapshot has learned, for an archive that has changed since; takes a small part of the time of `learn`.

    Fusion, leanings and what the reranker has learned stay. Near-duplicates, counts and judgements are those of now.
    archive: with the channels that it was learned from. Raises SnapshotError where what was learned cannot be read.
    """
    fusion, context_priors, _ = _read_learned(folder)
    reranker = None
    if (folder / _RERANKER).is_dir():
        captions, hashtags = archive.contents.captions, archive.hashtags
        reranker = Reranker.carry_over(folder / _RERANKER, captions, hashtags, archive.labels, fusion)
    report = reranker.report if reranker else None
    return Learned(fusion, archive.clusters, context_priors, weigh_judgements(judgements), reranker, report)


def learned_report(folder: Path) -> RerankerReport | None:
    """How reranker and vote do; None where there was too little to learn from. Raises SnapshotError."""
    return read_report(folder / _RERANKER) if (folder / _RERANKER).is_dir() else None


def _read_learned(folder: Path) -> tuple[Fusion, ContextPriors, dict[str, float]]:
    """Fusion, leanings, and what judgements add by hashtag. Raises SnapshotError."""
    try:
        fields = json.loads((folder / _LEARNED).read_bytes())
        context_priors = ContextPriors.from_json(fields["leanings"])
        judged_by = {str(hashtag): float(shift) for hashtag, shift in fields["judged"].items()}
        return Fusion.from_json(fields["fusion"]), context_priors, judged_by
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"what {folder} has learned cannot be read: {error}", REBUILD) from error
