"""Which vector index a channel has, what it may take, and what was measured of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RECALL = 0.97  # that is wanted where nobody says what; the hashtags are then the same but for a few


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """What decides an index beside its vectors. kind: a name of the registry. parameters: what its `write` takes."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str | dict[str, Any]:
        """As it stands in the manifest: the kind alone, as since release 0.1, if there are no parameters."""
        return {"kind": self.kind, "parameters": dict(self.parameters)} if self.parameters else self.kind

    @classmethod
    def from_json(cls, told: str | Mapping[str, Any]) -> "IndexSpec":
        """Raises TypeError on anything else."""
        return cls(told) if isinstance(told, str) else cls(**told)


@dataclass(frozen=True, slots=True)
class IndexLimits:
    """What the index of a channel may take, and must find.

    memory: bytes that it takes when it is searched; None for any number. recall: of the nearest vectors, in [0, 1].
    index: the address of the Milvus that holds its vectors; None for files of the snapshot.
    """

    memory: int | None = None
    recall: float = RECALL
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of an index when it was written.

    recall: at `recall.K`, of a sample of its own vectors, in [0, 1]; 1 of an index that looks at every vector.
    effort: how much a search looks at, the least that reaches the wanted recall; what it counts is told by the kind of
    the index. 0 of one that looks at every vector. codes: how its vectors are kept.
    """

    recall: float = 1.0
    effort: int = 0
    codes: str = "float32"
