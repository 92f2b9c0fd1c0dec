"""What a recommender answers: hashtags, each with the posts that speak for it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from .reach import Reach
from .tiers import Tier

Step = Literal["blocked", "merged", "excluded", "language", "signature"]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A post of the archive that resembles the query.

    similarity: of query and post in that channel, high is near.
    share: the part of the whole vote that this post holds through that channel, in [0, 1].
    caption: whole, or of a suggestion's evidence the beginning.
    photo: of several the one that is nearest to the query, in channels of photos; else the first.
    photo_key: names that photo without its path, so that it may leave the machine; `Archive.photo` gives the path.
    """

    source: str
    post: str
    channel: str
    similarity: float
    share: float
    caption: str
    photo: Path | None
    photo_key: str | None = None


# What a document for machines calls a neighbour's photo; None if it has none.
PhotoAddress: TypeAlias = Callable[[Neighbour], str | None]


def path_of_photo(neighbour: Neighbour) -> str | None:
    """The path of its file, for readers on the same machine."""
    return str(neighbour.photo) if neighbour.photo else None


@dataclass(frozen=True, slots=True)
class Reason:
    """What moved a hashtag's probability, in words, and by how much in log odds; below 0 it spoke against it."""

    what: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A hashtag for a post.

    hashtag: as the archive posts it most often.
    score: in [0, 1]; a probability where the archive was large enough to learn from.
    evidence: neighbours that carry it, those whose votes weigh most first; empty where the archive's most used
    hashtags stand in, and for one that was found by other means.
    uses: posts of the archive that carry it. tier: whether it is of the few that hold a third of all uses (head), of
    the many that do (tail), or between. reasons: the weightiest first; empty unless they were asked for.
    words: of the caption, of which a new hashtag is made; empty for one that the archive knows.
    reach: by measure, where the archive tells enough; empty unless it was asked for.
    also: the other candidates of the same meaning, the likeliest first.
    weak: whether its probability is so low that it would not stand here if the number were free. origin: where it comes
    from, in words, if no post is behind it.
    """

    hashtag: str
    score: float
    evidence: tuple[Neighbour, ...]
    uses: int
    tier: Tier
    reasons: tuple[Reason, ...] = ()
    words: tuple[str, ...] = ()
    reach: tuple[Reach, ...] = ()
    also: tuple[str, ...] = ()
    weak: bool = False
    origin: str | None = None

    @property
    def new(self) -> bool:
        """Whether the archive does not know it."""
        return bool(self.words)

    def to_json(self, explain: bool, address: PhotoAddress = path_of_photo) -> dict[str, Any]:
        """The documented shape. explain: with all that `--explain` tells a person. address: how photos are named."""
        shown: dict[str, Any] = {
            "hashtag": self.hashtag,
            "score": round(self.score, 6),
            "evidence": [
                {"post": n.post, "similarity": round(n.similarity, 6), "channel": n.channel}
                | ({"share": round(n.share, 6), "caption": n.caption, "photo": address(n)} if explain else {})
                for n in self.evidence
            ],
            **({"new": True, "words": list(self.words)} if self.new else {}),
            **({"weak": True} if self.weak else {}),
            **({"origin": self.origin} if self.origin is not None else {}),
        }
        if self.also:
            shown["also"] = list(self.also)
        if explain:
            reasons = [{"what": reason.what, "log_odds": round(reason.log_odds, 3)} for reason in self.reasons]
            shown |= {"uses": self.uses, "tier": self.tier, "reasons": reasons}
            if self.reach:
                shown["reach"] = {reach.measure: reach.to_json() for reach in self.reach}
        return shown


@dataclass(frozen=True, slots=True)
class KnownHashtag:
    """A hashtag of the archive.

    hashtag: as the archive posts it most often. uses, tier: see `Suggestion`; no use if it was only added. aliases:
    normalised hashtags that mean the same, by a rule or as learned. blocked: the reason why it is never suggested, or
    None.
    """

    hashtag: str
    uses: int
    tier: Tier
    aliases: tuple[str, ...]
    blocked: str | None

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Removed:
    """A hashtag, as shown, that would have stood in the answer, the step that took it out, and why in words."""

    hashtag: str
    step: Step
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """All hashtags suggested for one post, best first, and the snapshot they come from.

    removed: what would have stood there too. notes: what a person should know of how they came about, such as that
    nothing in the archive resembles the post. error: why there are none, where the post itself could not be read.
    familiarity: how well the archive knows such posts: the probability that at least one of the five likeliest
    hashtags is right; None if that is not known, as in an archive too small to learn from.
    """

    suggestions: tuple[Suggestion, ...]
    snapshot: str
    removed: tuple[Removed, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None
    familiarity: float | None = None

    def to_json(self, explain: bool = False, address: PhotoAddress = path_of_photo) -> dict[str, Any]:
        """The documented shape: hashtags with score and evidence (post, similarity, channel), and the snapshot.

        `familiarity`, `removed`, `notes` and `error` join them only if there are any. explain, address: see
        `Suggestion.to_json`.
        """
        removed = [{"hashtag": r.hashtag, "step": r.step, "reason": r.reason} for r in self.removed]
        return {
            "hashtags": [suggestion.to_json(explain, address) for suggestion in self.suggestions],
            "snapshot": self.snapshot,
            **({"familiarity": round(self.familiarity, 6)} if self.familiarity is not None else {}),
            **({"removed": removed} if removed else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
            **({"error": self.error} if self.error is not None else {}),
        }
