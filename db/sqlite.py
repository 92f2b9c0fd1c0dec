"""SQLite files, and a look into one without SQLAlchemy, which takes half a second to load."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from ..core.post import ADDED

HEAD = "0008_needs_0.1.0"  # the last migration

_ANYTHING = (
    "SELECT (SELECT version_num FROM alembic_version), EXISTS (SELECT 1 FROM hashtag_rule), "
    "EXISTS (SELECT 1 FROM post WHERE source = ?)"
)
_RESPONSES = "SELECT (SELECT version_num FROM alembic_version), EXISTS (SELECT 1 FROM response)"


def default_path(home: Path) -> Path:
    """The SQLite file in a home folder."""
    return (home / "hashtag.sqlite").absolute()


def sqlite_reader(file: Path) -> Callable[[], sqlite3.Connection]:
    """What connects to an SQLite file to read it, and never makes one."""
    # A log would have to be written even for reading. Where there is none and can be none, the file is all there is.
    alone = not file.with_name(file.name + "-wal").exists() and not is_writable(file)
    address = f"file:{quote(str(file.absolute()))}?mode=ro{'&immutable=1' if alone else ''}"
    return lambda: sqlite3.connect(address, uri=True, check_same_thread=False)


def is_writable(file: Path) -> bool:
    """Whether this process may write a file and into its folder."""
    effective = os.access in os.supports_effective_ids
    return all(os.access(path, os.W_OK, effective_ids=effective) for path in (file, file.parent))


def has_rules_or_added_posts(file: Path) -> bool:
    """Whether an SQLite file holds rules on hashtags, or held posts that were added one by one.

    True also if that cannot be told so simply: the file is damaged, locked or of another release.
    """
    try:
        with closing(_connect(file)) as connection:
            version, *found = connection.execute(_ANYTHING, (ADDED,)).fetchone()
    except (sqlite3.Error, UnicodeError):
        return True
    return version != HEAD or any(found)


def has_responses(file: Path) -> bool:
    """Whether an SQLite file holds likes, comments or views of posts; True also if that cannot be told so simply."""
    try:
        with closing(_connect(file)) as connection:
            version, found = connection.execute(_RESPONSES).fetchone()
    except (sqlite3.Error, UnicodeError):
        return True
    return bool(version != HEAD or found)


def _connect(file: Path) -> sqlite3.Connection:
    if not is_writable(file):
        return sqlite_reader(file)()
    # Read only, it would leave the files of its log behind.
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=rw", uri=True)
