"""The home of an archive: its database and its index."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import DatabaseError, HomeError, NoIndexError, SnapshotError, SourceError, told
from ..core.settings import Settings

if TYPE_CHECKING:
    from ..db.database import Database
    from ..index.snapshots.history import RunRecord


def existing(home: Path) -> Path:
    """The home, if it is there. Raises HomeError where it is not."""
    if not home.is_dir():
        raise HomeError(f"no home folder {home}; run `hashtag index build SOURCE --home {home}` first")
    return home


@contextmanager
def run_of(settings: Settings, command: str) -> "Iterator[RunRecord]":
    """Be the one that writes a home, and leave a record of it; see `index.snapshots.history.recorded`.

    A home that was made for this run is no more if the run fails before it has kept anything, or by its source. What it
    has kept otherwise, such as vectors before the disk was full, spares the next run that work.
    Raises HomeBusyError where another process writes it, HomeError also where the disk is full or fails midway.
    """
    from ..index.snapshots.history import recorded
    from ..index.snapshots.snapshot import writing

    home, run = settings.home, None
    made = _make(home)
    new = [file for file in _database_elsewhere(settings) if not file.exists()]
    with writing(home, command):
        try:
            with recorded(home, command) as run, told_as_of_home(home):
                yield run
        except BaseException as error:
            if made and (run is None or not run.counts or isinstance(error, SourceError)):
                _unmake(made, new)
            raise


def _make(home: Path) -> list[Path]:
    """The folders that had to be made so that a home is there, its own first; none if that cannot be done."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    if not missing:
        return []
    try:
        home.mkdir(parents=True)
    except OSError:  # it is there; or the one that writes it will tell
        return []
    return missing


def _unmake(folders: list[Path], files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
    shutil.rmtree(folders[0], ignore_errors=True)
    for parent in folders[1:]:
        with suppress(OSError):  # others have put something there
            parent.rmdir()


def _database_elsewhere(settings: Settings) -> list[Path]:
    """The files of an SQLite database that is named; none of any other, and of what is no URL."""
    from sqlalchemy.exc import ArgumentError

    if settings.db is None:
        return []
    try:
        return database_files(settings) or []
    except ArgumentError:  # which is told when it is opened
        return []


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
    from ..index.snapshots.snapshot import named_snapshot

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
