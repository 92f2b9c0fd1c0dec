"""Readers of archives, one file a format."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...core.errors import SourceError
from ...core.post import Post, Reject
from ...core.protocols import PostReader
from ...core.sources import Source
from .columns import Columns, find_columns, missing_columns
from .delimited import DelimitedFile
from .fields import MAX_ID, PostMaker
from .jsonlines import JsonLinesFile
from .rows import Table
from .textfile import TextFile

_FORMATS: dict[str, Callable[[TextFile], Table]] = {
    ".csv": DelimitedFile,
    ".tsv": DelimitedFile,
    ".tab": DelimitedFile,
    ".jsonl": JsonLinesFile,
    ".ndjson": JsonLinesFile,
}


def open_reader(
    path: Path,
    *,
    images: Path | None = None,
    source: str | None = None,
    encoding: str | None = None,
    columns: Columns | None = None,
    for_queries: bool = False,
) -> PostReader:
    """A reader for a file, chosen by its suffix.

    images: the folder in which photos lie; the file's own unless told.
    source: the name under which the database knows it; the file's resolved path unless told.
    encoding: found out unless told. columns: their names, where not the usual ones.
    for_queries: read new posts: hashtags, ids, authors and times are ignored, in captions hashtags are taken out.
    Raises SourceError where no post can be read of it.
    """
    make_table = _FORMATS.get(path.suffix.lower())
    if make_table is None:
        raise SourceError(f"{path} has no known format; archives are files that end in {', '.join(_FORMATS)}")
    folder = path.parent if images is None else images
    try:
        if not path.is_file():
            raise SourceError(f"{path} {'is no file' if path.exists() else 'does not exist'}; name a file of posts")
        if not folder.is_dir():
            raise SourceError(f"the images folder {folder} does not exist; name another with --images")
    except OSError as error:
        raise SourceError(f"{error.filename} cannot be read: {error.strerror}") from error
    folder = folder.resolve()
    name = _storable_name(str(path.resolve()) if source is None else source)
    _storable_name(str(folder))
    text = TextFile(path, encoding)
    table = make_table(text)
    try:
        found = find_columns(table.columns, columns or Columns(), for_queries)
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from None
    told = {role: column for role, column in asdict(columns or Columns()).items() if column}
    origin = Source(name, str(path.resolve()), str(folder) if images else None, encoding, told)
    return _ArchiveReader(origin, text, table, found, folder, for_queries)


@dataclass(frozen=True)
class _ArchiveReader:
    origin: Source
    text: TextFile
    table: Table
    columns: Columns
    images: Path
    for_queries: bool

    @property
    def source(self) -> str:
        return self.origin.name

    def notes(self) -> Sequence[str]:
        missing = [] if self.for_queries else missing_columns(self.table.columns, self.columns)
        return [*([self.text.note] if self.text.note else []), *missing]

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
