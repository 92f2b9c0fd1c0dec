"""What the index in service says of itself."""

from dataclasses import dataclass
from typing import Any

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...index.snapshots.manifest import Manifest
from ...index.snapshots.serving import serve
from ...retrieval.encoders.profiles import gains_of_rebuilding
from ...retrieval.learned import gains_of_learning_anew, learned_report
from ...retrieval.reranking.reports import RerankerReport
from ..home import Home


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What the snapshot in service says of itself.

    report: of what it has learned; None where the archive was too small, or where `unusable` says what is wrong.
    notes: why it is not the one that was published last, and what it would gain if it were built again.
    """

    manifest: Manifest
    report: RerankerReport | None
    unusable: str | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        learned = self.report.to_json() if self.report else None
        return self.manifest.to_json() | {"learned": learned, "unusable": self.unusable, "notes": list(self.notes)}


def index_info(home: Home) -> IndexInfo:
    """What the snapshot that answers says of itself. Raises NoIndexError, SnapshotError."""
    served = serve(home.existing())
    snapshot = served.snapshot
    gains = gains_of_rebuilding({record.spec["kind"] for record in snapshot.manifest.channels})
    gains += gains_of_learning_anew(snapshot.folder)
    notes = (*filter(None, [served.note]), *(f"built anew, {gain}; {REBUILD}" for gain in gains))
    try:
        return IndexInfo(snapshot.manifest, learned_report(snapshot.folder), notes=notes)
    except SnapshotError as error:
        return IndexInfo(snapshot.manifest, None, str(error), notes)
