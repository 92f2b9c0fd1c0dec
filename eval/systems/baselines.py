"""What every system is held against: floors, and the ceiling.

None of them looks at photos, and none needs validation posts: they learn from those as well.
"""

from collections.abc import Sequence

import numpy as np

from ...core.post import Post
from ...core.progress import Progress
from ...core.query import Query
from ..measures.vocabulary import Vocabulary, own_hashtags
from .system import SILENT, Fitted, Kind, Scored


class Popularity:
    """The hashtags that most training posts carry, for every post the same."""

    name = "popularity"
    kind: Kind = "floor"
    auto = False

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        self._vocabulary = Vocabulary.of([*posts, *validation])
        return Fitted()

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`. A score is the part of training posts that carry the hashtag."""
        return [most_used(self._vocabulary, count) for _ in queries]


class RandomHashtags:
    """Hashtags drawn from all that training posts carry, each as likely as any other: what chance reaches."""

    name = "random"
    kind: Kind = "floor"
    auto = False

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        self._hashtags = Vocabulary.of([*posts, *validation]).hashtags
        return Fitted()

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`. Every score is the chance to be drawn first."""
        rng = np.random.default_rng(self._seed)
        m = len(self._hashtags)
        drawn = [rng.choice(m, min(m, count or m), replace=False).tolist() for _ in queries]
        return [[Scored(self._hashtags[place], 1 / m) for place in places] for places in drawn]


class Ceiling:
    """The best that any system can reach which knows no hashtags but those of training posts: it is told the truth."""

    name = "ceiling"
    kind: Kind = "ceiling"
    auto = True

    def __init__(self, test: Sequence[Post]) -> None:
        """test: the posts it will be asked about, in their order."""
        self._truth = [own_hashtags(post) for post in test]

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        self._known = Vocabulary.of([*posts, *validation]).columns
        return Fitted()

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`. Most used ones first. Raises ValueError where it is asked about other posts."""
        if len(queries) != len(self._truth):
            raise ValueError(f"{len(queries)} queries, but the ceiling knows the truth of {len(self._truth)} posts")
        known = [sorted(self._known.keys() & set(own), key=self._known.__getitem__) for own in self._truth]
        return [[Scored(hashtag, 1.0) for hashtag in own[:count]] for own in known]


def most_used(vocabulary: Vocabulary, count: int | None) -> list[Scored]:
    """The hashtags that most posts carry, and the part of the posts that does: also for where a system has no clue."""
    return list(map(Scored, vocabulary.hashtags[:count], vocabulary.shares[:count].tolist()))
