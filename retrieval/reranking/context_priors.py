"""Context priors: adjust candidates for given hashtags and for the author of a query.

Each of the two contexts makes a forecast: how often a hashtag appears with the given ones, or how often the author
uses it. The log odds of a candidate are changed by log odds' = own * log odds + lift * ln(forecast / prior) + habit *
log odds of the forecast + offset, a logarithmic opinion pool (Genest and Zidek, Combining Probability Distributions,
1986). The four weights are learned on the archive's own posts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.odds import log_odds, logistic
from ...core.vectors import Floats, Numbers, Rows, highest
from ..voting.ranking import Ranked
from ..voting.votes import look_up
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
    habit: float = 0.0

    def apply(self, odds: Floats, forecast: "Forecast", columns: Numbers) -> Floats:
        """The log odds of c hashtags in the context: (c,). odds: (c,) without it."""
        return np.asarray(self.own * odds + self.shift(forecast, columns))

    def shift(self, forecast: "Forecast", columns: Numbers) -> Floats:
        """What the context adds to the log odds of c hashtags: (c,)."""
        habit = self.habit * log_odds(forecast.of(columns)) if self.habit else 0.0
        return np.asarray(self.lift * forecast.lift(columns) + habit + self.offset)


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


@dataclass(frozen=True, slots=True)
class Forecast:
    """The probability of each of m hashtags in a context.

    columns: (s,) ascending, those that posts of the context carry. chances: (s,) theirs. rest: the part of its prior
    that each other hashtag has. prior: (m,).
    """

    columns: Rows
    chances: Floats
    rest: float
    prior: Floats

    def of(self, columns: Numbers) -> Floats:
        """The probabilities of c hashtags: (c,)."""
        carried = look_up(columns, self.columns, self.chances)
        return np.where(carried > 0, carried, self.rest * self.prior[columns])

    def lift(self, columns: Numbers) -> Floats:
        """ln(forecast / prior) of c hashtags: (c,)."""
        return np.asarray(np.log((self.of(columns) + 1e-6) / (self.prior[columns] + 1e-6)))


class Contexts:
    """Forecasts from the posts of an archive: which hashtags appear together, and which an author uses.

    prior: (m,) the part of all posts that carries each hashtag.
    """

    def __init__(self, labels: sparse.csr_matrix, by_hashtag: sparse.csc_matrix, author_of: Rows) -> None:
        """labels: (posts, m). by_hashtag: the same in column format. author_of: (posts,) a number, -1 if unknown."""
        self._labels = labels
        self._by_hashtag = by_hashtag
        self._author_of = author_of
        self.prior: Floats = np.diff(by_hashtag.indptr) / max(1, labels.shape[0])

    def forecast_given(self, given: Sequence[int]) -> Forecast:
        """The probability of each hashtag on posts with a given one; the mean over those given (columns)."""
        pointers, rows = self._by_hashtag.indptr, self._by_hashtag.indices
        each = [self._forecast(rows[pointers[column] : pointers[column + 1]]) for column in given]
        columns = np.unique(np.concatenate([forecast.columns for forecast in each]))
        chances = np.mean([forecast.of(columns) for forecast in each], axis=0)
        return Forecast(columns, chances, float(np.mean([forecast.rest for forecast in each])), self.prior)

    def forecast_author(self, author: int) -> Forecast:
        """The probability of each hashtag on posts of an author."""
        return self._forecast(np.flatnonzero(self._author_of == author))

    def find_likely(self, forecast: Forecast) -> Rows:
        """The hashtags among which are all those that a forecast makes likelier, and CANDIDATES others: ascending."""
        most_used = self._by_use[: len(forecast.columns) + CANDIDATES]
        return np.union1d(forecast.columns, most_used)

    @cached_property
    def _by_use(self) -> Rows:
        return np.argsort(-self.prior, kind="stable")

    def count_posts(self, author: int) -> int:
        """The number of posts of an author."""
        return int(np.count_nonzero(self._author_of == author))

    def _forecast(self, rows: NDArray[np.integer[Any]]) -> Forecast:
        columns, counts = np.unique(self._labels[rows].indices, return_counts=True)
        chances = (counts + _PRIOR_POSTS * self.prior[columns]) / (len(rows) + _PRIOR_POSTS)
        return Forecast(columns.astype(np.int64), chances, _PRIOR_POSTS / (len(rows) + _PRIOR_POSTS), self.prior)


def apply_prior(ranked: Ranked, forecast: Forecast, likely: Rows, prior_weights: ContextPrior) -> Ranked:
    """Apply a context to the candidates of a query, and add the hashtags that it makes likely.

    likely: see `Contexts.find_likely`. A hashtag that is added starts from its prior.
    """
    newcomers = _find_newcomers(forecast, likely, ranked.columns)
    columns = np.concatenate([ranked.columns, newcomers])
    chances = np.concatenate([ranked.probabilities, forecast.prior[newcomers]])
    features = np.full((len(columns), ranked.features.shape[1]), np.nan, dtype=np.float32)
    features[: len(ranked.features)] = ranked.features
    return _sort(Ranked(columns, logistic(prior_weights.apply(log_odds(chances), forecast, columns)), features))


def _find_newcomers(forecast: Forecast, likely: Rows, known: Numbers) -> Rows:
    """The likeliest hashtags in a context that it makes likelier and that are no candidates, ascending."""
    chances, lifts = forecast.of(likely), forecast.lift(likely)
    best = highest(chances, CANDIDATES)
    return np.setdiff1d(likely[best][lifts[best] > 0], known)


def shift(ranked: Ranked, added: Floats) -> Ranked:
    """Shift the log odds of the c candidates and sort them again. added: (c,)."""
    odds = log_odds(ranked.probabilities) + added
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
        contexts = Contexts(labels[seen], sparse.csc_matrix(labels[seen]), author_of[seen])
        for post in np.flatnonzero(examples.post_folds[examples.rows] == fold):
            here = slice(starts[post], starts[post + 1])
            columns = examples.columns[here]
            own = log_odds(held_out[here])
            tags = labels.indices[slice(*labels.indptr[examples.rows[post] : examples.rows[post] + 2])]
            if len(tags) > 1:
                drawn = rng.choice(tags, rng.integers(1, min(_MOST_GIVEN, len(tags) - 1) + 1), replace=False)
                rows = _describe(contexts, contexts.forecast_given(drawn.tolist()), columns, own, tags)
                given.append(rows[~np.isin(rows[:, 0], drawn), 1:])
            author = int(author_of[examples.rows[post]])
            if author >= 0 and contexts.count_posts(author) >= _HISTORY:
                rows = _describe(contexts, contexts.forecast_author(author), columns, own, tags)
                authors.append(rows[:, 1:])
    return ContextPriors(_fit(given), _fit(authors))


def _describe(contexts: Contexts, forecast: Forecast, columns: Numbers, odds: Floats, tags: Numbers) -> Floats:
    """The candidates of a post (c,), and the hashtags that the context adds: their columns, see `_fit`, (n, 5).

    odds: (c,) without the context. tags: the post's own hashtags.
    """
    newcomers = _find_newcomers(forecast, contexts.find_likely(forecast), columns)
    several = np.concatenate([columns, newcomers])
    own = np.concatenate([odds, log_odds(contexts.prior[newcomers])])
    return np.stack(
        [several, own, forecast.lift(several), log_odds(forecast.of(several)), np.isin(several, tags)], axis=1
    )


def _fit(posts: Sequence[Floats]) -> ContextPrior:
    """posts: each (c, 4): log odds, lift, log odds of the forecast, and whether the post carries the hashtag."""
    from sklearn.linear_model import LogisticRegression

    if len(posts) < _FEWEST_POSTS:
        return ContextPrior()
    rows = np.concatenate(posts)
    if len(np.unique(rows[:, 3])) < 2:
        return ContextPrior()
    fitted = LogisticRegression(C=1.0).fit(rows[:, :3], rows[:, 3] > 0)
    own, lift, habit = (float(slope) for slope in fitted.coef_[0])
    return ContextPrior(own, max(lift, 0.0), float(fitted.intercept_[0]), max(habit, 0.0))
