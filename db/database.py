"""All that one database holds."""

from types import TracebackType

from sqlalchemy import Engine

from .engine import open_engine
from .feedback import FeedbackBook
from .rules import RuleBook
from .sources import SourceBook
from .store import SqlPostStore


def open_database(url: str, create: bool = True) -> "Database":
    """Open the database at an SQLAlchemy URL; see `store.open_store`."""
    return Database(open_engine(url, create))


class Database:
    """Posts and their sources, a person's rules on hashtags, feedback. Close it, or use it in a `with` statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.posts = SqlPostStore(engine)
        self.rules = RuleBook(engine)
        self.feedback = FeedbackBook(engine)
        self.sources = SourceBook(engine)

    def __enter__(self) -> "Database":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()
