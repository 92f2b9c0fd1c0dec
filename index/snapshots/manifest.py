"""The manifest of a snapshot: where it comes from, what it holds, and the checksum of every file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...core.advice import REBUILD, UPGRADE_OR_REBUILD
from ...core.archive_state import Changes
from ...core.errors import SnapshotError
from ...core.protocols import Fingerprint
from ..vectors.spec import IndexLimits, IndexSpec, Measured

FORMAT = 2


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A channel of a snapshot.

    spec: how its encoder is made again. vectors: how many its index holds. limits, measured: what its index was allowed
    to take, and what was measured of it.
    """

    channel: str
    spec: Mapping[str, str]
    fingerprint: Fingerprint
    index: IndexSpec
    vectors: int
    limits: IndexLimits = IndexLimits()
    measured: Measured = Measured()

    def to_json(self) -> dict[str, Any]:
        """As it stands in the manifest; `limits` and `measured` only since there are approximate indexes."""
        return asdict(self) | {"index": self.index.to_json()}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "ChannelRecord":
        """Raises KeyError or TypeError on other fields."""
        made: dict[str, Any] = {
            "fingerprint": Fingerprint(**fields["fingerprint"]),
            "index": IndexSpec.from_json(fields["index"]),
            "limits": IndexLimits(**fields.get("limits", {})),
            "measured": Measured(**fields.get("measured", {})),
        }
        return cls(**{**fields, **made})


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of a snapshot."""

    bytes: int  # noqa: A003 - the word of the JSON document
    sha256: str


@dataclass(frozen=True, slots=True)
class LearnedFrom:
    """Where what a snapshot has learned comes from.

    snapshot: in which it was learned. posts: how many it was learned from. changes: of posts since then.
    reason: why it was learned anew, or carried over.
    """

    snapshot: str
    posts: int
    changes: Changes
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As it stands in the manifest, where the changes are named `moves` since release 0.1."""
        return {"snapshot": self.snapshot, "posts": self.posts, "moves": asdict(self.changes), "reason": self.reason}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "LearnedFrom":
        """Raises KeyError or TypeError on other fields."""
        return cls(fields["snapshot"], fields["posts"], Changes(**fields["moves"]), fields["reason"])


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself.

    archive: `PostStore.digest` of the posts it was built from. database: their URL, without a password.
    sources: posts by source. files: by path relative to the snapshot, all but the manifest.
    feedback: `feedback_digest` of the judgements it has learned from; "" in snapshots that did not tell yet.
    learned: None in snapshots that did not tell yet.
    """

    snapshot: str
    created_at: str
    program: str
    archive: str
    database: str
    sources: Mapping[str, int]
    posts: int
    hashtags: int
    channels: tuple[ChannelRecord, ...]
    files: Mapping[str, FileRecord]
    feedback: str = ""
    learned: LearnedFrom | None = None
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        channels = [channel.to_json() for channel in self.channels]
        return asdict(self) | {"channels": channels, "learned": self.learned.to_json() if self.learned else None}

    def to_bytes(self) -> bytes:
        """The JSON document, as it stands on disk."""
        return json.dumps(self.to_json(), ensure_ascii=False, indent=1, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, document: bytes) -> "Manifest":
        """Raises SnapshotError on anything but a manifest of this format."""
        try:
            fields: dict[str, Any] = json.loads(document)
            if fields["format"] != FORMAT:
                later = isinstance(fields["format"], int) and fields["format"] > FORMAT
                raise SnapshotError(
                    f"the snapshot has format {fields['format']}, this version reads {FORMAT}"
                    + ("; it is of a later release" if later else ""),
                    UPGRADE_OR_REBUILD if later else REBUILD,
                )
            fields["channels"] = tuple(map(ChannelRecord.from_json, fields["channels"]))
            fields["files"] = {name: FileRecord(**file) for name, file in fields["files"].items()}
            if fields.get("learned"):
                fields["learned"] = LearnedFrom.from_json(fields["learned"])
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotError(f"manifest.json cannot be read: {error}") from error
