"""Learns the reranker from an archive's own posts, each asked about as if it were new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ...core.vectors import NO_ROW, Matches, Rows
from ..search.duplicates import members_of
from ..search.neighbours import Neighbourhood
from ..search.similarity import Contents, Scales
from ..search.writing_style import Styles
from ..voting.fusion import NEIGHBOURHOODS, Fusion, SampledPosts, fuse
from ..voting.ranking import QueryBatch
from .context_priors import ContextPriors, learn_context_priors
from .counts import count
from .features import STYLE_VOTES, Candidates, FeatureMaker
from .reports import TrainingExamples, report_on
from .reranker import Learning, Reranker, gather
from .ridge import RidgeQuery, learn_ridge
from .scorer import FOLDS, Learned, learn_scorer

FEWEST_POSTS = 200  # with hashtags, below which learning cannot be trusted
MOST_POSTS = 2000  # that are asked about

_BLOCKS = 10  # of which one at a time is left out of what is counted
_SEE_COPIES = 0.5  # part of the posts that are asked about with their copies in sight
_LARGEST = 1000  # copies of a post that is asked about; of an advertisement posted more often nothing is learned
_GROUPS_AT_ONCE = 256  # posts with their copies, of which the regression is asked


@dataclass(frozen=True, slots=True)
class TrainingArchive:
    """An archive of n posts to learn from.

    labels: sparse (n, m). hashtags: (m,) normalised. clusters: (n,) near-duplicates, as `duplicate_clusters` numbers
    them. author_of: (n,) an author's number, -1 where unknown. channels: all those of the fusion. vectors: by channel
    those of its posts, dense or sparse, in the order of its `rows`.
    """

    contents: Contents
    labels: sparse.csr_matrix
    hashtags: Sequence[str]
    clusters: Rows
    author_of: Rows
    channels: Sequence[Neighbourhood]
    vectors: Mapping[str, Any]

    def sampled_posts(self, channel: Neighbourhood, posts: Rows) -> SampledPosts:
        """Posts to ask a channel about, those of them that it has. posts: (n,), each once."""
        there = np.sort(posts[np.isin(posts, channel.rows)])
        own = np.flatnonzero(np.isin(channel.rows, there))
        return SampledPosts(
            channel, there, self.vectors[channel.channel][own], np.searchsorted(there, channel.rows[own])
        )


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What an archive has taught. context_priors: for the better one of reranker and vote."""

    reranker: Reranker
    context_priors: ContextPriors


def learn_reranker(archive: TrainingArchive, fusion: Fusion) -> TrainingResult | None:
    """Learn from the archive itself; None where it is too small for learning to be trusted.

    Whether the reranker is better than the vote stands in its report. Deterministic. Takes little more time for many
    posts than for some thousand.
    """
    if np.count_nonzero(np.diff(archive.labels.indptr)) < FEWEST_POSTS:
        return None
    training_set = _TrainingSet(archive, fusion)
    rows = training_set.draw()
    if len(rows) < FEWEST_POSTS:
        return None
    examples = training_set.examples(rows)
    if any(len(np.unique(examples.labels[examples.folds != fold])) < 2 for fold in range(FOLDS)):
        return None  # no candidate, or every candidate, is right: there is nothing to tell apart
    learned = learn_from(examples)
    report, held_out = report_on(examples, learned.held_out, training_set.clusters)
    learning = Learning(
        training_set.scales,
        training_set.ridge.ridge,
        training_set.styles,
        training_set.counts,
        learned.scorer,
        examples.names,
    )
    context_priors = learn_context_priors(examples, held_out, archive.labels, archive.author_of)
    return TrainingResult(Reranker(learning, training_set.maker, fusion, report), context_priors)


def make_examples(archive: TrainingArchive, fusion: Fusion) -> TrainingExamples:
    """What `learn_reranker` learns from."""
    training_set = _TrainingSet(archive, fusion)
    return training_set.examples(training_set.draw())


def learn_from(examples: TrainingExamples) -> Learned:
    """A scorer of candidates, learned from what is known of those of an archive's own posts."""
    votes = ("vote", "ridge", *STYLE_VOTES)
    shares = [i for i, name in enumerate(examples.names) if name in votes or _is_vote_source(name)]
    return learn_scorer(examples.features, examples.labels, examples.folds, shares)


def _is_vote_source(feature: str) -> bool:
    """Whether a feature is the vote of a channel's nearest posts, `image_30`."""
    return feature.rpartition("_")[2].isdecimal()


class _TrainingSet:
    """An archive made ready to ask its own posts."""

    def __init__(self, archive: TrainingArchive, fusion: Fusion) -> None:
        self._archive = archive
        self._fusion = fusion
        self.scales = Scales.learn(archive.contents)
        self._posts = self.scales.weigh(archive.contents)
        self.clusters = archive.clusters
        self._members = members_of(self.clusters)
        # Some new posts are copies of old ones, as every post of a campaign is, and the scorer must have met such.
        self._sees_copies = np.random.default_rng(3).random(len(self.clusters)) < _SEE_COPIES
        self.ridge = learn_ridge(self._posts, archive.labels, archive.hashtags, self._members)
        self.styles = Styles(self._posts.style)
        self.maker = FeatureMaker(archive.hashtags, archive.labels, self.scales, fusion, self.ridge.ridge)
        self._mentioned = self.maker.finder.find_all(archive.contents.captions)
        self.counts = count(archive.labels, self._mentioned)

    def draw(self) -> Rows:
        """The posts to ask about, ascending."""
        few_copies = np.bincount(self.clusters)[self.clusters] <= _LARGEST
        carriers = np.flatnonzero((np.diff(self._archive.labels.indptr) > 0) & few_copies)
        if len(carriers) > MOST_POSTS:
            carriers = np.sort(np.random.default_rng(0).choice(carriers, MOST_POSTS, replace=False))
        return carriers.astype(np.int64)

    def examples(self, rows: Rows) -> TrainingExamples:
        """Ask about posts, block by block."""
        rng = np.random.default_rng(1)
        blocks = rng.integers(_BLOCKS, size=len(self._members))[self.clusters]
        folds = rng.integers(FOLDS, size=len(self._members))[self.clusters]
        rows = rows[np.argsort(blocks[rows], kind="stable")]
        found: list[Candidates] = []
        for block in range(_BLOCKS):
            chosen = rows[blocks[rows] == block]
            left_out = np.flatnonzero(blocks == block)
            found += self._candidates(chosen, left_out)
        post = np.repeat(np.arange(len(rows)), [len(candidates.columns) for candidates in found])
        columns = np.concatenate([candidates.columns for candidates in found])
        truth = self._archive.labels[rows]
        return TrainingExamples(
            rows,
            ~self._sees_copies[rows] | (np.bincount(self.clusters)[self.clusters[rows]] == 1),
            np.diff(truth.indptr),
            tuple(found[0].features),
            np.concatenate([candidates.matrix() for candidates in found]),
            post,
            columns,
            np.asarray(truth[post, columns]).ravel() > 0,
            folds,
        )

    def _candidates(self, rows: Rows, left_out: Rows) -> list[Candidates]:
        """Those of posts of one block; left_out: all posts of that block, which are not counted."""
        if not len(rows):
            return []
        counts = self.counts.without(left_out, self._archive.labels, self._mentioned)
        contents = self._archive.contents.take(rows)
        hits = {channel.channel: self._search(channel, rows) for channel in self._archive.channels}
        votes = fuse(self._fusion, hits, self._archive.labels, len(rows)).scores
        words = self._posts.words[rows]
        in_style = self._search_style(rows, left_out)
        inputs = gather(QueryBatch(contents, hits, votes), words, self._ask(rows), in_style, counts)
        return [self.maker.candidates(known) for known in inputs]

    def _ask(self, rows: Rows) -> list[RidgeQuery]:
        """What the regression says of posts, as if those to be left out were not there."""
        kept_from = np.where(self._sees_copies[rows], len(self._members) + rows, self.clusters[rows])
        groups, group_of = np.unique(kept_from, return_inverse=True)
        queries: dict[int, RidgeQuery] = {}
        for start in range(0, len(groups), _GROUPS_AT_ONCE):
            chosen = groups[start : start + _GROUPS_AT_ONCE]
            own = [rows[group_of == start + i] for i in range(len(chosen))]
            copies = [self._members[g] if g < len(self._members) else one for g, one in zip(chosen, own, strict=True)]
            answers = self.ridge.ask_without(self._posts, copies, own)
            for posts, answer in zip(own, answers, strict=True):
                queries.update(zip(posts.tolist(), answer, strict=True))
        return [queries[row] for row in rows.tolist()]

    def _search_style(self, rows: Rows, left_out: Rows) -> list[Matches]:
        """The posts nearest in style. Where many are written exactly alike, to leave out but one would tell on it."""
        hidden = np.zeros(len(self.clusters), dtype=bool)
        hidden[left_out] = True
        hits: list[Matches] = []
        for start in range(0, len(rows), _GROUPS_AT_ONCE):
            hits += self.styles.nearest(self._posts.style[rows[start : start + _GROUPS_AT_ONCE]], hidden)
        return hits

    def _search(self, neighbourhood: Neighbourhood, rows: Rows) -> Matches:
        """A channel's neighbours of posts, without those to be left out."""
        k = max(NEIGHBOURHOODS)
        hits = Matches(np.full((len(rows), k), NO_ROW, dtype=np.int64), np.zeros((len(rows), k), dtype=np.float32))
        sampled_posts = self._archive.sampled_posts(neighbourhood, rows)
        if len(sampled_posts.posts):
            found = sampled_posts.nearest(k, self._sees_copies[sampled_posts.posts])
            order = np.argsort(rows)
            present = order[np.searchsorted(rows, sampled_posts.posts, sorter=order)]
            hits.rows[present], hits.similarities[present] = found.rows, found.similarities
        return hits
