"""A few posts of the test, what they carry, and what each system says of them."""

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

from ....core.errors import PhotoError
from ....core.post import Photo, Post, normalise_hashtag
from ...runs.run import RunResult, Trial
from ...systems.system import Scored

if TYPE_CHECKING:
    from PIL import Image

# Decodes a photo whose shorter side is to be of so many pixels at least. Raises PhotoError with the reason.
ReadPhoto: TypeAlias = Callable[[Photo, int], "Image.Image"]

SHOWN = 5  # answers of each system
_SIDE = 300  # pixels of a photo's longer side
_LONGEST = 600  # characters of a caption
_QUALITY = 75


@dataclass(frozen=True, slots=True)
class Shown:
    """A hashtag as it was suggested, and whether the post carries it."""

    hashtag: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A test post, and the first answers of each system.

    place: among the test posts, from 1. photo: a JPEG as data URI, or None, and then `without` says why.
    """

    place: int
    post_id: str
    caption: str
    truth: tuple[str, ...]
    photo: str | None
    without: str
    answers: Mapping[str, tuple[Shown, ...]]


def choose_examples(
    trial: Trial, results: Sequence[RunResult], read_photo: ReadPhoto, n: int = 10
) -> tuple[Example, ...]:
    """n test posts at equal distances in their order, whatever any system made of them; all where there are fewer.

    Of several runs the answers are those of the first.
    """
    return tuple(_example(place, trial, results, read_photo) for place in spread(len(trial.test), n))


def spread(n_posts: int, n: int) -> list[int]:
    """n places at equal distances; all where there are fewer."""
    count = min(n, n_posts)
    return [(2 * i + 1) * n_posts // (2 * count) for i in range(count)]


def shortened(caption: str) -> str:
    """A caption, or the beginning of a long one."""
    return caption if len(caption) <= _LONGEST else caption[:_LONGEST] + " …"


def _example(place: int, trial: Trial, results: Sequence[RunResult], read_photo: ReadPhoto) -> Example:
    post, truth = trial.test[place], trial.truth[place]
    photo, without = thumbnail(post, read_photo)
    answers = {result.name: _shown(result.ranked[place], truth) for result in results}
    return Example(place + 1, post.post_id, shortened(post.caption), post.hashtags, photo, without, answers)


def _shown(answer: Sequence[Scored], truth: Collection[str]) -> tuple[Shown, ...]:
    return tuple(Shown(scored.hashtag, normalise_hashtag(scored.hashtag) in truth) for scored in answer[:SHOWN])


def thumbnail(post: Post, read_photo: ReadPhoto) -> tuple[str | None, str]:
    """A post's first photo as a data URI, or None and why there is none.

    Encoded anew, so that nothing of the file but what is seen gets into the page.
    """
    if not post.photos:
        return None, "no photo"
    try:
        image = read_photo(post.photos[0], _SIDE)
    except PhotoError as error:
        return None, f"the photo cannot be shown: {error}"
    image.thumbnail((_SIDE, _SIDE))
    content = BytesIO()
    image.save(content, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{b64encode(content.getvalue()).decode()}", ""
