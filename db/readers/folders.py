"""Walking folders and reading the small files in them, never out of the folder."""

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from ...core.advice import NAME_ENCODING
from ...core.errors import SourceError
from .invalid_row import InvalidRow, shown

PHOTO_SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".gif", ".heic", ".heif"]
)
VIDEO_SUFFIXES = frozenset([".mp4", ".mov", ".m4v", ".webm", ".avi", ".mkv", ".3gp"])
# Folders that programs keep beside photos, in small letters; what they hold is thumbnails, copies or what was deleted.
_SKIPPED_FOLDERS = {
    **dict.fromkeys(["@eadir", ".@__thumb", ".thumbnails", ".thumbs", "thumbnails.noindex"], "folder of thumbnails"),
    **dict.fromkeys(
        ["#recycle", "@recycle", "$recycle.bin", ".recycle", ".trash", ".trashes", ".trash-1000", ".trashed"],
        "folder of deleted files",
    ),
    **dict.fromkeys(["__macosx", "system volume information", "#snapshot", "@tmp", "lost+found"], "folder of a system"),
}
_SKIPPED_FILES = frozenset(["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"])
_SHOWN_KINDS = 12
MAX_SMALL_FILE = 16_000_000  # bytes; the metadata of one post has some 50,000


def walk(folder: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    """Every folder from `folder` down with the names of its files, both in alphabetical order.

    Symbolic links to folders are not followed. What begins with a dot is left out, since no archive keeps posts there,
    and so is what systems and programs keep beside photos (`@eaDir`, `Thumbs.db`, ...).
    Raises SourceError where a folder cannot be read.
    """
    for path, folders, files in _walked(folder):
        folders[:] = sorted(name for name in folders if _skipped_folder(path / name) is None)
        yield path, sorted(name for name in files if not _is_skipped_file(name))


def leftovers(folder: Path, used: Callable[[Path, Sequence[str]], Collection[str]]) -> list[str]:
    """One sentence on what lies in a folder and is not used, counted by kind; nothing if all of it is used.

    used: of a folder and the names of its files, those that are used.
    """
    counts: Counter[str] = Counter()
    for path, folders, files in _walked(folder):
        skipped = {name: kind for name in folders if (kind := _skipped_folder(path / name))}
        counts.update(skipped.values())
        folders[:] = sorted(set(folders) - skipped.keys())
        seen = [name for name in files if not _is_skipped_file(name)]
        counts.update(_kind_of(name) for name in set(seen) - set(used(path, sorted(seen))))
        counts["hidden file or one of a system\thidden files or files of a system"] += len(files) - len(seen)
    told = [_counted(kind, number) for kind, number in counts.most_common() if number]
    more = [f"and {len(told) - _SHOWN_KINDS} other kinds"] if len(told) > _SHOWN_KINDS else []
    return [f"{folder} also holds what is not read: {', '.join(told[:_SHOWN_KINDS] + more)}"] if told else []


def _walked(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As `os.walk`; what is taken out of the list of folders is not gone into."""

    def refuse(error: OSError) -> None:
        raise SourceError(f"{error.filename} cannot be read: {error.strerror}") from error

    for path, folders, files in os.walk(folder, onerror=refuse):
        yield Path(path), folders, files


def _skipped_folder(path: Path) -> str | None:
    """Why a folder is not gone into, singular and plural; None of one that is."""
    shown_name = shown(path.name)[1:-1]
    if path.is_symlink():
        return "linked folder, which is not followed\tlinked folders, which are not followed"
    if kind := _SKIPPED_FOLDERS.get(path.name.casefold()):
        return f"{kind} ({shown_name})\t{kind.replace('folder', 'folders', 1)} ({shown_name})"
    return "hidden folder\thidden folders" if path.name.startswith(".") else None


def _is_skipped_file(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _SKIPPED_FILES


def _kind_of(name: str) -> str:
    suffix = Path(name).suffix.lower()
    kind = "photo" if suffix in PHOTO_SUFFIXES else "video" if suffix in VIDEO_SUFFIXES else "file"
    ending = shown(suffix)[1:-1] or "without an ending"
    return f"{kind} ({ending})\t{kind}s ({ending})"


def _counted(kind: str, number: int) -> str:
    one, _, several = kind.partition("\t")
    return f"{number:,} {one if number == 1 else several}"


def within(path: Path, root: Path) -> Path:
    """The same path. Raises SourceError where a link leads out of `root`, which is resolved."""
    try:
        inside = path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # links in a circle
        inside = False
    if not inside:
        raise SourceError(f"{path} is a link that leaves the folder; put the file itself there")
    return path


def read_small(path: Path, root: Path) -> bytes:
    """The bytes of a file below `root`, which is resolved.

    Raises InvalidRow where a link leads out of it, or where it is no file of MAX_SMALL_FILE bytes at most.
    """
    name = shown(str(path.relative_to(root)))
    try:
        if not path.resolve().is_relative_to(root):
            raise InvalidRow(f"{name} leaves the folder")
        if not path.is_file():
            raise InvalidRow(f"{name} is no file")
        with path.open("rb") as file:
            content = file.read(MAX_SMALL_FILE + 1)
    except OSError as error:
        raise InvalidRow(f"{name} cannot be read: {error.strerror}") from None
    except RuntimeError:  # what Python before 3.13 says of links in a circle
        raise InvalidRow(f"{name} is a link in a circle") from None
    if len(content) > MAX_SMALL_FILE:
        raise InvalidRow(f"{name} has more than {MAX_SMALL_FILE:,} bytes")
    return content


def read_caption(path: Path, root: Path, encoding: str | None) -> str:
    """The text of a small file as `read_small` finds it: UTF-8, UTF-16 with a mark, else cp949, or as told.

    Raises InvalidRow as `read_small` does, and where no encoding fits.
    """
    content = read_small(path, root)
    found = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for name in (encoding,) if encoding else (found, "cp949"):
        try:
            return content.decode(name)
        except (UnicodeError, LookupError):
            continue
    raise InvalidRow(f"{shown(str(path.relative_to(root)))} is neither UTF-8 nor cp949", NAME_ENCODING)
