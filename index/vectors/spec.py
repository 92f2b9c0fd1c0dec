"""Which vector index a channel has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """What decides an index beside its vectors. kind: a name of the registry. parameters: what its writer takes."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str | dict[str, Any]:
        """As it stands in the manifest: the kind alone, as since release 0.1, if there are no parameters."""
        return {"kind": self.kind, "parameters": dict(self.parameters)} if self.parameters else self.kind

    @classmethod
    def from_json(cls, told: str | Mapping[str, Any]) -> "IndexSpec":
        """Raises TypeError on anything else."""
        return cls(told) if isinstance(told, str) else cls(**told)
