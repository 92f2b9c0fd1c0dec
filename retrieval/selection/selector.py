"""Selects hashtags among the candidates of one query.

In order: remove blocked, given and excluded hashtags and the signatures of others, merge those of the same meaning,
filter languages, weigh tiers, apply the least score, limit the number. Diversity comes last, so that hashtags that are
not shown do not affect it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.results import Removed
from ...core.rules import Rules
from ...core.string_table import ExtendedStrings, ExtendedTable, Table
from ...core.suggest_options import Mix, SuggestOptions
from ...core.tiers import TIERS, tiers_of
from ...core.vectors import Floats, Numbers, Rows
from ...core.writing_systems import written_in
from .inflections import singulars

# Factors on the probabilities of the tiers, from head to tail, in sorting.
_FAVOUR: Mapping[Mix, tuple[float, float, float]] = {"niche": (0.25, 0.5, 1.0), "broad": (1.0, 0.5, 0.25)}
_RELEVANCE = 0.7  # weight of relevance; novelty has the rest. Middle of the range in the literature
_DEEP = 5  # candidates considered for each hashtag of a diverse answer
_SIGNATURE = "only one or two others seem to use it, and the caption does not name it"
_FAINT = 0.1  # of the highest weight; candidates below are not chosen for diversity


@dataclass(frozen=True)
class HashtagTable:
    """The m hashtags of an archive.

    hashtags: (m,) normalised. shown: (m,) as most posted. by_hashtag: sparse (posts, m), the labels in column format.
    """

    hashtags: Table
    shown: Sequence[str]
    by_hashtag: sparse.csc_matrix

    @cached_property
    def uses(self) -> Numbers:
        """(m,) posts that carry each."""
        return np.diff(self.by_hashtag.indptr)

    @cached_property
    def tiers(self) -> NDArray[np.int8]:
        """(m,) indices in TIERS."""
        return tiers_of(self.uses)


class CandidateTable:
    """The m hashtags of an archive, and behind them those new ones that one query has, which no post carries."""

    def __init__(self, known: HashtagTable, names: Sequence[str] = (), shown: Sequence[str] = ()) -> None:
        """names: (n,) the new ones, normalised. shown: (n,) as they are shown. `n_known` is m."""
        self._known = known
        self.n_known = len(known.hashtags)
        self.hashtags: Table = ExtendedTable(known.hashtags, names) if names else known.hashtags
        self.shown: Sequence[str] = ExtendedStrings(known.shown, shown)

    def uses(self, columns: Rows) -> Rows:
        """How many posts carry each of c hashtags: (c,)."""
        return self._of_known(self._known.uses, columns, 0)

    def tiers(self, columns: Rows) -> Rows:
        """The indices in TIERS of c hashtags: (c,)."""
        return self._of_known(self._known.tiers, columns, TIERS.index("tail"))

    def likeness(self, columns: Rows) -> Floats:
        """Cosines of hashtags by the posts that carry them: (c, c) for c columns, in [0, 1]."""
        known = columns < self.n_known
        carriers = self._known.by_hashtag[:, columns[known]]
        together = np.zeros((len(columns), len(columns)))
        together[np.ix_(known, known)] = (carriers.T @ carriers).toarray()
        lengths = np.sqrt(np.maximum(together.diagonal(), 1))
        return np.asarray(together / np.outer(lengths, lengths))

    def _of_known(self, values: NDArray[np.integer[Any]], columns: Rows, new: int) -> Rows:
        known = columns < len(values)
        found = np.full(len(columns), new, dtype=np.int64)
        found[known] = values[columns[known]]
        return found


@dataclass(frozen=True, slots=True)
class Selected:
    """columns, scores: (s,) of the selected hashtags, in order. removed: likeliest first.

    also: (s,) for each the columns of the other candidates of the same meaning, likeliest first. weak: (s,) whether the
    score is below what the default form takes.
    """

    columns: Rows
    scores: Floats
    also: tuple[tuple[int, ...], ...]
    removed: tuple[Removed, ...]
    weak: NDArray[np.bool_]


class Meanings:
    """Which hashtags mean the same: English plurals and singulars, aliases of a person, and what was learned."""

    def __init__(self, table: "HashtagTable | CandidateTable", rules: Rules) -> None:
        self._hashtags = table.hashtags
        self._apart, self._merged = rules.apart, rules.merged
        self._ends: dict[str, str] = {}
        pairs = list(rules.aliases.items())
        singular_of = self._singulars([hashtag for pair in pairs for hashtag in pair])
        for pair in pairs:
            one, other = (self._follow(singular_of.get(hashtag, hashtag)) for hashtag in pair)
            if one != other:
                self._ends[one] = other

    def of(self, hashtags: Sequence[str]) -> list[str]:
        """For each of some hashtags one name (normalised) for all that mean the same as this one."""
        singular_of = self._singulars(hashtags)
        names = [self._follow(singular_of.get(hashtag, hashtag)) for hashtag in hashtags]
        return [self._merged.get(name, name) for name in names]

    def _singulars(self, hashtags: Sequence[str]) -> dict[str, str]:
        found = singulars(hashtags, self._hashtags)
        return {plural: one for plural, one in found.items() if not {plural, one} & self._apart}

    def _follow(self, name: str) -> str:
        while name in self._ends:
            name = self._ends[name]
        return name


def select(
    columns: NDArray[np.integer[Any]],
    scores: NDArray[np.floating[Any]],
    table: CandidateTable,
    options: SuggestOptions,
    rules: Rules,
    threshold: float,
    given: Collection[str] = (),
    weak: float = 0.0,
    strange: Collection[int] = frozenset(),
) -> Selected:
    """Select among the candidates of one query.

    columns: (c,) of the table, each once. scores: (c,) probabilities in [0, 1]; the selected ones keep theirs.
    threshold: the least probability to select if the number of hashtags is free. given: hashtags (normalised) that the
    query has already; they and hashtags of the same meaning are left out. weak: hashtags of lower probability are
    selected only if the options tell how many, or with `raw`. strange: columns of signatures of other authors, see
    `Signatures`; they are left out unless a rule allows them.
    Deterministic: of equal candidates the earlier one comes first.
    """
    likeliest = np.argsort(-scores, kind="stable")
    candidates: Rows = columns[likeliest].astype(np.int64)
    likelihoods: Floats = scores[likeliest].astype(np.float64)
    groups, removed = _group_by_meaning(candidates, table, options, rules, given, strange)
    kept, merged = _choose_shown(groups, candidates, table, options)
    removed = sorted([*removed, *merged], key=lambda entry: entry[0])
    shown = candidates[[best for best, _ in kept]]
    probabilities = likelihoods[[ranks[0] for _, ranks in kept]]
    count = options.limit or min(int(np.count_nonzero(probabilities >= threshold)), options.most)
    weights = _weigh_tiers(probabilities, table.tiers(shown), options.mix)
    order = np.argsort(-weights, kind="stable")
    asked_for = options.raw or options.count is not None
    least_score = options.min_score if asked_for else max(options.min_score, weak)
    order = order[probabilities[order] >= least_score]
    if options.diverse:
        likely = order[weights[order] >= _FAINT * weights[order].max(initial=0.0)][: count * _DEEP]
        chosen = likely[_diversify(weights[likely], table.likeness(shown[likely]), count)]
        order = np.concatenate([chosen, order[len(likely) :]])  # the rest fills up if too few are likely
    order = order[:count]
    least = probabilities[order].min() if len(order) else max(least_score, threshold)
    listed = tuple(why for rank, why in removed if likelihoods[rank] >= least)
    meanings = [kept[i] for i in order.tolist()]
    also = tuple(tuple(int(candidates[rank]) for rank in ranks if rank != best) for best, ranks in meanings)
    return Selected(shown[order], probabilities[order], also, listed, probabilities[order] < weak)


def _choose_shown(
    groups: Sequence[list[int]], columns: Rows, table: CandidateTable, options: SuggestOptions
) -> tuple[list[tuple[int, list[int]]], list[tuple[int, Removed]]]:
    """Choose which hashtag of each meaning is shown: the most used one in the requested languages.

    groups: the ranks of each meaning. Returns for each meaning that is kept the rank to show and all its ranks; and
    each removed rank with the reason.
    """
    kept: list[tuple[int, list[int]]] = []
    removed: list[tuple[int, Removed]] = []
    uses = table.uses(columns).tolist()
    for ranks in groups:
        fitting = _filter_languages(ranks, columns, table, options)
        best = max(fitting, key=uses.__getitem__, default=None)
        if best is not None:
            kept.append((best, ranks))
        for rank in ranks:
            if best is None:
                foreign = f"not in {', '.join(sorted(options.languages))}"
                removed.append((rank, Removed(table.shown[columns[rank]], "language", foreign)))
            elif rank != best:
                same = f"means the same as #{table.shown[columns[best]]}"
                removed.append((rank, Removed(table.shown[columns[rank]], "merged", same)))
    return kept, removed


def _filter_languages(ranks: list[int], columns: Rows, table: CandidateTable, options: SuggestOptions) -> list[int]:
    if not options.languages:
        return ranks
    return [rank for rank in ranks if written_in(table.hashtags[columns[rank]], options.languages)]


def _group_by_meaning(
    columns: Rows,
    table: CandidateTable,
    options: SuggestOptions,
    rules: Rules,
    given: Collection[str],
    strange: Collection[int],
) -> tuple[list[list[int]], list[tuple[int, Removed]]]:
    """The ranks of the candidates grouped by meaning; second, those blocked, given, excluded or strange."""
    meanings = None if options.raw else Meanings(table, rules)
    unwanted = [(options.exclude, "excluded by you"), (given, "given already")]  # the latter wins
    hashtags = table.hashtags.take(columns)
    asked = [*hashtags, *(tag for tags, _ in unwanted for tag in tags)]
    meaning_of = dict(zip(asked, meanings.of(asked) if meanings else asked, strict=True))
    why = {meaning_of[tag]: reason for tags, reason in unwanted for tag in tags}
    groups: dict[str, list[int]] = {}
    removed: list[tuple[int, Removed]] = []
    for rank, (column, hashtag) in enumerate(zip(columns.tolist(), hashtags, strict=True)):
        meaning = meaning_of[hashtag]
        if meanings and (reason := rules.why_blocked(hashtag)):
            removed.append((rank, Removed(table.shown[column], "blocked", reason)))
        elif meaning in why:
            removed.append((rank, Removed(table.shown[column], "excluded", why[meaning])))
        elif column in strange and hashtag not in rules.allowed:
            removed.append((rank, Removed(table.shown[column], "signature", _SIGNATURE)))
        else:
            groups.setdefault(meaning, []).append(rank)
    return list(groups.values()), removed


def _weigh_tiers(probabilities: Floats, tiers: Rows, mix: Mix | None) -> Floats:
    """The weights by which candidates, given likeliest first, are sorted: (c,), above 0 if the probabilities are.

    `balanced` alternates tiers by D'Hondt's highest averages, a method to allocate seats to parties.
    """
    if mix is None:
        return probabilities
    if mix != "balanced":
        return np.asarray(probabilities * np.array(_FAVOUR[mix])[tiers])
    turns = np.ones(len(tiers))
    for tier in range(len(TIERS)):
        turns[tiers == tier] = np.arange(1, np.count_nonzero(tiers == tier) + 1)
    return probabilities / turns


def _diversify(relevance: Floats, likeness: Floats, count: int) -> list[int]:
    """Select by maximal marginal relevance (Carbonell and Goldstein, 1998): relevant, and unlike those before.

    relevance: (c,). likeness: (c, c) in [0, 1]. Returns at most `count` of the c, in order.
    """
    relevance = relevance / max(relevance.max(initial=0.0), 1e-30)
    nearest = np.zeros(len(relevance))
    chosen: list[int] = []
    for _ in range(min(count, len(relevance))):
        gains = _RELEVANCE * relevance - (1 - _RELEVANCE) * nearest
        gains[chosen] = -np.inf
        chosen.append(int(np.argmax(gains)))
        nearest = np.maximum(nearest, likeness[chosen[-1]])
    return chosen
