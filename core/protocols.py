"""The seams between the rooms. Rooms never import each other; `assembly` hands one what another offers."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .advice import Advice
from .archive_state import ArchiveState
from .captions import CaptionAnswer, CaptionOptions
from .post import Modality, Photo, Post, Reject
from .query import Query
from .results import Answer, Neighbour
from .sources import Source
from .string_table import Table
from .suggest_options import SuggestOptions
from .vectors import Matches, Numbers, PhotoFeatures, Rows, Vectors

# What became of a post that a person added: it is new, takes the place of an earlier one, or was there just so.
AddOutcome: TypeAlias = Literal["added", "corrected", "unchanged"]

# What an encoder yields and an index holds: float32 arrays, or SciPy sparse matrices where `Encoder.sparse` is true.
V = TypeVar("V")
V_out = TypeVar("V_out", covariant=True)
V_in = TypeVar("V_in", contravariant=True)
K = TypeVar("K")  # by which a content is known


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What decides an encoder's vectors. Vectors of two fingerprints must never meet in one index."""

    model: str
    weights: str
    revision: str
    dimension: int
    preprocessing: str

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that stand for all fields."""
        return sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:32]

    def __str__(self) -> str:
        return f"{self.model} ({self.weights}, {self.revision[:12]}, {self.dimension}-d)"


class Encoder(Protocol[V_out]):
    """Turns photos or captions into vectors.

    `prepare` does the work on one content that needs no model (decoding, resizing) and runs in threads beside
    `encode`, which takes a batch of prepared contents. Loading weights waits for the first `encode`. Several threads
    may use one encoder.
    """

    @property
    def channel(self) -> str:
        """The name by which its vectors are known: `image`, `text` (of CLIP), `sentence`, `multilingual`, `lexical`."""
        ...

    @property
    def modality(self) -> Modality:
        """Which part of a post it looks at."""
        ...

    @property
    def languages(self) -> Collection[str] | None:
        """The languages of captions that it was trained on, as keys of `writing_systems.SCRIPTS`; None: of any."""
        ...

    @property
    def sparse(self) -> bool:
        """Whether `encode` yields a SciPy sparse matrix of counts; else a dense array."""
        ...

    @property
    def stored(self) -> bool:
        """Whether its vectors are kept in the database; else they are made anew, faster than they would be read."""
        ...

    @property
    def batch_size(self) -> int:
        """How many contents `encode` takes at once for best speed."""
        ...

    @property
    def fingerprint(self) -> Fingerprint:
        """What its vectors depend on; known before anything is encoded."""
        ...

    def prepare(self, content: Any) -> Any:
        """content: a caption (str), or a photo (Photo, Path, or bytes of a file).

        Raises PhotoError with the reason where a photo cannot be decoded.
        """
        ...

    def encode(self, prepared: Sequence[Any]) -> V_out:
        """n prepared contents to n vectors (n, d) float32, in order; dense ones of length 1."""
        ...

    def release(self) -> None:
        """Let go of the weights; the next `encode` loads them again."""
        ...


@dataclass(frozen=True, slots=True)
class Encoded(Generic[K, V]):
    """One batch of encoded contents.

    keys: of the n contents that were encoded, in order. vectors: theirs, n rows, or None where n is 0.
    failures: (key, reason) of contents that could not be prepared.
    """

    keys: list[K]
    vectors: V | None
    failures: list[tuple[K, str]]


class EmbeddingEngine(Protocol):
    """Where the contents of an archive are encoded: in this process, or by the workers of a cluster."""

    def encode(
        self, encoder: Encoder[V], spec: Mapping[str, str], contents: Iterable[tuple[str, Any]]
    ) -> Iterator[Encoded[str, V]]:
        """Encode (digest, content) pairs, in any order; each is in exactly one batch.

        spec: how the encoder is made again on another machine. contents: `Photo`s or captions.
        Raises ClusterError where a cluster cannot do it.
        """
        ...


# A frozen image network whose features are looked at, not searched for: as they come, of any length.
Backbone: TypeAlias = Encoder[PhotoFeatures]


class VectorIndex(Protocol[V_in]):
    """Nearest vectors by similarity: 1 for the query itself. The exact NumPy index is the oracle for dense ones."""

    def __len__(self) -> int: ...

    def search(self, queries: V_in, k: int) -> Matches:
        """The k nearest vectors for n queries, of similarity above 0; a query of zeros matches nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Ingested:
    """What reading a source changed in the database."""

    added: int
    updated: int
    unchanged: int
    removed: int

    @property
    def changes(self) -> int:
        """How many posts it changed in all."""
        return self.added + self.updated + self.removed


@dataclass(frozen=True, slots=True)
class RejectCounts:
    """What could not be taken of a source.

    rejected: posts. incomplete: posts that were taken without a photo or a field of theirs. first_reject,
    first_incomplete: the row of the first of each, and its reason. path: of the CSV of them all; None if all was taken.
    """

    rejected: int = 0
    incomplete: int = 0
    first_reject: str | None = None
    first_incomplete: str | None = None
    path: Path | None = None

    def __bool__(self) -> bool:
        return bool(self.rejected or self.incomplete)


@dataclass(frozen=True, slots=True)
class Compared:
    """What reading a source would change in the database.

    photos, captions: digests of the contents of posts that are new or changed.
    known: of the posts that have a key already and would change, come back or go, by key the new content digest; None
    for those that would go. new: posts that would get a key.
    """

    ingested: Ingested
    photos: Set[str]
    captions: Set[str]
    known: Mapping[int, str | None]
    new: int


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post as the database holds it; `key` is its number there, which never changes."""

    key: int
    post: Post


class PostReader(Protocol):
    """Reads a source of posts, one after another, in its order."""

    @property
    def source(self) -> str:
        """The name under which the database knows this source."""
        ...

    @property
    def origin(self) -> Source | None:
        """How this source is read, to read it again; None where it cannot be, as of posts in memory."""
        ...

    @property
    def advice(self) -> Advice:
        """What a person can do if no post turns out to carry a hashtag."""
        ...

    def notes(self) -> Sequence[str]:
        """What a person should know of how the source is read, such as an encoding other than UTF-8."""
        ...

    def read(self) -> Iterator[Post | Reject]:
        """Every post, or the reason why one can't be taken. Raises SourceError where nothing can be read."""
        ...


class PostStore(Protocol):
    """The database of posts, and of the vectors that encoders have made of their contents."""

    def ingest(self, source: str, posts: Iterable[Post], accept: Callable[[Ingested], None] | None = None) -> Ingested:
        """Bring the database in line with a source, in one transaction: add, update, mark removed.

        accept: is told what that changes, and takes it back by raising an error.
        """
        ...

    def compare(self, source: str, posts: Iterable[Post]) -> Compared:
        """What `ingest` would change; changes nothing."""
        ...

    def set_unreadable(self, reasons: dict[str, str]) -> None:
        """Exactly these photos (digest: reason) are no part of their posts; all others are again.

        A post that has neither a caption nor another photo is set aside.
        """
        ...

    def posts(self) -> Iterator[StoredPost]:
        """The active posts (neither removed nor set aside) of all sources, by source and id."""
        ...

    def added(self) -> Iterator[StoredPost]:
        """Those of them that were added one by one."""
        ...

    def retired(self) -> Set[int]:
        """The keys of posts that were added one by one and edited or removed since: an index may still hold them."""
        ...

    def versions(self) -> ArchiveState:
        """The active posts as they are now."""
        ...

    def digest(self, without: Collection[int] = (), instead: Mapping[int, str | None] | None = None) -> str:
        """SHA-256 (hex) over the active posts, but for some keys; equal exactly when they are.

        instead: as if these had changed, come back or gone; see `Compared.known`.
        """
        ...

    def count_without(self, fingerprint: Fingerprint, modality: Modality) -> int:
        """How many distinct contents have no vector of that encoder yet."""
        ...

    def photos_without(self, fingerprint: Fingerprint) -> Iterator[Photo]:
        """One photo for each content that has no vector of that encoder yet, set-aside ones included.

        Of equal photos one that is still there, if any is.
        """
        ...

    def captions_without(self, fingerprint: Fingerprint) -> Iterator[tuple[str, str]]:
        """Each distinct non-empty caption that has no vector of that encoder yet, behind its digest."""
        ...

    def save_vectors(self, fingerprint: Fingerprint, digests: Sequence[str], vectors: Vectors) -> None:
        """Keep vectors (n, d) by content digest, in one transaction."""
        ...

    def vectors(self, fingerprint: Fingerprint, modality: Modality) -> Iterator[tuple[Rows, Vectors]]:
        """The vectors of the active posts in batches: keys (n,) in the order of `posts`, and float32 (n, d).

        A post has one of each photo, in their order.
        """
        ...


class Archive(Protocol):
    """The posts of a snapshot as the vote sees them: n posts in rows, m hashtags in columns."""

    @property
    def hashtags(self) -> Table:
        """(m,) in normalised form, each once."""
        ...

    @property
    def shown(self) -> Sequence[str]:
        """(m,) as most posted."""
        ...

    @property
    def labels(self) -> tuple[Numbers, Numbers]:
        """Which post carries which hashtags, as a sparse matrix: row pointers (n + 1,) and columns (all hashtags,)."""
        ...

    @property
    def carriers(self) -> tuple[Numbers, Numbers]:
        """The same by hashtag: column pointers (m + 1,) and rows (all hashtags,), those of a hashtag ascending."""
        ...

    @property
    def authors(self) -> Table:
        """(a,) the names of all who posted, by `normalise_author`, each once."""
        ...

    @property
    def author_of(self) -> Rows:
        """(n,) each post's place in `authors`, -1 where its author is unknown."""
        ...

    @property
    def posted(self) -> NDArray[np.float64]:
        """(n,) when each post was posted, in days since 1970-01-01 UTC; NaN where it carries no date."""
        ...

    def neighbour(self, row: int, channel: str, similarity: float, share: float, photo: int = 0) -> Neighbour:
        """The post of a row, with its whole caption. photo: which of its photos is shown, from 0.

        Raises IndexError if there are not so many rows.
        """
        ...

    def photo(self, key: str) -> Path:
        """The file of a photo by its `Neighbour.photo_key`, which is the same in every snapshot.

        Raises NotFoundError if the archive has no such photo, PhotoError on what is no key; a file outside the archive
        cannot be named.
        """
        ...

    def close(self) -> None:
        """Let its snapshot be deleted; nothing is asked of it any more."""
        ...


class Recommender(Protocol):
    """Suggests hashtags for new posts: the product, and every baseline it is measured against."""

    def suggest_batch(self, queries: Sequence[Query], options: SuggestOptions) -> list[Answer]:
        """The hashtags wished for, for each query, best first."""
        ...


class CaptionRecommender(Protocol):
    """Suggests captions for new posts, out of the captions of an archive."""

    def caption_batch(self, queries: Sequence[Query], options: CaptionOptions) -> list[CaptionAnswer]:
        """The captions wished for, for each query, best first.

        A query's caption is a draft, which may be empty. A query whose photo cannot be read gets an answer with
        `error`.
        """
        ...
