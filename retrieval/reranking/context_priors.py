"""Context priors: adjust candidates for given hashtags and for the author of a query.

Each of the two contexts makes a forecast: how often a hashtag appears with the given ones, or how often the author
uses it. The log odds of a candidate are changed by log odds' = own * log odds + lift * ln(forecast / prior) + offset, a
logarithmic opinion pool (Genest and Zidek, Combining Probability Distributions, 1986). The three weights are learned
on the archive's own posts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.odds import log_odds, logistic
from ...core.vectors import Floats, Rows
from ..voting.ranking import Ranked
from .reports import TrainingExamples

CANDIDATES = 50  # hashtags that a context may add to the candidates

_PRIOR_POSTS = 3.0  # weight of the prior in a forecast, in posts
_MOST_GIVEN = 3  # given hashtags of a post from which weights are learned
_FEWEST_POSTS = 50  # least number to learn weights from
_HISTORY = 5  # least number of posts of an author to learn weights from


@dataclass(frozen=True, slots=True)
class ContextPrior:
    """The weights of one context; see the formula of the module."""

    own: float = 1.0
    lift: float = 0.5
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class ContextPriors:
    """The weights of both contexts; the defaults are for archives with too few posts to learn from."""

    given: ContextPrior = ContextPrior()
    author: ContextPrior = ContextPrior()

    def to_json(self) -> dict[str, Any]:
        """For the snapshot."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "ContextPriors":
        """Raises KeyError or TypeError on other fields."""
        return cls(ContextPrior(**fields["given"]), ContextPrior(**fields["author"]))


class Contexts:
    """Forecasts from the posts of an archive: which hashtags appear together, and which an author uses."""

    def __init__(self, labels: sparse.csr_matrix, author_of: Rows) -> None:
        """labels: (posts, m). author_of: (posts,) an author's number, -1 if unknown."""
        self._labels = labels
        self._carriers = sparse.csc_matrix(labels)
        self._author_of = author_of
        self._prior: Floats = np.asarray(labels.mean(axis=0), dtype=np.float64).ravel()

    @property
    def prior(self) -> Floats:
        """(m,) the part of all posts that carries each hashtag."""
        return self._prior

    def forecast_given(self, given: Sequence[int]) -> Floats:
        """The probability of each hashtag on posts with a given one: (m,), the mean over those given (columns)."""
        carriers = [self._carriers.indices[slice(*self._carriers.indptr[column : column + 2])] for column in given]
        return np.mean([self._forecast(rows) for rows in carriers], axis=0)  # type: ignore[no-any-return]

    def forecast_author(self, author: int) -> Floats:
        """The probability of each hashtag on posts of an author: (m,)."""
        return self._forecast(np.flatnonzero(self._author_of == author))

    def count_posts(self, author: int) -> int:
        """The number of posts of an author."""
        return int(np.count_nonzero(self._author_of == author))

    def _forecast(self, rows: NDArray[np.integer[Any]]) -> Floats:
        counts = np.bincount(self._labels[rows].indices, minlength=len(self._prior))
        return np.asarray((counts + _PRIOR_POSTS * self._prior) / (len(rows) + _PRIOR_POSTS))


def lift(forecast: Floats, prior: Floats) -> Floats:
    """ln(forecast / prior), (m,)."""
    return np.asarray(np.log((forecast + 1e-6) / (prior + 1e-6)))


def apply_prior(ranked: Ranked, shifts: Floats, prior: Floats, prior_weights: ContextPrior) -> Ranked:
    """Apply a context to the candidates of a query, and add the hashtags that it makes likely.

    shifts: (m,), the lift of the forecast times its weight. prior: (m,). A hashtag that is added starts from its prior,
    or from the least probability of a candidate if that is lower.
    """
    likeliest = np.argsort(-(shifts + np.log(prior + 1e-6)), kind="stable")[:CANDIDATES]
    newcomers = np.setdiff1d(likeliest[shifts[likeliest] > 0], ranked.columns)
    columns = np.concatenate([ranked.columns, newcomers])
    least = ranked.probabilities.min(initial=1.0)
    chances = np.concatenate([ranked.probabilities, np.minimum(prior[newcomers], least)])
    features = np.full((len(columns), ranked.features.shape[1]), np.nan, dtype=np.float32)
    features[: len(ranked.features)] = ranked.features
    odds = prior_weights.own * log_odds(chances) + shifts[columns] + prior_weights.offset
    return _sort(Ranked(columns, logistic(odds), features))


def shift(ranked: Ranked, added: Floats) -> Ranked:
    """Shift the log odds of the candidates and sort them again. added: (m,), for every hashtag."""
    odds = log_odds(ranked.probabilities) + added[ranked.columns]
    return _sort(Ranked(ranked.columns, logistic(odds), ranked.features))


def _sort(ranked: Ranked) -> Ranked:
    order = np.argsort(-ranked.probabilities, kind="stable")
    features = ranked.features[order] if len(ranked.features) else ranked.features
    return Ranked(ranked.columns[order], ranked.probabilities[order], features)


def learn_context_priors(
    examples: TrainingExamples, held_out: Floats, labels: sparse.csr_matrix, author_of: Rows
) -> ContextPriors:
    """Learn the weights of the contexts from posts for which some hashtags, or the author, are taken as given.

    held_out: (c,) probabilities of the candidates, by models that were not trained on their posts. labels: (posts, m)
    and author_of: (posts,), of the whole archive.
    """
    rng = np.random.default_rng(4)
    starts = np.searchsorted(examples.post, np.arange(len(examples.rows) + 1))
    given: list[Floats] = []
    authors: list[Floats] = []
    for fold in np.unique(examples.post_folds):
        seen = np.flatnonzero(examples.post_folds != fold)
        contexts = Contexts(labels[seen], author_of[seen])
        for post in np.flatnonzero(examples.post_folds[examples.rows] == fold):
            here = slice(starts[post], starts[post + 1])
            columns, right = examples.columns[here], examples.labels[here].astype(np.float64)
            own = log_odds(held_out[here])
            tags = labels.indices[slice(*labels.indptr[examples.rows[post] : examples.rows[post] + 2])]
            if len(tags) > 1:
                drawn = rng.choice(tags, rng.integers(1, min(_MOST_GIVEN, len(tags) - 1) + 1), replace=False)
                shifts = lift(contexts.forecast_given(drawn.tolist()), contexts.prior)[columns]
                given.append(np.stack([own, shifts, right], axis=1)[~np.isin(columns, drawn)])
            author = int(author_of[examples.rows[post]])
            if author >= 0 and contexts.count_posts(author) >= _HISTORY:
                shifts = lift(contexts.forecast_author(author), contexts.prior)[columns]
                authors.append(np.stack([own, shifts, right], axis=1))
    return ContextPriors(_fit(given), _fit(authors))


def _fit(posts: Sequence[Floats]) -> ContextPrior:
    """posts: each (c, 3): log odds, lift, and whether the post carries the candidate."""
    from sklearn.linear_model import LogisticRegression

    if len(posts) < _FEWEST_POSTS:
        return ContextPrior()
    rows = np.concatenate(posts)
    if len(np.unique(rows[:, 2])) < 2:
        return ContextPrior()
    fitted = LogisticRegression(C=1.0).fit(rows[:, :2], rows[:, 2] > 0)
    own, weight = (float(slope) for slope in fitted.coef_[0])
    return ContextPrior(own, max(weight, 0.0), float(fitted.intercept_[0]))
