"""What all trained networks share: from posts to parts, over the grid, to suggestions."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from ....core.errors import SettingsError
from ....core.post import Post
from ....core.progress import Progress
from ....core.query import Query
from ....core.suggest_options import MOST
from ....networks.training import Columns
from ...measures.metrics import Measure
from ..system import SILENT, Fitted, Kind, Scored, query_of
from ..validation import best_threshold, compared_at, n_due, with_hashtags
from .contents import Photos
from .halving import find_best
from .hashtags import Hashtags
from .learner import Attempt, Learner, LearnerTraining, Part, Setting, ranked, to_curve

_MOST_HASHTAGS = 2000  # the most used ones; what comes beyond, a handful of posts carry, and most of the work it is


class Network(ABC):
    """A `System` that is trained with the settings of its grid; the one that is best on the validation posts stands.

    On large archives, settings that lag behind are not trained to their end (`halving.find_best`).
    The best has the highest micro F1 of as many hashtags as the mean training post carries. Where their number is
    free, one threshold for all posts decides, the best on the same posts. Subclasses say what goes in and what is
    trained. attempts: all settings that were tried, with their learning curves. notes: what a person should know of how
    the network came about.
    """

    kind: Kind = "network"
    auto = True
    grid: ClassVar[tuple[Setting, ...]]
    most_hashtags: ClassVar[int] = _MOST_HASHTAGS

    def __init__(self, name: str, grid: Sequence[Setting] | None, seed: int) -> None:
        """grid: None for the network's own."""
        self.name = name
        self._grid = tuple(grid or self.grid)
        self._seed = seed
        self.attempts: tuple[Attempt[Measure], ...] = ()
        self.notes: tuple[str, ...] = ()

    @property
    def best(self) -> Attempt[Measure]:
        """The attempt whose weights stand; its curve is the network's learning curve."""
        return max(self.attempts, key=lambda attempt: attempt.validation.f1)

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`. Posts without hashtags teach nothing and are left out. Deterministic on a CPU."""
        posts, validation = with_hashtags(self.name, posts, validation)
        self.attempts = self.notes = ()
        self._hashtags = Hashtags(posts, self.most_hashtags)
        k = min(compared_at(posts), len(self._hashtags))
        self._prepare(posts)
        training, held_out = self._training_part(posts), self._part(validation)
        trainings = (
            LearnerTraining(partial(self._make_learner, setting, training), training, held_out, k, setting, self._seed)
            for setting in self._grid
        )
        best, self.attempts = find_best(trainings, self.name, progress)
        self._learner = best.trained()
        columns, scores = ranked(self._learner, held_out.inputs, min(MOST, len(self._hashtags)))
        right = held_out.labels.gather(1, columns)
        self._threshold = best_threshold(scores.numpy(), right.numpy(), held_out.n_due)
        return Fitted(self.notes, [to_curve(attempt, attempt is self.best) for attempt in self.attempts])

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`."""
        if not queries:
            return []
        least = self._threshold if count is None else float("-inf")
        columns, scores = ranked(self._learner, self._inputs(queries), min(count or MOST, len(self._hashtags)))
        names = self._hashtags.names
        return [
            [Scored(names[column], score) for column, score in zip(own, given, strict=True) if score >= least]
            for own, given in zip(columns.tolist(), scores.tolist(), strict=True)
        ]

    @abstractmethod
    def _prepare(self, posts: Sequence[Post]) -> None:
        """Learn from the training posts what inputs and targets need: words, the shape of features."""

    @abstractmethod
    def _inputs(self, queries: Sequence[Query]) -> Columns:
        """What the learner takes, of all queries."""

    @abstractmethod
    def _make_learner(self, setting: Setting, training: Part) -> Learner:
        """Untrained, of random weights."""

    def _targets(self, posts: Sequence[Post]) -> Tensor:
        """What the learner's loss takes: bool (n, m), unless the network has other targets."""
        return torch.from_numpy(self._hashtags.labels(posts))

    def _training_part(self, posts: Sequence[Post]) -> Part:
        """What is learned from: the posts as they are, unless the network changes them."""
        return self._part(posts)

    def _part(self, posts: Sequence[Post]) -> Part:
        labels = torch.from_numpy(self._hashtags.labels(posts))
        return Part(self._inputs([query_of(post) for post in posts]), self._targets(posts), labels, n_due(posts))

    def _require_photos(self, photos: Photos, posts: Sequence[Post]) -> None:
        """Raises SettingsError where none of the posts has a photo that can be read."""
        if not photos.settle([query_of(post) for post in posts]):
            raise SettingsError(
                f"{self.name} needs photos, and no training post has one that can be read; "
                "leave it out, or compare on an archive with photos"
            )

    def _note_what_lacks(self, photos: Photos, posts: Sequence[Post]) -> tuple[str, ...]:
        """For networks that look at caption and photo: what a person should know where all posts lack one of them.

        Raises SettingsError where all lack both.
        """
        seen, read = photos.settle([query_of(post) for post in posts]), any(post.caption.strip() for post in posts)
        if not seen and not read:
            raise SettingsError(f"{self.name} needs captions or photos, and no training post has either; leave it out")
        if not seen:
            return ("no post has a photo: captions alone",)
        return () if read else ("no post has a caption: photos alone",)
