"""What is judged: the product, networks, references and floors, all by one protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

from ...core.post import Post
from ...core.progress import Progress, Silent
from ...core.protocols import Recommender
from ...core.query import Query
from ...core.suggest_options import SuggestOptions

Kind = Literal["retrieval", "network", "reference", "floor", "ceiling"]

Builder = Callable[[Sequence[Post], Sequence[Post]], Recommender]

AS_POSTED = SuggestOptions(raw=True)
SILENT = Silent()


class Scored(NamedTuple):
    """A hashtag, in any spelling, and what speaks for it: high is likely; systems have their own scales."""

    hashtag: str
    score: float


class Epoch(NamedTuple):
    """A point of a learning curve: mean losses of training and validation posts, and micro F1 on the latter."""

    loss: float
    validation_loss: float
    validation_f1: float


@dataclass(frozen=True, slots=True)
class Curve:
    """How training with one setting went. best: the epoch whose weights it kept. stands: whether these were taken."""

    setting: Mapping[str, float]
    epochs: Sequence[Epoch]
    best: int
    stands: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a system came about. notes: what a person should know of it. curves: of trained ones, every setting tried."""

    notes: Sequence[str] = ()
    curves: Sequence[Curve] = ()


class System(Protocol):
    """Learns from training posts, then suggests hashtags for posts that it has never seen."""

    @property
    def name(self) -> str:
        """By which a report tells it from all others."""
        ...

    @property
    def kind(self) -> Kind:
        """What a reader is to take it for."""
        ...

    @property
    def auto(self) -> bool:
        """Whether it has an opinion of its own on how many hashtags a post deserves."""
        ...

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """Learn, and forget what was learned before.

        validation: other posts, to stop, choose and calibrate by; a system with no need of that may learn from them,
        too. Raises SettingsError where nothing can be learned from such posts.
        """
        ...

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """For each query hashtags, best first, no two of one normalised form.

        queries: all there are, of which a system takes as many at once as it can. count: this many at most; None: as
        many as deserve it, of which only those with `auto` are asked.
        """
        ...


def query_of(post: Post) -> Query:
    """A post as a query: its caption and photos, without its author."""
    return Query(post.caption, tuple(photo.path for photo in post.photos))


class RecommenderSystem:
    """Any `Recommender` as a system: to fit is to build one."""

    auto = True

    def __init__(self, name: str, kind: Kind, build: Builder, options: SuggestOptions = AS_POSTED) -> None:
        """build: makes a recommender from training and validation posts, however it parts them.

        options: for its answers, apart from how many.
        """
        self.name = name
        self.kind = kind
        self._build = build
        self._options = options
        self._recommender: Recommender | None = None

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        with progress.stage(self.name, None):
            self._recommender = self._build(posts, validation)
        return Fitted()

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`. Raises RuntimeError before `fit`."""
        if self._recommender is None:
            raise RuntimeError(f"{self.name} was asked before it was fitted")
        answers = self._recommender.suggest_batch(
            queries, replace(self._options, count="auto" if count is None else count)
        )
        return [[Scored(found.hashtag, found.score) for found in answer.suggestions] for answer in answers]


class PhotoAlone:
    """Another system, asked without captions; posts without a photo get no hashtags."""

    def __init__(self, system: System) -> None:
        """system: whose name and kind this one has."""
        self.name = system.name
        self.kind = system.kind
        self.auto = system.auto
        self._system = system

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        return self._system.fit(posts, validation, progress)

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`."""
        answers = iter(self._system.suggest([replace(query, caption="") for query in queries if query.photos], count))
        return [next(answers) if query.photos else [] for query in queries]
