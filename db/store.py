"""The database of posts, on SQLite, PostgreSQL or whatever SQLAlchemy reaches."""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
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

from ..core.errors import SettingsError
from ..core.pipeline import batches
from ..core.post import ADDED, Modality, Photo, Post
from ..core.protocols import Compared, Fingerprint, Ingested, StoredPost
from ..core.vectors import Rows, Vectors
from ..core.versions import Versions
from .engine import damage, erase_deleted, open_engine, reading, shown, writing
from .forgetting import forget
from .ingest import CHUNK, Ingest, forgotten_authors
from .pages import pages, posts_in_order
from .tables import EmbeddingRow, PostRow

_HALF = np.dtype("<f2")
_POSTS_A_PAGE = 500
_KEYS_A_PAGE = 10_000


def open_store(url: str, create: bool = True) -> "SqlPostStore":
    """Open the database at an SQLAlchemy URL; its tables are made or brought up to date on the way.

    create: make an SQLite file where there is none; else that is a DatabaseError.
    Raises DatabaseError where it cannot be reached or written, or where a later release has written it.
    """
    return SqlPostStore(open_engine(url, create))


class SqlPostStore:
    """`PostStore` by SQL. Close it, or use it in a `with` statement.

    What it yields comes page by page, each page read in a transaction of its own: memory holds no more texts than a
    page has, one may write while one reads, and no reader holds up another process.
    All methods raise DatabaseError where the database fails.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> "SqlPostStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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

    def add(self, post: Post, made: Iterable[tuple[Fingerprint, str, Vectors]] = ()) -> tuple[StoredPost, bool]:
        """Take in one post of the source ADDED, in one transaction; it replaces that of the same id.

        made: vectors (1, d) of its contents, by encoder and digest, which are kept with it.
        Returns it, and whether that changed anything. Raises SettingsError where its author is forgotten.
        """
        with writing(self._engine) as connection:
            changed = Ingest(connection, ADDED).add(post)
            for fingerprint, digest, vectors in made:
                _keep_vectors(connection, fingerprint, [digest], vectors)
            known_by = and_(PostRow.source == ADDED, PostRow.post_id == post.post_id)
            key = connection.execute(select(PostRow.id).where(known_by)).scalar_one()
        return StoredPost(key, post), changed

    def forget_author(self, author: str) -> int:
        """Delete all posts of an author, with the vectors and the feedback of what no other post has.

        No later post of theirs is taken in; their name is not kept. Returns how many posts were deleted, also of those
        removed or set aside. Raises SettingsError where there is none and the author was not forgotten before,
        DatabaseError also where the posts are deleted but their text stays readable in the file: then do it again.
        """
        with writing(self._engine) as connection:
            deleted = forget(connection, author)
        erase_deleted(self._engine)
        return deleted

    def forgotten(self) -> frozenset[str]:
        """SHA-256 (hex) of the name of each forgotten author, for `Rejects.sift`."""
        with reading(self._engine) as connection:
            return forgotten_authors(connection)

    def set_unreadable(self, reasons: dict[str, str]) -> None:
        """Exactly the posts with these photos (digest: reason) are set aside; all others are active again."""
        with writing(self._engine) as connection:
            connection.execute(update(PostRow).where(PostRow.unreadable.is_not(None)).values(unreadable=None))
            if reasons:
                connection.execute(
                    update(PostRow).where(PostRow.photo_digest == bindparam("digest")),
                    [{"digest": digest, "unreadable": reason} for digest, reason in reasons.items()],
                )

    def unreadable(self) -> dict[str, str]:
        """The photos because of which posts are set aside: reasons by digest."""
        aside = select(PostRow.photo_digest, PostRow.unreadable).where(
            PostRow.removed_at.is_(None), PostRow.photo_digest.is_not(None), PostRow.unreadable.is_not(None)
        )
        with reading(self._engine) as connection:
            return {str(digest): str(reason) for digest, reason in connection.execute(aside.distinct())}

    def posts(self) -> Iterator[StoredPost]:
        """The active posts (neither removed nor set aside) of all sources, in order: by source and id.

        So the order is that of the posts alone, and not of when which of them came. Memory: the ids.
        """
        return self._posts_where(_active())

    def added(self) -> Iterator[StoredPost]:
        """The active posts of the source ADDED, by id."""
        return self._posts_where(and_(_active(), PostRow.source == ADDED))

    def versions(self) -> Versions:
        """The active posts as they are now."""
        keys, contents = array("q"), array("Q")
        for page in pages(
            self._engine, select(PostRow.id, PostRow.content_digest).where(_active()), PostRow.id, _KEYS_A_PAGE
        ):
            keys.extend(key for key, _ in page)
            contents.extend(int(content[:16], 16) for _, content in page)
        return Versions(np.asarray(keys, dtype=np.int64), np.asarray(contents, dtype=np.uint64))

    def compare(self, source: str, posts: Iterable[Post]) -> Compared:
        """What `ingest` would change; changes nothing, and raises what it would raise."""
        with reading(self._engine) as connection:
            comparison = Ingest(connection, source, keeps=False)
            return Compared(comparison.run(posts), comparison.photos, comparison.captions)

    def digest(self, without: Collection[int] = ()) -> str:
        """SHA-256 (hex) over the active posts and their keys, but for some keys; equal exactly when they are."""
        digest = sha256()
        for page in pages(
            self._engine, select(PostRow.id, PostRow.content_digest).where(_active()), PostRow.id, _KEYS_A_PAGE
        ):
            digest.update("".join(f"{key} {content}\n" for key, content in page if key not in without).encode())
        return digest.hexdigest()

    def count_without(self, fingerprint: Fingerprint, modality: Modality) -> int:
        """How many distinct contents have no vector of that encoder yet, those of set-aside posts included."""
        digest = _digest_column(modality)
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count(digest.distinct())).where(_lacks(fingerprint, digest))) or 0

    def photos_without(self, fingerprint: Fingerprint) -> Iterator[Photo]:
        """One photo for each content that has no vector of that encoder yet, set-aside ones included.

        Of equal photos the first by path that is a file; where none is, the first.
        """
        for page in self._contents_without(fingerprint, "image", PostRow.photo_path):
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

        0 < n <= 500.
        """
        statement = (
            select(PostRow.id, EmbeddingRow.vector)
            .join(EmbeddingRow, EmbeddingRow.content_digest == _digest_column(modality))
            .where(_active(), EmbeddingRow.fingerprint == fingerprint.digest)
        )
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

    def _contents(self) -> Iterator[Sequence[Row[int, str]]]:
        """Pages of keys, ascending, and content digests of the active posts."""
        statement = select(PostRow.id, PostRow.content_digest).where(_active())
        return pages(self._engine, statement, PostRow.id, _KEYS_A_PAGE)

    def _unpacked(self, fingerprint: Fingerprint, packed: Sequence[bytes]) -> Vectors:
        """n vectors as they are kept to float32 (n, d)."""
        if any(len(vector) != fingerprint.dimension * _HALF.itemsize for vector in packed):
            raise damage(self._engine.url, f"it holds a vector of {fingerprint} with another length")
        halves = np.frombuffer(b"".join(packed), dtype=_HALF)
        return halves.reshape(len(packed), fingerprint.dimension).astype(np.float32)

    def _posts_where(self, condition: ColumnElement[bool]) -> Iterator[StoredPost]:
        statement = select(
            PostRow.id,
            PostRow.source,
            PostRow.post_id,
            PostRow.caption,
            PostRow.hashtags,
            PostRow.photo_path,
            PostRow.photo_digest,
            PostRow.author,
            PostRow.posted_at,
        ).where(condition)
        for page in posts_in_order(self._engine, statement, condition):
            for key, source, post_id, caption, hashtags, path, digest, author, posted_at in page:
                if not isinstance(hashtags, list) or not all(isinstance(hashtag, str) for hashtag in hashtags):
                    raise damage(self._engine.url, f"the hashtags of post {post_id!r} of {source} are no list of texts")
                photo = Photo(Path(path), digest) if path and digest else None
                yield StoredPost(key, Post(source, post_id, caption, tuple(hashtags), photo, author, posted_at))

    def _contents_without(
        self, fingerprint: Fingerprint, modality: Modality, content: InstrumentedAttribute[Any]
    ) -> Iterator[Sequence[Row[Any, Any]]]:
        """Pages of digests, each with the least content that has it."""
        digest = _digest_column(modality)
        statement = select(digest, func.min(content)).where(_lacks(fingerprint, digest)).group_by(digest)
        return pages(self._engine, statement, digest, _POSTS_A_PAGE)

    def _photos_elsewhere(self, digests: Sequence[str]) -> dict[str, Path]:
        """For each of the digests the first path by which a post has it that is a file, if there is one."""
        if not digests:
            return {}
        columns = (PostRow.photo_digest, PostRow.photo_path)
        of_these = and_(PostRow.removed_at.is_(None), PostRow.photo_digest.in_(digests))
        with reading(self._engine) as connection:
            photos = connection.execute(select(*columns).where(of_these).distinct().order_by(*columns)).all()
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


def _digest_column(modality: Modality) -> InstrumentedAttribute[str | None]:
    return PostRow.photo_digest if modality == "image" else PostRow.caption_digest


def _lacks(fingerprint: Fingerprint, digest: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    embedded = exists().where(EmbeddingRow.content_digest == digest, EmbeddingRow.fingerprint == fingerprint.digest)
    return and_(PostRow.removed_at.is_(None), digest.is_not(None), ~embedded)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a folder that may not be entered
        return False
