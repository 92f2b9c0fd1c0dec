"""The answer of a database to a query."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, CursorResult, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from ...core.advice import CHECK_QUERY, INSTALL_DRIVER
from ...core.errors import SourceError
from ..engine import reason_of, shown
from ..sqlite import sqlite_reader
from .rows import Row

_BATCH = 500  # rows
_SECRET = ("pass", "secret", "token", "key")  # in the name of an option, which is not kept then
_EXAMPLES = "sqlite:////folder/posts.sqlite or postgresql://user:password@host/name"
# What keeps a connection from writing, whatever the query says; any other server is told to roll back at the end.
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}


class QueryTable:
    """The rows of one SELECT on a database that SQLAlchemy can open, streamed; nothing is written there.

    name: the database's address without password and options, by which its source is known.
    location: its address without password, to open it again: then the driver finds the password where it looks for it.
    folder: that of an SQLite file, the working folder for a server.
    Raises SourceError if the database cannot be opened, or if the query yields no columns or two of one name.
    """

    def __init__(self, address: str, query: str) -> None:
        self._query = query
        self._url = _url(address)
        if self._url.get_backend_name() == "sqlite":
            file = _sqlite_file(self._url)
            self.name, self.folder = str(file), file.parent
            self.location = str(URL.create(self._url.drivername, database=str(file.resolve())))
        else:
            self.name, self.folder = shown(self._url), Path()
            self.location = _without_secrets(self._url)
        with self._answer() as answer:
            self._names = list(answer.keys())
        if twice := next((name for name in self._names if self._names.count(name) > 1), None):
            raise SourceError(f"{self.name}: the query yields two columns {twice!r}; give one another name with AS")

    @property
    def columns(self) -> Sequence[str]:
        """The names of the query's columns."""
        return self._names

    def rows(self) -> Iterator[Row]:
        """Every row as it comes: the order is the query's. Raises SourceError where the database gives up."""
        with self._answer() as answer:
            for row in answer:
                yield dict(zip(self._names, row, strict=True))

    def notes(self) -> Sequence[str]:
        """Nothing: a query tells its columns, and its database their encoding."""
        return []

    @contextmanager
    def _answer(self) -> Iterator[CursorResult[Any]]:
        engine = _engine(self._url)
        try:
            with engine.connect() as connection, _ask(connection, self._query) as answer:
                yield answer
        except (SQLAlchemyError, ValueError) as error:
            # Without its cause, which may tell the password.
            reason = reason_of(error, self._url)
            raise SourceError(f"{self.name}: {reason}", CHECK_QUERY) from None
        finally:
            engine.dispose()


def _without_secrets(url: URL) -> str:
    options = {name: value for name, value in url.query.items() if not any(sign in name.lower() for sign in _SECRET)}
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database, options).render_as_string()


def _ask(connection: Connection, query: str) -> CursorResult[Any]:
    # As it is written: neither `:name` nor `%` means anything in it.
    options = {"stream_results": True, "yield_per": _BATCH, "no_parameters": True}
    answer = connection.execution_options(**options).exec_driver_sql(query)
    if not answer.returns_rows:
        raise SourceError("the query yields no columns; write SELECT image, text, hashtags FROM ...")
    return answer


def _url(address: str) -> URL:
    # Neither the address nor what SQLAlchemy says of it is repeated: both may hold pieces of a password.
    try:
        return make_url(address)
    except (ArgumentError, ValueError):
        raise SourceError(f"the source is no database URL, but a query needs one; write it like {_EXAMPLES}") from None


def _sqlite_file(url: URL) -> Path:
    if not url.database or not Path(url.database).is_file():
        raise SourceError(f"there is no database {shown(url)}; name an SQLite file like {_EXAMPLES}")
    return Path(url.database).resolve()


def _engine(url: URL) -> Engine:
    backend = url.get_backend_name()
    connecting = {"creator": sqlite_reader(_sqlite_file(url))} if backend == "sqlite" else {}
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, **connecting)
    except (NoSuchModuleError, ImportError):
        raise SourceError(f"the driver of the source, {url.drivername!r}, is not installed", INSTALL_DRIVER) from None
    except (ArgumentError, TypeError, ValueError):
        raise SourceError(
            f"the address of the source {shown(url)} has an option that its driver does not know; remove it"
        ) from None

    def forbid_writing(connection: Any, _: ConnectionPoolEntry) -> None:
        if backend == "sqlite":
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)  # ATTACH and VACUUM INTO make new files
        if statement := _READ_ONLY.get(backend):
            cursor = connection.cursor()
            cursor.execute(statement)
            cursor.close()
            connection.commit()

    event.listen(engine, "connect", forbid_writing)
    return engine
