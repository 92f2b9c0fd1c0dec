"""New posts that want hashtags, and the forms in which their photos may be given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from .hashtags import parse_hashtags
from .post import Modality


class PillowImage(Protocol):
    """A picture in memory: a `PIL.Image.Image`, which this floor does not import."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    def getexif(self) -> Any:
        """Its EXIF, which may turn it."""
        ...


class BinaryFile(Protocol):
    """A file that is open for reading bytes."""

    def read(self) -> bytes:
        """All bytes that are left."""
        ...


# The photo of a new post: a file, the bytes of one, or a picture in memory.
NewPhoto: TypeAlias = Path | bytes | PillowImage
# What a person may give instead: also a path as text, or an open file.
AnyPhoto: TypeAlias = NewPhoto | str | BinaryFile


def as_photos(given: AnyPhoto | Sequence[AnyPhoto] | None) -> tuple[NewPhoto, ...]:
    """One photo or several, in order; open files are read to their end. None is no photo."""
    if given is None:
        return ()
    several = given if isinstance(given, list | tuple) else (given,)
    return tuple(_as_photo(photo) for photo in several)


def _as_photo(photo: Any) -> NewPhoto:
    if isinstance(photo, str):
        return Path(photo)
    read = getattr(photo, "read", None)
    return photo if read is None else read()  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Query:
    """A new post that wants hashtags.

    photos: one or, of a carousel, several; whatever `as_photos` takes. given: hashtags that it has already, in any
    spelling, listed or in one text; those in the caption join them. author: whose own history is to count.
    """

    caption: str = ""
    photos: tuple[NewPhoto, ...] = ()
    given: tuple[str, ...] = ()
    author: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "photos", as_photos(self.photos))
        given = parse_hashtags(self.given) if isinstance(self.given, str) else self.given
        object.__setattr__(self, "given", tuple(given))

    def contents(self, modality: Modality) -> tuple[NewPhoto, ...] | tuple[str, ...]:
        """As `Post.contents`."""
        if modality == "image":
            return self.photos
        return (self.caption,) if self.caption else ()
