"""How posts with a hashtag were responded to, against like posts without it; not whether the hashtag is the reason."""

from dataclasses import dataclass
from typing import Any

from .post import Measure


@dataclass(frozen=True, slots=True)
class Reach:
    """The response to posts with a hashtag, against that to like posts: of the same author, at about the same time.

    ratio: of the typical response with it to that without. low, high: its 95% interval. posts, like_posts: how many
    posts with it, and how many like posts without it, were compared.
    """

    measure: Measure
    ratio: float
    low: float
    high: float
    posts: int
    like_posts: int

    def to_json(self) -> dict[str, Any]:
        """All but the measure, for machines."""
        ratios = {name: round(getattr(self, name), 4) for name in ("ratio", "low", "high")}
        return {**ratios, "posts": self.posts, "like_posts": self.like_posts}


@dataclass(frozen=True, slots=True)
class NoReach:
    """Why the responses cannot be compared, in words. posts, like_posts: how many could be, if that were enough."""

    measure: Measure
    reason: str
    posts: int = 0
    like_posts: int = 0

    def to_json(self) -> dict[str, Any]:
        """As `Reach.to_json`, without numbers that are not known, and with the reason."""
        unknown = dict.fromkeys(("ratio", "low", "high"))
        return {**unknown, "posts": self.posts, "like_posts": self.like_posts, "reason": self.reason}
