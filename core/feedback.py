"""What people say of suggested hashtags."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from .post import Photo

Verdict = Literal["accept", "reject"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person said of one hashtag that was suggested for one post.

    hashtag: normalised. score: the probability it was suggested with, in [0, 1]. snapshot: the one it came from.
    caption: of the post, without hashtags; may be empty. photos: of the post;
    what is kept knows the first one alone.
    """

    hashtag: str
    verdict: Verdict
    score: float
    snapshot: str
    caption: str
    photos: tuple[Photo, ...]
    judged_at: datetime


def feedback_digest(judgements: Iterable[Judgement]) -> str:
    """SHA-256 (hex) over all that an index learns from judgements, in whatever order they come."""
    learned_from = sorted(f"{judgement.hashtag} {judgement.verdict} {judgement.score!r}" for judgement in judgements)
    return sha256("\n".join(learned_from).encode()).hexdigest()
