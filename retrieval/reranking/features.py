"""Finds the candidates of queries and computes their features."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.string_table import Table
from ...core.vectors import NO_ROW, Matches, Rows, Vectors, highest
from ..encoders.ngrams import NgramEncoder
from ..search.similarity import Scales
from ..voting.fusion import Fusion
from ..voting.votes import SHARPNESS, find_carriers, look_up, margins, pair_keys, temperatures, vote_shares
from .counts import Columns, Counts
from .hashtag_names import NameFits
from .mentions import HashtagFinder
from .ridge import KernelRidge, RidgeQuery

CANDIDATES = 50  # of one query, from the vote, and from the regression

# Features from the votes of the posts nearest in style, each with its temperature / margin.
STYLE_VOTES = {"style_wide": SHARPNESS, "style_narrow": 0.3 * SHARPNESS}

RARE = 1e-4  # fraction of posts added to both sides of a lift

_POOL = 200  # most voted, and most used, hashtags that the regression scores
_COMPANIONS = 15  # likeliest candidates, with which the others are compared
_SCRIPTS = {"latin": ("a", "z"), "han": ("\u3040", "\u9fff"), "digits": ("0", "9")}

Features = dict[str, Vectors]


@dataclass(frozen=True, slots=True)
class FeatureInputs:
    """All that is known of n queries.

    hits: by channel their neighbours, (n, k). votes: sparse (n, m), columns ascending. words: sparse (n, b), the
    weighted n-grams of their captions, columns ascending. ridge_queries: (n,), for the regression. in_style: (n,), of
    each the posts nearest in style, (1, k). name_fits: by encoder, see `HashtagNames.fit`. counts: of the archive, in
    training without the posts.
    """

    captions: Sequence[str]
    hits: Mapping[str, Matches]
    votes: sparse.csr_matrix
    words: sparse.csr_matrix
    ridge_queries: Sequence[RidgeQuery]
    in_style: Sequence[Matches]
    name_fits: Mapping[str, NameFits]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of n queries, one query after another.

    query: (c,) to which each belongs, ascending. columns: (c,) of the hashtags, ascending within a query. carried: (c,)
    whether any post does, in training any that is not left out. features: by name, float32 (c,); names and order never
    change.
    """

    query: Rows
    columns: Columns
    carried: NDArray[np.bool_]
    features: Features

    def matrix(self) -> Vectors:
        """The features as float32 (c, features); NaN if a channel has no neighbours or the regression no weights."""
        return np.stack(list(self.features.values()), axis=1)


class FeatureMaker:
    """Finds the candidates of queries, with their features.

    A pair of a query and a hashtag has one number, the key: query * m + column. So what is known of pairs is sorted,
    joined and looked up for all queries at once.
    """

    def __init__(
        self,
        hashtags: Table,
        labels: sparse.csr_matrix,
        uses: NDArray[Any],
        scales: Scales,
        fusion: Fusion,
        ridge: KernelRidge,
        named_by: Collection[str],
        spelling: sparse.csr_matrix | None = None,
    ) -> None:
        """hashtags: (m,) normalised. labels: (posts, m). uses: (m,). named_by: the encoders of `HashtagNames`.

        spelling: sparse (s, b), the weighted n-grams of the first s hashtags, if they were made before.
        """
        self.finder = HashtagFinder(hashtags)
        self._labels = labels
        self._sizes: Vectors = np.diff(labels.indptr).astype(np.float32)
        self._mean_size = float(self._sizes.mean())
        self._fusion = fusion
        self._ridge = ridge
        self._named_by = sorted(named_by)
        self._hashtags = hashtags
        self._most_used = highest(uses, _POOL)
        self.spelling = _spell(hashtags, scales, spelling)

    def candidates(self, inputs: FeatureInputs) -> Candidates:
        """The most voted hashtags, those best in the regression and by name, and those that the caption contains.

        Hashtags without uses in `inputs.counts` come by their names alone.
        """
        counts, m, n = inputs.counts, len(self._hashtags), len(inputs.captions)
        mentioned = self.finder.find_all(inputs.captions)
        mentions = pair_keys(mentioned)
        named = np.unique(
            np.concatenate([mentions, *(fits.best_keys(m) for fits in inputs.name_fits.values())]).astype(np.int64)
        )
        votes = pair_keys(inputs.votes)
        most_used = (np.arange(n)[:, None] * m + self._most_used).ravel()
        pool = np.unique(np.concatenate([votes[_take_best(inputs.votes, _POOL)], most_used, named]))
        regressed = self._regress(inputs, pool)
        from_vote = votes[_take_best(inputs.votes, CANDIDATES)]
        from_ridge = pool[_rank(pool // m, np.nan_to_num(regressed, nan=-1.0)) < CANDIDATES]
        keys = np.unique(np.concatenate([from_vote, from_ridge, named]))
        keys = keys[(counts.uses[keys % m] > 0) | np.isin(keys, named)]
        query, columns = keys // m, keys % m
        prior = counts.prior(columns)
        ridge = regressed[np.searchsorted(pool, keys)]
        vote = look_up(keys, votes, inputs.votes.data)
        chance = np.asarray((vote + np.nan_to_num(ridge)) / 2, dtype=np.float32)
        features = _vote_features(query, vote, prior)
        for channel in dict.fromkeys(vote_source.channel for vote_source in self._fusion.vote_sources):
            features |= self._channel_features(channel, inputs.hits[channel], keys)
        features |= self._style_features(inputs.in_style, keys)
        features |= self._ridge_features(inputs.ridge_queries, query, ridge, prior)
        features |= self._caption_features(inputs, query, columns, look_up(keys, mentions, mentioned.data))
        features |= self._name_features(inputs.name_fits, query, columns)
        features |= _measure_appearance(self._hashtags, columns)
        features |= _company_features(counts, query, columns, chance)
        return Candidates(
            query,
            columns,
            counts.uses[columns] > 0,
            {name: np.asarray(x, dtype=np.float32) for name, x in features.items()},
        )

    def _regress(self, inputs: FeatureInputs, keys: Rows) -> Vectors:
        counts, (query, columns) = inputs.counts, np.divmod(keys, len(self._hashtags))
        scores = self._ridge.scores(inputs.ridge_queries, query, columns, counts.prior(columns), self._labels)
        # The use count of a hashtag must not include the post itself.
        scores[counts.uses[columns] < self._ridge.fewest] = np.nan
        return scores

    def _channel_features(self, channel: str, matches: Matches, keys: Rows) -> Features:
        """Features from the neighbours in one channel; NaN for queries without any."""
        query, m = keys // len(self._hashtags), len(self._hashtags)
        present = matches.rows != NO_ROW
        similarities, flat = matches.similarities.ravel(), np.flatnonzero(present)
        candidate, neighbour = find_carriers(self._labels, matches.rows[present], keys, flat // present.shape[1] * m)
        neighbour = flat[neighbour]
        features: Features = {}
        vote_sources = [vote_source for vote_source in self._fusion.vote_sources if vote_source.channel == channel]
        for vote_source in vote_sources:
            near = Matches(matches.rows[:, : vote_source.neighbours], matches.similarities[:, : vote_source.neighbours])
            shares = np.zeros(present.shape, dtype=np.float32)
            shares[:, : vote_source.neighbours] = vote_shares(near, temperatures(matches, vote_source.margin))
            features[f"{channel}_{vote_source.neighbours}"] = np.bincount(
                candidate, shares.ravel()[neighbour], len(keys)
            ).astype(np.float32)
        nearest = np.zeros(len(keys), dtype=np.float32)
        nearest[candidate[::-1]] = similarities[neighbour[::-1]]  # the first neighbour of each is written last
        features[f"{channel}_carriers"] = np.bincount(candidate, minlength=len(keys)).astype(np.float32)
        features[f"{channel}_nearest"] = nearest
        features[f"{channel}_similarity"] = matches.similarities[query, 0]
        features[f"{channel}_margin"] = margins(matches)[query]
        asked = present.any(axis=1)[query]
        return {name: np.where(asked, values, np.nan) for name, values in features.items()}

    def _style_features(self, in_style: Sequence[Matches], keys: Rows) -> Features:
        """Features from the posts nearest in style; NaN for queries without any."""
        m, sizes = len(self._hashtags), np.asarray([matches.rows.size for matches in in_style])
        of = np.repeat(np.arange(len(in_style)), sizes)
        rows, similarities = (
            np.concatenate([getattr(matches, part)[0] for matches in in_style]) for part in ("rows", "similarities")
        )
        own = np.asarray([margins(matches)[0] if matches.rows.size else np.nan for matches in in_style])
        first = similarities[np.searchsorted(of, of)]
        candidate, neighbour = find_carriers(self._labels, rows, keys, of * m)
        features: Features = {}
        for name, sharpness in STYLE_VOTES.items():
            weights = np.exp((similarities - first) / (sharpness * own)[of])
            shares = weights / np.bincount(of, weights, len(in_style))[of]
            votes = np.bincount(candidate, shares[neighbour], len(keys))
            features[name] = np.where(sizes[keys // m] > 0, votes, np.nan)
        return features

    def _ridge_features(
        self, ridge_queries: Sequence[RidgeQuery], query: Rows, ridge: Vectors, prior: Vectors
    ) -> Features:
        return {
            "ridge": ridge,
            "ridge_lift": np.log((np.maximum(ridge, 0) + 1e-3) / (prior + RARE)),
            "ridge_place": _rank(query, np.nan_to_num(ridge, nan=-1.0)),
            "ridge_hashtags": self._ridge.n_hashtags(ridge_queries, self._sizes, self._mean_size)[query],
        }

    def _caption_features(self, inputs: FeatureInputs, query: Rows, columns: Columns, mention: Vectors) -> Features:
        """mention: (c,) how the caption contains each, 0 if it does not."""
        counts, buckets = inputs.counts, inputs.words.shape[1]
        trust = (counts.kept[columns] + counts.prior(columns)) / (counts.mentions[columns] + 1)
        names = self.spelling[columns]
        spelled = np.repeat(query, np.diff(names.indptr)) * buckets + names.indices
        shared = names.data * look_up(spelled, pair_keys(inputs.words), inputs.words.data)
        products = np.concatenate([[0.0], np.cumsum(shared, dtype=np.float64)])
        return {
            "mention": mention,
            "mention_trust": trust,
            "mention_chance": np.where(mention > 0, trust, np.float32(-1)),
            "caption_length": np.asarray([len(caption) for caption in inputs.captions])[query],
            "spelling": products[names.indptr[1:]] - products[names.indptr[:-1]],
        }

    def _name_features(self, name_fits: Mapping[str, NameFits], query: Rows, columns: Columns) -> Features:
        """How well the names fit; NaN if the query has no vector, or the name."""
        features: Features = {}
        nothing = np.full(len(columns), np.nan, dtype=np.float32)
        for encoder in self._named_by:
            fit = name_fits[encoder].of(query, columns) if encoder in name_fits else nothing
            place = _rank(query, np.nan_to_num(fit, nan=-np.inf))
            features[f"{encoder}_name"] = fit
            features[f"{encoder}_name_place"] = np.where(np.isnan(fit), np.nan, place)
        return features


def _vote_features(query: Rows, vote: Vectors, prior: Vectors) -> Features:
    best = np.zeros(int(query.max(initial=-1)) + 1, dtype=np.float32)
    np.maximum.at(best, query, vote)
    return {
        "vote": vote,
        "vote_lift": np.log((vote + RARE) / (prior + RARE)),
        "vote_place": _rank(query, vote),
        "vote_of_best": vote / np.maximum(best, 1e-9)[query],
    }


def _company_features(counts: Counts, query: Rows, columns: Columns, chance: Vectors) -> Features:
    """How often candidates appear with the likeliest ones: mean conditional probability and mutual information."""
    place = _rank(query, chance).astype(np.int64)
    likeliest = np.flatnonzero(place < _COMPANIONS)
    shape = int(query.max(initial=-1)) + 1, _COMPANIONS
    companions, likely = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.float32)
    companions[query[likeliest], place[likeliest]] = columns[likeliest]
    likely[query[likeliest], place[likeliest]] = np.maximum(chance[likeliest], 0)
    others = companions[query]
    weights = np.where(others == columns[:, None], np.float32(0), likely[query])  # a candidate is not its own company
    together = counts.together(columns[:, None], others)
    uses, theirs = counts.uses[columns], np.maximum(counts.uses[others], 1)
    total = np.maximum(weights.sum(axis=1), 1e-6)
    expected = np.maximum(uses[:, None] * theirs / max(1, counts.n_posts), 0.1)
    return {
        "company": (weights * together / theirs).sum(axis=1) / total,
        "company_lift": (weights * np.log((together + 0.1) / expected)).sum(axis=1) / total,
    }


def _spell(hashtags: Table, scales: Scales, known: sparse.csr_matrix | None) -> sparse.csr_matrix:
    """The weighted n-grams of hashtags: sparse (m, b). known: those of the first ones."""
    others = hashtags[0 if known is None else known.shape[0] :]
    if known is not None and not others:
        return known
    encoder = NgramEncoder()
    spelled = scales.weigh_words(encoder.encode([encoder.prepare(hashtag) for hashtag in others]))
    return spelled if known is None else sparse.csr_matrix(sparse.vstack([known, spelled], format="csr"))


def _measure_appearance(hashtags: Table, columns: Columns) -> Features:
    """Length and scripts of c hashtags: float32 (c,) each."""
    several, of = np.unique(columns, return_inverse=True)
    looks = _look_at(hashtags.take(several))
    return {name: values[of] for name, values in looks.items()}


def _look_at(hashtags: Sequence[str]) -> Features:
    lengths = np.asarray([len(hashtag) for hashtag in hashtags], dtype=np.int64)
    letters = np.frombuffer("".join(hashtags).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    hashtag_of = np.repeat(np.arange(len(hashtags)), lengths)
    looks = {"letters": lengths.astype(np.float32)}
    for name, (first, last) in _SCRIPTS.items():
        within = (letters >= ord(first)) & (letters <= ord(last))
        looks[name] = (np.bincount(hashtag_of, within, len(hashtags)) > 0).astype(np.float32)
    return looks


def _take_best(votes: sparse.csr_matrix, k: int) -> Rows:
    """The entries of the k highest votes on each of n queries; of equal votes the first. votes: sparse (n, m)."""
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *(a + highest(votes.data[a:b], k) for a, b in pairwise(votes.indptr.tolist()))])


def _rank(query: Rows, scores: Vectors) -> Vectors:
    """The rank of each score among those of its query, from 0 for the highest. query: (c,) ascending."""
    standing = np.empty(len(scores), dtype=np.float32)
    standing[np.lexsort((-scores, query))] = np.arange(len(scores)) - np.searchsorted(query, query)
    return standing
