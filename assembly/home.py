"""The home of an archive: its database and its index."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import HomeError
from ..core.settings import Settings

if TYPE_CHECKING:
    from ..db.database import Database


def existing(home: Path) -> Path:
    """The home, if it is there. Raises HomeError where it is not."""
    if not home.is_dir():
        raise HomeError(f"no home folder {home}; run `hashtag index build SOURCE --home {home}` first")
    return home


def database_of(settings: Settings, create: bool = True) -> "Database":
    """The database of a home; see `db.database.open_database`."""
    from ..db.database import open_database
    from ..db.engine import default_url

    return open_database(settings.db or default_url(settings.home), create)


def has_database(settings: Settings) -> bool:
    """Whether a database is named, or lies in the home."""
    from ..db.engine import default_path

    return settings.db is not None or default_path(settings.home).exists()
