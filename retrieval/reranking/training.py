"""Trains the reranker on the archive's own posts, each treated as a query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.string_table import Table
from ...core.vectors import NO_ROW, Matches, Rows
from ..search.duplicates import members_of
from ..search.neighbours import Neighbourhood
from ..search.sampling import draw_posts
from ..search.similarity import Contents, Scales
from ..search.writing_style import MOST_POSTS as MOST_POSTS_BY_STYLE
from ..search.writing_style import Styles
from ..voting.fusion import NEIGHBOURHOODS, Fusion, SampledPosts, fuse
from ..voting.ranking import QueryBatch
from ..voting.votes import count_uses
from .context_priors import ContextPriors, learn_context_priors
from .counts import count
from .familiarity import Familiarity
from .familiarity_learning import learn_familiarity
from .features import STYLE_VOTES, Candidates, FeatureMaker
from .hashtag_names import HashtagNames
from .mentions import find_mentions
from .reports import TrainingExamples, report_on
from .reranker import Learning, Reranker, gather
from .ridge import RidgeQuery
from .ridge_learning import learn_ridge
from .scorer import FOLDS, Learned, learn_scorer

FEWEST_POSTS = 200  # with hashtags; with fewer, nothing is learned
MOST_POSTS = 2000  # that examples are made of

_BLOCKS = 10  # of which one at a time is left out of the counts
_SEE_COPIES = 0.5  # fraction of the posts whose near-duplicates stay in the archive
_LARGEST = 1000  # posts of a cluster; of larger ones no examples are made
_GROUPS_AT_ONCE = 256  # clusters in one step of the regression


@dataclass(frozen=True, slots=True)
class PostVectors:
    """Posts as queries: their vectors by one encoder.

    rows: (v,) ascending, the post to which each vector belongs. vectors: (v, d), dense or sparse.
    """

    rows: Rows
    vectors: Any


@dataclass(frozen=True, slots=True)
class TrainingArchive:
    """An archive of n posts to learn from.

    labels: sparse (n, m). hashtags: (m,) normalised. clusters: (n,), see `find_duplicates`. author_of: (n,) numbers,
    -1 if unknown. channels: all those of the fusion. queries: by channel, all posts that can be queries in it.
    names: of the hashtags.
    """

    contents: Contents
    labels: sparse.csr_matrix
    hashtags: Table
    clusters: Rows
    author_of: Rows
    channels: Sequence[Neighbourhood]
    queries: Mapping[str, PostVectors]
    names: HashtagNames

    def sampled_posts(self, channel: Neighbourhood, posts: Rows) -> SampledPosts:
        """Those of some posts that can be queries in a channel, with their vectors. posts: (n,) rows, each once."""
        queries = self.queries[channel.channel]
        there = np.sort(posts[np.isin(posts, queries.rows)])
        own = np.flatnonzero(np.isin(queries.rows, there))
        return SampledPosts(channel, there, queries.vectors[own], np.searchsorted(there, queries.rows[own]))

    def search(self, channel: Neighbourhood, rows: Rows, sees_copies: NDArray[np.bool_]) -> Matches:
        """The neighbours of posts, without the posts themselves and, unless they see them, their near-duplicates.

        rows: (n,), each once. sees_copies: (posts,).
        """
        k = max(NEIGHBOURHOODS)
        hits = Matches(np.full((len(rows), k), NO_ROW, dtype=np.int64), np.zeros((len(rows), k), dtype=np.float32))
        sampled_posts = self.sampled_posts(channel, rows)
        if len(sampled_posts.posts):
            found = sampled_posts.nearest(k, sees_copies[sampled_posts.posts])
            order = np.argsort(rows)
            present = order[np.searchsorted(rows, sampled_posts.posts, sorter=order)]
            hits.rows[present], hits.similarities[present] = found.rows, found.similarities
        return hits


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What was learned. context_priors, familiarity: for the better one of reranker and vote."""

    reranker: Reranker
    context_priors: ContextPriors
    familiarity: Familiarity


def learn_reranker(archive: TrainingArchive, fusion: Fusion) -> TrainingResult | None:
    """Train on the archive's own posts; None if there are too few posts with hashtags.

    The report of the reranker says whether it is better than the vote. Deterministic. The number of examples is
    limited, so the time grows slowly beyond some thousand posts.
    """
    if np.count_nonzero(np.diff(archive.labels.indptr)) < FEWEST_POSTS:
        return None
    training_set = _TrainingSet(archive, fusion)
    rows = training_set.draw()
    if len(rows) < FEWEST_POSTS:
        return None
    examples = training_set.examples(rows)
    if any(len(np.unique(examples.labels[examples.folds != fold])) < 2 for fold in range(FOLDS)):
        return None  # no candidate, or every candidate, is right, so no classifier can be fitted
    learned = learn_from(examples)
    # A hashtag that only posts of the block carry shows the scorer what one is worth that no post carries yet. Some
    # of these posts do carry it, which tells too much to count in a report.
    judged = examples.take(examples.carried)
    report, held_out = report_on(judged, learned.held_out[examples.carried], training_set.clusters)
    learning = Learning(
        training_set.scales,
        training_set.ridge.ridge,
        training_set.styles,
        training_set.counts,
        archive.names,
        learned.scorer,
        examples.names,
    )
    context_priors = learn_context_priors(judged, held_out, archive.labels, archive.author_of)
    known = archive.contents, training_set.learned_from
    familiarity = learn_familiarity(*known, judged, held_out, training_set.scales.idf)
    return TrainingResult(Reranker(learning, training_set.maker, fusion, report), context_priors, familiarity)


def make_examples(archive: TrainingArchive, fusion: Fusion) -> TrainingExamples:
    """The examples that `learn_reranker` learns from."""
    training_set = _TrainingSet(archive, fusion)
    return training_set.examples(training_set.draw())


def learn_from(examples: TrainingExamples) -> Learned:
    """Learn a scorer from examples."""
    votes = ("vote", "ridge", *STYLE_VOTES)
    shares = [i for i, name in enumerate(examples.names) if name in votes or _is_vote_source(name)]
    return learn_scorer(examples.features, examples.labels, examples.folds, shares)


def _is_vote_source(feature: str) -> bool:
    """Whether a feature is the vote of a vote source, such as `image_30`."""
    return feature.rpartition("_")[2].isdecimal()


class _TrainingSet:
    """Makes examples of the posts of an archive.

    Scales, regression, style and mentions are learned from some of the posts, see `draw_posts`; neighbours, votes and
    counts are of all.
    """

    def __init__(self, archive: TrainingArchive, fusion: Fusion) -> None:
        self._archive = archive
        self._fusion = fusion
        self.clusters = archive.clusters
        self.learned_from = draw_posts(len(self.clusters))
        self._place = np.full(len(self.clusters), -1, dtype=np.int64)
        self._place[self.learned_from] = np.arange(len(self.learned_from))
        contents = archive.contents.take(self.learned_from)
        self.scales = Scales.learn(contents)
        self._posts = self.scales.weigh(contents)
        self._cluster_of = np.unique(self.clusters[self.learned_from], return_inverse=True)[1].astype(np.int64)
        self._members = members_of(self._cluster_of)
        # Some queries are near-duplicates of archived posts, as in a campaign, so the scorer needs such examples.
        self._sees_copies = np.random.default_rng(3).random(len(self.clusters)) < _SEE_COPIES
        labels = archive.labels[self.learned_from]
        self.ridge = learn_ridge(self._posts, labels, archive.hashtags, self._members)
        searched = draw_posts(len(self.learned_from), MOST_POSTS_BY_STYLE)
        self.styles = Styles(self._posts.style[searched], self.learned_from[searched])
        uses = count_uses(archive.labels)
        self.maker = FeatureMaker(
            archive.hashtags, archive.labels, uses, self.scales, fusion, self.ridge.ridge, archive.names.of
        )
        self._mentioned = find_mentions(self.maker.finder, archive.contents.captions)
        self.counts = count(archive.labels, self._mentioned)

    def draw(self) -> Rows:
        """Draw the posts that examples are made of, ascending; with a fixed seed."""
        few_copies = np.bincount(self.clusters)[self.clusters] <= _LARGEST
        carriers = np.flatnonzero((np.diff(self._archive.labels.indptr) > 0) & few_copies & (self._place >= 0))
        if len(carriers) > MOST_POSTS:
            carriers = np.sort(np.random.default_rng(0).choice(carriers, MOST_POSTS, replace=False))
        return carriers.astype(np.int64)

    def examples(self, rows: Rows) -> TrainingExamples:
        """Make examples of posts, block by block."""
        rng = np.random.default_rng(1)
        n_clusters = int(self.clusters.max(initial=-1)) + 1
        blocks = rng.integers(_BLOCKS, size=n_clusters)[self.clusters]
        folds = rng.integers(FOLDS, size=n_clusters)[self.clusters]
        rows = rows[np.argsort(blocks[rows], kind="stable")]
        found: list[Candidates] = []
        for block in range(_BLOCKS):
            chosen = np.flatnonzero(blocks[rows] == block)
            found += self._candidates(rows, chosen, np.flatnonzero(blocks == block))
        post = np.concatenate([candidates.query for candidates in found])
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
            np.concatenate([candidates.carried for candidates in found]),
            np.asarray(truth[post, columns]).ravel() > 0,
            folds,
            blocks,
        )

    def _candidates(self, rows: Rows, chosen: Rows, left_out: Rows) -> list[Candidates]:
        """The candidates of the posts of one block, with their places in `rows` as queries.

        chosen: those places, ascending and without a gap. left_out: all posts of that block, which are left out of the
        counts.
        """
        if not len(chosen):
            return []
        first, rows = int(chosen[0]), rows[chosen]
        counts = self.counts.without(left_out, self._archive.labels, self._mentioned)
        contents = self._archive.contents.take(rows)
        hits = {
            channel.channel: self._archive.search(channel, rows, self._sees_copies)
            for channel in self._archive.channels
        }
        votes = fuse(self._fusion, hits, self._archive.labels, len(rows)).scores
        words = self._posts.words[self._place[rows]]
        in_style = self._search_style(rows, left_out)
        name_fits = self._archive.names.fit(contents)
        found = []
        for inputs in gather(QueryBatch(contents, hits, votes), words, self._ask(rows), in_style, name_fits, counts):
            candidates = self.maker.candidates(inputs)
            found.append(replace(candidates, query=first + candidates.query))
            first += len(inputs.captions)
        return found

    def _ask(self, rows: Rows) -> list[RidgeQuery]:
        """Prepare posts for the regression, each without itself and, unless it sees them, its near-duplicates."""
        places = self._place[rows]
        kept_from = np.where(self._sees_copies[rows], len(self._members) + places, self._cluster_of[places])
        groups, group_of = np.unique(kept_from, return_inverse=True)
        queries: dict[int, RidgeQuery] = {}
        for start in range(0, len(groups), _GROUPS_AT_ONCE):
            chosen = groups[start : start + _GROUPS_AT_ONCE]
            own = [places[group_of == start + i] for i in range(len(chosen))]
            copies = [self._members[g] if g < len(self._members) else one for g, one in zip(chosen, own, strict=True)]
            answers = self.ridge.ask_without(self._posts, copies, own)
            for posts, answer in zip(own, answers, strict=True):
                of_archive = [replace(one, left_out=self.learned_from[one.left_out]) for one in answer]
                queries.update(zip(posts.tolist(), of_archive, strict=True))
        return [queries[place] for place in places.tolist()]

    def _search_style(self, rows: Rows, left_out: Rows) -> list[Matches]:
        """The posts nearest in style, without the whole block: leaving out one of many equal ones would reveal it."""
        hidden = np.zeros(len(self.clusters), dtype=bool)
        hidden[left_out] = True
        hits: list[Matches] = []
        for start in range(0, len(rows), _GROUPS_AT_ONCE):
            hits += self.styles.nearest(self._posts.style[self._place[rows[start : start + _GROUPS_AT_ONCE]]], hidden)
        return hits
