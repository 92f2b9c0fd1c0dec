"""How a source of posts is read, so that it can be read again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """A source of posts, and how it is read.

    name: by which the database knows its posts. location: an absolute path, or a URL without a password.
    images: the absolute path of the folder in which photos lie; None where that follows from the location.
    encoding: None where it is found out. query: what a database is asked; None of a path.
    columns: names by role, those that were told.
    """

    name: str
    location: str
    images: str | None
    encoding: str | None
    query: str | None
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source as the database knows it.

    source: None where posts are of a source of which nobody told how it is read. posts: how many of its posts the
    archive has. leaves_at: when it was told that its posts are to leave with the next refresh.
    """

    name: str
    source: Source | None
    posts: int
    leaves_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        fields = asdict(self) | {"leaves_at": self.leaves_at.isoformat() if self.leaves_at else None}
        told = fields.pop("source") or dict.fromkeys(Source.__slots__)
        return told | fields
