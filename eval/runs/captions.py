"""Puts systems that write captions to the test: each learns from the same posts and sees the same photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from ...core.caption_cleaning import clean_caption
from ...core.errors import SettingsError
from ...core.post import Post
from ...core.progress import Progress
from ..measures.tokens import tokens_of
from ..systems.caption_system import CaptionSystem, photos_of
from ..systems.system import SILENT, Kind
from .splits import Split


def has_photo_and_caption(post: Post) -> bool:
    """Whether a system can learn from a post which caption a photo gets.

    It has both, and the cleaned caption holds a word.
    """
    return bool(post.photos and tokens_of(clean_caption(post.caption).text, "words"))


@dataclass(frozen=True, slots=True)
class CaptionTrial:
    """What systems learn from and are judged on: posts that have a photo and a caption, which is cleaned.

    Cleaned as `hashtag caption` cleans: no system can know whom a post mentions, or where it links, and none is to
    write it. left_out: how many posts of the archive lack one of them.
    """

    train: Sequence[Post]
    validation: Sequence[Post]
    test: Sequence[Post]
    left_out: int

    @classmethod
    def of(cls, posts: Sequence[Post], split: Split) -> "CaptionTrial":
        """Raises SettingsError where a part has no such post."""
        able = [has_photo_and_caption(post) for post in posts]
        parts = {
            "training": [_cleaned(posts[row]) for row in split.train if able[row]],
            "validation": [_cleaned(posts[row]) for row in split.validation if able[row]],
            "test": [_cleaned(posts[row]) for row in split.test if able[row]],
        }
        for name, part in parts.items():
            if not part:
                photos = sum(bool(post.photos) for post in posts)
                raise SettingsError(
                    f"no {name} post has both a photo and a caption; of {len(posts):,} posts {photos:,} have a photo,"
                    f" and {sum(able):,} have both"
                )
        return cls(parts["training"], parts["validation"], parts["test"], able.count(False))

    @property
    def truth(self) -> list[str]:
        """By test post its own caption, cleaned."""
        return [post.caption for post in self.test]

    def notes(self) -> list[str]:
        """What a person should know of it."""
        if not self.left_out:
            return []
        return [f"{self.left_out:,} posts are left out: they lack a photo that can be read, or a caption with a word"]


@dataclass(frozen=True, slots=True)
class CaptionResult:
    """The captions that a system wrote for n test posts, empty ones included.

    fit_seconds: to learn. write_ms: to write, for each post, all asked about at once. notes: how it came about.
    """

    name: str
    kind: Kind
    captions: Sequence[str]
    fit_seconds: float
    write_ms: float
    notes: Sequence[str] = ()

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "CaptionResult":
        """Of its fields, as `dataclasses.asdict` gives them. Raises KeyError or TypeError on what is none."""
        return cls(**{**fields, "captions": [str(caption) for caption in fields["captions"]]})


def _cleaned(post: Post) -> Post:
    return replace(post, caption=clean_caption(post.caption).text)


def run_captions(system: CaptionSystem, trial: CaptionTrial, progress: Progress = SILENT) -> CaptionResult:
    """Let a system learn, then write. Raises ValueError where it does not write a caption for every query."""
    started = perf_counter()
    fitted = system.fit(trial.train, trial.validation, progress)
    learned = perf_counter()
    with progress.stage(f"{system.name} writes", None):
        captions = system.write([photos_of(post) for post in trial.test])
    if len(captions) != len(trial.test):
        raise ValueError(f"{system.name} wrote {len(captions)} captions for {len(trial.test)} posts")
    ms = 1000 * (perf_counter() - learned) / len(trial.test)
    return CaptionResult(system.name, system.kind, captions, learned - started, ms, list(fitted.notes))
