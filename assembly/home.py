"""The home of an archive while it is in use: its settings, database and encoders, each opened once."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from ..core.advice import MAKE_ROOM, NAME_DATABASE, REBUILD, build_first
from ..core.closing import Closing
from ..core.errors import (
    DatabaseError,
    HomeError,
    NoHomeError,
    NoIndexError,
    SnapshotError,
    SourceError,
    StaleIndexError,
    describe,
)
from ..core.protocols import Encoder
from ..core.settings import Settings, resolve_settings
from ..db.sqlite import default_path, has_responses, has_rules_or_added_posts
from ..index.snapshots.history import RunRecord, recorded
from ..index.snapshots.manifest import ChannelRecord
from ..index.snapshots.snapshot import named_snapshot, writing
from ..retrieval.encoders import profiles
from ..retrieval.encoders.profiles import EncoderSpec

if TYPE_CHECKING:
    from ..db.database import Database


def open_home(home: str | Path | None = None, **options: str | None) -> "Home":
    """The home of a folder (default: `HASHTAG_HOME`, else `./.hashtag`); nothing in it is read yet.

    options: `db` and the like, see `core.settings.Settings`. Raises SettingsError and HomeError as `resolve_settings`.
    """
    return Home(resolve_settings(Path(home) if home else None, options))


class Home(Closing):
    """A home that commands, recommenders and a server share; database and encoders are opened when first needed.

    Several threads may use one. Close it, or use it in a `with` statement.
    """

    def __init__(self, settings: Settings, encoders: Mapping[str, Encoder[Any]] | None = None) -> None:
        """encoders: by channel, those that are open already; they are taken as they are."""
        self.settings = settings
        self._given = encoders or {}
        self._database: Database | None = None
        self._encoders: dict[tuple[str, str], Encoder[Any]] = {}
        self._opening = RLock()

    def close(self) -> None:
        """Close the database, and drop the encoders; used again, the home opens them again."""
        with self._opening:
            if self._database is not None:
                self._database.close()
            self._database = None
            self._encoders.clear()

    @property
    def folder(self) -> Path:
        """The folder, whether it is there or not."""
        return self.settings.home

    def existing(self) -> Path:
        """The folder. Raises NoHomeError if it is not there."""
        if not self.folder.is_dir():
            raise NoHomeError(f"no home folder {self.folder}", build_first(self.folder))
        return self.folder

    @contextmanager
    def run(self, command: str) -> Iterator[RunRecord]:
        """Be the only writer of the home, and leave a record of it; see `index.snapshots.history.recorded`.

        If the folder was made for this run, and the run fails before it has kept anything, or by its source, the folder
        is removed again. What a run has kept otherwise, such as vectors before the disk was full, spares the next run
        that work.
        Raises BusyError if another process writes the home, HomeError also if the disk is full or fails midway.
        """
        folder, run = self.folder, None
        made = _make(folder)
        new = [file for file in self._database_elsewhere() if not file.exists()]
        with writing(folder, command):
            try:
                with recorded(folder, command) as run, disk_errors(folder):
                    yield run
            except BaseException as error:
                if made and (run is None or not run.counts or isinstance(error, SourceError)):
                    self.close()
                    _remove(made, new)
                raise

    def database(self, create: bool = False) -> "Database":
        """The database, to read. create: make it if it is not there. Raises DatabaseError.

        It is opened once. `with` closes its connections; used again, it connects again.
        """
        from ..db.database import open_database
        from ..db.engine import default_url

        with self._opening:
            if self._database is not None and not self.has_database:  # its file was deleted
                self._database.close()
                self._database = None
            if self._database is None:
                self._database = open_database(self.settings.db or default_url(self.folder), create)
            return self._database

    def database_to_write(self) -> "Database":
        """The database, to write; it is made if there is neither database nor index.

        Raises DatabaseError if the index was built from a database that lies elsewhere and is not named.
        """
        self.check_database()
        return self.database(create=True)

    def check_database(self) -> None:
        """Raises DatabaseError if the index was built from a database that is neither in the home nor named.

        What a new database held would be lost, and what it does not hold is not known to be missing.
        """
        if self.has_database:
            return
        try:
            elsewhere = named_snapshot(self.folder).manifest.database
        except (NoIndexError, SnapshotError):
            return
        if Path(elsewhere) != default_path(self.folder):  # else it was deleted, and may be made anew
            raise DatabaseError(f"{self.folder} holds no database; its index was built from {elsewhere}", NAME_DATABASE)

    @property
    def has_database(self) -> bool:
        """Whether a database is named, or lies in the home."""
        return self.settings.db is not None or default_path(self.folder).exists()

    def has_rules_or_added_posts(self) -> bool:
        """Whether the database may hold more that a recommender reads than a snapshot does; told fast for a file."""
        return self.settings.db is not None or has_rules_or_added_posts(default_path(self.folder))

    def has_responses(self) -> bool:
        """Whether its database may hold likes, comments or views of posts; False only where none is there or needed."""
        return self.has_database and (self.settings.db is not None or has_responses(default_path(self.folder)))

    def encoder(self, record: ChannelRecord) -> Encoder[Any]:
        """The encoder of a channel of a snapshot, opened once.

        Raises StaleIndexError if the encoder here is not the one that made the channel's vectors.
        """
        if record.channel in self._given:
            return self._given[record.channel]
        known_by = record.channel, record.fingerprint.digest
        with self._opening:
            if known_by not in self._encoders:
                self._encoders[known_by] = _open_encoder(record, self.settings.cache_folder)
            return self._encoders[known_by]

    def _database_elsewhere(self) -> list[Path]:
        """The files of an SQLite database that is named; none of any other, and of what is no URL."""
        if self.settings.db is None:
            return []
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        from ..db.engine import sqlite_file

        try:
            file = sqlite_file(make_url(self.settings.db))
        except ArgumentError:  # which is told when it is opened
            return []
        return [] if file is None else [file, file.with_name(file.name + "-wal")]


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn errors of the disk into words. Raises HomeError."""
    try:
        yield
    except OSError as error:
        raise HomeError(f"{folder} cannot be written ({describe(error)})", MAKE_ROOM) from error


def _open_encoder(record: ChannelRecord, cache: Path) -> Encoder[Any]:
    encoder = profiles.make_encoder(
        EncoderSpec.from_json(record.spec), profiles.query_runtime(cache), record.fingerprint
    )
    if encoder.fingerprint != record.fingerprint:
        raise StaleIndexError(
            f"the {record.channel} channel was built with {record.fingerprint}, the encoder here is "
            f"{encoder.fingerprint}",
            REBUILD,
        )
    return encoder


def _make(home: Path) -> list[Path]:
    """Make the folder of a home. Returns what had to be made, the home first; nothing if that cannot be done."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    if not missing:
        return []
    try:
        home.mkdir(parents=True)
    except OSError:  # it is there; or the one that writes it will tell
        return []
    return missing


def _remove(folders: list[Path], files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
    shutil.rmtree(folders[0], ignore_errors=True)
    for parent in folders[1:]:
        with suppress(OSError):  # others have put something there
            parent.rmdir()
