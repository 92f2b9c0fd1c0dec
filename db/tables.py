"""The tables: posts, the vectors that encoders have made of their contents, and what people say of hashtags."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Dialect,
    Double,
    Index,
    LargeBinary,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    select,
)
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from ..core.feedback import Verdict
from ..core.rules import RuleKind


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, kept as UTC without a zone, which every database can do; naive ones are taken as UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What goes into the database."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What comes out of it."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """What Alembic compares the database with."""


class PostRow(Base):
    """One post of one source.

    id: `StoredPost.key`; never given to another post.
    hashtags: as posted. They are normalised when an index is built, so that the rule can change without a migration.
    caption_digest: SHA-256 (hex) of the caption's UTF-8, by which the post finds the vectors of its caption.
    content_digest: SHA-256 (hex) over all that a source says of the post; decides between updated and unchanged.
    removed_at: when the source was first read without it.
    unreadable: why no photo of a post without a caption can be decoded; such a post is set aside.
    """

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("source", "post_id", name="uq_post_source_post_id"),
        Index("ix_post_caption_digest", "caption_digest"),
        # Else SQLite would give the number of a deleted last post to the next one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    post_id: Mapped[str] = mapped_column(Text)
    caption: Mapped[str] = mapped_column(Text)
    caption_digest: Mapped[str | None] = mapped_column(String(64))
    hashtags: Mapped[list[str]] = mapped_column(JSON)
    author: Mapped[str | None] = mapped_column(Text)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content_digest: Mapped[str] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unreadable: Mapped[str | None] = mapped_column(Text)


class PhotoRow(Base):
    """One photo of one post.

    post_key: `PostRow.id`. rank: 0 for the first photo of the post. digest: SHA-256 (hex) of the file's bytes, by which
    it finds its vectors. unreadable: why it cannot be decoded; it then is no part of the post.
    """

    __tablename__ = "photo"
    __table_args__ = (Index("ix_photo_digest", "digest"),)

    post_key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    unreadable: Mapped[str | None] = mapped_column(Text)


class ResponseRow(Base):
    """The response to one post, as `Response` tells; a post of which nothing is told has no row.

    A table of its own: it changes every night, and is read whole without the texts of posts. post_key: `PostRow.id`.
    """

    __tablename__ = "response"

    post_key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    likes: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    views: Mapped[int | None] = mapped_column(BigInteger)


class EmbeddingRow(Base):
    """The vector that one encoder made of one content, a photo or a caption.

    content_digest: the `digest` of photos, or the `caption_digest` of posts.
    fingerprint: `Fingerprint.digest` of the encoder.
    vector: float16, little-endian. Half the space of float32, and its error (at most 5e-4 of a unit vector's
    components) lies far below what a ranking notices.
    """

    __tablename__ = "embedding"

    content_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(32), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class HashtagRuleRow(Base):
    """What a person has ruled on one hashtag.

    hashtag, target: normalised. kind: a `RuleKind`; an alias, and only an alias, has a target, which is no alias.
    """

    __tablename__ = "hashtag_rule"
    __table_args__ = (CheckConstraint("(kind = 'alias') = (target IS NOT NULL)", name="ck_hashtag_rule_target"),)

    hashtag: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[RuleKind] = mapped_column(String(8))
    target: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FeedbackRow(Base):
    """What a person said of one hashtag that was suggested for one post, as `Judgement` tells.

    caption_digest: as in `PostRow`, but "" if there is no caption. photo_digest: `digest` of the first photo, "" if
    there is none. With the hashtag they are the key.
    """

    __tablename__ = "feedback"

    caption_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    photo_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    hashtag: Mapped[str] = mapped_column(Text, primary_key=True)
    verdict: Mapped[Verdict] = mapped_column(String(8))
    score: Mapped[float] = mapped_column(Double)
    snapshot: Mapped[str] = mapped_column(Text)
    caption: Mapped[str] = mapped_column(Text)
    photo_path: Mapped[str | None] = mapped_column(Text)
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SourceRow(Base):
    """A source that is read again, as `Source` tells.

    location: None where that is not known. leaves_at: when it was told that its posts are to leave.
    """

    __tablename__ = "source"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    location: Mapped[str | None] = mapped_column(Text)
    images: Mapped[str | None] = mapped_column(Text)
    encoding: Mapped[str | None] = mapped_column(Text)
    query: Mapped[str | None] = mapped_column(Text)
    columns: Mapped[dict[str, str]] = mapped_column(JSON)
    leaves_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RevisionRow(Base):
    """The state of rules and added posts, in one row. token: random, and a new one after each change."""

    __tablename__ = "revision"

    token: Mapped[str] = mapped_column(String(32), primary_key=True)


class ForgottenAuthorRow(Base):
    """An author of whom no post is taken in any more. digest: SHA-256 (hex) of the name, which is forgotten as well."""

    __tablename__ = "forgotten_author"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    forgotten_at: Mapped[datetime] = mapped_column(UtcDateTime)


def active() -> ColumnElement[bool]:
    """Of posts: neither removed nor set aside."""
    return and_(PostRow.removed_at.is_(None), PostRow.unreadable.is_(None))


def kept_photos(*columns: InstrumentedAttribute[Any]) -> Select[Any]:
    """The photos of posts that are not removed."""
    return select(*columns).join(PostRow, PostRow.id == PhotoRow.post_key).where(PostRow.removed_at.is_(None))
