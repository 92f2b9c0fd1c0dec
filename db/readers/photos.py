"""Finding the photos that a row names."""

import re
from ast import literal_eval
from collections.abc import Iterator
from hashlib import file_digest
from json import loads
from pathlib import Path, PurePosixPath
from stat import S_ISDIR, S_ISREG
from unicodedata import normalize
from urllib.parse import unquote

from ...core.advice import NAME_IMAGES
from ...core.post import Photo
from .folders import PHOTO_SUFFIXES, VIDEO_SUFFIXES
from .invalid_row import InvalidRow, shown

MAX_PHOTO = 200_000_000  # bytes

_BETWEEN_NAMES = re.compile(r"\s*[;|,\n]\s*")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:/")
_SUFFIXES = PHOTO_SUFFIXES | VIDEO_SUFFIXES


class PhotoFinder:
    """Finds photos in one folder. Memory: the names in folders where a name was not found as it is written.

    images: with all symbolic links resolved.
    """

    def __init__(self, images: Path) -> None:
        self._images = images
        self._listed: dict[Path, dict[str, list[str]]] = {}

    def names(self, field: str) -> list[str]:
        """The names in a field: one, unless it is a list (JSON, Python) or several names apart by `;`, `|` or `,`.

        A field that is the name of a file as it stands names that one.
        """
        if not field.strip() or self._is_there(field):
            return [field] if field.strip() else []
        if field.strip()[0] + field.strip()[-1] == "[]":
            for parse in (loads, literal_eval):
                try:
                    listed = parse(field.strip())
                except (ValueError, SyntaxError, MemoryError, RecursionError):
                    continue
                if isinstance(listed, list) and all(isinstance(name, str) for name in listed):
                    return [name for name in listed if name.strip()]
        parts = [part for part in _BETWEEN_NAMES.split(field.strip()) if part]
        several = len(parts) > 1 and all(Path(part).suffix.lower() in _SUFFIXES for part in parts)
        return parts if several and not self._is_there(field.strip()) else [field]

    def find(self, name: str | Path) -> Photo:
        r"""The photo file of that name within the images folder; whether it can be decoded is seen later.

        name: as an archive writes it, or as a path that was read from disk, which is taken as it is. Of a written one,
        the file of that very name is meant; if there is none, one that is spelled alike: without space around it, in
        another Unicode form, with `/` for `\`, without `%20`, where a path goes on below a folder of the name of the
        images folder (`/elsewhere/photos/a.jpg`, `photos/a.jpg`), and at last in other capitals, if only one file is.
        Raises InvalidRow if it leaves the folder, or is no file of 1 to MAX_PHOTO bytes with a name in UTF-8.
        """
        told = shown(str(name))
        if isinstance(name, Path):
            path = self._images / name
        else:
            path = next((self._images / path for path in self._alike(name)), self._images / name)
        try:
            if ".." in PurePosixPath(name).parts or not path.resolve().is_relative_to(self._images):
                raise InvalidRow(f"photo {told} leaves the images folder")
            status = path.stat()
            if S_ISDIR(status.st_mode):
                raise InvalidRow(f"photo {told} is a folder")
            if not S_ISREG(status.st_mode):
                raise InvalidRow(f"photo {told} is no file")
            if not 0 < status.st_size <= MAX_PHOTO:
                raise InvalidRow(f"photo {told} has {status.st_size:,} bytes; 1 to {MAX_PHOTO:,} are allowed")
            str(path).encode()
            with path.open("rb") as file:
                return Photo(path, file_digest(file, "sha256").hexdigest())
        except (FileNotFoundError, NotADirectoryError):
            if isinstance(name, Path):
                raise InvalidRow(f"photo {told} is a link that leads nowhere") from None
            missing = f"photo {told} is missing from {self._images}"
            if "://" in name:
                raise InvalidRow(f"{missing}; it is an address, and nothing is ever fetched from one") from None
            raise InvalidRow(missing, NAME_IMAGES) from None
        except UnicodeEncodeError:
            raise InvalidRow(f"photo {told} has a name that is not UTF-8; rename it") from None
        except OSError as error:
            raise InvalidRow(f"photo {told} cannot be read: {error.strerror}") from None
        except RuntimeError:  # what Python before 3.13 says of links in a circle
            raise InvalidRow(f"photo {told} is a link in a circle") from None

    def _is_there(self, name: str) -> bool:
        return exists(self._images / name)

    def _alike(self, name: str) -> Iterator[str]:
        """What a written name may mean, the surest first; all of these are there."""
        written = dict.fromkeys([name, name.strip(), name.strip().replace("\\", "/"), unquote(name.strip())])
        if self._is_there(name):
            yield name
        for spelled in written:
            for parts in self._within(spelled):
                if self._is_there("/".join(parts)):
                    yield "/".join(parts)
                yield from self._in_form("NFC", parts)
                in_any_case = list(self._in_form("any case", parts))
                yield from in_any_case if len(in_any_case) == 1 else ()

    def _within(self, name: str) -> Iterator[tuple[str, ...]]:
        """The parts of a path within the images folder: as they are, or below a folder of its name."""
        parts = PurePosixPath(name).parts
        if ".." in parts:
            return
        if parts and not _ABSOLUTE.match(name):
            yield parts
        named = [i for i, part in enumerate(parts[:-1]) if part == self._images.name]
        if named and (_ABSOLUTE.match(name) or named == [0]):
            yield parts[named[-1] + 1 :]

    def _in_form(self, form: str, parts: tuple[str, ...], folder: Path = Path()) -> Iterator[str]:
        """The files and folders below one whose names are these, part by part, in that form."""
        if not parts:
            yield str(folder)
            return
        for found in self._listing(folder).get(_key(parts[0], form), ()):
            yield from self._in_form(form, parts[1:], folder / found)

    def _listing(self, folder: Path) -> dict[str, list[str]]:
        """The names in a folder, by each of their forms; none of a folder out of the images folder."""
        if folder not in self._listed:
            names: dict[str, list[str]] = {}
            path = self._images / folder
            try:
                inside = path.resolve().is_relative_to(self._images)
                entries = sorted(entry.name for entry in path.iterdir()) if inside else []
            except (OSError, RuntimeError):
                entries = []
            for entry in entries:
                for form in ("NFC", "any case"):
                    names.setdefault(_key(entry, form), []).append(entry)
            self._listed[folder] = names
        return self._listed[folder]


def _key(name: str, form: str) -> str:
    """Equal for names that are equal in that form; those of two forms never are."""
    composed = normalize("NFC", name)
    return f"={composed}" if form == "NFC" else f"~{normalize('NFC', composed.casefold())}"


def exists(path: Path) -> bool:
    """Whether something lies there; False for a name that no file can have."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
