"""What captions are compared of: the product, networks and floors, all by one protocol."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from ...core.captions import CaptionOptions
from ...core.post import Post
from ...core.progress import Progress
from ...core.protocols import CaptionRecommender
from ...core.query import Query
from .system import SILENT, Fitted, Kind

CaptionBuilder: TypeAlias = Callable[[Sequence[Post], Sequence[Post]], CaptionRecommender]


class CaptionSystem(Protocol):
    """Learns from training posts, then writes a caption for each photo that it has never seen."""

    @property
    def name(self) -> str:
        """By which a report tells it from all others."""
        ...

    @property
    def kind(self) -> Kind:
        """What a reader is to take it for."""
        ...

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """Learn, and forget what was learned before.

        posts, validation: see `System.fit`; each has a photo and a caption. Raises SettingsError where nothing can be
        learned from such posts.
        """
        ...

    def write(self, queries: Sequence[Query]) -> list[str]:
        """For each query a caption, empty where it has none. queries: photos alone."""
        ...


def photos_of(post: Post) -> Query:
    """A post as a query for a caption: its photos alone."""
    return Query(photos=tuple(photo.path for photo in post.photos))


class CaptionRecommenderSystem:
    """Any `CaptionRecommender` as a system: to fit is to build one. It writes its first caption."""

    def __init__(self, name: str, kind: Kind, build: CaptionBuilder) -> None:
        """build: makes a recommender from training and validation posts, however it parts them."""
        self.name = name
        self.kind = kind
        self._build = build
        self._recommender: CaptionRecommender | None = None

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `CaptionSystem.fit`."""
        with progress.stage(self.name, None):
            self._recommender = self._build(posts, validation)
        return Fitted()

    def write(self, queries: Sequence[Query]) -> list[str]:
        """See `CaptionSystem.write`. Raises RuntimeError before `fit`."""
        if self._recommender is None:
            raise RuntimeError(f"{self.name} was asked before it was fitted")
        answers = self._recommender.caption_batch(queries, CaptionOptions(count=1))
        return [answer.captions[0].caption if answer.captions else "" for answer in answers]
