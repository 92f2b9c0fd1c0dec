"""Learns from an archive when its index is built."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..core.feedback import Judgement
from .learned import RERANKER, Learned, read_learned, read_new_hashtags
from .new_hashtags.training import learn_new_hashtags
from .reranking.context_priors import ContextPriors
from .reranking.familiarity import Familiarity
from .reranking.reranker import Reranker
from .reranking.training import TrainingArchive, learn_reranker
from .selection.same_meaning import Link, learn_same_meaning
from .selection.signatures import guess_signatures
from .voting.fusion import Fusion, learn_fusion

SAMPLE = 1500  # posts from which the weights of the channels are learned

_DOUBT = 2.0  # suggestions added to both accepted and expected ones, so that few judgements shift little


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
        new_hashtags=learn_new_hashtags(archive, fusion) if trained else None,
        links=learn_links(archive),
        signatures=guess_signatures(archive.hashtags, archive.labels, archive.author_of),
        familiarity=trained.familiarity if trained else None,
    )


def learn_links(archive: TrainingArchive) -> tuple[Link, ...]:
    """Learn which hashtags of the archive mean the same. Deterministic."""
    names = archive.names.of.get("multilingual")
    return learn_same_meaning(archive.hashtags, archive.labels, archive.author_of, names)


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


def carry_over(folder: Path, archive: TrainingArchive, judgements: Sequence[Judgement] = ()) -> Learned:
    """Use what a snapshot has learned for an archive that has changed since; much faster than `learn`.

    Fusion, context priors, familiarity, what finds new hashtags and the models of the reranker are kept.
    Near-duplicates, counts, judgements, links and signatures are computed anew. archive: must have the channels that
    the snapshot learned from. Raises SnapshotError if a file cannot be read.
    """
    fusion, context_priors, _ = read_learned(folder)
    reranker = None
    if (folder / RERANKER).is_dir():
        captions, hashtags = archive.contents.captions, archive.hashtags
        reranker = Reranker.carry_over(folder / RERANKER, captions, hashtags, archive.labels, archive.names, fusion)
    report = reranker.report if reranker else None
    return Learned(
        fusion,
        archive.clusters,
        context_priors,
        weigh_judgements(judgements),
        reranker,
        report,
        new_hashtags=read_new_hashtags(folder),
        links=learn_links(archive),
        signatures=guess_signatures(archive.hashtags, archive.labels, archive.author_of),
        familiarity=Familiarity.load(folder, folder / RERANKER),
    )
