"""Opening a database: its address, its migrations, and its errors in words that name the way out."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from ..core.advice import (
    CHECK_DATABASE_DISK,
    CHECK_DATABASE_FILE,
    CHECK_DATABASE_FOLDER,
    CHECK_DATABASE_SERVER,
    CHECK_DATABASE_URL,
    CHECK_DISK_OR_START_OVER,
    DATABASE_OPTION_OUT,
    FREE_DISK,
    MOVE_DATABASE,
    NAME_DATABASE_OF_INDEX,
    OTHER_DATABASE,
    RESTORE_BACKUP,
    START_OVER,
    TRY_LATER,
    install_driver_or,
    upgrade_to,
    write_like,
)
from ..core.errors import DatabaseError, SettingsError
from .copying import backups_of, keep_before_upgrade
from .sqlite import default_path, is_writable, sqlite_reader

_log = logging.getLogger(__name__)

_MIGRATIONS = Path(__file__).parent / "migrations"
_EXAMPLES = "sqlite:////folder/posts.sqlite or postgresql+psycopg://user:password@host/name"
_CONNECT_SECONDS = 10
_BEGIN = "hashtag_begin"  # the execution option by which a connection tells how SQLite is to begin
_PRAGMAS = ("busy_timeout = 30000", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")
# By what a driver says of an error: what that means, "" if it is plain, and what to do.
_KNOWN = {
    "locked": ("another process is writing to it", TRY_LATER),
    "malformed": ("the file is damaged", START_OVER),
    "not a database": ("it is no SQLite file", MOVE_DATABASE),
    "unable to open": ("", CHECK_DATABASE_FOLDER),
    "readonly": ("", CHECK_DATABASE_FILE),
    "full": ("", FREE_DISK),
    "disk I/O error": ("", CHECK_DATABASE_DISK),
    "already exists": ("its tables are not this program's", OTHER_DATABASE),
    "connection failed": ("", CHECK_DATABASE_SERVER),
}


def default_url(home: Path) -> str:
    """The address of the SQLite file in a home folder."""
    return URL.create("sqlite", database=str(default_path(home))).render_as_string(hide_password=False)


def open_engine(address: str, create: bool = True) -> Engine:
    """Connect to a database URL and bring its tables up to date. An SQLite file that can't be written can be read.

    Raises DatabaseError if that cannot be, or if a later release has written it.
    """
    engine = _create_engine(address)
    file = engine.url.database
    if not create and engine.url.get_backend_name() == "sqlite" and file and not Path(file).exists():
        raise DatabaseError(f"there is no database {file}", NAME_DATABASE_OF_INDEX)
    try:
        _upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def shown(url: URL) -> str:
    """A database's address for a person: without password, and without options, which can hold one as well."""
    if _is_sqlite(url):
        return url.database or "in memory"
    return url.set(query={}).render_as_string(hide_password=True)


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite database; None for one in memory, and for any other database."""
    return Path(url.database) if _is_sqlite(url) and url.database else None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read from; leaves nothing open behind it. Raises DatabaseError.

    Raises SettingsError if it is asked for a text with half a character.
    """
    with _translated(engine.url), engine.connect() as connection:
        try:
            yield connection
        except UnicodeEncodeError as error:  # of what was asked for
            raise SettingsError(f"{error.object!r} is no text that a database can store; correct it") from None
        except (ValueError, TypeError) as error:  # from JSON or a time that another program has written
            raise damage(engine.url, f"a value in it cannot be read ({_first_line(error)})") from None


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction to write in: kept whole at the end, or not at all. Raises DatabaseError."""
    with _translated(engine.url), engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}).begin() as connection:
        yield connection


def update_statistics(engine: Engine) -> None:
    """Tell PostgreSQL how many rows its tables hold now.

    It finds out by itself, but only after a while: until then each page of a long reading would look at a whole table.
    """
    if engine.url.get_backend_name() == "postgresql":
        with writing(engine) as connection:
            connection.exec_driver_sql("ANALYZE post, photo, response, embedding")


def erase_deleted(engine: Engine) -> None:
    """Leave nothing readable in an SQLite file, nor in its log, of what was deleted or overwritten.

    Writes the file anew, for which its disk needs as much room again, and deletes the copies made before upgrades. A
    server does that in its own time.
    Raises DatabaseError, also where another process goes on reading what was there before.
    """
    if not _is_sqlite(engine.url):
        return
    with _translated(engine.url), engine.execution_options(**{_BEGIN: ""}).connect() as connection:
        # Not by `secure_delete`: that forgets the copies left behind by rows that have moved from page to page.
        connection.exec_driver_sql("VACUUM")
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
    file = sqlite_file(engine.url)
    for copy in backups_of(file) if file else ():
        copy.unlink(missing_ok=True)
    if busy:
        raise DatabaseError(
            f"database {shown(engine.url)}: another process still reads the deleted posts, so its files still contain "
            "them",
            TRY_LATER,
        )


def reason_of(error: BaseException, url: URL) -> str:
    """What a driver says of an error, on one line and without the password."""
    return _without_secrets(_first_line(getattr(error, "orig", None) or error), url)


def damage(url: URL, reason: str) -> DatabaseError:
    """The error for what no release of this program has written."""
    advice = START_OVER if _is_sqlite(url) else RESTORE_BACKUP
    return DatabaseError(f"database {shown(url)} is damaged: {reason}", advice)


def _create_engine(address: str) -> Engine:
    # Neither the address nor what SQLAlchemy says of it is repeated: both may hold pieces of a password.
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise DatabaseError("the address of the database is no URL", write_like("--db", _EXAMPLES)) from None
    try:
        # Captions stay out of messages (hide_parameters), and JSON in Korean stays half as long.
        serializer = partial(json.dumps, ensure_ascii=False)
        connecting = _connecting_readonly(url) | _connecting_in_time(url)
        engine = create_engine(url, hide_parameters=True, json_serializer=serializer, **connecting)
    except (NoSuchModuleError, ImportError):
        raise DatabaseError(
            f"the driver of the database, {url.drivername!r}, is not installed", install_driver_or(_EXAMPLES)
        ) from None
    except (ArgumentError, TypeError, ValueError):
        unknown = f"the address of database {shown(url)} has an option that its driver does not know"
        raise DatabaseError(unknown, DATABASE_OPTION_OUT) from None
    if _is_sqlite(url):
        event.listen(engine, "connect", _configure_sqlite_to_read if connecting else _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connecting_in_time(url: URL) -> dict[str, Any]:
    """How long a server may take to let us in, unless the address says so; a driver by itself would wait for ever."""
    if not url.drivername.startswith("postgresql+psycopg") or "connect_timeout" in url.query:
        return {}
    return {"connect_args": {"connect_timeout": _CONNECT_SECONDS}}


def _connecting_readonly(url: URL) -> dict[str, Any]:
    """How to connect to an SQLite file that this process cannot write; nothing for any other database."""
    if not _is_sqlite(url) or not url.database or not Path(url.database).is_file():
        return {}
    file = Path(url.database).absolute()
    return {} if is_writable(file) else {"creator": sqlite_reader(file)}


def _configure_sqlite_to_read(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None


def _configure_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # Python's module would begin transactions late and leave DDL outside of them; `_begin_sqlite` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once where another has written in between, without
    # waiting: who will write takes the lock at the start.
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _upgrade(engine: Engine) -> None:
    scripts = ScriptDirectory(str(_MIGRATIONS))
    with reading(engine) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision == scripts.get_current_head():
        return
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        needed = revision.partition("_needs_")[2]
        raise DatabaseError(
            f"database {shown(engine.url)} was written by a later release (its revision is {revision})",
            upgrade_to(needed),
        )
    kept = None
    if revision is not None and (file := sqlite_file(engine.url)):
        kept = keep_before_upgrade(engine, file, revision)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if kept is not None:
        _log.warning(
            "database %s was upgraded from revision %s; a copy from before is in %s",
            shown(engine.url),
            revision,
            kept,
        )


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = reason_of(error, url)
        # A server is always named by --db; an SQLite file may lie where it does by default.
        otherwise = "", CHECK_DISK_OR_START_OVER if _is_sqlite(url) else CHECK_DATABASE_URL
        meaning, advice = next((known for sign, known in _KNOWN.items() if sign in reason), otherwise)
        told = f"{reason}; {meaning}" if meaning else reason
        raise DatabaseError(f"database {shown(url)}: {told}", advice) from None


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _without_secrets(text: str, url: URL) -> str:
    secrets = [url.password, *(str(value) for option, value in url.query.items() if "pass" in option.lower())]
    for secret in filter(None, secrets):
        text = text.replace(str(secret), "***")
    return text
