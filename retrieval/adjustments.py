"""Adjusts ranked candidates to what a query tells beside photo and caption, and to what a person said before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse

from ..core.odds import log_odds, logistic
from ..core.post import normalise_hashtag
from ..core.results import Reason
from ..core.vectors import Floats, Rows
from .new_hashtags.extractor import NewHashtag
from .reranking.context_priors import ContextPrior, ContextPriors, Contexts, Forecast, apply_prior, shift
from .selection.selector import CandidateTable, HashtagTable
from .voting.ranking import Ranked
from .voting.votes import look_up

_LEAST_SHIFT = 0.05  # log odds; a smaller shift is not given as a reason


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The candidates of one query after all adjustments.

    shifts: by the words for each adjustment, what it adds to the log odds of hashtags (c,): (c,). new: hashtags that no
    post carries; they stand behind the others in the table.
    """

    ranked: Ranked
    shifts: Mapping[str, Callable[[Rows], Floats]]
    new: Sequence[NewHashtag]
    table: CandidateTable

    def candidates(self) -> tuple[Rows, Floats]:
        """All candidates: their columns in the table, and their probabilities, (c,) each."""
        m, new = self.table.n_known, self.new
        columns = np.concatenate([self.ranked.columns, m + np.arange(len(new), dtype=np.int64)])
        return columns, np.concatenate([self.ranked.probabilities, [each.probability for each in new]])

    def reasons(self, columns: Rows) -> list[tuple[Reason, ...]]:
        """What the adjustments did to each of c hashtags of the archive."""
        shifts = {what: by(columns) for what, by in self.shifts.items()}
        return [
            tuple(Reason(what, float(by[j])) for what, by in shifts.items() if abs(by[j]) >= _LEAST_SHIFT)
            for j in range(len(columns))
        ]


class Adjuster:
    """Adjusts the candidates of queries to one archive."""

    def __init__(
        self, contexts: Contexts, context_priors: ContextPriors, judged: Mapping[str, float], table: HashtagTable
    ) -> None:
        """judged: by hashtag (normalised), what a person's judgements add to its log odds."""
        self._contexts = contexts
        self._context_priors = context_priors
        self._table = table
        self._judged = {hashtag: by for hashtag, by in judged.items() if by}
        columns = table.hashtags.find(list(self._judged))
        self._judged_columns = dict(zip(columns.tolist(), self._judged.values(), strict=True))
        self._judged_columns.pop(-1, None)  # of hashtags that no post carries

    def adjust(
        self,
        ranked: Ranked,
        new: Sequence[NewHashtag],
        given: Sequence[int],
        author: tuple[int, str] | None,
        votes: tuple[sparse.csr_matrix, sparse.csr_matrix] | None,
    ) -> Adjusted:
        """Adjust the candidates of one query.

        given: columns of the given hashtags. author: number and name; None if not known. votes: (1, m) each, plain and
        with older posts counting less; None if that is not asked for.
        """
        shifts: dict[str, Callable[[Rows], Floats]] = {}
        contexts: list[tuple[str, Forecast, ContextPrior]] = []
        if given:
            forecast = self._contexts.forecast_given(given)
            contexts.append(("how often it occurs with the given hashtags", forecast, self._context_priors.given))
        if author is not None:
            forecast = self._contexts.forecast_author(author[0])
            contexts.append((f"how often {author[1]} uses it", forecast, self._context_priors.author))
        for why, forecast, prior in contexts:
            ranked = apply_prior(ranked, forecast, self._contexts.find_likely(forecast), prior)
            shifts[why] = partial(prior.shift, forecast)
        if votes is not None:
            by_age = partial(self._recency_shift, *votes)
            ranked = shift(ranked, by_age(ranked.columns))
            shifts["how recent the posts behind it are"] = by_age
        if self._judged_columns:
            ranked = shift(ranked, self._judgements(ranked.columns))
            shifts["whether it was accepted or rejected before"] = self._judgements
        names = [normalise_hashtag(each.hashtag) for each in new]
        judged = [self._judge(each, name) for each, name in zip(new, names, strict=True)]
        return Adjusted(ranked, shifts, judged, CandidateTable(self._table, names, [each.hashtag for each in new]))

    def _recency_shift(self, plain: sparse.csr_matrix, recent: sparse.csr_matrix, columns: Rows) -> Floats:
        """ln(recent vote / plain vote) of c hashtags, smoothed by the prior: (c,). plain, recent: (1, m), the votes."""
        votes = (fused.sorted_indices() for fused in (plain, recent))
        before, after = (look_up(columns, fused.indices, fused.data).astype(np.float64) for fused in votes)
        doubt = 0.1 * self._contexts.prior[columns] + 1e-6
        return np.asarray(np.log((after + doubt) / (before + doubt)))

    def _judgements(self, columns: Rows) -> Floats:
        """What a person's judgements add to the log odds of c hashtags: (c,)."""
        return np.asarray([self._judged_columns.get(column, 0.0) for column in columns.tolist()], dtype=np.float64)

    def _judge(self, new: NewHashtag, name: str) -> NewHashtag:
        if name not in self._judged:
            return new
        odds = log_odds(np.asarray([new.probability])) + self._judged[name]
        return new._replace(probability=float(logistic(odds)[0]))
