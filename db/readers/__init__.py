"""Readers of archives, one file a format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import SourceError
from ...core.post import Post, Reject
from ...core.protocols import PostReader
from .columns import Columns, find_columns, missing_columns
from .fields import MAX_ID, PostMaker
from .formats import make_table
from .rows import Table


def open_reader(
    path: Path,
    *,
    images: Path | None = None,
    source: str | None = None,
    encoding: str | None = None,
    columns: Columns | None = None,
    for_queries: bool = False,
) -> PostReader:
    """A reader for a file, chosen by its suffix, or for a folder, chosen by what lies in it.

    images: the folder in which photos lie; unless told, the archive's own folder, or the one in which its file lies.
    source: the name under which the database knows it; the archive's resolved path unless told.
    encoding: found out unless told. columns: their names, where not the usual ones.
    for_queries: read new posts: hashtags, ids, authors and times are ignored, in captions hashtags are taken out.
    Raises SourceError where no post can be read of it.
    """
    try:
        if not path.exists():
            raise SourceError(f"{path} does not exist; name a file or folder of posts")
        folder = images or (path if path.is_dir() else path.parent)
        if not folder.is_dir():
            raise SourceError(f"the images folder {folder} does not exist; name another with --images")
        folder = folder.resolve()
        whole_path = path.resolve()
    except OSError as error:
        raise SourceError(f"{error.filename} cannot be read: {error.strerror}") from error
    name = _storable_name(str(whole_path) if source is None else source)
    _storable_name(str(folder))
    table = make_table(whole_path if path.is_dir() else path, folder, encoding)
    try:
        found = find_columns(table.columns, columns or Columns(), for_queries)
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from None
    return _ArchiveReader(name, table, found, folder, for_queries)


@dataclass(frozen=True)
class _ArchiveReader:
    source: str
    table: Table
    columns: Columns
    images: Path
    for_queries: bool

    def notes(self) -> Sequence[str]:
        missing = [] if self.for_queries else missing_columns(self.table.columns, self.columns)
        return [*self.table.notes(), *missing]

    def read(self) -> Iterator[Post | Reject]:
        maker = PostMaker(self.source, self.images, self.columns, self.for_queries)
        for number, row in enumerate(self.table.rows(), start=1):
            yield maker.make(number, row)


def _storable_name(name: str) -> str:
    """The same name; raises SourceError where a database cannot keep it."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise SourceError(f"{name!r} is not written in UTF-8; rename it") from None
    if size > MAX_ID or "\0" in name:
        raise SourceError(f"{name[:80]!r}... cannot be kept as a name: it has {size:,} bytes, of {MAX_ID:,} at most")
    return name
