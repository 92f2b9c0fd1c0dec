"""What encoders have made of contents: vectors by encoder and content digest, and the contents that lack one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, delete, exists, func, insert, select
from sqlalchemy.orm import InstrumentedAttribute

from ..core.pipeline import batches
from ..core.post import Modality, Photo
from ..core.protocols import Fingerprint
from ..core.vectors import Rows, Vectors
from .engine import damage, reading, writing
from .ingest import CHUNK
from .pages import pages, posts_in_order
from .tables import EmbeddingRow, PhotoRow, PostRow, active, kept_photos

_HALF = np.dtype("<f2")
_CONTENTS_A_PAGE = 500


class VectorStore:
    """What `PostStore` promises of vectors, and vectors by content. All methods raise DatabaseError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

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
            keep_vectors(connection, fingerprint, digests, vectors)

    def vectors(self, fingerprint: Fingerprint, modality: Modality) -> Iterator[tuple[Rows, Vectors]]:
        """The vectors of the active posts in batches: keys (n,) in the order of `posts`, and float32 (n, d).

        A post has one of each photo that can be decoded, in their order. 0 < n; of at most 500 posts at once.
        """
        digest, contents = _contents(modality)
        statement = (
            contents.with_only_columns(PostRow.id, EmbeddingRow.vector)
            .join(EmbeddingRow, EmbeddingRow.content_digest == digest)
            .where(active(), EmbeddingRow.fingerprint == fingerprint.digest)
        )
        if modality == "image":
            statement = statement.where(PhotoRow.unreadable.is_(None)).order_by(PhotoRow.rank)
        for page in posts_in_order(self._engine, statement, active()):
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

    def _unpacked(self, fingerprint: Fingerprint, packed: Sequence[bytes]) -> Vectors:
        """n vectors as they are kept to float32 (n, d)."""
        if any(len(vector) != fingerprint.dimension * _HALF.itemsize for vector in packed):
            raise damage(self._engine.url, f"it holds a vector of {fingerprint} with another length")
        halves = np.frombuffer(b"".join(packed), dtype=_HALF)
        return halves.reshape(len(packed), fingerprint.dimension).astype(np.float32)

    def _contents_without(
        self, fingerprint: Fingerprint, modality: Modality, content: InstrumentedAttribute[Any]
    ) -> Iterator[Sequence[Row[Any, Any]]]:
        """Pages of digests, each with the least content that has it."""
        digest, contents = _contents(modality)
        least = contents.with_only_columns(digest, func.min(content))
        statement = least.where(_lacks(fingerprint, digest)).group_by(digest)
        return pages(self._engine, statement, digest, _CONTENTS_A_PAGE)

    def _photos_elsewhere(self, digests: Sequence[str]) -> dict[str, Path]:
        """For each of the digests the first path by which a post has it that is a file, if there is one."""
        if not digests:
            return {}
        columns = (PhotoRow.digest, PhotoRow.path)
        of_these = kept_photos(*columns).where(PhotoRow.digest.in_(digests)).distinct().order_by(*columns)
        with reading(self._engine) as connection:
            photos = connection.execute(of_these).all()
        found: dict[str, Path] = {}
        for digest, path in photos:
            if digest and path and digest not in found and _is_file(Path(path)):
                found[digest] = Path(path)
        return found


def keep_vectors(connection: Connection, fingerprint: Fingerprint, digests: Sequence[str], vectors: Vectors) -> None:
    """As `VectorStore.save_vectors`, within a transaction."""
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


def _contents(modality: Modality) -> tuple[InstrumentedAttribute[Any], Select[Any]]:
    """The column of the digests of photos or captions, and a statement over those of posts that are not removed."""
    if modality == "image":
        return PhotoRow.digest, kept_photos(PhotoRow.digest)
    captions = select(PostRow.caption_digest).where(PostRow.removed_at.is_(None), PostRow.caption_digest.is_not(None))
    return PostRow.caption_digest, captions


def _lacks(fingerprint: Fingerprint, digest: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return ~exists().where(EmbeddingRow.content_digest == digest, EmbeddingRow.fingerprint == fingerprint.digest)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a folder that may not be entered
        return False
