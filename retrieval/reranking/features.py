"""Finds the candidates of a query and computes their features."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.string_table import Table
from ...core.vectors import NO_ROW, Matches, Vectors, highest
from ..encoders.ngrams import NgramEncoder
from ..search.similarity import Scales
from ..voting.fusion import Fusion
from ..voting.votes import SHARPNESS, find_carriers, look_up, margins, temperatures, vote_shares
from .counts import Columns, Counts
from .hashtag_names import NameFit
from .mentions import HashtagFinder
from .ridge import KernelRidge, RidgeQuery

CANDIDATES = 50  # from the vote, and from the regression

# Features from the votes of the posts nearest in style, each with its temperature / margin.
STYLE_VOTES = {"style_wide": SHARPNESS, "style_narrow": 0.3 * SHARPNESS}

RARE = 1e-4  # fraction of posts added to both sides of a lift

_POOL = 200  # most voted, and most used, hashtags that the regression scores
_COMPANIONS = 15  # likeliest candidates, with which the others are compared
_SCRIPTS = {"latin": ("a", "z"), "han": ("\u3040", "\u9fff"), "digits": ("0", "9")}

Features = dict[str, Vectors]


@dataclass(frozen=True, slots=True)
class FeatureInputs:
    """All that is known of one query.

    hits: by channel its neighbours, (1, k). voted: (v,) hashtags with votes. votes: (v,) their scores. ngrams: (g,) of
    its caption, ascending. weights: (g,) theirs. ridge_query: for the regression. in_style: the posts nearest in
    style, (1, k). name_fit: of one query, see `HashtagNames.fit`. counts: of the archive, in training without the post.
    """

    caption: str
    hits: Mapping[str, Matches]
    voted: Columns
    votes: Vectors
    ngrams: Columns
    weights: Vectors
    ridge_query: RidgeQuery
    in_style: Matches
    name_fit: Mapping[str, NameFit]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Candidates:
    """columns: (c,) of the hashtags, ascending. carried: (c,) whether any post does, in training any that is not left
    out. features: by name, float32 (c,); names and order never change.
    """

    columns: Columns
    carried: NDArray[np.bool_]
    features: Features

    def matrix(self) -> Vectors:
        """The features as float32 (c, features); NaN if a channel has no neighbours or the regression no weights."""
        return np.stack(list(self.features.values()), axis=1)


class FeatureMaker:
    """Finds the candidates of one query at a time, with their features."""

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
        counts = inputs.counts
        mentioned = self.finder.find(inputs.caption)
        contained = np.fromiter(mentioned, dtype=np.int64, count=len(mentioned))
        named = np.unique(np.concatenate([contained, *(fit.best for fit in inputs.name_fit.values())]))
        voted = _take_best(inputs.voted, inputs.votes, _POOL)
        pool = np.unique(np.concatenate([voted, self._most_used, named]))
        regressed = self._regress(inputs, pool)
        from_vote = _take_best(inputs.voted, inputs.votes, CANDIDATES)
        from_ridge = _take_best(pool, np.nan_to_num(regressed, nan=-1.0), CANDIDATES)
        columns = np.unique(np.concatenate([from_vote, from_ridge, named]))
        columns = columns[(counts.uses[columns] > 0) | np.isin(columns, named)]
        ridge = regressed[np.searchsorted(pool, columns)]
        vote = look_up(columns, inputs.voted, inputs.votes)
        features = _vote_features(vote, counts.prior(columns))
        for channel in dict.fromkeys(vote_source.channel for vote_source in self._fusion.vote_sources):
            features |= self._channel_features(channel, inputs.hits[channel], columns)
        features |= self._style_features(inputs.in_style, columns)
        features |= self._ridge_features(inputs.ridge_query, ridge, counts.prior(columns))
        features |= self._caption_features(inputs, columns, mentioned)
        features |= self._name_features(inputs.name_fit, columns)
        features |= _measure_appearance([self._hashtags[column] for column in columns.tolist()])
        features |= _company_features(counts, columns, np.asarray((vote + np.nan_to_num(ridge)) / 2, dtype=np.float32))
        return Candidates(
            columns, counts.uses[columns] > 0, {name: np.asarray(x, dtype=np.float32) for name, x in features.items()}
        )

    def _regress(self, inputs: FeatureInputs, columns: Columns) -> Vectors:
        counts = inputs.counts
        scores = self._ridge.scores(inputs.ridge_query, columns, counts.prior(columns), self._labels)
        # The use count of a hashtag must not include the post itself.
        scores[counts.uses[columns] < self._ridge.fewest] = np.nan
        return scores

    def _channel_features(self, channel: str, matches: Matches, columns: Columns) -> Features:
        """Features from the neighbours of one channel; NaN if there are none."""
        present = matches.rows[0] != NO_ROW
        vote_sources = [vote_source for vote_source in self._fusion.vote_sources if vote_source.channel == channel]
        names = [f"{channel}_{vote_source.neighbours}" for vote_source in vote_sources] + [
            f"{channel}_{what}" for what in ("carriers", "nearest", "similarity", "margin")
        ]
        if not present.any():
            return {name: np.full(len(columns), np.nan, dtype=np.float32) for name in names}
        similarities = matches.similarities[0]
        candidate, neighbour = find_carriers(self._labels, matches.rows[0][present], columns)
        features: list[NDArray[Any]] = []
        for vote_source in vote_sources:
            near = Matches(matches.rows[:, : vote_source.neighbours], matches.similarities[:, : vote_source.neighbours])
            shares = np.zeros(len(similarities), dtype=np.float32)
            shares[: vote_source.neighbours] = vote_shares(near, temperatures(matches, vote_source.margin))[0]
            features.append(np.bincount(candidate, shares[neighbour], len(columns)))
        features.append(np.bincount(candidate, minlength=len(columns)))
        nearest = np.zeros(len(columns), dtype=np.float32)
        nearest[candidate[::-1]] = similarities[neighbour[::-1]]  # the first neighbour of each is written last
        features.append(nearest)
        features.append(np.full(len(columns), similarities[0]))
        features.append(np.full(len(columns), margins(matches)[0]))
        return dict(zip(names, features, strict=True))

    def _style_features(self, matches: Matches, columns: Columns) -> Features:
        """Features from the posts nearest in style; NaN if there are none."""
        if not matches.rows.size:
            return {name: np.full(len(columns), np.nan) for name in STYLE_VOTES}
        candidate, neighbour = find_carriers(self._labels, matches.rows[0], columns)
        features: Features = {}
        for name, sharpness in STYLE_VOTES.items():
            shares = vote_shares(matches, sharpness * margins(matches))[0]
            features[name] = np.bincount(candidate, shares[neighbour], len(columns)).astype(np.float32)
        return features

    def _ridge_features(self, ridge_query: RidgeQuery, ridge: Vectors, prior: Vectors) -> Features:
        return {
            "ridge": ridge,
            "ridge_lift": np.log((np.maximum(ridge, 0) + 1e-3) / (prior + RARE)),
            "ridge_place": _rank(np.nan_to_num(ridge, nan=-1.0)),
            "ridge_hashtags": np.full(len(ridge), self._ridge.n_hashtags(ridge_query, self._sizes)),
        }

    def _caption_features(self, inputs: FeatureInputs, columns: Columns, mentioned: Mapping[int, int]) -> Features:
        counts = inputs.counts
        trust = (counts.kept[columns] + counts.prior(columns)) / (counts.mentions[columns] + 1)
        mention = np.asarray([mentioned.get(column, 0) for column in columns.tolist()], dtype=np.float32)
        names = self.spelling[columns]
        shared = names.data * look_up(names.indices, inputs.ngrams, inputs.weights)
        products = np.concatenate([[0.0], np.cumsum(shared, dtype=np.float64)])
        return {
            "mention": mention,
            "mention_trust": trust,
            "mention_chance": np.where(mention > 0, trust, np.float32(-1)),
            "caption_length": np.full(len(columns), len(inputs.caption)),
            "spelling": products[names.indptr[1:]] - products[names.indptr[:-1]],
        }

    def _name_features(self, name_fit: Mapping[str, NameFit], columns: Columns) -> Features:
        """How well the names fit; NaN if the query has no vector, or the name."""
        features: Features = {}
        nothing = np.full(len(columns), np.nan, dtype=np.float32)
        for encoder in self._named_by:
            fit = name_fit[encoder].of(columns) if encoder in name_fit else nothing
            features[f"{encoder}_name"] = fit
            features[f"{encoder}_name_place"] = np.where(np.isnan(fit), np.nan, _rank(np.nan_to_num(fit, nan=-np.inf)))
        return features


def _vote_features(vote: Vectors, prior: Vectors) -> Features:
    return {
        "vote": vote,
        "vote_lift": np.log((vote + RARE) / (prior + RARE)),
        "vote_place": _rank(vote),
        "vote_of_best": vote / max(float(vote.max(initial=0)), 1e-9),
    }


def _company_features(counts: Counts, columns: Columns, chance: Vectors) -> Features:
    """How often candidates appear with the likeliest ones: mean conditional probability and mutual information."""
    likeliest = np.argsort(-chance, kind="stable")[:_COMPANIONS]
    together = counts.together(columns, columns[likeliest])
    uses, theirs = counts.uses[columns], np.maximum(counts.uses[columns[likeliest]], 1)
    weights = np.tile(np.maximum(chance[likeliest], 0), (len(columns), 1))
    weights[likeliest, np.arange(len(likeliest))] = 0  # a candidate is not compared with itself
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


def _measure_appearance(hashtags: Sequence[str]) -> Features:
    """Length and scripts of c hashtags: float32 (c,) each."""
    lengths = np.asarray([len(hashtag) for hashtag in hashtags], dtype=np.int64)
    letters = np.frombuffer("".join(hashtags).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    hashtag_of = np.repeat(np.arange(len(hashtags)), lengths)
    looks = {"letters": lengths.astype(np.float32)}
    for name, (first, last) in _SCRIPTS.items():
        within = (letters >= ord(first)) & (letters <= ord(last))
        looks[name] = (np.bincount(hashtag_of, within, len(hashtags)) > 0).astype(np.float32)
    return looks


def _take_best(columns: Columns, scores: Vectors, n: int) -> Columns:
    """The n columns with the highest scores; of equal scores the first."""
    return columns[highest(scores, n)]


def _rank(scores: Vectors) -> Vectors:
    """The rank of each score, from 0 for the highest."""
    standing = np.empty(len(scores), dtype=np.float32)
    standing[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return standing
