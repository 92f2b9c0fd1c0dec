"""Reading page by page, each page in a transaction of its own."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Engine, Row, Select, select
from sqlalchemy.orm import InstrumentedAttribute

from ..core.pipeline import batches
from .engine import reading
from .ingest import CHUNK
from .tables import PostRow

Rest = TypeVarTuple("Rest")

_KEYS_A_PAGE = 10_000


def pages(
    engine: Engine, statement: Select[Any, *Rest], cursor: InstrumentedAttribute[Any], size: int
) -> Iterator[Sequence[Row[Any, *Rest]]]:
    """The rows of a statement by its first column, which `cursor` names and which must be unique among them."""
    page_of = statement.order_by(cursor).limit(size)
    while True:
        with reading(engine) as connection:
            page = connection.execute(page_of).all()
        if page:
            yield page
        if len(page) < size:
            return
        page_of = statement.where(cursor > page[-1][0]).order_by(cursor).limit(size)


def posts_in_order(
    engine: Engine, statement: Select[Any, *Rest], condition: ColumnElement[bool]
) -> Iterator[Sequence[Row[Any, *Rest]]]:
    """The rows of a statement, by source and id of the posts that `condition` names; no page is empty.

    Rows of one post stay in the order that the statement asks for.

    Of ids the shorter come first, so that numbers stand as they count. The statement's first column is the post's key.
    Databases sort text by rules of their own, so it is done here.
    """
    ids = select(PostRow.id, PostRow.source, PostRow.post_id).where(condition)
    named: list[tuple[str, str, int]] = []
    for page in pages(engine, ids, PostRow.id, _KEYS_A_PAGE):
        named.extend((sys.intern(source), post_id, key) for key, source, post_id in page)
    named.sort(key=lambda post: (post[0], len(post[1]), post[1]))
    for chunk in batches((key for _, _, key in named), CHUNK):
        with reading(engine) as connection:
            rows = connection.execute(statement.where(PostRow.id.in_(chunk))).all()
        place = {key: i for i, key in enumerate(chunk)}
        if rows:
            yield sorted(rows, key=lambda row, place=place: place[row[0]])  # type: ignore[misc]
