"""All that one database holds."""

from pathlib import Path

from sqlalchemy import Engine

from ..core.closing import Closing
from .copying import copy_sqlite
from .engine import open_engine, sqlite_file
from .feedback import FeedbackStore
from .revision import revision_of
from .rules import RuleStore
from .sources import SourceStore
from .store import SqlPostStore


def open_database(url: str, create: bool = True) -> "Database":
    """Open the database at an SQLAlchemy URL; see `store.open_store`."""
    return Database(open_engine(url, create))


class Database(Closing):
    """Posts and their sources, a person's rules on hashtags, feedback. Close it, or use it in a `with` statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.posts = SqlPostStore(engine)
        self.rules = RuleStore(engine)
        self.feedback = FeedbackStore(engine)
        self.sources = SourceStore(engine)

    def revision(self) -> str:
        """Differs after each change of the rules, the posts added one by one or the responses to posts.

        Raises DatabaseError.
        """
        return revision_of(self._engine)

    def copy_to(self, target: Path) -> bool:
        """Copy an SQLite file as it is at this moment; False for other databases, which have tools of their own."""
        if sqlite_file(self._engine.url) is None:
            return False
        copy_sqlite(self._engine, target)
        return True

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()
