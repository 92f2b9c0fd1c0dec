"""The sources that an archive is made of, and how each is read."""

from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select, update

from ..core.advice import LIST_SOURCES
from ..core.errors import NotFoundError
from ..core.post import ADDED
from ..core.sources import KnownSource, Source
from .engine import reading, writing
from .tables import PostRow, SourceRow


class SourceStore:
    """Sources by the name under which the database knows their posts; the last way that one was told to be read stands.

    All methods raise DatabaseError where the database fails.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def remember(self, source: Source) -> None:
        """Keep how a source is read; what was told to leave stays, then."""
        with writing(self._engine) as connection:
            connection.execute(delete(SourceRow).where(SourceRow.name == source.name))
            connection.execute(
                insert(SourceRow).values(
                    name=source.name,
                    location=source.location,
                    images=source.images,
                    encoding=source.encoding,
                    query=source.query,
                    columns=dict(source.columns),
                )
            )

    def known(self) -> tuple[KnownSource, ...]:
        """All sources by name: those remembered, and those that posts are of; not that of posts added one by one."""
        with reading(self._engine) as connection:
            known = _all(connection)
        return tuple(known[name] for name in sorted(known))

    def dismiss(self, name: str) -> KnownSource:
        """Let the posts of a source leave with the next refresh. Raises SettingsError where none has that name."""
        with writing(self._engine) as connection:
            found = _find(connection, name)
            leaving = update(SourceRow).where(SourceRow.name == name).values(leaves_at=datetime.now(UTC))
            if not connection.execute(leaving).rowcount:
                row = {"name": name, "columns": {}, "leaves_at": datetime.now(UTC)}
                connection.execute(insert(SourceRow).values(row))
        return found

    def disown(self, name: str) -> KnownSource:
        """Read a source no more, and keep its posts. Raises SettingsError where none has that name."""
        with writing(self._engine) as connection:
            found = _find(connection, name)
            connection.execute(delete(SourceRow).where(SourceRow.name == name))
        return found

    def let_go(self, name: str) -> None:
        """Nothing is left of a source that was dismissed."""
        with writing(self._engine) as connection:
            connection.execute(delete(SourceRow).where(SourceRow.name == name, SourceRow.leaves_at.is_not(None)))


def _all(connection: Connection) -> dict[str, KnownSource]:
    there = and_(PostRow.removed_at.is_(None), PostRow.source != ADDED)
    counted = select(PostRow.source, func.count()).where(there).group_by(PostRow.source)
    posts = {name: n for name, n in connection.execute(counted)}
    columns = (
        SourceRow.name,
        SourceRow.location,
        SourceRow.images,
        SourceRow.encoding,
        SourceRow.query,
        SourceRow.columns,
        SourceRow.leaves_at,
    )
    known = {name: KnownSource(name, None, n, None) for name, n in posts.items()}
    for name, location, images, encoding, query, roles, leaves_at in connection.execute(select(*columns)):
        source = Source(name, location, images, encoding, query, roles) if location is not None else None
        known[name] = KnownSource(name, source, posts.get(name, 0), leaves_at)
    return known


def _find(connection: Connection, name: str) -> KnownSource:
    found = _all(connection).get(name)
    if found is None:
        raise NotFoundError(f"there is no source {name!r}", LIST_SOURCES)
    return found
