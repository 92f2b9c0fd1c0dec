"""The home of an archive: its database and its index."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import DatabaseError, HomeError, NoIndexError, SnapshotError
from ..core.settings import Settings

if TYPE_CHECKING:
    from ..db.database import Database


def existing(home: Path) -> Path:
    """The home, if it is there. Raises HomeError where it is not."""
    if not home.is_dir():
        raise HomeError(f"no home folder {home}; run `hashtag index build SOURCE --home {home}` first")
    return home


@contextmanager
def told_as_of_home(folder: Path) -> Iterator[None]:
    """What the system has against writing a folder, in words. Raises HomeError."""
    try:
        yield
    except OSError as error:
        raise HomeError(
            f"{folder} cannot be written ({error.strerror or error}); see that its disk has room and that the "
            "folder can be written"
        ) from error


def database_of(settings: Settings, create: bool = True) -> "Database":
    """The database of a home; see `db.database.open_database`."""
    from ..db.database import open_database
    from ..db.engine import default_url

    return open_database(settings.db or default_url(settings.home), create)


def kept_database(settings: Settings) -> "Database":
    """The database of a home that is there already, to write into; made where there is neither database nor index.

    Raises DatabaseError where the index was built from one that lies elsewhere and is not named.
    """
    check_named(settings)
    return database_of(settings)


def check_named(settings: Settings) -> None:
    """Raises DatabaseError where the index of a home was built from a database that is neither there nor named.

    What a new one held would be lost, and what it does not hold is not known to be missing.
    """
    from ..db.engine import default_path
    from ..index.snapshot import named_snapshot

    if has_database(settings):
        return
    try:
        elsewhere = named_snapshot(settings.home).manifest.database
    except (NoIndexError, SnapshotError):
        return
    if Path(elsewhere) != default_path(settings.home):  # else it was deleted, and may be made anew
        raise DatabaseError(
            f"{settings.home} holds no database; its index was built from {elsewhere}, name it with --db"
        )


def has_database(settings: Settings) -> bool:
    """Whether a database is named, or lies in the home."""
    from ..db.engine import default_path

    return settings.db is not None or default_path(settings.home).exists()
