"""The life of an index: whether it is sound, what was done to it, going back, and clearing away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...core.errors import SnapshotError
from ...index.snapshots.history import Run, read_history, recorded
from ...index.snapshots.manifest import Manifest
from ...index.snapshots.retention import MANIFEST, collect, is_rolled_back, snapshot_folders
from ...index.snapshots.serving import RolledBack, roll_back, rollback_target
from ...index.snapshots.snapshot import serving_name, writing
from ...index.snapshots.verify import Verdict, verify
from ..home import Home, disk_errors
from .info import index_info


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot of a home. state: serving, kept, rolled back or unreadable. The rest is None where unreadable."""

    snapshot: str
    state: str
    created_at: str | None
    posts: int | None
    bytes: int | None  # noqa: A003 - the word of the JSON document


@dataclass(frozen=True, slots=True)
class History:
    """runs: newest first. snapshots: newest first."""

    runs: Sequence[Run]
    snapshots: Sequence[Kept]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {"runs": [run.to_json() for run in self.runs], "snapshots": [asdict(kept) for kept in self.snapshots]}


@dataclass(frozen=True, slots=True)
class Cleared:
    """kept: why, by snapshot, newest first. removed: snapshots, and what killed writers had left of some."""

    kept: dict[str, str]
    removed: list[str]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def verify_index(home: Home) -> Verdict:
    """What is damaged in a home, and what is merely not up to date.

    Raises NoIndexError where there is no index, DatabaseError where the database cannot be opened.
    """
    folder = home.existing()
    if not home.has_database:
        elsewhere = index_info(home).manifest.database
        return Verdict((f"{folder} holds no database; the index was built from {elsewhere}, name it with --db",))
    with home.database() as database:
        return verify(folder, database.posts)


def index_history(home: Home, count: int = 20) -> History:
    """The last `count` runs that wrote to a home, and the snapshots that it holds."""
    folder = home.existing()
    serving = serving_name(folder)
    kept = [_kept(folder, folder.name == serving) for folder in snapshot_folders(folder)[::-1]]
    return History(read_history(folder)[::-1][:count], kept)


def _kept(folder: Path, serves: bool) -> Kept:
    try:
        manifest = Manifest.from_bytes((folder / MANIFEST).read_bytes())
    except (OSError, SnapshotError):
        return Kept(folder.name, "unreadable", None, None, None)
    state = "serving" if serves else "rolled back" if is_rolled_back(folder) else "kept"
    size = sum(file.bytes for file in manifest.files.values())
    return Kept(folder.name, state, manifest.created_at, manifest.posts, size)


def roll_back_index(home: Home, snapshot: str | None = None) -> RolledBack:
    """Put the snapshot before the one in service, or the one named, in service.

    Raises NotFoundError if there is none to go back to, SettingsError if the one named is in service already,
    SnapshotError if it is not whole.
    """
    folder = home.existing()
    with disk_errors(folder), writing(folder, "index rollback"):
        # Recorded only from here on: what cannot be rolled back to changes nothing, and is told to who asked.
        target = rollback_target(folder, snapshot)
        with recorded(folder, "index rollback") as run:
            rolled_back = roll_back(folder, target)
            run.outcome = "rolled back"
    return rolled_back


def clear_snapshots(home: Home, keep: int) -> Cleared:
    """Delete all snapshots but the newest `keep` (1 or more), the one in service, and those open in any process."""
    folder = home.existing()
    there = _entries(folder)
    with disk_errors(folder), writing(folder, "index gc"):
        # Recorded only afterwards: on a full disk nothing could be recorded before there is room.
        kept = dict(collect(folder, serving_name(folder), keep).kept)
        removed = sorted(there - _entries(folder) - kept.keys())
        with recorded(folder, "index gc") as run:
            run.notes += [f"deleted {name}" for name in removed]
    return Cleared(kept, removed)


def _entries(home: Path) -> set[str]:
    folder = home / "snapshots"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()
