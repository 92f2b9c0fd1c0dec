"""Co-occurrence: what goes along with hashtags that a caption names."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ....core.post import Post, normalise_hashtag
from ....core.progress import Progress
from ....core.query import Query
from ...measures.vocabulary import Vocabulary
from ..system import SILENT, Fitted, Kind, Scored

_AT_ONCE = 256  # queries scored against the whole vocabulary at once


class CoOccurrence:
    """What goes along with hashtags that stand in the caption as words.

    score(t) = the mean of P(t | u) over the hashtags u that the caption names, and of P(t) as one more of them, so that
    a caption which names none gets the most popular ones. P(t | u): the part of posts with u that carry t, which is 1
    for u itself (asymmetric co-occurrence, summed: Sigurbjornsson and van Zwol, Flickr Tag Recommendation Based on
    Collective Knowledge, WWW 2008).
    """

    name = "co-occurrence"
    kind: Kind = "reference"
    auto = False

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        self._vocabulary = Vocabulary.of([*posts, *validation])
        self._by_hashtag = sparse.csr_matrix(self._vocabulary.labels.T)
        return Fitted()

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`."""
        suggested: list[list[Scored]] = []
        for start in range(0, len(queries), _AT_ONCE):
            for row in self._scores(queries[start : start + _AT_ONCE]):
                best = [place for place in np.argsort(-row, kind="stable")[:count].tolist() if row[place] > 0]
                suggested.append([Scored(self._vocabulary.hashtags[place], float(row[place])) for place in best])
        return suggested

    def _scores(self, queries: Sequence[Query]) -> NDArray[np.float64]:
        """(n, m)."""
        named = [self._named(query.caption) for query in queries]
        columns = np.asarray([column for some in named for column in some], dtype=np.int64)
        pointers = np.cumsum([0, *map(len, named)])
        shape = (len(queries), len(self._vocabulary.hashtags))
        voting = sparse.csr_matrix((1 / self._vocabulary.uses[columns], columns, pointers), shape=shape)
        voted = (voting @ self._by_hashtag @ self._vocabulary.labels).toarray()
        return np.asarray((voted + self._vocabulary.shares) / (np.diff(pointers)[:, None] + 1))

    def _named(self, caption: str) -> list[int]:
        """The columns of the hashtags among a caption's words, each once."""
        words = map(normalise_hashtag, re.split(r"\s+", caption))
        columns = self._vocabulary.columns
        return sorted({columns[word] for word in words if word in columns})
