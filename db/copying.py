"""Copies of an SQLite database that is in use: whole, and as it was at one moment."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ..core import durable
from ..core.errors import DatabaseError
from ..core.processes import is_gone

_PARTIAL = ".partial"
_REVISION = "SELECT version_num FROM alembic_version"


def copy_sqlite(engine: Engine, target: Path, revision: str | None = None) -> None:
    """Copy an SQLite database to `target`, which appears whole and on disk, or not at all.

    revision: copy it only as long as it has that one, else leave it be.
    Raises DatabaseError where it cannot be read or written.
    """
    partial = target.with_name(f"{target.name}.{os.getpid()}{_PARTIAL}")
    try:
        with closing(engine.raw_connection()) as source, closing(sqlite3.connect(partial)) as copy:
            cast(sqlite3.Connection, source.driver_connection).backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # else even who only reads it would have to write a log
            copied = copy.execute(_REVISION).fetchone() if revision else None
        if copied and copied[0] != revision:
            return
        durable.sync_file(partial)
        durable.rename(partial, target)
        durable.sync_folder(target.parent)
    except (sqlite3.Error, SQLAlchemyError, OSError) as error:
        raise DatabaseError(
            f"database {engine.url.database} cannot be copied to {target} ({error}); see that its disk has room"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def backups_of(file: Path) -> list[Path]:
    """The copies made of a database before it was upgraded."""
    return sorted(file.parent.glob(f"{file.name}.before-*"))


def keep_before_upgrade(engine: Engine, file: Path, revision: str) -> Path:
    """Copy an SQLite database beside it before it is upgraded, unless that was done already. Returns the copy."""
    kept = file.with_name(f"{file.name}.before-{revision}")
    _clear_leftovers(kept)
    if not kept.exists():
        copy_sqlite(engine, kept, revision)
    return kept


def _clear_leftovers(target: Path) -> None:
    """Delete what killed processes have left half copied."""
    for left in target.parent.glob(f"{target.name}.*{_PARTIAL}*"):  # SQLite's journal of it, too
        pid = left.name[len(target.name) + 1 :].partition(".")[0]
        if pid.isdecimal() and is_gone(int(pid)):
            left.unlink(missing_ok=True)
