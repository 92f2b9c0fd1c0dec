"""Learns from the archive's own posts how well it knows posts, each as if it were not in the archive."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Floats, Rows, Vectors
from ...core.writing_systems import main_script
from ..search.sampling import draw_posts
from ..search.similarity import Contents
from .familiarity import (
    BEST,
    Asked,
    Expected,
    Familiarity,
    Subspace,
    calibrate,
    log_lengths,
    one_right,
    pulled,
    stack_traits,
    surprise,
    typicality_of,
)
from .reports import Flags, TrainingExamples

FEWEST = 50  # vectors of an encoder; with fewer, it is not known what is typical
_AXES = 64  # principal axes of a subspace, at most
_SHRINK = 0.1  # part of the variance that all axes share
_MOST = 10_000  # posts that a subspace is learned from
_GENTLE = 0.1  # least slope of the calibration: a post that is more alike never counts as known less
_LOW = 0.02  # fraction of own posts below which there is nothing to calibrate by


def learn_familiarity(
    contents: Contents,
    learned_from: Rows,
    examples: TrainingExamples,
    probabilities: Floats,
    idf: Vectors,
) -> Familiarity:
    """Learn from the posts of the examples, each as if it were not in the archive.

    contents: of all posts. learned_from: rows of those whose n-grams count. examples: candidates that posts carry.
    probabilities: (c,) of these, from models that have not seen the post.
    idf: (b,), of the n-grams of those posts.
    """
    best, right = _best_of_each(examples, probabilities)
    blocks = examples.post_blocks
    rows = examples.rows
    captions = [contents.captions[row] for row in rows.tolist()]
    asked = Asked(captions, contents.ngrams[rows], {}, _nearest_of_each(examples), best)
    subspaces, typical = _typicalities(contents.dense, rows, blocks)
    surprises = _surprises(contents.ngrams, learned_from, rows, blocks)
    scripts = _script_fractions([contents.captions[row] for row in learned_from.tolist()])
    traits = stack_traits(asked, typical, surprises, scripts)
    expected = _expect(traits, captions)
    likeness = expected.likeness(traits, captions)
    spread = np.asarray([np.nanmedian(likeness), max(float(np.nanstd(likeness)), 1e-6)])
    weights = _fit_right(best, right)
    odds = pulled(weights, spread, best, likeness)
    calibration = _fit_calibration(odds, right)
    known = len(learned_from), subspaces, scripts
    return Familiarity(*known, expected, weights, spread, calibration, idf)


def _best_of_each(examples: TrainingExamples, probabilities: Floats) -> tuple[Floats, Flags]:
    """The highest probabilities of each of t posts, (t, BEST), and whether one of these hashtags is right, (t,)."""
    order = np.lexsort((-probabilities, examples.post))
    post = examples.post[order]
    rank = np.arange(len(post)) - np.searchsorted(post, post)
    first = rank < BEST
    best = np.zeros((len(examples.rows), BEST))
    best[post[first], rank[first]] = probabilities[order][first]
    hits = np.bincount(post[first], examples.labels[order][first], len(examples.rows))
    return best, hits > 0


def _nearest_of_each(examples: TrainingExamples) -> Vectors:
    """The similarity of the caption nearest in letters to each of t posts: (t,), 0 if there is none."""
    near = np.zeros(len(examples.rows), dtype=np.float32)
    name = "lexical_similarity"
    if name in examples.names:
        near[examples.post] = np.nan_to_num(examples.features[:, examples.names.index(name)])
    return near


def _typicalities(
    dense: Mapping[str, Vectors], rows: Rows, blocks: Rows
) -> tuple[dict[str, Subspace], dict[str, Floats]]:
    """The subspace of each encoder; and the typicality of some posts, by subspaces without their block."""
    drawn = draw_posts(len(blocks), _MOST)
    subspaces, typical = {}, {}
    for encoder, vectors in dense.items():
        used = drawn[vectors[drawn].any(axis=1)]
        if len(used) < FEWEST:
            continue
        moments = {block: _Moments.of(vectors[used[blocks[used] == block]]) for block in np.unique(blocks).tolist()}
        whole = _Moments.sum_of(list(moments.values()))
        own = np.full(len(rows), np.nan)
        for block, part in moments.items():
            here = blocks[rows] == block
            if here.any() and whole.n - part.n >= FEWEST // 2:
                own[here] = typicality_of((whole - part).subspace(), vectors[rows[here]])
        if np.count_nonzero(~np.isnan(own)) >= FEWEST // 2:
            subspaces[encoder], typical[encoder] = whole.subspace(), own
    return subspaces, typical


class _Moments:
    """The sums by which the normal distribution of n vectors is fitted: they add up, and can be taken away."""

    def __init__(self, n: int, first: Floats, second: Floats) -> None:
        """first: (d,), the sum. second: (d, d), of the outer products."""
        self.n, self.first, self.second = n, first, second

    @classmethod
    def of(cls, vectors: Vectors) -> "_Moments":
        """vectors: (n, d)."""
        return cls(len(vectors), vectors.sum(axis=0, dtype=np.float64), (vectors.T @ vectors).astype(np.float64))

    @classmethod
    def sum_of(cls, several: "list[_Moments]") -> "_Moments":
        """Of all vectors together."""
        total = cls(0, np.zeros_like(several[0].first), np.zeros_like(several[0].second))
        for one in several:
            total = total - cls(-one.n, -one.first, -one.second)
        return total

    def __sub__(self, other: "_Moments") -> "_Moments":
        return _Moments(self.n - other.n, self.first - other.first, self.second - other.second)

    def subspace(self) -> Subspace:
        """Probabilistic principal components (Tipping and Bishop, 1999), the variances shrunk towards their mean."""
        from scipy.linalg import eigh

        mean = self.first / self.n
        covariance = self.second / self.n - np.outer(mean, mean)
        d, k = len(mean), max(1, min(_AXES, self.n // 4, len(mean) - 1))
        variances, axes = eigh(covariance, subset_by_index=(d - k, d - 1))
        total = float(np.trace(covariance))
        others = max(1, min(self.n - 1, d) - k)
        rest = max((total - float(variances.sum())) / others, 1e-6 * total / d, 1e-12)
        shrunk = (1 - _SHRINK) * np.maximum(variances, 0) + _SHRINK * total / min(self.n, d)
        return Subspace(mean, axes.T, shrunk, np.asarray([rest]))


def _surprises(ngrams: sparse.csr_matrix, learned_from: Rows, rows: Rows, blocks: Rows) -> Floats:
    """The `surprise` of the captions of some posts, by the idf of posts without their block: (t,)."""
    uses = np.bincount(ngrams[learned_from].indices, minlength=ngrams.shape[1])
    found = np.full(len(rows), np.nan)
    for block in np.unique(blocks[rows]).tolist():
        left_out = learned_from[blocks[learned_from] == block]
        rest = uses - np.bincount(ngrams[left_out].indices, minlength=ngrams.shape[1])
        n = len(learned_from) - len(left_out)
        idf = np.where(rest > 0, 1 + np.log((1 + n) / (1 + rest)), 0).astype(np.float32)
        here = blocks[rows] == block
        found[here] = surprise(ngrams[rows[here]], idf, n)
    return found


def _script_fractions(captions: Sequence[str]) -> dict[str, float]:
    """The fraction of captions with letters that is written in each script."""
    written = list(map(main_script, captions))
    scripts, counts = np.unique([script for script in written if script], return_counts=True)
    return {str(script): int(n) / int(counts.sum()) for script, n in zip(scripts, counts, strict=True)}


def _expect(traits: Floats, captions: Sequence[str]) -> Expected:
    """What traits are by the length of the caption, by least squares. A trait that few posts have is left out."""
    logs = log_lengths(captions)
    lengths = np.asarray([*np.quantile(logs, [0.02, 0.98]), logs.mean(), max(float(logs.std()), 1e-6)])
    n = traits.shape[1]
    expected = Expected(lengths, np.zeros((n, 3)), np.zeros((n, 2)))
    basis = expected.basis(captions)
    for trait in range(n):
        known = ~np.isnan(traits[:, trait])
        if np.count_nonzero(known) < FEWEST // 2:
            expected.variances[trait] = np.nan  # no z-score
            continue
        values, own = traits[known, trait], basis[known]
        expected.means[trait] = np.linalg.lstsq(own, values, rcond=None)[0]
        errors = values - own @ expected.means[trait]
        least = 1e-3 * float(values.var()) + 1e-6
        by_length = np.linalg.lstsq(own[:, :2], np.log(errors**2 + least), rcond=None)[0]
        deviation = np.exp(0.5 * (own[:, :2] @ by_length))
        by_length[0] += np.log(max(float((errors / deviation).var()), 1e-2))
        expected.variances[trait] = by_length
    return expected


def _fit_right(best: Floats, right: Flags) -> Floats:
    """Weights of the probabilities, and an offset, by which the log odds follow of one hashtag being right: (3,)."""
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():
        return np.asarray([1.0, 0.0, 0.0])
    best_odds = one_right(best[:, :1])
    fitted = LogisticRegression(C=1.0).fit(np.stack([one_right(best), best_odds], axis=1), right)
    return np.asarray([*fitted.coef_[0], fitted.intercept_[0]], dtype=np.float64)


def _fit_calibration(odds: Floats, right: NDArray[np.bool_]) -> Floats:
    """The arguments of `calibrate` under which own posts are most likely, with slopes that never fall."""
    from scipy.optimize import minimize

    ends = [float(np.median(odds)), float(np.quantile(odds, _LOW))]

    smoothed = (right * len(right) + 0.5) / (len(right) + 1)  # so that no slope is infinite

    def loss(lines: Floats) -> float:
        found = calibrate(np.asarray([*ends, *lines]), np.maximum(odds, ends[1]))
        return float(np.mean(np.logaddexp(0, found) - smoothed * found))

    bounds = [(None, None), (_GENTLE, None), (_GENTLE, None)]
    fitted = minimize(loss, np.asarray([0.0, 1.0, 1.0]), method="L-BFGS-B", bounds=bounds)
    return np.asarray([*ends, *fitted.x], dtype=np.float64)
