"""Photos that came as bytes: a home keeps those of its posts in a folder of its own."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from ...core import durable
from ...core.post import Photo
from ...db.database import Database
from ...retrieval.encoders.photos import read_photo
from ..home import Home, disk_errors

PHOTOS = "photos"


def keep_photos(home: Home, photos: Sequence[Path | bytes]) -> list[Path]:
    """The file of each photo; of bytes, one that is made in the home, named by their SHA-256.

    Raises PhotoError on bytes that are no photo, HomeError if they cannot be written.
    """
    for photo in photos:  # all, before any is kept
        if isinstance(photo, bytes):
            read_photo(photo, 1)
    return [photo if isinstance(photo, Path) else _keep(home, photo) for photo in photos]


def delete_unused(home: Home, database: Database, photos: Iterable[Photo]) -> None:
    """Delete those files of photos that the home keeps and no post has any more."""
    folder = home.folder / PHOTOS
    for photo in photos:
        if not database.posts.has_photo(photo.digest):
            (folder / photo.digest).unlink(missing_ok=True)  # wherever the home lay when it was kept


def _keep(home: Home, content: bytes) -> Path:
    folder = home.folder.resolve() / PHOTOS
    path = folder / sha256(content).hexdigest()
    if not path.exists():
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
            durable.write_durably(path, content)
    return path
