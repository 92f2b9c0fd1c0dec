"""The database of posts, on SQLite, PostgreSQL or whatever SQLAlchemy reaches."""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from heapq import merge
from pathlib import Path

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    bindparam,
    exists,
    func,
    select,
    update,
)

from ..core.advice import OTHER_SOURCE_NAME
from ..core.archive_state import ArchiveState, content_number
from ..core.closing import Closing
from ..core.errors import SettingsError
from ..core.pipeline import batches
from ..core.post import ADDED, MEASURES, Photo, Post, Response
from ..core.protocols import Compared, Fingerprint, Ingested, StoredPost
from ..core.vectors import Floats, Rows, Vectors
from .added import Taken, newest, retire, retired, take
from .engine import damage, erase_deleted, open_engine, reading, shown, update_statistics, writing
from .forgetting import forget
from .ingest import CHUNK, Ingest, forgotten_authors
from .pages import pages, posts_in_order
from .revision import revise, revising
from .tables import PhotoRow, PostRow, ResponseRow, active, kept_photos
from .vectors import VectorStore, keep_vectors

_KEYS_A_PAGE = 10_000


def open_store(url: str, create: bool = True) -> "SqlPostStore":
    """Open the database at an SQLAlchemy URL; its tables are made or brought up to date on the way.

    create: make an SQLite file where there is none; else that is a DatabaseError.
    Raises DatabaseError where it cannot be reached or written, or where a later release has written it.
    """
    return SqlPostStore(open_engine(url, create))


class SqlPostStore(VectorStore, Closing):
    """`PostStore` by SQL. Close it, or use it in a `with` statement.

    What it yields comes page by page, each page read in a transaction of its own: memory holds no more texts than a
    page has, one may write while one reads, and no reader holds up another process.
    All methods raise DatabaseError where the database fails.
    """

    @property
    def shown_url(self) -> str:
        """Which database this is, for a person: a path or URL, never with a password."""
        return shown(self._engine.url)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def ingest(self, source: str, posts: Iterable[Post], accept: Callable[[Ingested], None] | None = None) -> Ingested:
        """Bring the database in line with a source, in one transaction: add, update, mark removed.

        What is added or updated is active until `set_unreadable` says otherwise. Whatever ends it midway, an error
        out of `posts` included, leaves the database as it was; so does one that `accept` raises at what it is told.
        Raises DatabaseError where two posts have the same id, SettingsError where one is of a forgotten author and
        where the source has the name of that which `add` fills.
        """
        if source == ADDED:
            raise SettingsError(
                f"a source named {ADDED!r} would take the place of all posts that were added one by one",
                OTHER_SOURCE_NAME,
            )
        with writing(self._engine) as connection:
            ingest = Ingest(connection, source)
            ingested = ingest.run(posts)
            if accept:
                accept(ingested)
            if ingest.responds_anew:
                revise(connection)
        if ingested.changes:
            update_statistics(self._engine)
        return ingested

    def add(
        self, post: Post, made: Iterable[tuple[Fingerprint, str, Vectors]] = (), *, by_content: bool = False
    ) -> Taken:
        """Take in one post of the source ADDED, in one transaction; it takes the place of that of the same id.

        made: vectors (1, d) of its contents, by encoder and digest, which are kept with it. by_content: it takes the
        place, and the id, of an earlier one with the same caption and photos, if there is one.
        Raises SettingsError if its author is forgotten.
        """
        with revising(self._engine) as connection:
            taken = take(connection, post, by_content)
            for fingerprint, digest, vectors in made:
                keep_vectors(connection, fingerprint, [digest], vectors)
        return taken

    def remove_added(self, key: int) -> None:
        """Remove a post of the source ADDED for good."""
        with revising(self._engine) as connection:
            retire(connection, key)

    def retired(self) -> frozenset[int]:
        """The keys of posts of the source ADDED that were corrected or removed since: an index may still hold them."""
        with reading(self._engine) as connection:
            return retired(connection)

    def find(self, post_id: str) -> list[StoredPost]:
        """The active posts of that id, one of each source at most."""
        return list(self._posts_where(and_(active(), PostRow.post_id == post_id)))

    def photos_of(self, source: str, post_id: str) -> tuple[Photo, ...]:
        """The photos of an active post; none if there is no such post."""
        return next((stored.post.photos for stored in self.find(post_id) if stored.post.source == source), ())

    def has_photo(self, digest: str) -> bool:
        """Whether any post has a photo of these bytes, also one that was removed from its source or set aside."""
        with reading(self._engine) as connection:
            return bool(connection.scalar(select(exists().where(PhotoRow.digest == digest))))

    def photos_by(self, author: str) -> list[Photo]:
        """All photos of the active posts of an author."""
        return [photo for stored in self.newest(None, author=author) for photo in stored.post.photos]

    def newest(
        self, count: int | None, source: str | None = None, author: str | None = None, text: str = ""
    ) -> list[StoredPost]:
        """Active posts, the newest first; see `added.newest`."""
        with reading(self._engine) as connection:
            keys = newest(connection, active(), count, source, author, text)
        found = {stored.key: stored for some in batches(keys, CHUNK) for stored in self._posts_of(some)}
        return [found[key] for key in keys if key in found]

    def forget_author(self, author: str) -> int:
        """Delete all posts of an author, with the vectors and the feedback of what no other post has.

        No later post of theirs is taken in; their name is not kept. Returns how many posts were deleted, also of those
        removed or set aside. Raises SettingsError where there is none and the author was not forgotten before,
        DatabaseError also where the posts are deleted but their text stays readable in the file: then do it again.
        """
        with revising(self._engine) as connection:
            deleted = forget(connection, author)
        erase_deleted(self._engine)
        return deleted

    def forgotten(self) -> frozenset[str]:
        """SHA-256 (hex) of the name of each forgotten author, for `Rejects.sift`."""
        with reading(self._engine) as connection:
            return forgotten_authors(connection)

    def set_unreadable(self, reasons: dict[str, str]) -> None:
        """Exactly these photos (digest: reason) are no part of their posts; all others are again.

        A post that has neither a caption nor another photo is set aside.
        """
        with writing(self._engine) as connection:
            for table in (PhotoRow, PostRow):
                connection.execute(update(table).where(table.unreadable.is_not(None)).values(unreadable=None))
            if not reasons:
                return
            connection.execute(
                update(PhotoRow).where(PhotoRow.digest == bindparam("of")),
                [{"of": digest, "unreadable": reason} for digest, reason in reasons.items()],
            )
            own = PhotoRow.post_key == PostRow.id
            reason = select(func.min(PhotoRow.unreadable)).where(own).scalar_subquery()
            readable = exists().where(own, PhotoRow.unreadable.is_(None))
            damaged = exists().where(own, PhotoRow.unreadable.is_not(None))
            nothing_left = and_(PostRow.caption_digest.is_(None), damaged, ~readable)
            connection.execute(update(PostRow).where(nothing_left).values(unreadable=reason))

    def has_photos(self, source: str) -> bool:
        """Whether any post of a source has a photo."""
        with reading(self._engine) as connection:
            return connection.scalar(kept_photos(PhotoRow.digest).where(PostRow.source == source).limit(1)) is not None

    def unreadable(self) -> dict[str, str]:
        """The photos that cannot be decoded: reasons by digest."""
        damaged = kept_photos(PhotoRow.digest, PhotoRow.unreadable).where(PhotoRow.unreadable.is_not(None))
        with reading(self._engine) as connection:
            return {str(digest): str(reason) for digest, reason in connection.execute(damaged.distinct())}

    def posts(self) -> Iterator[StoredPost]:
        """The active posts (neither removed nor set aside) of all sources, in order: by source and id.

        So the order is that of the posts alone, and not of when which of them came. Memory: the ids.
        """
        return self._posts_where(active())

    def added(self) -> Iterator[StoredPost]:
        """The active posts of the source ADDED, by id."""
        return self._posts_where(and_(active(), PostRow.source == ADDED))

    def versions(self) -> ArchiveState:
        """The active posts as they are now."""
        keys, contents = array("q"), array("Q")
        for page in self._content_digests():
            keys.extend(key for key, _ in page)
            contents.extend(content_number(content) for _, content in page)
        return ArchiveState(np.asarray(keys, dtype=np.int64), np.asarray(contents, dtype=np.uint64))

    def responses(self) -> tuple[Rows, Floats]:
        """The responses to posts: keys (n,) int64, ascending, and float64 (n, 3), a column a measure, NaN if untold.

        Those to posts that have left their source stay until these come back, or their author is forgotten.
        """
        statement = select(ResponseRow.post_key, ResponseRow.likes, ResponseRow.comments, ResponseRow.views)
        told = pages(self._engine, statement, ResponseRow.post_key, _KEYS_A_PAGE)
        parts = [np.asarray([tuple(row) for row in page], dtype=np.float64) for page in told]
        table = np.concatenate([np.zeros((0, 1 + len(MEASURES))), *parts])
        return table[:, 0].astype(np.int64), table[:, 1:]

    def compare(self, source: str, posts: Iterable[Post]) -> Compared:
        """What `ingest` would change; changes nothing, and raises what it would raise."""
        with reading(self._engine) as connection:
            comparison = Ingest(connection, source, keeps=False)
            ingested = comparison.run(posts)
            return Compared(ingested, comparison.photos, comparison.captions, comparison.known, comparison.new)

    def digest(self, without: Collection[int] = (), instead: Mapping[int, str | None] | None = None) -> str:
        """SHA-256 (hex) over the active posts and their keys, but for some keys; equal exactly when they are.

        Photos that cannot be decoded tell two states apart, since they are no part of their posts. instead: as if these
        posts had changed, come back or gone; see `Compared.known`.
        """
        others = {key: content for key, content in (instead or {}).items() if content and key not in without}
        out = {*without, *(instead or {})}
        kept = ((key, content) for page in self._content_digests() for key, content in page if key not in out)
        digest = sha256()
        for some in batches(merge(kept, sorted(others.items())), _KEYS_A_PAGE):
            digest.update("".join(f"{key} {content}\n" for key, content in some).encode())
        damaged = kept_photos(PhotoRow.post_key, PhotoRow.rank).where(active(), PhotoRow.unreadable.is_not(None))
        with reading(self._engine) as connection:
            for key, rank in connection.execute(damaged.order_by(PhotoRow.post_key, PhotoRow.rank)):
                if key not in out:
                    digest.update(f"{key} without photo {rank}\n".encode())
        return digest.hexdigest()

    def _content_digests(self) -> Iterator[Sequence[Row[int, str]]]:
        """Pages of keys, ascending, and content digests of the active posts."""
        statement = select(PostRow.id, PostRow.content_digest).where(active())
        return pages(self._engine, statement, PostRow.id, _KEYS_A_PAGE)

    def _posts_of(self, keys: Sequence[int]) -> Iterator[StoredPost]:
        return self._posts_where(and_(active(), PostRow.id.in_(keys)))

    def _posts_where(self, condition: ColumnElement[bool]) -> Iterator[StoredPost]:
        statement = select(
            PostRow.id,
            PostRow.source,
            PostRow.post_id,
            PostRow.caption,
            PostRow.hashtags,
            PostRow.author,
            PostRow.posted_at,
            ResponseRow.likes,
            ResponseRow.comments,
            ResponseRow.views,
        )
        statement = statement.outerjoin(ResponseRow, ResponseRow.post_key == PostRow.id).where(condition)
        for page in posts_in_order(self._engine, statement, condition):
            photos = self._photos_of([row[0] for row in page])
            for key, source, post_id, caption, hashtags, author, posted_at, *counts in page:
                if not isinstance(hashtags, list) or not all(isinstance(hashtag, str) for hashtag in hashtags):
                    raise damage(self._engine.url, f"the hashtags of post {post_id!r} of {source} are no list of texts")
                own = tuple(photos.get(key, ()))
                response = Response(*counts)
                post = Post(source, post_id, caption, tuple(hashtags), own, author, posted_at, response=response)
                yield StoredPost(key, post)

    def _photos_of(self, keys: Sequence[int]) -> dict[int, list[Photo]]:
        """The photos of posts that can be decoded, by post and in its order."""
        columns = (PhotoRow.post_key, PhotoRow.path, PhotoRow.digest)
        theirs = select(*columns).where(PhotoRow.post_key.in_(keys), PhotoRow.unreadable.is_(None))
        found: dict[int, list[Photo]] = {}
        with reading(self._engine) as connection:
            for key, path, digest in connection.execute(theirs.order_by(PhotoRow.post_key, PhotoRow.rank)):
                found.setdefault(key, []).append(Photo(Path(path), digest))
        return found
