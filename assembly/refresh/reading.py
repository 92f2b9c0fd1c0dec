"""A source that was remembered, read again: for a refresh, and for the plan of one."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...core.errors import RefusedError, SourceError
from ...core.post import Post
from ...core.protocols import Ingested, PostReader, RejectCounts
from ...core.sources import KnownSource
from ...db.rejects import REJECTS, Rejects
from ...db.store import SqlPostStore
from .sources import open_again


@dataclass(slots=True)
class SourceRefresh:
    """What came of one source.

    ingested: what it changed; None where it was not read. rejects: what could not be taken. failed: why the database
    was left as it was. leaves: whether its posts were to leave.
    """

    name: str
    ingested: Ingested | None = None
    rejects: RejectCounts = RejectCounts()
    failed: str | None = None
    leaves: bool = False

    def reason(self) -> str | None:
        """Why it was left as it was, with its name."""
        named = self.failed is None or self.failed.startswith(self.name)
        return self.failed if named else f"{self.name}: {self.failed}"

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        counts = asdict(self.ingested) if self.ingested else dict.fromkeys(Ingested.__slots__)
        fields = {name: getattr(self, name) for name in ("name", "failed", "leaves")}
        names = ("rejected", "first_reject", "incomplete", "first_incomplete")
        lost = {name: getattr(self.rejects, name) for name in names}
        return fields | lost | counts


@dataclass(slots=True)
class Rereading:
    """A reading that is over. reader, rejects: None where the source was not to be read, or could not be opened."""

    result: SourceRefresh
    reader: PostReader | None = None
    rejects: Rejects | None = None

    def count_rejects(self) -> None:
        """Tell in the result what was rejected so far."""
        if self.rejects is not None:
            self.result.rejects = self.rejects.counts()


def read_again(
    known: KnownSource, home: Path, store: SqlPostStore, take: Callable[[Iterable[Post]], Ingested]
) -> Rereading:
    """Hand all posts of a source to `take`, none where they are to leave.

    take: is to keep them in whole or not at all; it may refuse them.
    """
    reading = Rereading(SourceRefresh(known.name, leaves=known.leaves_at is not None))
    if known.source is None or known.leaves_at:
        reading.result.ingested = take([])
        return reading
    try:
        reading.reader = open_again(known.source)
        reading.rejects = Rejects(reading.reader, home / REJECTS)
        reading.result.ingested = take(reading.rejects.sift(store.forgotten(), True, store.has_photos(known.name)))
    except (SourceError, RefusedError) as error:
        reading.result.failed = str(error)
    if reading.rejects is not None:
        reading.rejects.set_unreadable(store.unreadable())  # which stay so until the encoders have seen them again
    reading.count_rejects()
    return reading
