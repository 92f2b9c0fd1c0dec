"""Walking folders and reading the small files in them, never out of the folder."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...core.errors import SourceError
from .unfit import Unfit, shown

# HEIC cannot be decoded, but must not go missing in silence.
PHOTO_SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".gif", ".heic", ".heif"]
)
MAX_SMALL_FILE = 16_000_000  # bytes; the metadata of one post has some 50,000


def walk(folder: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    """Every folder from `folder` down with the names of its files, both in alphabetical order.

    Symbolic links to folders are not followed; what begins with a dot is left out, since no archive keeps posts there.
    Raises SourceError where a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise SourceError(f"{error.filename} cannot be read: {error.strerror}") from error

    for path, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(path), sorted(name for name in files if not name.startswith("."))


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

    Raises Unfit where a link leads out of it, or where it is no file of MAX_SMALL_FILE bytes at most.
    """
    name = shown(str(path.relative_to(root)))
    try:
        if not path.resolve().is_relative_to(root):
            raise Unfit(f"{name} leaves the folder")
        if not path.is_file():
            raise Unfit(f"{name} is no file")
        with path.open("rb") as file:
            content = file.read(MAX_SMALL_FILE + 1)
    except OSError as error:
        raise Unfit(f"{name} cannot be read: {error.strerror}") from None
    except RuntimeError:  # what Python before 3.13 says of links in a circle
        raise Unfit(f"{name} is a link in a circle") from None
    if len(content) > MAX_SMALL_FILE:
        raise Unfit(f"{name} has more than {MAX_SMALL_FILE:,} bytes")
    return content


def read_caption(path: Path, root: Path, encoding: str | None) -> str:
    """The text of a small file as `read_small` finds it: UTF-8, UTF-16 with a mark, else cp949, or as told.

    Raises Unfit as `read_small` does, and where no encoding fits.
    """
    content = read_small(path, root)
    found = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for name in (encoding,) if encoding else (found, "cp949"):
        try:
            return content.decode(name)
        except (UnicodeError, LookupError):
            continue
    raise Unfit(f"{shown(str(path.relative_to(root)))} is neither UTF-8 nor cp949; pass --encoding NAME")
