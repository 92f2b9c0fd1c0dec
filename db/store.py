"""The database of posts, on SQLite, PostgreSQL or whatever SQLAlchemy reaches."""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from heapq import merge
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from ..core.archive_state import ArchiveState, content_number
from ..core.closing import Closing
from ..core.errors import SettingsError
from ..core.pipeline import batches
from ..core.post import ADDED, Modality, Photo, Post
from ..core.protocols import Compared, Fingerprint, Ingested, StoredPost
from ..core.vectors import Rows, Vectors
from .added import Taken, newest, retire, retired, take
from .engine import damage, erase_deleted, open_engine, reading, shown, writing
from .forgetting import forget
from .ingest import CHUNK, Ingest, forgotten_authors
from .pages import pages, posts_in_order
from .revision import revising
from .tables import EmbeddingRow, PhotoRow, PostRow

_HALF = np.dtype("<f2")
_POSTS_A_PAGE = 500
_KEYS_A_PAGE = 10_000


def open_store(url: str, create: bool = True) -> "SqlPostStore":
    """Open the database at an SQLAlchemy URL; its tables are made or brought up to date on the way.

    create: make an SQLite file where there is none; else that is a DatabaseError.
    Raises DatabaseError where it cannot be reached or written, or where a later release has written it.
    """
    return SqlPostStore(open_engine(url, create))


class SqlPostStore(Closing):
    """`PostStore` by SQL. Close it, or use it in a `with` statement.

    What it yields comes page by page, each page read in a transaction of its own: memory holds no more texts than a
    page has, one may write while one reads, and no reader holds up another process.
    All methods raise DatabaseError where the database fails.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

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
                f"a source named {ADDED!r} would take the place of all posts that were added one by one (`hashtag "
                "posts add`); give it another name with --source"
            )
        with writing(self._engine) as connection:
            ingested = Ingest(connection, source).run(posts)
            if accept:
                accept(ingested)
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
                _keep_vectors(connection, fingerprint, [digest], vectors)
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
        return list(self._posts_where(and_(_active(), PostRow.post_id == post_id)))

    def newest(self, count: int, source: str | None = None, author: str | None = None) -> list[StoredPost]:
        """Active posts, the newest first; see `added.newest`."""
        with reading(self._engine) as connection:
            keys = newest(connection, _active(), count, source, author)
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
            return connection.scalar(_photos(PhotoRow.digest).where(PostRow.source == source).limit(1)) is not None

    def unreadable(self) -> dict[str, str]:
        """The photos that cannot be decoded: reasons by digest."""
        damaged = _photos(PhotoRow.digest, PhotoRow.unreadable).where(PhotoRow.unreadable.is_not(None))
        with reading(self._engine) as connection:
            return {str(digest): str(reason) for digest, reason in connection.execute(damaged.distinct())}

    def posts(self) -> Iterator[StoredPost]:
        """The active posts (neither removed nor set aside) of all sources, in order: by source and id.

        So the order is that of the posts alone, and not of when which of them came. Memory: the ids.
        """
        return self._posts_where(_active())

    def added(self) -> Iterator[StoredPost]:
        """The active posts of the source ADDED, by id."""
        return self._posts_where(and_(_active(), PostRow.source == ADDED))

    def versions(self) -> ArchiveState:
        """The active posts as they are now."""
        keys, contents = array("q"), array("Q")
        for page in self._content_digests():
            keys.extend(key for key, _ in page)
            contents.extend(content_number(content) for _, content in page)
        return ArchiveState(np.asarray(keys, dtype=np.int64), np.asarray(contents, dtype=np.uint64))

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
        damaged = _photos(PhotoRow.post_key, PhotoRow.rank).where(_active(), PhotoRow.unreadable.is_not(None))
        with reading(self._engine) as connection:
            for key, rank in connection.execute(damaged.order_by(PhotoRow.post_key, PhotoRow.rank)):
                if key not in out:
                    digest.update(f"{key} without photo {rank}\n".encode())
        return digest.hexdigest()

    def count_without(self, fingerprint: Fingerprint, modality: Modality) -> int:
        """How many distinct contents have no vector of that encoder yet, those of set-aside posts included."""
        digest, contents = _contents(modality)
        lacking = contents.with_only_columns(func.count(digest.distinct())).where(_lacks(fingerprint, digest))
        with reading(self._engine) as connection:
            return connection.scalar(lacking) or 0

    def photos_without(self, fingerprint: Fingerprint) -> Iterator[Photo]:
        """One photo for each content that has no vector of that encoder yet, set-aside ones included.

        Of equal photos the first by path that is a file; where none is, the first.
        """
        for page in self._contents_without(fingerprint, "image", PhotoRow.path):
            elsewhere = self._photos_elsewhere([digest for digest, path in page if not _is_file(Path(path))])
            for digest, path in page:
                yield Photo(elsewhere.get(digest, Path(path)), digest)

    def captions_without(self, fingerprint: Fingerprint) -> Iterator[tuple[str, str]]:
        """Each distinct non-empty caption that has no vector of that encoder yet, behind its digest.

        Those of set-aside posts are included.
        """
        pages = self._contents_without(fingerprint, "text", PostRow.caption)
        return ((digest, caption) for page in pages for digest, caption in page)

    def save_vectors(self, fingerprint: Fingerprint, digests: Sequence[str], vectors: Vectors) -> None:
        """Keep vectors (n, d) by content digest, in one transaction; what stood there before is replaced.

        They are kept as float16. Raises ValueError on another shape, and on what float16 cannot hold.
        """
        with writing(self._engine) as connection:
            _keep_vectors(connection, fingerprint, digests, vectors)

    def vectors(self, fingerprint: Fingerprint, modality: Modality) -> Iterator[tuple[Rows, Vectors]]:
        """The vectors of the active posts in batches: keys (n,) in the order of `posts`, and float32 (n, d).

        A post has one of each photo that can be decoded, in their order. 0 < n; of at most 500 posts at once.
        """
        digest, contents = _contents(modality)
        statement = (
            contents.with_only_columns(PostRow.id, EmbeddingRow.vector)
            .join(EmbeddingRow, EmbeddingRow.content_digest == digest)
            .where(_active(), EmbeddingRow.fingerprint == fingerprint.digest)
        )
        if modality == "image":
            statement = statement.where(PhotoRow.unreadable.is_(None)).order_by(PhotoRow.rank)
        for page in posts_in_order(self._engine, statement, _active()):
            keys = np.fromiter((key for key, _ in page), dtype=np.int64, count=len(page))
            yield keys, self._unpacked(fingerprint, [vector for _, vector in page])

    def vectors_of(self, fingerprint: Fingerprint, digests: Sequence[str]) -> dict[str, Vectors]:
        """The vectors of some contents by digest, float32 (d,); contents that have none are left out."""
        found: dict[str, Vectors] = {}
        with reading(self._engine) as connection:
            for chunk in batches(digests, CHUNK):
                kept = connection.execute(
                    select(EmbeddingRow.content_digest, EmbeddingRow.vector).where(
                        EmbeddingRow.fingerprint == fingerprint.digest, EmbeddingRow.content_digest.in_(chunk)
                    )
                ).all()
                vectors = self._unpacked(fingerprint, [vector for _, vector in kept])
                found.update(zip((digest for digest, _ in kept), vectors, strict=True))
        return found

    def _content_digests(self) -> Iterator[Sequence[Row[int, str]]]:
        """Pages of keys, ascending, and content digests of the active posts."""
        statement = select(PostRow.id, PostRow.content_digest).where(_active())
        return pages(self._engine, statement, PostRow.id, _KEYS_A_PAGE)

    def _unpacked(self, fingerprint: Fingerprint, packed: Sequence[bytes]) -> Vectors:
        """n vectors as they are kept to float32 (n, d)."""
        if any(len(vector) != fingerprint.dimension * _HALF.itemsize for vector in packed):
            raise damage(self._engine.url, f"it holds a vector of {fingerprint} with another length")
        halves = np.frombuffer(b"".join(packed), dtype=_HALF)
        return halves.reshape(len(packed), fingerprint.dimension).astype(np.float32)

    def _posts_of(self, keys: Sequence[int]) -> Iterator[StoredPost]:
        return self._posts_where(and_(_active(), PostRow.id.in_(keys)))

    def _posts_where(self, condition: ColumnElement[bool]) -> Iterator[StoredPost]:
        statement = select(
            PostRow.id,
            PostRow.source,
            PostRow.post_id,
            PostRow.caption,
            PostRow.hashtags,
            PostRow.author,
            PostRow.posted_at,
        ).where(condition)
        for page in posts_in_order(self._engine, statement, condition):
            photos = self._photos_of([row[0] for row in page])
            for key, source, post_id, caption, hashtags, author, posted_at in page:
                if not isinstance(hashtags, list) or not all(isinstance(hashtag, str) for hashtag in hashtags):
                    raise damage(self._engine.url, f"the hashtags of post {post_id!r} of {source} are no list of texts")
                own = tuple(photos.get(key, ()))
                yield StoredPost(key, Post(source, post_id, caption, tuple(hashtags), own, author, posted_at))

    def _photos_of(self, keys: Sequence[int]) -> dict[int, list[Photo]]:
        """The photos of posts that can be decoded, by post and in its order."""
        columns = (PhotoRow.post_key, PhotoRow.path, PhotoRow.digest)
        theirs = select(*columns).where(PhotoRow.post_key.in_(keys), PhotoRow.unreadable.is_(None))
        found: dict[int, list[Photo]] = {}
        with reading(self._engine) as connection:
            for key, path, digest in connection.execute(theirs.order_by(PhotoRow.post_key, PhotoRow.rank)):
                found.setdefault(key, []).append(Photo(Path(path), digest))
        return found

    def _contents_without(
        self, fingerprint: Fingerprint, modality: Modality, content: InstrumentedAttribute[Any]
    ) -> Iterator[Sequence[Row[Any, Any]]]:
        """Pages of digests, each with the least content that has it."""
        digest, contents = _contents(modality)
        least = contents.with_only_columns(digest, func.min(content))
        statement = least.where(_lacks(fingerprint, digest)).group_by(digest)
        return pages(self._engine, statement, digest, _POSTS_A_PAGE)

    def _photos_elsewhere(self, digests: Sequence[str]) -> dict[str, Path]:
        """For each of the digests the first path by which a post has it that is a file, if there is one."""
        if not digests:
            return {}
        columns = (PhotoRow.digest, PhotoRow.path)
        of_these = _photos(*columns).where(PhotoRow.digest.in_(digests)).distinct().order_by(*columns)
        with reading(self._engine) as connection:
            photos = connection.execute(of_these).all()
        found: dict[str, Path] = {}
        for digest, path in photos:
            if digest and path and digest not in found and _is_file(Path(path)):
                found[digest] = Path(path)
        return found


def _keep_vectors(connection: Connection, fingerprint: Fingerprint, digests: Sequence[str], vectors: Vectors) -> None:
    if vectors.shape != (len(digests), fingerprint.dimension):
        raise ValueError(f"{len(digests)} digests and dimension {fingerprint.dimension}, but vectors {vectors.shape}")
    with np.errstate(over="ignore"):
        halves = vectors.astype(_HALF)
    if not np.isfinite(halves).all():
        raise ValueError("vectors hold NaN, infinity or numbers beyond float16")
    rows = [
        {"content_digest": digest, "fingerprint": fingerprint.digest, "vector": half.tobytes()}
        for digest, half in dict(zip(digests, halves, strict=True)).items()
    ]
    for chunk in batches(rows, CHUNK):
        connection.execute(
            delete(EmbeddingRow).where(
                EmbeddingRow.fingerprint == fingerprint.digest,
                EmbeddingRow.content_digest.in_([row["content_digest"] for row in chunk]),
            )
        )
        connection.execute(insert(EmbeddingRow), chunk)


def _active() -> ColumnElement[bool]:
    return and_(PostRow.removed_at.is_(None), PostRow.unreadable.is_(None))


def _photos(*columns: InstrumentedAttribute[Any]) -> Select[Any]:
    """The photos of posts that are not removed."""
    return select(*columns).join(PostRow, PostRow.id == PhotoRow.post_key).where(PostRow.removed_at.is_(None))


def _contents(modality: Modality) -> tuple[InstrumentedAttribute[Any], Select[Any]]:
    """The column of the digests of photos or captions, and a statement over those of posts that are not removed."""
    if modality == "image":
        return PhotoRow.digest, _photos(PhotoRow.digest)
    captions = select(PostRow.caption_digest).where(PostRow.removed_at.is_(None), PostRow.caption_digest.is_not(None))
    return PostRow.caption_digest, captions


def _lacks(fingerprint: Fingerprint, digest: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return ~exists().where(EmbeddingRow.content_digest == digest, EmbeddingRow.fingerprint == fingerprint.digest)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a folder that may not be entered
        return False
