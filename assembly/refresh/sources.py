"""The sources of an archive: told once, read again by every refresh."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...core.errors import SettingsError
from ...core.protocols import PostReader
from ...core.sources import KnownSource, Source
from ...db.rejects import REJECTS, drop_rejects
from ...index.snapshots.snapshot import writing
from ..home import Home
from .build import read_posts


@dataclass(frozen=True, slots=True)
class RemovedSource:
    """A source that is read no more. posts: of it in the archive. leave: whether they leave with the next refresh."""

    name: str
    posts: int
    leave: bool

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def add_source(home: Home, reader: PostReader) -> Source:
    """Remember how a source is read; the next refresh takes its posts in. Told again, it is read in the new way."""
    if reader.origin is None:
        raise SettingsError(f"{reader.source} cannot be read again, so there is nothing to remember")
    with writing(home.folder, "sources add"), home.database_to_write() as database:
        database.sources.remember(reader.origin)
    return reader.origin


def list_sources(home: Home) -> Sequence[KnownSource]:
    """All sources, by name."""
    home.existing()
    with home.database() as database:
        return database.sources.known()


def remove_source(home: Home, name: str, keep_posts: bool = False) -> RemovedSource:
    """Read a source no more; its posts leave with the next refresh, or stay. Raises SettingsError where it is none."""
    home.existing()
    with home.database_to_write() as database:
        names = {known.name for known in database.sources.known()}
        if name not in names and str(Path(name).resolve()) in names:
            name = str(Path(name).resolve())
        known = database.sources.disown(name) if keep_posts else database.sources.dismiss(name)
    drop_rejects(home.folder / REJECTS, name)
    return RemovedSource(name, known.posts, not keep_posts and known.posts > 0)


def open_again(source: Source) -> PostReader:
    """A reader of a source, as it was told. Raises SourceError where it cannot be read any more."""
    return read_posts(
        source.location,
        images=Path(source.images) if source.images else None,
        source=source.name,
        encoding=source.encoding,
        query=source.query,
        columns=source.columns,
    )
