"""The candidates of a caption for new hashtags: its phrases, and words composed with usual suffixes; with features."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Floats, Rows, Vectors
from .phrases import MOST_WORDS, Phrases
from .word_counts import WordCounts
from .words import FOREIGN, IDEOGRAPHS, NAME, NOUN, NUMBER, OTHER

NEAR = 100  # hashtags, the most voted ones, whose beginnings and ends count

_MOST_SUFFIXES = 3  # of one query, those with the most votes
_BEFORE_SUFFIX = (NOUN, NAME, FOREIGN, IDEOGRAPHS)
_MOST_BEFORE = 2  # words before a suffix
_LONGEST = 15  # letters of beginnings and ends
_DOUBT = 2.0  # posts added to a rate


@dataclass(frozen=True, slots=True)
class NearHashtags:
    """What begins, and what ends, the hashtags of similar posts, each with their votes."""

    begins: Mapping[str, float]
    ends: Mapping[str, float]

    @classmethod
    def of(cls, hashtags: Sequence[str], votes: Sequence[float]) -> "NearHashtags":
        """hashtags: (n,) normalised. votes: (n,)."""
        begins: dict[str, float] = defaultdict(float)
        ends: dict[str, float] = defaultdict(float)
        for hashtag, vote in zip(hashtags, votes, strict=True):
            for length in range(1, min(len(hashtag), _LONGEST + 1)):
                begins[hashtag[:length]] += vote
                ends[hashtag[-length:]] += vote
        return cls(dict(begins), dict(ends))


@dataclass(frozen=True, slots=True)
class NewCandidates:
    """The c candidates of a caption, each text once.

    texts: (c,) normalised. of: (c,) the phrase of each. suffixes: (c,) what is added to it, "" for nothing. features:
    float32 (c, f).
    """

    texts: Sequence[str]
    of: Rows
    suffixes: Sequence[str]
    features: Vectors


def make_candidates(
    phrases: Phrases, near: NearHashtags, counts: WordCounts, suffixes: Mapping[str, int]
) -> NewCandidates:
    """suffixes: see `find_suffixes`."""
    features = np.stack(list(_describe(phrases, near, counts).values()), axis=1).astype(np.float32)
    texts, of, added = list(phrases.texts), list(range(len(phrases.texts))), [""] * len(phrases.texts)
    voted = sorted(((near.ends[suffix], suffix) for suffix in suffixes.keys() & near.ends.keys()), reverse=True)
    composed = np.zeros((len(texts), 4), dtype=np.float32)
    more = [composed]
    words = "".join(word.text for word in phrases.split.words)
    known = set(texts)
    for vote, suffix in voted[:_MOST_SUFFIXES]:
        for i in _find_composable(phrases, suffix):
            text = phrases.texts[i] + suffix
            if text not in known:
                known.add(text)
                texts.append(text)
                of.append(i)
                added.append(suffix)
                more.append(np.asarray([[len(suffix), vote, np.log1p(suffixes[suffix]), suffix in words]]))
    rows = np.asarray(of, dtype=np.int64)
    return NewCandidates(texts, rows, added, np.concatenate([features[rows], np.concatenate(more)], axis=1))


def _find_composable(phrases: Phrases, suffix: str) -> list[int]:
    """The phrases that a suffix of the same script may follow."""
    words = phrases.split.words
    return [
        i
        for i, (text, first, last) in enumerate(
            zip(phrases.texts, phrases.first.tolist(), phrases.last.tolist(), strict=True)
        )
        if last - first < _MOST_BEFORE
        and all(word.kind in _BEFORE_SUFFIX for word in words[first : last + 1])
        and (text[-1] < "\u0250") == (suffix[0] < "\u0250")
        and not text.endswith(suffix)
    ]


def _describe(phrases: Phrases, near: NearHashtags, counts: WordCounts) -> dict[str, NDArray[np.generic]]:
    """Features of p phrases, (p,) each: form, place, and what became of their words in the archive."""
    words, first, last = phrases.split.words, phrases.first, phrases.last
    texts = [word.text for word in words]
    kinds, starts, ends = (np.asarray([getattr(word, part) for word in words], dtype=np.int64) for part in _PARTS)
    capital = np.asarray([phrases.split.letters[start].isupper() for start in starts.tolist()], dtype=bool)
    gaps = np.concatenate([[2], starts[1:] - ends[:-1], [2]])[: len(words) + 1]  # before each word, and at the end
    outside = np.concatenate([[True], kinds == OTHER, [True]])[: len(words) + 2]
    places = counts.find(texts)
    captions, named, begun, ended = (
        table[places] for table in (counts.captions, counts.named, counts.begun, counts.ended)
    )
    seen = np.log((captions + 1) / (counts.n_posts + 1))
    within = first[:, None] + np.arange(MOST_WORDS)
    inside = within <= last[:, None]
    within = np.minimum(within, max(0, len(words) - 1))

    def least(values: NDArray[np.generic]) -> Floats:
        return np.asarray(np.where(inside, values[within], np.inf).min(axis=1))

    def most(values: NDArray[np.generic]) -> Floats:
        return np.asarray(np.where(inside, values[within], -np.inf).max(axis=1))

    rate = named / (captions + _DOUBT)
    return {
        "words": last - first + 1,
        "letters": np.asarray([len(text) for text in phrases.texts], dtype=np.int64),
        "count": phrases.count,
        "position": first / max(1, len(words)),
        "caption_words": np.full(len(first), np.log1p(len(words))),
        "phrases": np.full(len(first), np.log1p(len(first))),
        "caption_unseen": np.full(len(first), np.mean(captions[kinds != OTHER] == 0) if len(first) else 0.0),
        "caption_foreign": np.full(len(first), np.mean(kinds == FOREIGN) if len(first) else 0.0),
        "whole": (outside[first] | (gaps[first] > 1)) & (outside[last + 2] | (gaps[last + 1] > 1)),
        "begins_word": gaps[first] > 0,
        "ends_word": gaps[last + 1] > 0,
        "noun": kinds[last] == NOUN,
        "name": most(kinds == NAME),
        "foreign": kinds[last] == FOREIGN,
        "ideographs": kinds[last] == IDEOGRAPHS,
        "number": most(kinds == NUMBER),
        "first": first == 0,
        "capital": capital[first],
        "capitals": least(capital),
        "unseen": most(captions == 0),
        "seen_least": least(seen),
        "seen_most": most(seen),
        "named_least": least(rate),
        "named_most": most(rate),
        "begun": np.log((begun[first] + 1) / (counts.n_posts + 1)),
        "begun_rate": np.log((begun[first] + 0.5) / (captions[first] + _DOUBT)),
        "ended": np.log((ended[last] + 1) / (counts.n_posts + 1)),
        "ended_rate": np.log((ended[last] + 0.5) / (captions[last] + _DOUBT)),
        "near_begun": np.asarray([near.begins.get(texts[i], 0.0) for i in first.tolist()]),
        "near_ended": np.asarray([near.ends.get(texts[i], 0.0) for i in last.tolist()]),
    }


_PARTS = ("kind", "start", "end")
