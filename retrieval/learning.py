"""Learns from an archive when its index is built; saves the result in a snapshot and loads it again."""

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

SAMPLE = 1500  # posts from which the weights of the channels are learned

_LEARNED = "learned.json"
_CLUSTERS = "clusters.npy"
_RERANKER = "reranker"

_DOUBT = 2.0  # suggestions added to both accepted and expected ones, so that few judgements shift little


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned from an archive, by which candidates are ranked.

    clusters: (posts,) the cluster of each post. judged: by hashtag (normalised), what a person's judgements add to its
    log odds. reranker: None if there are too few posts to learn from, or if it cannot be used. report: on the held-out
    posts; None without a reranker. notes: for a person, on what could not be loaded.
    """

    fusion: Fusion
    clusters: Rows
    context_priors: ContextPriors
    judged: Mapping[str, float]
    reranker: Reranker | None
    report: RerankerReport | None
    notes: tuple[str, ...] = ()

    def ranker(self, labels: sparse.csr_matrix) -> Ranker:
        """The reranker if it is better than the vote, else the vote. labels: (posts, m)."""
        if self.reranker is not None and self.reranker.report.ships:
            return self.reranker
        if self.report is None:
            return Vote(labels, None, UNLEARNED)
        return Vote(labels, self.report.calibration, self.report.threshold)

    def save(self, folder: Path) -> None:
        """Write into the folder of a snapshot. `leanings` is the stored name of the context priors."""
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
    """Learn from the posts of an archive and from judgements of suggestions. Deterministic."""
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
    """Learn the weights of the channels from a sample of the archive's posts. Deterministic."""
    carriers = np.flatnonzero(np.diff(archive.labels.indptr))
    if len(carriers) > SAMPLE:
        carriers = np.sort(np.random.default_rng(0).choice(carriers, SAMPLE, replace=False))
    return learn_fusion([archive.sampled_posts(channel, carriers) for channel in archive.channels], archive.labels)


def weigh_judgements(judgements: Sequence[Judgement]) -> dict[str, float]:
    """What judgements add to the log odds of hashtags: ln((accepted + doubt) / (expected + doubt)).

    expected: the sum of the scores that were judged; a hashtag of score .3 is expected to be accepted in three of ten
    cases. A hashtag that is often rejected is suggested less often. A single judgement has little effect.
    """
    accepted: dict[str, float] = defaultdict(float)
    expected: dict[str, float] = defaultdict(float)
    for judgement in judgements:
        accepted[judgement.hashtag] += judgement.verdict == "accept"
        expected[judgement.hashtag] += judgement.score
    return {tag: float(np.log((accepted[tag] + _DOUBT) / (expected[tag] + _DOUBT))) for tag in accepted}


def load(folder: Path, hashtags: Sequence[str], labels: sparse.csr_matrix) -> Learned:
    """Read what `Learned.save` wrote. hashtags: (m,) normalised. labels: (posts, m).

    The reranker is read only if it is better than the vote. If it cannot be read, a note says so and the vote is used.
    Raises SnapshotError if anything else cannot be read.
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
    """Use what a snapshot has learned for an archive that has changed since; much faster than `learn`.

    Fusion, context priors and the models of the reranker are kept. Near-duplicates, counts and judgements are computed
    anew. archive: must have the channels that the snapshot learned from. Raises SnapshotError if a file cannot be read.
    """
    fusion, context_priors, _ = _read_learned(folder)
    reranker = None
    if (folder / _RERANKER).is_dir():
        captions, hashtags = archive.contents.captions, archive.hashtags
        reranker = Reranker.carry_over(folder / _RERANKER, captions, hashtags, archive.labels, fusion)
    report = reranker.report if reranker else None
    return Learned(fusion, archive.clusters, context_priors, weigh_judgements(judgements), reranker, report)


def learned_report(folder: Path) -> RerankerReport | None:
    """The report on reranker and vote; None if there was too little to learn from. Raises SnapshotError."""
    return read_report(folder / _RERANKER) if (folder / _RERANKER).is_dir() else None


def _read_learned(folder: Path) -> tuple[Fusion, ContextPriors, dict[str, float]]:
    """Fusion, context priors, and what judgements add by hashtag. Raises SnapshotError."""
    try:
        fields = json.loads((folder / _LEARNED).read_bytes())
        context_priors = ContextPriors.from_json(fields["leanings"])
        judged_by = {str(hashtag): float(shift) for hashtag, shift in fields["judged"].items()}
        return Fusion.from_json(fields["fusion"]), context_priors, judged_by
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"what {folder} has learned cannot be read: {error}", REBUILD) from error
