"""Posts and hashtags: what an archive holds, and what is asked of it."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from .advice import Advice

MAX_CAPTION = 100_000  # characters; Instagram allows 2,200, a long blog post has 50,000
MAX_HASHTAG = 100  # characters
ADDED = "added"  # the source of posts that are added one by one

# Letters and marks that show nothing: they would make two hashtags of what a reader sees as one.
_INVISIBLE = frozenset(
    [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x20E3, 0x3164, 0xFFA0]
    + [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
)
# Thai and Lao vowels that NFKC takes apart; nobody writes them so, and no platform finds them that way (`#ทำอาหาร`).
_NEVER_APART = (("\u0e4d\u0e32", "\u0e33"), ("\u0ecd\u0eb2", "\u0eb3"))

_MADE_UP = re.compile(r"(text|added)-[0-9a-f]{12}(~\d+)?")  # ids of posts for which nobody told one

Measure = Literal["likes", "comments", "views"]  # what is counted of the response to a post
MEASURES: tuple[Measure, ...] = get_args(Measure)

Modality = Literal["image", "text"]  # which part of a post: its photo, or its caption


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo file and the SHA-256 (hex) of its bytes, by which equal photos are known."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Response:
    """How often a post was liked, commented on and viewed when its source was last read; None where it is not told."""

    likes: int | None = None
    comments: int | None = None
    views: int | None = None

    def to_json(self) -> dict[str, int]:
        """What is told, by measure."""
        counts: dict[Measure, int | None] = {measure: getattr(self, measure) for measure in MEASURES}
        return {measure: count for measure, count in counts.items() if count is not None}


@dataclass(frozen=True, slots=True)
class Post:
    """One post of an archive, known by (source, post_id).

    caption: without hashtags, as encoders may see it; may be empty.
    hashtags: as posted (see `clean_hashtag`), in order, no two of one normalised form; may be empty.
    photos: in the order of the post; a carousel has several.
    response: what others did; it changes while the post stays what it is, so it is no part of its content.
    flaws: what could not be taken of its row; no part of what the post is.
    """

    source: str
    post_id: str
    caption: str
    hashtags: tuple[str, ...]
    photos: tuple[Photo, ...] = ()
    author: str | None = None
    posted_at: datetime | None = None
    flaws: tuple["Flaw", ...] = field(default=(), compare=False)
    response: Response = Response()

    def contents(self, modality: Modality) -> tuple[Photo, ...] | tuple[str, ...]:
        """All its photos, or its caption alone; empty if it has none."""
        if modality == "image":
            return self.photos
        return (self.caption,) if self.caption else ()

    def digests(self, modality: Modality) -> tuple[str, ...]:
        """SHA-256 (hex) of each of its `contents`: of the bytes of a photo, of the UTF-8 of a caption."""
        if modality == "image":
            return tuple(photo.digest for photo in self.photos)
        digest = caption_digest(self.caption)
        return (digest,) if digest else ()

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "post": self.post_id,
            "source": self.source,
            "caption": self.caption,
            "hashtags": list(self.hashtags),
            "photos": [str(photo.path) for photo in self.photos],
            "author": self.author,
            "posted_at": self.posted_at.isoformat() if self.posted_at else None,
            **self.response.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Flaw:
    """A part of a post that could not be taken, although the post was, and why.

    part: what is missing: `photo`, `author`, `date`, `hashtags`, `id`, or a `Measure`. advice: what to do, None if the
    reason says it.
    """

    part: str
    reason: str
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A post that could not be taken: where it stands in its source (1 = first post) and why.

    torn: whether its row looks as one does in whose middle the file ends.
    flaws: the parts of its row that could not be taken, of which it makes no post. advice: as that of a `Flaw`.
    """

    source: str
    row: int
    reason: str
    torn: bool = False
    flaws: tuple[Flaw, ...] = field(default=(), compare=False)
    advice: Advice | None = None


def is_told(post_id: str) -> bool:
    """Whether a post's id says anything to a person, as one that was made from its content does not."""
    return not _MADE_UP.fullmatch(post_id)


def caption_digest(caption: str) -> str | None:
    """SHA-256 (hex) of a caption; None of the empty one, which no encoder sees."""
    return sha256(caption.encode()).hexdigest() if caption else None


def clean_hashtag(raw: str) -> str:
    """A hashtag as it is shown: NFKC (Thai and Lao AM apart), only Unicode categories L, M, N and `_`, case kept.

    Returns "" where no letter or number is left. Cleaning twice changes nothing.
    """
    cleaned = raw
    while True:
        kept = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cleaned).translate(_KEPT))
        if kept == cleaned:
            break
        cleaned = kept
    for apart, joined in _NEVER_APART:
        cleaned = cleaned.replace(apart, joined)
    return cleaned if any(unicodedata.category(c)[0] in "LN" for c in cleaned) else ""


def normalise_hashtag(raw: str) -> str:
    """The form by which hashtags are matched: `clean_hashtag`, case folded.

    Returns "" for what is no hashtag. Normalising twice changes nothing.
    """
    normalised = clean_hashtag(raw)
    while True:
        # Folding can undo NFKC and the other way round (U+0345), hence the fixed point.
        folded = clean_hashtag(normalised.casefold())
        if folded == normalised:
            return normalised
        normalised = folded


def distinct_hashtags(raw: list[str]) -> tuple[str, ...]:
    """Clean hashtags in order, the first of each normalised form, without those that come out empty."""
    first: dict[str, str] = {}
    for tag in raw:
        cleaned = clean_hashtag(tag)
        if cleaned:
            first.setdefault(normalise_hashtag(cleaned), cleaned)
    first.pop("", None)
    return tuple(first.values())


def normalise_author(name: str) -> str:
    """The form by which authors are matched: composed letters (NFC), without spaces around."""
    return unicodedata.normalize("NFC", name.strip())


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


class _Kept(dict[int, int | None]):
    """For `str.translate`: the characters that hashtags are made of stay, all others go. Learned as they come."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        belongs = character == "_" or _is_word(character) and code not in _INVISIBLE
        return self.setdefault(code, code if belongs else None)


_KEPT = _Kept()
