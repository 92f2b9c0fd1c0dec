"""Readers of archives, one file a format."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...core.advice import LEAVE_ENCODING_OUT, NAME_COLUMN_OF_HASHTAGS, NAME_QUERY, OTHER_IMAGES, Advice
from ...core.errors import SourceError
from ...core.paths import in_any_form
from ...core.post import Modality, Post, Reject
from ...core.protocols import PostReader
from ...core.sources import Source
from ...core.vectors import Vectors
from .clipretrieval import CAPTION_COLUMN, IMAGE_COLUMN, ClipRetrievalFolder
from .columns import Columns, find_columns, further_images, missing_columns
from .counts import without_texts
from .fields import MAX_ID, PostMaker
from .formats import make_table
from .query import QueryTable
from .rows import Table


def open_reader(
    archive: Path | str,
    *,
    images: Path | None = None,
    source: str | None = None,
    encoding: str | None = None,
    query: str | None = None,
    columns: Columns | None = None,
    for_queries: bool = False,
) -> PostReader:
    """A reader for a file, chosen by its suffix, for a folder, by what lies in it, or for a query to a database.

    archive: a path, or the SQLAlchemy URL (as text) of the database that `query` is for.
    images: the folder in which photos lie; unless told, the archive's own folder, or the one in which its file lies.
    source: the name under which the database knows it; unless told, the archive's resolved path, or its URL without
    password.
    encoding: found out unless told. columns: their names, where not the usual ones.
    for_queries: read new posts: hashtags are those of the column `given`, those in captions stay there.
    Raises SourceError where no post can be read of it.
    """
    if query is None:
        place, table, folder = _open_path(archive, images, encoding)
    else:
        place, table, folder = _open_query(str(archive), query, images, encoding)
    name = _storable_name(place if source is None else source)
    told = {role: column for role, column in asdict(columns or Columns()).items() if column}
    location = table.location if isinstance(table, QueryTable) else str(in_any_form(Path(archive)).resolve())
    # Of a query, the folder of photos may be the one that it was asked in.
    kept_images = str(folder) if images or query is not None else None
    origin = Source(name, location, kept_images, encoding, query, told)
    try:
        found = find_columns(table.columns, columns or Columns(), for_queries)
    except SourceError as error:
        raise SourceError(f"{place}: {error.message}", error.advice) from None
    found, texts = without_texts(table, found, columns or Columns())
    further = further_images(table.columns, found, columns or Columns())
    if isinstance(table, ClipRetrievalFolder):
        return EncodedReader(origin, table, found, folder, for_queries, further, texts)
    return _ArchiveReader(origin, table, found, folder, for_queries, further, texts)


def _open_path(archive: Path | str, images: Path | None, encoding: str | None) -> tuple[str, Table, Path]:
    if "://" in str(archive):
        # Not repeated: it may hold a password.
        raise SourceError("the source is a database URL, and no query says what to read of it", NAME_QUERY)
    path = in_any_form(Path(archive))
    try:
        if not path.is_file() and not path.is_dir():
            wrong = "is no file or folder" if path.exists() else "does not exist"
            raise SourceError(f"{path} {wrong}; name a file or folder of posts")
        whole_path = path.resolve()
        folder = _images_folder(images or (path if path.is_dir() else path.parent))
    except OSError as error:
        raise SourceError(f"{error.filename} cannot be read: {error.strerror}") from error
    return str(whole_path), make_table(whole_path if path.is_dir() else path, folder, encoding), folder


def _open_query(address: str, query: str, images: Path | None, encoding: str | None) -> tuple[str, Table, Path]:
    if encoding:
        raise SourceError("a database knows its encoding", LEAVE_ENCODING_OUT)
    table = QueryTable(address, query)
    return table.name, table, _images_folder(images or table.folder)


def _images_folder(folder: Path) -> Path:
    folder = in_any_form(folder)
    if not folder.is_dir():
        raise SourceError(f"the images folder {folder} does not exist", OTHER_IMAGES)
    resolved = folder.resolve()
    _storable_name(str(resolved))
    return resolved


@dataclass(frozen=True)
class _ArchiveReader:
    origin: Source
    table: Table
    columns: Columns
    images: Path
    for_queries: bool
    further_images: Sequence[str]
    texts: Mapping[str, str]  # notes on columns that hold no numbers, although they are called so

    @property
    def source(self) -> str:
        return self.origin.name

    @property
    def advice(self) -> Advice:
        return getattr(self.table, "advice", NAME_COLUMN_OF_HASHTAGS)

    def notes(self) -> Sequence[str]:
        read = [name for name in self.table.columns if name not in {*self.further_images, *self.texts}]
        missing = [] if self.for_queries else missing_columns(read, self.columns)
        return [*self.table.notes(), *missing, *self.texts.values()]

    def read(self) -> Iterator[Post | Reject]:
        maker = PostMaker(self.source, self.images, self.columns, self.for_queries, self.further_images)
        for number, row in enumerate(self.table.rows(), start=1):
            yield maker.make(number, row)


@dataclass(frozen=True)
class EncodedReader(_ArchiveReader):
    """A reader of posts of which some have vectors already."""

    table: ClipRetrievalFolder

    def precomputed_vectors(self, modality: Modality) -> Iterator[tuple[list[Post], Vectors]]:
        """The posts whose photo or caption has a vector, in batches of n, and these: float32 (n, d) of length 1, or 0.

        Zeros stand for what is no vector. Nothing comes where photos or captions were not encoded, or where they are
        taken from another column than those that were. Raises SourceError where the folder has changed meanwhile.
        """
        column, encoded = {
            "image": (self.columns.image, IMAGE_COLUMN),
            "text": (self.columns.text, CAPTION_COLUMN),
        }[modality]
        if column != encoded:
            return
        entries = enumerate(self.read())
        for rows, vectors in self.table.precomputed_vectors(modality):
            known = [next(entry for row, entry in entries if row == wanted) for wanted in rows]
            posts = [entry for entry in known if isinstance(entry, Post)]
            yield posts, vectors[[isinstance(entry, Post) for entry in known]]


def _storable_name(name: str) -> str:
    """The same name; raises SourceError where a database cannot keep it."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise SourceError(f"{name!r} is not written in UTF-8; rename it") from None
    if size > MAX_ID or "\0" in name:
        raise SourceError(f"{name[:80]!r}... cannot be kept as a name: it has {size:,} bytes, of {MAX_ID:,} at most")
    return name
