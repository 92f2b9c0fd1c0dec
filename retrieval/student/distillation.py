"""What a student learns from: the posts of an archive, what its teacher says of them, and what they carry."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core.errors import SettingsError
from ...core.post import Post, normalise_hashtag
from ...core.vectors import Rows, Vectors

Part = Literal["photo", "caption", "both"]  # what of a post is looked at

FOLDS = 5
FEWEST_POSTS = 20  # with something to see, and hashtags of the vocabulary
FEWEST_HASHTAGS = 2

_FEWEST_USES = 2
_MOST_HASHTAGS = 2000  # the most used ones; what comes beyond, a handful of posts carry

# What the teacher says of n posts that it has never seen, as it looks at them: by post hashtags (normalised) and their
# probabilities; nothing of posts that do not show that.
SoftTargets = Mapping[Part, Sequence[Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a student can say: m hashtags, the most used ones first. uses: posts that carry each."""

    shown: tuple[str, ...]
    normalised: tuple[str, ...]
    uses: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.shown)

    def first(self, m: int) -> "Vocabulary":
        """The m most used ones."""
        return Vocabulary(self.shown[:m], self.normalised[:m], self.uses[:m])


@dataclass(frozen=True, slots=True)
class DistillationSet:
    """n posts to learn from.

    features: float16 (n, views, d) of length 1, zeros without a photo. bags: float32 (n, buckets) of captions, zeros
    without one; None if captions are not read. soft_targets: of the teacher. folds: (n,) in [0, FOLDS); the teacher of
    a post has seen none of its fold, and near-duplicates are in one.
    """

    vocabulary: Vocabulary
    posts: Sequence[Post]
    features: NDArray[np.float16]
    bags: Vectors | None
    soft_targets: SoftTargets
    folds: Rows

    @property
    def labels(self) -> Vectors:
        """(n, m): 1 where a post carries a hashtag, else 0."""
        said = ({normalise_hashtag(tag): 1.0 for tag in post.hashtags} for post in self.posts)
        return matrix(list(said), self.vocabulary)

    @property
    def due(self) -> Rows:
        """(n,): how many hashtags each post carries, those beyond the vocabulary included."""
        return np.asarray([len(post.hashtags) for post in self.posts], dtype=np.int64)

    def shows(self, part: Part) -> NDArray[np.bool_]:
        """(n,): whether a post can be looked at so."""
        photo = self.features.any(axis=(1, 2))
        caption = np.zeros(len(self.posts), dtype=np.bool_) if self.bags is None else self.bags.any(axis=1)
        return np.asarray({"photo": photo, "caption": caption, "both": photo & caption}[part])


def vocabulary_of(posts: Sequence[Post], blocked: AbstractSet[str] = frozenset()) -> Vocabulary:
    """The hashtags that enough posts carry, each as most posts write it, without blocked ones (normalised).

    Raises SettingsError if they are too few.
    """
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for post in posts:
        for hashtag in post.hashtags:
            spellings[normalise_hashtag(hashtag)][hashtag] += 1
    uses = {tag: known.total() for tag, known in spellings.items() if tag not in blocked}
    kept = sorted((tag for tag, n in uses.items() if n >= _FEWEST_USES), key=lambda tag: (-uses[tag], tag))
    if len(kept) < FEWEST_HASHTAGS:
        raise SettingsError(
            f"too few hashtags to learn: {len(kept)} of {len(spellings)} stand on {_FEWEST_USES} posts or more "
            f"that a student can see; it needs at least {FEWEST_HASHTAGS}"
        )
    kept = kept[:_MOST_HASHTAGS]
    shown = (min(spellings[tag], key=lambda written: (-spellings[tag][written], written)) for tag in kept)
    return Vocabulary(tuple(shown), tuple(kept), tuple(uses[tag] for tag in kept))


def draw_folds(clusters: Rows) -> Rows:
    """(n,) in [0, FOLDS): near-duplicates together, with a fixed seed. clusters: (n,) numbers from 0."""
    drawn = np.random.default_rng(0).permutation(int(clusters.max(initial=-1)) + 1) % FOLDS
    return np.asarray(drawn[clusters], dtype=np.int64)


def matrix(said: Sequence[Mapping[str, float]], vocabulary: Vocabulary) -> Vectors:
    """float32 (n, m): by post what is said of each hashtag (normalised), 0 where nothing is said."""
    column_of = {tag: column for column, tag in enumerate(vocabulary.normalised)}
    table = np.zeros((len(said), len(vocabulary)), dtype=np.float32)
    for row, known in zip(table, said, strict=True):
        for tag, probability in known.items():
            if tag in column_of:
                row[column_of[tag]] = probability
    return table
