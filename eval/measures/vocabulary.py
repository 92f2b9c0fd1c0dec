"""The hashtags of the training posts: who carries them, how often they are used."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.post import Post, normalise_hashtag
from ...core.tiers import TIERS, Tier, tiers_of

normalised = lru_cache(maxsize=1_000_000)(normalise_hashtag)  # the same few are asked for again and again


@dataclass(frozen=True)
class Vocabulary:
    """m hashtags of n posts.

    hashtags: (m,) normalised, most used first, those used alike by name. uses: (m,) posts that carry each.
    labels: sparse (n, m), 1 where a post carries a hashtag.
    """

    hashtags: Sequence[str]
    uses: NDArray[np.int64]
    labels: sparse.csr_matrix

    @classmethod
    def of(cls, posts: Sequence[Post]) -> "Vocabulary":
        """All hashtags that the posts carry."""
        own = [own_hashtags(post) for post in posts]
        uses = Counter(hashtag for hashtags in own for hashtag in hashtags)
        hashtags = sorted(uses, key=lambda hashtag: (-uses[hashtag], hashtag))
        column = {hashtag: place for place, hashtag in enumerate(hashtags)}
        columns = [column[hashtag] for hashtags in own for hashtag in hashtags]
        pointers = np.cumsum([0, *map(len, own)])
        ones = np.ones(len(columns))
        labels = sparse.csr_matrix((ones, columns, pointers), shape=(len(posts), len(hashtags)))
        return cls(hashtags, np.asarray([uses[hashtag] for hashtag in hashtags], dtype=np.int64), labels)

    @property
    def shares(self) -> NDArray[np.float64]:
        """(m,): the part of the posts that carry each hashtag."""
        return np.asarray(self.uses / max(1, self.labels.shape[0]))

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """The place of each hashtag."""
        return {hashtag: place for place, hashtag in enumerate(self.hashtags)}

    @cached_property
    def tiers(self) -> Mapping[str, Tier]:
        """Head, middle or tail, by hashtag; see `tiers_of`."""
        return {name: TIERS[tier] for name, tier in zip(self.hashtags, tiers_of(self.uses).tolist(), strict=True)}


def own_hashtags(post: Post) -> list[str]:
    """A post's hashtags, normalised, each once."""
    return list(dict.fromkeys(filter(None, map(normalised, post.hashtags))))
