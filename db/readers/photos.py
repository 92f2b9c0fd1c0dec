"""Finding the photo that a row names."""

from hashlib import file_digest
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from unicodedata import normalize

from ...core.post import Photo
from .unfit import Unfit, shown

MAX_PHOTO = 200_000_000  # bytes


def find_photo(images: Path, name: str) -> Photo:
    """The photo file of that name within the images folder; whether it can be decoded is seen later.

    images: with all symbolic links resolved. name: relative to it.
    Raises Unfit where it leaves the folder, or is no file of 1 to MAX_PHOTO bytes.
    """
    path = images / name
    try:
        if not path.exists():
            path = _in_other_form(images, name)
        if ".." in Path(name).parts or not path.resolve().is_relative_to(images):
            raise Unfit(f"photo {shown(name)} leaves the images folder")
        status = path.stat()
        if S_ISDIR(status.st_mode):
            raise Unfit(f"photo {shown(name)} is a folder")
        if not S_ISREG(status.st_mode):
            raise Unfit(f"photo {shown(name)} is no file")
        if not 0 < status.st_size <= MAX_PHOTO:
            raise Unfit(f"photo {shown(name)} has {status.st_size:,} bytes; 1 to {MAX_PHOTO:,} are taken")
        with path.open("rb") as file:
            return Photo(path, file_digest(file, "sha256").hexdigest())
    except (FileNotFoundError, NotADirectoryError):
        raise Unfit(f"photo {shown(name)} is missing from {images}") from None
    except OSError as error:
        raise Unfit(f"photo {shown(name)} cannot be read: {error.strerror}") from None
    except RuntimeError:  # what Python before 3.13 says of links in a circle
        raise Unfit(f"photo {shown(name)} is a link in a circle") from None


def exists(path: Path) -> bool:
    """Whether something lies there; False for a name that no file can have."""
    try:
        return path.exists()
    except OSError:
        return False


def _in_other_form(images: Path, name: str) -> Path:
    """The file under the same name in the other Unicode form: archives packed on a Mac write 카 in two characters."""
    for form in ("NFC", "NFD"):
        path = images / normalize(form, name)
        if path.exists():
            return path
    return images / name
