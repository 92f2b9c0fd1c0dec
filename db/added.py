"""Posts that a person adds one by one, corrects and removes.

A post that is corrected becomes a new row, with a key of its own, and so it is for an index: one that holds the key of
the row before holds what is no longer said. Of that row nothing but the key stays.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, delete, exists, or_, select, update

from ..core.post import ADDED, Post
from ..core.protocols import AddOutcome, StoredPost
from .ingest import Ingest, author_digest, content_digest
from .tables import PhotoRow, PostRow, ResponseRow

_BETWEEN_HASHTAGS = frozenset("[], ")  # in the JSON of a post, and in no hashtag


@dataclass(frozen=True, slots=True)
class Taken:
    """A post of the source ADDED that was taken in. before: the key of the row that it takes the place of."""

    stored: StoredPost
    outcome: AddOutcome
    before: int | None = None


def take(connection: Connection, post: Post, by_content: bool) -> Taken:
    """Do what `SqlPostStore.add` promises, but for the vectors."""
    if by_content:
        post = replace(post, post_id=_id_of_same(connection, post) or post.post_id)
    known_by = and_(_active(), PostRow.post_id == post.post_id)
    columns = (PostRow.id, PostRow.content_digest, PostRow.author, PostRow.posted_at)
    earlier = connection.execute(select(*columns).where(known_by)).one_or_none()
    if earlier and by_content:  # what is not told again stays
        post = replace(post, author=post.author or earlier.author, posted_at=post.posted_at or earlier.posted_at)
    if earlier and earlier.content_digest == content_digest(post):
        return Taken(StoredPost(earlier.id, post), "unchanged")
    if earlier:
        retire(connection, earlier.id)
    Ingest(connection, ADDED).add(post)
    key = connection.execute(select(PostRow.id).where(known_by)).scalar_one()
    return Taken(StoredPost(key, post), "corrected" if earlier else "added", earlier.id if earlier else None)


def retire(connection: Connection, key: int) -> None:
    """Let nothing but the key stay of a post."""
    for table in (PhotoRow, ResponseRow):
        connection.execute(delete(table).where(table.post_key == key))
    nothing: dict[str, Any] = {"caption": "", "caption_digest": None, "hashtags": [], "author": None, "posted_at": None}
    # No reader makes an id that begins with a line end.
    gone = {"post_id": f"\n{key}", "content_digest": "", "removed_at": datetime.now(UTC), "unreadable": None}
    connection.execute(update(PostRow).where(PostRow.id == key).values(**nothing, **gone))


def retired(connection: Connection) -> frozenset[int]:
    """The keys of all posts that were corrected or removed."""
    gone = select(PostRow.id).where(PostRow.source == ADDED, PostRow.removed_at.is_not(None))
    return frozenset(connection.scalars(gone))


def newest(
    connection: Connection,
    condition: ColumnElement[bool],
    count: int | None,
    source: str | None,
    author: str | None,
    text: str,
) -> Sequence[int]:
    """The keys of posts, the newest first; those without a date come last, of these the one taken in last first.

    text: what their caption or their hashtags hold, in any case; without `#` if it begins with one.
    """
    wanted = [condition]
    if text.strip():
        held = text.strip().lstrip("#")
        holds = PostRow.caption.icontains(held, autoescape=True)
        if not _BETWEEN_HASHTAGS & {*held}:
            # Hashtags are kept as JSON, whose texts a database compares as they are written.
            written = cast(PostRow.hashtags, Text)
            holds = or_(holds, written.icontains(_in_json(held), autoescape=True))
        wanted.append(holds)
    if source is not None:
        wanted.append(PostRow.source == source)
    if author is not None:
        names = connection.scalars(select(PostRow.author).distinct())
        wanted.append(PostRow.author.in_([name for name in names if name and _same(name, author)]))
    order = PostRow.posted_at.is_(None), PostRow.posted_at.desc(), PostRow.id.desc()
    return connection.scalars(select(PostRow.id).where(*wanted).order_by(*order).limit(count)).all()


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _same(name: str, author: str) -> bool:
    return author_digest(name) == author_digest(author)


def _active() -> ColumnElement[bool]:
    return and_(PostRow.source == ADDED, PostRow.removed_at.is_(None))


def _id_of_same(connection: Connection, post: Post) -> str | None:
    """The id of the post with the same caption and photos that was added last."""
    photos, captions = post.digests("image"), post.digests("text")
    same = PostRow.caption_digest == captions[0] if captions else PostRow.caption_digest.is_(None)
    candidates = select(PostRow.id, PostRow.post_id).where(_active(), same).order_by(PostRow.id.desc())
    if photos:
        own = and_(PhotoRow.post_key == PostRow.id, PhotoRow.rank == 0, PhotoRow.digest == photos[0])
        candidates = candidates.where(exists().where(own))
    for key, post_id in connection.execute(candidates).all():
        theirs = select(PhotoRow.digest).where(PhotoRow.post_key == key).order_by(PhotoRow.rank)
        if tuple(connection.scalars(theirs)) == photos:
            return str(post_id)
    return None
