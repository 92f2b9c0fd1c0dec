"""Comparing the response to posts with a hashtag with that to like posts without it.

Authors differ far more in their likes than hashtags do, and an author has more of them with time. So a post is compared
only with posts of the same author at about the same time: an author's posts, in the order of their dates, are parted
into groups of a dozen. Within the groups, log(1 + likes) is regressed on whether a post has the hashtag, with a
constant for each group and one slope over the order of posts, by which likes grow within all groups (Angrist and
Pischke, "Mostly Harmless Econometrics", 2009, chapters 3.1 and 5.1). That is the mean, over groups, of the difference
between n1 posts with it and n0 without, by the weight n1 n0 / (n1 + n0), once the slope is taken out.

The interval is that of a t-test with the variance CR2 and the degrees of freedom of Bell and McCaffrey ("Bias reduction
in standard errors for linear regression with multi-stage samples", Survey Methodology 28, 2002), which hold up with few
clusters (Imbens and Kolesár, "Robust standard errors in small samples", 2016). Clusters are the authors, whose posts
are not independent; of fewer than ten authors the groups, so that the interval then speaks of these authors alone.
"""

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np

from ..core.post import MEASURES, Measure
from ..core.protocols import Archive
from ..core.reach import NoReach, Reach
from ..core.vectors import Floats, Rows

LEAST_POSTS = 10
_LEAST_CLUSTERS = 3
_MANY_AUTHORS = 10
_IN_A_GROUP = 12  # posts of an author, about
_NO_GROUP = -1
_TAIL = 0.975  # of an interval of 95%
_LEAST_APART = 0.1  # of what the hashtag varies within groups, so much must not follow from the order of posts

_NO_DATES = "not compared, as no post has a date"


class Responses:
    """The responses to the posts of an archive, ready to be compared."""

    def __init__(self, archive: Archive, counts: Floats) -> None:
        """counts: (n, 3), those of each post by measure, NaN where they are not known."""
        self.counts = counts
        self.knows_authors = bool((archive.author_of >= 0).any())
        self._groups, self._order, self._authors = _group(archive, self.knows_authors)
        known = {measure: counts[:, column] for column, measure in enumerate(MEASURES)}
        self._centred = {measure: self._centre(some) for measure, some in known.items() if not np.isnan(some).all()}

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those that are known of any post."""
        return tuple(self._centred)

    def compare(self, measure: Measure, rows: Rows) -> Reach | NoReach:
        """Compare posts with a hashtag with like posts. rows: those of all posts that carry it, each once."""
        if not len(self._authors):
            return NoReach(measure, _NO_DATES)
        centred = self._centred[measure]
        rows = rows[~np.isnan(centred.logs[rows])]
        carriers = np.bincount(self._groups[rows], minlength=len(self._authors))
        groups = np.flatnonzero((carriers > 0) & (carriers < centred.sizes))
        with_it, without = carriers[groups], centred.sizes[groups] - carriers[groups]
        posts, like_posts = int(with_it.sum()), int(without.sum())
        if posts < LEAST_POSTS:
            few = "too few posts to tell" if len(rows) < LEAST_POSTS else "too few of them have like posts"
            return NoReach(measure, f"{few}: {posts}; at least {LEAST_POSTS} needed", posts, like_posts)
        authors = self._authors[groups]
        clusters = authors if len(np.unique(authors)) >= _MANY_AUTHORS else groups
        weights = with_it * without / (with_it + without)
        logs, order = (
            np.bincount(self._groups[rows], some[rows], len(self._authors))[groups]
            for some in (centred.logs, centred.order)
        )
        apart = 1 - order.sum() ** 2 / (weights.sum() * centred.order_squared) if centred.order_squared else 1.0
        if len(np.unique(clusters)) < _LEAST_CLUSTERS or apart < _LEAST_APART:
            reason = "too few times to tell at which it was used and also not used"
            return NoReach(measure, reason, posts, like_posts)
        slope = centred.slope(float(logs.sum()), float(order.sum()), float(weights.sum()))
        mean, margin = _mean_and_margin((logs - slope * order) / weights, weights, clusters)
        margin /= sqrt(apart)  # as the slope is not known for certain either
        return Reach(measure, exp(mean), exp(mean - margin), exp(mean + margin), posts, like_posts)

    def _centre(self, counts: Floats) -> "_Centred":
        """counts: (n,), NaN where they are not known."""
        rows = np.flatnonzero(~np.isnan(counts) & (self._groups != _NO_GROUP))
        groups = self._groups[rows]
        sizes = np.bincount(groups, minlength=len(self._authors))
        logs, order = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
        for centred, raw in ((logs, np.log1p(counts[rows])), (order, self._order[rows])):
            means = np.bincount(groups, raw, len(self._authors)) / np.maximum(sizes, 1)
            centred[rows] = raw - means[groups]
        return _Centred(sizes, logs, order, float(order[rows] @ order[rows]), float(order[rows] @ logs[rows]))


@dataclass(frozen=True, slots=True)
class _Centred:
    """The responses by one measure, less the mean of their group.

    sizes: (g,) how many posts of each group it is known of. logs, order: (n,) of each post log(1 + count) and its place
    in its group, less the means of the group; NaN of a post that is not compared. order_squared, order_logs: the sums,
    over all posts, of order² and of order x logs.
    """

    sizes: Rows
    logs: Floats
    order: Floats
    order_squared: float
    order_logs: float

    def slope(self, logs: float, order: float, weight: float) -> float:
        """That of logs over order, in the regression on both the order and the hashtag.

        logs, order: sums over the posts with the hashtag. weight: the sum of the weights of the groups.
        """
        if not self.order_squared:
            return 0.0
        return (self.order_logs * weight - order * logs) / (self.order_squared * weight - order**2)


def _group(archive: Archive, knows_authors: bool) -> tuple[Rows, Rows, Rows]:
    """The group of each of n posts, (n,), _NO_GROUP without a date; its place, (n,); and whose each group is, (g,).

    knows_authors: then a post by nobody known is in no group; else all posts count as those of one author.
    """
    comparable = ~np.isnan(archive.posted)
    if knows_authors:
        comparable &= archive.author_of >= 0
    rows = np.flatnonzero(comparable)
    rows = rows[np.lexsort((archive.posted[rows], archive.author_of[rows]))]
    authors, starts, author, posts = np.unique(
        archive.author_of[rows], return_index=True, return_inverse=True, return_counts=True
    )
    groups = np.maximum(1, np.round(posts / _IN_A_GROUP).astype(np.int64))
    place = np.arange(len(rows)) - starts[author]
    group, order = np.full(len(archive.posted), _NO_GROUP, dtype=np.int64), np.zeros(len(archive.posted), np.int64)
    group[rows] = (np.cumsum(groups) - groups)[author] + place * groups[author] // posts[author]
    order[rows] = place
    return group, order, np.repeat(authors, groups)


def _mean_and_margin(differences: Floats, weights: Floats, clusters: Rows) -> tuple[float, float]:
    """The weighted mean of g differences, and how far the 95% interval reaches to either side; see the module.

    Clusters are independent, three or more. With each of them one difference of variance 1 / weight, the variance is
    without bias and the degrees of freedom are Satterthwaite's.
    """
    from scipy.special import stdtrit  # slow to load, and asked for by few

    parts = weights / weights.sum()
    mean = float(parts @ differences)
    _, place = np.unique(clusters, return_inverse=True)
    share = np.bincount(place, weights=parts)
    residual = np.bincount(place, weights=parts * (differences - mean))
    variance = float((residual**2 / (1 - share)).sum())
    factor = share**2 / (1 - share)
    freedom = 1 / float((share**2).sum() + factor.sum() ** 2 - (factor**2).sum())
    return mean, float(stdtrit(freedom, _TAIL)) * sqrt(variance)
