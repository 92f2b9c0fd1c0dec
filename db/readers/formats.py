"""Which format an archive has: that of a file by its suffix, that of a folder by what lies in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ...core.advice import LEAVE_ENCODING_OUT, LEAVE_IMAGES_OUT
from ...core.errors import SourceError
from . import harrison, instagram
from .clipretrieval import ClipRetrievalFolder, is_clip_retrieval
from .delimited import DelimitedFile
from .folders import PHOTO_SUFFIXES, walk
from .harrison import HarrisonFolder
from .instagram import InstagramFolder
from .instaloader import InstaloaderFolder, is_instaloader
from .jsonlines import JsonLinesFile
from .parquet import ParquetTable
from .photofolder import PhotoFolder
from .rows import Table
from .textfile import TextFile

# From a path, the images folder and an encoding, where one is told.
_Maker = Callable[[Path, Path, str | None], Table]


def make_table(path: Path, images: Path, encoding: str | None) -> Table:
    """The rows of the archive at a path that exists. images: resolved, as is the path of a folder.

    Raises SourceError where its format is not known, where a folder may be of several, or where it cannot be read.
    """
    return _format_of(path)(path, images, encoding)


def _delimited(path: Path, _: Path, encoding: str | None) -> Table:
    return DelimitedFile(TextFile(path, encoding))


def _json_lines(path: Path, _: Path, encoding: str | None) -> Table:
    return JsonLinesFile(TextFile(path, encoding))


def _parquet(path: Path, _: Path, encoding: str | None) -> Table:
    _refuse_encoding(path, encoding)
    table = ParquetTable(path)
    if not table.length:
        raise SourceError(f"{path} is empty; it has columns and no rows")
    return table


def _instaloader(path: Path, images: Path, encoding: str | None) -> Table:
    _refuse_images(path, images)
    return InstaloaderFolder(path, encoding)


def _photos(path: Path, images: Path, encoding: str | None) -> Table:
    _refuse_images(path, images)
    return PhotoFolder(path, encoding)


def _instagram(path: Path, images: Path, encoding: str | None) -> Table:
    _refuse_encoding(path, encoding)
    return InstagramFolder(path, images)


def _clip_retrieval(path: Path, _: Path, encoding: str | None) -> Table:
    _refuse_encoding(path, encoding)
    return ClipRetrievalFolder(path)


def _refuse_encoding(path: Path, encoding: str | None) -> None:
    if encoding:
        raise SourceError(f"{path} is of a format that has an encoding of its own", LEAVE_ENCODING_OUT)


def _refuse_images(path: Path, images: Path) -> None:
    if images != path:
        raise SourceError(f"{path} holds photos and texts side by side", LEAVE_IMAGES_OUT)


_FILES: dict[str, _Maker] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".tab": _delimited,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
_FOLDERS: dict[str, _Maker] = {
    f"HARRISON ({harrison.PHOTOS} and {harrison.HASHTAGS})": HarrisonFolder,
    "a download of instaloader (*.json.xz beside photos)": _instaloader,
    "a download from Instagram (posts_1.json)": _instagram,
    "an output of clip-retrieval (metadata/metadata_0.parquet)": _clip_retrieval,
    "photos with texts or keywords": _photos,
}


def _format_of(path: Path) -> _Maker:
    if not path.is_dir():
        try:
            return _FILES[path.suffix.lower()]
        except KeyError:
            raise SourceError(
                f"{path} has no known format; archives are files that end in {', '.join(_FILES)}, or folders"
            ) from None
    found = sorted(set(_signs(path)), key=list(_FOLDERS.values()).index)
    if len(found) > 1 and found[-1] is _photos:  # every kind of archive has photos
        found.pop()
    if len(found) == 1:
        return found[0]
    kinds = "; ".join(kind for kind, maker in _FOLDERS.items() if not found or maker in found)
    if found:
        raise SourceError(f"{path} is an archive of more than one kind: {kinds}; name the folder of one")
    raise SourceError(f"{path} is no archive of any kind that is known: {kinds}; name a file or folder of posts")


def _signs(folder: Path) -> Iterator[_Maker]:
    """The formats of which something lies in a folder."""
    for path, names in walk(folder):
        if path == folder and {harrison.PHOTOS, harrison.HASHTAGS} & set(names):
            yield HarrisonFolder
        if is_instaloader(path, names, folder):
            yield _instaloader
        if path.parent == folder and is_clip_retrieval(path, names):
            yield _clip_retrieval
        if any(instagram.POSTS.fullmatch(name) or instagram.PAGES.fullmatch(name) for name in names):
            yield _instagram
        if any(Path(name).suffix.lower() in PHOTO_SUFFIXES for name in names):
            yield _photos
