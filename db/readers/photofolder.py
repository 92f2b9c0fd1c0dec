"""A folder of photos with what stands beside them (`.txt`, `.xmp`, `.json`) or in them (XMP, IPTC)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ...core.advice import BESIDE_PHOTOS, Advice
from .folders import PHOTO_SUFFIXES, leftovers, walk
from .invalid_row import shown
from .keywords import Described, read_photo_metadata
from .rows import FlawedRow, Row
from .sidecars import read_sidecars, sidecars_of


class PhotoFolder:
    """One row for each photo in a folder or below it.

    Its caption is the text beside it (`a.txt` or `a.jpg.txt` for `a.jpg`), else what metadata say; hashtags are all
    keywords that metadata hold, and those in the caption. A folder's name says nothing.
    """

    def __init__(self, folder: Path, encoding: str | None) -> None:
        self._folder = folder
        self._encoding = encoding

    @property
    def columns(self) -> Sequence[str]:
        """Those of every photo."""
        return ("image", "text", "hashtags", "author", "posted_at")

    def rows(self) -> Iterator[Row]:
        """Every photo, folder by folder, in the order of their names."""
        for folder, names in walk(self._folder):
            for photo, sidecars in sidecars_of(names).items():
                yield self._row(folder, photo, sidecars)

    @property
    def advice(self) -> Advice:
        """Where hashtags are looked for."""
        return BESIDE_PHOTOS

    def notes(self) -> Sequence[str]:
        """What lies in the folder and is not read."""
        return leftovers(self._folder, _used)

    def _row(self, folder: Path, name: str, sidecars: Sequence[str]) -> Row:
        photo = folder / name
        path = photo.relative_to(self._folder)
        described = read_sidecars(folder, sidecars, name, self._folder, self._encoding) | self._embedded(photo)
        fields = {
            "image": path,
            "text": described.caption,
            "hashtags": list(described.keywords),
            "author": described.author,
            "posted_at": described.posted_at,
        }
        flaws = tuple(replace(flaw, reason=f"photo {shown(str(path))}: {flaw.reason}") for flaw in described.flaws)
        return FlawedRow(fields, flaws) if flaws else fields

    def _embedded(self, photo: Path) -> Described:
        """What the file holds; nothing of a link that leads out, which will be rejected as a photo."""
        try:
            inside = photo.resolve().is_relative_to(self._folder) and photo.is_file()
        except (OSError, RuntimeError):  # links in a circle
            return Described()
        return read_photo_metadata(photo) if inside else Described()


def _used(_: Path, names: Sequence[str]) -> Collection[str]:
    photos = {name for name in names if Path(name).suffix.lower() in PHOTO_SUFFIXES}
    return photos.union(*sidecars_of(names).values())
