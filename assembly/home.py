"""The home of an archive: its database and its index."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import DatabaseError, HomeError, NoIndexError, SnapshotError, told
from ..core.settings import Settings

if TYPE_CHECKING:
    from ..db.database import Database
    from ..index.history import RunRecord


def existing(home: Path) -> Path:
    """The home, if it is there. Raises HomeError where it is not."""
    if not home.is_dir():
        raise HomeError(f"no home folder {home}; run `hashtag index build SOURCE --home {home}` first")
    return home


@contextmanager
def run_of(settings: Settings, command: str) -> "Iterator[RunRecord]":
    """Be the one that writes a home, and leave a record of it; see `index.history.recorded`.

    Raises HomeBusyError where another process writes it, HomeError also where the disk is full or fails midway.
    """
    from ..index.history import recorded
    from ..index.snapshot import writing

    with writing(settings.home, command), recorded(settings.home, command) as run, told_as_of_home(settings.home):
        yield run


@contextmanager
def told_as_of_home(folder: Path) -> Iterator[None]:
    """What the system has against writing a folder, in words. Raises HomeError."""
    try:
        yield
    except OSError as error:
        raise HomeError(
            f"{folder} cannot be written ({told(error)}); see that its disk has room and that the folder can be written"
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


def database_files(settings: Settings) -> list[Path] | None:
    """The files that a change of an SQLite database touches, whether they are there or not; None for any other."""
    from sqlalchemy import make_url

    from ..db.engine import default_url, sqlite_file

    file = sqlite_file(make_url(settings.db or default_url(settings.home)))
    return None if file is None else [file, file.with_name(file.name + "-wal")]
