"""A synthetic archive of any size, with the statistics of a real one where they decide what an index costs.

Words are made of syllables, half of them Hangul; how often a word comes follows Zipf's law, and so does how often a
topic does. A post is about a topic: some of its words are anybody's, the others are of the topic or of one near to it.
Captions have 12 words in the median and 18 in the mean, which are some 100 characters and 170 character n-grams, as
Korean captions have. A post carries 12 hashtags in the mean: of its topic, of its words, of those that all use, and
rare ones. The vector of a caption is the weighted sum of the vectors of its words, and noise of its own; the spectrum
of word vectors falls by a power law, and words of a topic have a part in common. So vectors form clusters, as those of
real captions do, and their neighbours share words and hashtags. Nothing is read from a disk: all of it follows from
the number of posts and a seed.
"""

import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hashtag_recommender.core.advice import IN_MEMORY
from hashtag_recommender.core.post import Modality, Post, Reject
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.vectors import Vectors, unit_rows

WORDS, COMMON, TOPICS = 60_000, 200, 2_000
TAGS_OF_TOPIC, POPULAR_TAGS = 60, 2_000
NOISE = 4_096  # vectors, three of which make up the noise of a caption
AT_ONCE = 10_000  # posts that are drawn at once

_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"


def _falling(n: int, exponent: float = 1.0, shift: float = 2.7) -> NDArray[np.float64]:
    """The probabilities of ranks by the law of Zipf and Mandelbrot: (n,), with sum 1."""
    weights = 1 / (np.arange(n) + 1 + shift) ** exponent
    return np.asarray(weights / weights.sum())


class _Draw:
    """Draws from a distribution of ranks, by its cumulative sum."""

    def __init__(self, probabilities: NDArray[np.float64]) -> None:
        self._up_to = np.cumsum(probabilities)

    def __call__(self, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
        """n ranks, from 0."""
        return np.minimum(np.searchsorted(self._up_to, rng.random(n)), len(self._up_to) - 1)


class SyntheticArchive:
    """n posts; satisfies `PostReader`. Posts of equal number are equal, whatever n is, but for the rarest hashtags."""

    source = "synthetic"
    origin = None
    advice = IN_MEMORY

    def __init__(self, posts: int, seed: int = 0, start: int = 0) -> None:
        """start: the number of the first post, as of those that are only asked about."""
        self.posts, self.start, self._seed = posts, start, seed

    def notes(self) -> Sequence[str]:
        """See `PostReader.notes`."""
        return ()

    def read(self) -> Iterator[Post | Reject]:
        """See `PostReader.read`."""
        language = LANGUAGE
        for first in range(self.start, self.start + self.posts, AT_ONCE):
            rng = np.random.default_rng([self._seed, first])
            n = min(AT_ONCE, self.start + self.posts - first)
            for i in range(n):
                caption, tags = language.write(rng, self.posts)
                yield Post("synthetic", f"{first + i:09}", caption, tags)


class Language:
    """Words, topics, and how posts are written with them."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self.words: list[str] = _make_words(rng)
        self.topic_of: NDArray[np.int64] = np.concatenate(
            [np.full(COMMON, -1), rng.integers(TOPICS, size=WORDS - COMMON)]
        )
        order = np.argsort(self.topic_of[COMMON:], kind="stable") + COMMON  # the commonest words of a topic first
        ends = np.cumsum(np.bincount(self.topic_of[COMMON:], minlength=TOPICS))
        self._words_of: list[list[int]] = [own.tolist() for own in np.split(order, ends[:-1])]
        popular = rng.permutation(WORDS)[:POPULAR_TAGS]
        self._popular = [self.words[word] for word in popular]
        self._near = rng.integers(TOPICS, size=(TOPICS, 3))
        self._any_word, self._any_topic = _Draw(_falling(WORDS)), _Draw(_falling(TOPICS, 0.8))
        self._own_word, self._own_tag = _Draw(_falling(30)), _Draw(_falling(TAGS_OF_TOPIC))
        self._any_tag = _Draw(_falling(POPULAR_TAGS))

    def write(self, rng: np.random.Generator, posts: int) -> tuple[str, tuple[str, ...]]:
        """One more caption, and its hashtags."""
        topic = int(self._any_topic(rng, 1)[0])
        words = self._draw_words(rng, topic)
        tags = [self._topic_tag(topic, rank) for rank in self._own_tag(rng, 1 + int(rng.poisson(6))).tolist()]
        tags += [self._popular[rank] for rank in self._any_tag(rng, int(rng.poisson(3))).tolist()]
        tags += [self.words[word] for word in words[: int(rng.poisson(2))] if word >= COMMON]
        tags += [f"{self.words[words[0]]}{number}" for number in rng.integers(1 + posts // 2, size=rng.poisson(1))]
        return " ".join(self.words[word] for word in words), tuple(dict.fromkeys(tags))[:30]

    def _draw_words(self, rng: np.random.Generator, topic: int) -> list[int]:
        n = int(np.clip(rng.lognormal(np.log(12), 0.9), 1, 120))
        anybody = rng.random(n) < 0.4
        words = self._any_word(rng, n)
        near = self._near[topic, rng.integers(3, size=n)]
        topics = np.where(rng.random(n) < 0.8, topic, near)
        ranks = self._own_word(rng, n)
        return [
            int(word) if common else self._words_of[of][rank % len(self._words_of[of])]
            for word, common, of, rank in zip(words.tolist(), anybody, topics.tolist(), ranks.tolist(), strict=True)
        ]

    def _topic_tag(self, topic: int, rank: int) -> str:
        """The hashtags of a topic are its words, and pairs of them."""
        own = self._words_of[topic]
        if rank < len(own):
            return self.words[own[rank]]
        return self.words[own[rank % len(own)]] + self.words[own[(rank * 7 + 3) % len(own)]]

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}


def _make_words(rng: np.random.Generator) -> list[str]:
    hangul = [chr(code) for code in rng.permutation(np.arange(0xAC00, 0xD7A4))[:900]]
    latin = [c + v for c in _CONSONANTS for v in _VOWELS] + [c + v + "n" for c in _CONSONANTS for v in _VOWELS]
    draws = [(_Draw(_falling(len(some), 0.8)), some) for some in (hangul, latin)]
    words: dict[str, None] = {}
    while len(words) < WORDS:
        draw, syllables = draws[len(words) % 2]
        length = int(rng.integers(1, 4)) + (len(words) > 2 * COMMON)
        words["".join(syllables[rank] for rank in draw(rng, length).tolist())] = None
    return list(words)


class SyntheticEncoder:
    """Captions to the sums of the vectors of their words; satisfies `Encoder`."""

    modality: Modality = "text"
    sparse = False
    languages = None
    stored = True
    batch_size = 1024

    def __init__(self, channel: str, dimension: int) -> None:
        self.channel, self._dimension = channel, dimension

    @property
    def fingerprint(self) -> Fingerprint:
        """Of the generator."""
        return Fingerprint("synthetic", self.channel, "1", self._dimension, "words")

    @cached_property
    def _tables(self) -> tuple[Vectors, Vectors]:
        rng = np.random.default_rng([self._dimension, 11])
        falls = np.sqrt(1 / (np.arange(self._dimension) + 1)).astype(np.float32)
        topics = rng.standard_normal((TOPICS, self._dimension), dtype=np.float32)
        own = rng.standard_normal((WORDS, self._dimension), dtype=np.float32)
        own[COMMON:] = 0.7 * own[COMMON:] + 0.7 * topics[LANGUAGE.topic_of[COMMON:]]
        own[:COMMON] *= 0.3
        noise = rng.standard_normal((NOISE, self._dimension), dtype=np.float32)
        everyone = 2 * rng.standard_normal(self._dimension).astype(np.float32) * falls  # what all have in common
        return own * falls + 0.1 * everyone, 0.25 * noise * falls

    def prepare(self, content: str) -> str:
        """As it is."""
        return content

    def encode(self, prepared: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        words, noise = self._tables
        number_of, said = LANGUAGE.number_of, [caption.split() for caption in prepared]
        known = [[number_of[word] for word in some if word in number_of] for some in said]
        pointers = np.cumsum([0, *map(len, known)])
        columns = np.asarray([word for some in known for word in some], dtype=np.int64)
        counts = sparse.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, pointers), (len(known), WORDS))
        lengths = np.sqrt(np.maximum(np.diff(pointers), 1)).astype(np.float32)[:, None]
        hashes = np.asarray([zlib.crc32(caption.encode()) for caption in prepared], dtype=np.uint64)
        made = np.asarray(counts @ words) / lengths
        for turn in (1, 4093, 16777213):
            made += noise[(hashes * np.uint64(turn) >> np.uint64(7)) % np.uint64(NOISE)]
        return unit_rows(made)

    def release(self) -> None:
        """There is nothing to let go of."""


LANGUAGE = Language()

ENCODERS: dict[str, Any] = {
    "multilingual": SyntheticEncoder("multilingual", 512),
    "sentence": SyntheticEncoder("sentence", 384),
}
