"""Forgetting an author."""

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, exists, insert, select

from ..core.errors import NotFoundError
from ..core.pipeline import batches
from .ingest import CHUNK, author_digest, forgotten_authors
from .tables import EmbeddingRow, FeedbackRow, ForgottenAuthorRow, PhotoRow, PostRow, ResponseRow


def forget(connection: Connection, author: str) -> int:
    """Do what `SqlPostStore.forget_author` promises, but for what stays readable in a file."""
    digest = author_digest(author)
    authors = connection.scalars(select(PostRow.author).distinct())
    spellings = [name for name in authors if name and author_digest(name) == digest]
    if digest not in forgotten_authors(connection):
        if not spellings:
            raise NotFoundError(f"no post of an author {author!r} is in the database; write the name as the posts do")
        connection.execute(insert(ForgottenAuthorRow).values(digest=digest, forgotten_at=datetime.now(UTC)))
    theirs = PostRow.author.in_(spellings)
    keys = select(PostRow.id).where(theirs)
    of_theirs = PhotoRow.post_key.in_(keys)
    captions = connection.scalars(select(PostRow.caption_digest).where(theirs))
    photos = connection.scalars(select(PhotoRow.digest).where(of_theirs))
    contents = {content for content in (*captions, *photos) if content}
    connection.execute(delete(PhotoRow).where(of_theirs))
    connection.execute(delete(ResponseRow).where(ResponseRow.post_key.in_(keys)))
    deleted = connection.execute(delete(PostRow).where(theirs)).rowcount
    _delete_vectors_without_post(connection)
    for chunk in batches(contents, CHUNK):
        _delete_feedback_without_post(connection, chunk)
    return deleted


def _delete_vectors_without_post(connection: Connection) -> None:
    # Of all contents that no post has any more: what an author's posts said before they were edited is not known.
    connection.execute(
        delete(EmbeddingRow).where(
            ~exists().where(PhotoRow.digest == EmbeddingRow.content_digest),
            ~exists().where(PostRow.caption_digest == EmbeddingRow.content_digest),
        )
    )


def _delete_feedback_without_post(connection: Connection, contents: list[str]) -> None:
    for judged, posted in (
        (FeedbackRow.photo_digest, PhotoRow.digest),
        (FeedbackRow.caption_digest, PostRow.caption_digest),
    ):
        connection.execute(delete(FeedbackRow).where(judged.in_(contents), ~exists().where(posted == judged)))
