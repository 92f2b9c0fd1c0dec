"""What a recommender answers: hashtags, each with the posts that speak for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A post of the archive that resembles the query.

    similarity: of query and post in that channel, high is near.
    share: the part of the whole vote that this post holds through that channel, in [0, 1].
    """

    source: str
    post: str
    channel: str
    similarity: float
    share: float
    caption: str
    photo: Path | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A hashtag for a post.

    hashtag: as the archive posts it most often.
    score: in [0, 1].
    evidence: neighbours that carry it, those whose votes weigh most first; empty where the archive's most used
    hashtags stand in.
    """

    hashtag: str
    score: float
    evidence: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """All hashtags suggested for one post, best first, and the snapshot they come from.

    notes: what a person should know of how they came about, such as that nothing in the archive resembles the post.
    error: why there are none, where the post itself could not be read.
    """

    suggestions: tuple[Suggestion, ...]
    snapshot: str
    notes: tuple[str, ...] = ()
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented shape: hashtags with score and evidence (post, similarity, channel), and the snapshot.

        `error` joins them only where there is one.
        """
        return {
            "hashtags": [
                {
                    "hashtag": suggestion.hashtag,
                    "score": round(suggestion.score, 6),
                    "evidence": [
                        {"post": n.post, "similarity": round(n.similarity, 6), "channel": n.channel}
                        for n in suggestion.evidence
                    ],
                }
                for suggestion in self.suggestions
            ],
            "snapshot": self.snapshot,
            **({"error": self.error} if self.error is not None else {}),
        }
