"""The data that Instagram lets its users download: `posts_1.json`, `posts_2.json`, ... and the photos they name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from ...core.advice import IN_CAPTIONS, Advice
from ...core.errors import SourceError
from .folders import VIDEO_SUFFIXES, leftovers, walk, within
from .jsonarray import read_array
from .photos import exists
from .rows import BrokenRow, Row

POSTS = re.compile(r"posts_(\d{1,6})\.json")
PAGES = re.compile(r"posts_(\d{1,6})\.html")
# What is no video is a photo, HEIC too: that it cannot be read is told as of any other.
_NO_PHOTOS = VIDEO_SUFFIXES | {".srt"}


class InstagramFolder:
    """One row for each post of all `posts_N.json` in a folder or below it, in the order of their numbers.

    A video is no photo. A download in several parts is read whole if they lie in one folder.
    Raises SourceError where the download is one of web pages.
    """

    def __init__(self, folder: Path, images: Path) -> None:
        self._folder = folder
        self._images = images
        self._parts_by_name: dict[str, Sequence[Path]] = {}
        if not any(POSTS.fullmatch(name) for _, names in walk(folder) for name in names):
            raise SourceError(f"{folder} is a download from Instagram in HTML; ask Instagram for it in JSON")

    @property
    def columns(self) -> Sequence[str]:
        """Those of every post."""
        return ("image", "text", "posted_at")

    def rows(self) -> Iterator[Row]:
        """Every post. Raises SourceError where a file is no JSON array, or breaks off."""
        for path in self._files():
            roots = self._roots(path.parent)
            for post in read_array(within(path, self._folder)):
                yield self._row(post, roots)

    @property
    def advice(self) -> Advice:
        """Where hashtags are looked for."""
        return IN_CAPTIONS

    def notes(self) -> Sequence[str]:
        """What lies in the folder and is not read, photos of no post and videos among it."""
        used = {str(path) for path in self._files()}
        for row in self.rows():
            if isinstance(row, Mapping) and isinstance(photos := row["image"], list):
                used |= {str(self._images / photo) for photo in photos}
        return leftovers(self._folder, lambda folder, names: {name for name in names if str(folder / name) in used})

    def _files(self) -> Iterator[Path]:
        for folder, names in walk(self._folder):
            for _, name in sorted((int(found[1]), name) for name in names if (found := POSTS.fullmatch(name))):
                yield folder / name

    def _row(self, post: object, roots: Sequence[Path]) -> Row:
        media = post.get("media") if isinstance(post, dict) else None
        if not isinstance(post, dict) or not isinstance(media, list):
            return BrokenRow("is no post of Instagram: it has no list of 'media'")
        shown = [medium for medium in media if isinstance(medium, dict)]
        first: Mapping[str, object] = shown[0] if shown else {}
        names = [name for medium in shown if isinstance(name := medium.get("uri"), str)]
        photos = [name for name in names if Path(name).suffix.lower() not in _NO_PHOTOS]
        # A post of one photo has its caption and its time there, one of several has its own.
        return {
            "image": [self._found(photo, roots) for photo in photos],
            "text": repaired(post.get("title") or first.get("title")),
            "posted_at": post.get("creation_timestamp") or first.get("creation_timestamp"),
        }

    def _roots(self, folder: Path) -> Sequence[Path]:
        """Where the names of photos may begin, relative to the images folder: some levels above the file of posts."""
        above = [folder, *folder.parents]
        within = above[: above.index(self._folder) + 1]
        roots = [root.relative_to(self._images) for root in within if root.is_relative_to(self._images)]
        return roots or [Path()]

    def _found(self, name: str, roots: Sequence[Path]) -> str:
        if ".." in Path(name).parts or Path(name).is_absolute() or "\0" in name:
            return name
        everywhere = chain(roots, self._parts(Path(name).parts[0]))
        return next((str(root / name) for root in everywhere if exists(self._images / root / name)), name)

    def _parts(self, first: str) -> Sequence[Path]:
        """The folders that hold one of the name by which names of photos begin: the parts of the download."""
        if first not in self._parts_by_name:
            folders = [folder for folder, _ in walk(self._images) if (folder / first).is_dir()]
            self._parts_by_name[first] = [folder.relative_to(self._images) for folder in folders]
        return self._parts_by_name[first]


def repaired(text: object) -> object:
    """A text as it was written: Instagram tells the bytes of its UTF-8 as if each were a character."""
    if not isinstance(text, str):
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
