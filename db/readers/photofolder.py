"""A folder of photos with what stands beside them (`.txt`, `.xmp`) or in them (XMP, IPTC)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .folders import PHOTO_SUFFIXES, read_caption, read_small, walk
from .keywords import Described, parse_xmp, read_photo_metadata
from .rows import BrokenRow, Row
from .unfit import Unfit, shown


class PhotoFolder:
    """One row for each photo in a folder or below it.

    Its caption is the text beside it (`a.txt` for `a.jpg`), else what metadata say; hashtags are all keywords that
    metadata hold, and those in the caption. A folder's name says nothing.
    """

    def __init__(self, folder: Path, encoding: str | None) -> None:
        self._folder = folder
        self._encoding = encoding

    @property
    def columns(self) -> Sequence[str]:
        """Those of every photo."""
        return ("image", "text", "hashtags")

    def rows(self) -> Iterator[Row]:
        """Every photo, folder by folder, in the order of their names."""
        for folder, names in walk(self._folder):
            beside = {name.casefold(): name for name in names}
            for name in names:
                if Path(name).suffix.lower() in PHOTO_SUFFIXES:
                    yield self._row(folder / name, beside)

    def notes(self) -> Sequence[str]:
        """Nothing: captions are found out one by one."""
        return []

    def _row(self, photo: Path, beside: Mapping[str, str]) -> Row:
        name = str(photo.relative_to(self._folder))
        described = Described()
        try:
            if text := _sidecar(photo, ".txt", beside):
                described |= Described(caption=read_caption(text, self._folder, self._encoding))
            if xmp := _sidecar(photo, ".xmp", beside):
                described |= parse_xmp(read_small(xmp, self._folder))
            described |= self._embedded(photo)
        except Unfit as reason:
            return BrokenRow(f"photo {shown(name)}: {reason}")
        return {"image": name, "text": described.caption, "hashtags": list(described.keywords)}

    def _embedded(self, photo: Path) -> Described:
        """What the file holds; nothing of a link that leads out, which will be rejected as a photo."""
        try:
            inside = photo.resolve().is_relative_to(self._folder) and photo.is_file()
        except (OSError, RuntimeError):  # links in a circle
            return Described()
        return read_photo_metadata(photo) if inside else Described()


def _sidecar(photo: Path, suffix: str, beside: Mapping[str, str]) -> Path | None:
    """The file beside a photo that bears its name: `a.xmp` or `a.jpg.xmp`."""
    for name in (photo.stem + suffix, photo.name + suffix):
        if found := beside.get(name.casefold()):
            return photo.with_name(found)
    return None
