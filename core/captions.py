"""What a person asks of captions for a new post, and what is answered: captions of the archive, each with its post."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from .errors import SettingsError
from .results import Neighbour, PhotoAddress, path_of_photo
from .suggest_options import language_codes

MOST_CAPTIONS = 20


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """How many captions an answer is to have, and which; named as the options of `hashtag caption`.

    count: this many at most, 1 to MOST_CAPTIONS. languages: keys of `writing_systems.SCRIPTS`, or a text of them apart
    by commas; only captions in their letters. Empty: all. min_length, max_length: characters of the cleaned caption;
    max_length None: of any length.
    Raises SettingsError on options that nothing can fulfil.
    """

    count: int = 3
    languages: Collection[str] = frozenset()
    min_length: int = 1
    max_length: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", language_codes(self.languages))
        if not 1 <= self.count <= MOST_CAPTIONS:
            raise SettingsError(f"count is {self.count}; 1 to {MOST_CAPTIONS} captions can be asked for")
        if self.min_length < 1:
            raise SettingsError(f"the least length is {self.min_length}; it must be at least 1 character")
        if self.max_length is not None and self.max_length < self.min_length:
            raise SettingsError(
                f"the greatest length, {self.max_length} characters, is below the least, {self.min_length}"
            )


@dataclass(frozen=True, slots=True)
class SuggestedCaption:
    """A caption of the archive that may serve a new post; it is another post's, and says which.

    caption: without what belongs to its own author: mentions, links, e-mail addresses, dates, prices, phone numbers,
    hashtags.
    score: in [0, 1], its consensus: how similar it is to the captions of all neighbours, by their share.
    post: the post it is taken from, with its whole caption. author: who posted that, if the archive tells.
    similar: posts, beside that one, whose captions are near-duplicates of it. removed: what was cut out, by kind, such
    as `link`.
    """

    caption: str
    score: float
    post: Neighbour
    author: str | None
    similar: int = 0
    removed: tuple[str, ...] = ()

    def to_json(self, address: PhotoAddress = path_of_photo) -> dict[str, Any]:
        """The documented shape. address: how photos are named."""
        return {
            "caption": self.caption,
            "score": round(self.score, 6),
            "taken_from": {
                "post": self.post.post,
                "author": self.author,
                "similarity": round(self.post.similarity, 6),
                "channel": self.post.channel,
                "caption": self.post.caption,
                "photo": address(self.post),
            },
            "similar_posts": self.similar,
            "removed": list(self.removed),
        }


@dataclass(frozen=True, slots=True)
class CaptionAnswer:
    """Captions for one new post, those of most consensus first, and the snapshot they come from.

    notes, error: as those of `results.Answer`.
    """

    captions: tuple[SuggestedCaption, ...]
    snapshot: str
    notes: tuple[str, ...] = ()
    error: str | None = None

    def to_json(self, address: PhotoAddress = path_of_photo) -> dict[str, Any]:
        """The documented shape. `notes` and `error` join only if there are any. address: how photos are named."""
        return {
            "captions": [caption.to_json(address) for caption in self.captions],
            "snapshot": self.snapshot,
            **({"notes": list(self.notes)} if self.notes else {}),
            **({"error": self.error} if self.error is not None else {}),
        }
