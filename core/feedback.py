"""What people say of suggested hashtags."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .post import Photo

Verdict = Literal["accept", "reject"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person said of one hashtag that was suggested for one post.

    hashtag: normalised. score: the probability it was suggested with, in [0, 1]. snapshot: the one it came from.
    caption: of the post, without hashtags; may be empty.
    """

    hashtag: str
    verdict: Verdict
    score: float
    snapshot: str
    caption: str
    photo: Photo | None
    judged_at: datetime
