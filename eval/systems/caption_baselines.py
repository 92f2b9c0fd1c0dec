"""What every system that writes captions is held against.

None needs validation posts: they learn from those as well.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from ...core.post import Post
from ...core.progress import Progress
from ...core.protocols import Encoder
from ...core.query import Query
from ...core.vectors import NO_ROW, Vectors
from ..measures.tokens import tokens_of
from .channels import Channel
from .system import SILENT, Fitted, Kind


class NearestPhoto:
    """The caption of the training post whose first photo is nearest; the first photo of a query counts alone."""

    name = "nearest photo"
    kind: Kind = "reference"

    def __init__(self, encoder: Encoder[Vectors]) -> None:
        """encoder: of photos."""
        self._encoder = encoder

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `CaptionSystem.fit`."""
        self._posts = [*posts, *validation]
        self._channel = Channel(self._encoder, self._posts)
        return Fitted()

    def write(self, queries: Sequence[Query]) -> list[str]:
        """See `CaptionSystem.write`. Empty where no photo is similar at all."""
        rows = self._channel.nearest(self._channel.encode(queries), 1).rows[:, 0].tolist()
        return ["" if row == NO_ROW else self._posts[row].caption for row in rows]


class TypicalCaption:
    """One caption for every photo: the training caption that is most like all others. What is got without looking.

    By the mean cosine of word counts.
    """

    name = "typical caption"
    kind: Kind = "floor"

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `CaptionSystem.fit`."""
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.preprocessing import normalize

        captions = [post.caption for post in (*posts, *validation)]
        counted = normalize(CountVectorizer(analyzer=partial(tokens_of, unit="words")).fit_transform(captions))
        alike = np.asarray(counted @ np.asarray(counted.sum(axis=0)).T)
        self._caption = captions[int(alike.argmax())]
        return Fitted()

    def write(self, queries: Sequence[Query]) -> list[str]:
        """See `CaptionSystem.write`."""
        return [self._caption for _ in queries]


class RandomCaption:
    """Captions drawn from all training posts: what chance reaches in the archive's own voice."""

    name = "random caption"
    kind: Kind = "floor"

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `CaptionSystem.fit`."""
        self._captions = [post.caption for post in (*posts, *validation)]
        return Fitted()

    def write(self, queries: Sequence[Query]) -> list[str]:
        """See `CaptionSystem.write`."""
        rng = np.random.default_rng(self._seed)
        return [self._captions[place] for place in rng.integers(len(self._captions), size=len(queries)).tolist()]
