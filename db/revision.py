"""A cheap way to see whether a recommender that is open has become out of date."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select, update

from .engine import reading, writing
from .tables import RevisionRow


@contextmanager
def revising(engine: Engine) -> Iterator[Connection]:
    """As `engine.writing`, for what a recommender reads from the database: rules, and posts added one by one."""
    with writing(engine) as connection:
        yield connection
        revise(connection)


def revise(connection: Connection) -> None:
    """Tell recommenders that there is something new: at the end, so that transactions wait as briefly as can be."""
    # Random, so that a database restored from a backup never has the token of a later state.
    connection.execute(update(RevisionRow).values(token=secrets.token_hex(16)))


def revision_of(engine: Engine) -> str:
    """A text that differs after each change of rules, added posts or responses to posts. Raises DatabaseError."""
    with reading(engine) as connection:
        return str(connection.scalar(select(RevisionRow.token)))
