"""HARRISON: two lists side by side, one of photos and one of their hashtags (Park, Li and Kim, arXiv 1605.05054)."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import repeat
from pathlib import Path, PurePosixPath

from ...core.errors import SourceError
from .folders import leftovers, within
from .photos import exists
from .rows import BrokenRow, Row
from .textfile import MAX_LINE, TextFile

PHOTOS = "data_list.txt"
HASHTAGS = "tag_list.txt"


class HarrisonFolder:
    """Photos with hashtags and no captions: line n of one list names the photo, line n of the other its hashtags.

    The folder in which a photo lies is the hashtag by which it was collected, so that no id tells it.
    images: where photos lie, in the folders that the list names, in those without the topmost ones, or all in one
    folder with `_` for `/`.
    Raises SourceError where a list is missing or cannot be read, or where they differ in length.
    """

    def __init__(self, folder: Path, images: Path, encoding: str | None) -> None:
        for name in (PHOTOS, HASHTAGS):
            if not (folder / name).is_file():
                raise SourceError(f"{folder} has no {name}; HARRISON is {PHOTOS} and {HASHTAGS} side by side")
        self._photos, self._hashtags = (
            TextFile(within(folder / name, folder), encoding) for name in (PHOTOS, HASHTAGS)
        )
        self._folder = folder
        self._images = images
        photos, hashtags = (sum(1 for _ in _lines(text)) for text in (self._photos, self._hashtags))
        if photos != hashtags:
            raise SourceError(
                f"{folder}: {PHOTOS} has {photos:,} lines and {HASHTAGS} {hashtags:,}; they must have equally many, so "
                "get both again"
            )
        if not photos:
            raise SourceError(f"{folder / PHOTOS} is empty; write one photo a line")

    @property
    def columns(self) -> Sequence[str]:
        """Those of every HARRISON."""
        return ("image", "hashtags", "id")

    def rows(self) -> Iterator[Row]:
        """One for each line."""
        for photo, hashtags in zip(_lines(self._photos), _lines(self._hashtags), strict=False):
            if not photo:
                yield BrokenRow(f"names no photo in {PHOTOS}")
            elif max(len(photo), len(hashtags)) > MAX_LINE:
                yield BrokenRow(f"is longer than {MAX_LINE:,} characters")
            else:
                known_by = sha256(photo.encode(errors="surrogatepass")).hexdigest()[:16]
                yield {"image": self._found(photo), "hashtags": hashtags, "id": f"photo-{known_by}"}

    def notes(self) -> Sequence[str]:
        """Which encodings were found if that is not certain, and what lies in the folder and is not read."""
        used = {str(self._folder / name) for name in (PHOTOS, HASHTAGS)}
        used |= {str(self._images / self._found(photo)) for photo in _lines(self._photos)}
        unread = leftovers(self._folder, lambda folder, names: {name for name in names if str(folder / name) in used})
        return [*self._photos.notes(), *self._hashtags.notes(), *unread]

    def _found(self, name: str) -> str:
        """The photo's path as it lies in the images folder; the name as it is where it lies nowhere."""
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if ".." in parts or "\0" in name:
            return name
        nested = ["/".join(parts[i:]) for i in range(max(1, len(parts) - 1))]
        flattened = ["_".join(parts[i:]) for i in range(len(parts) - 1)]
        candidates = [path for path in nested + flattened if not path.startswith("/")]
        return next((path for path in candidates if exists(self._images / path)), name)


def _lines(text: TextFile) -> Iterator[str]:
    """All lines without space around them; blank ones at the end are none."""
    blank = 0
    for line in text.lines():
        if stripped := line.strip():
            yield from repeat("", blank)
            yield stripped
            blank = 0
        else:
            blank += 1
