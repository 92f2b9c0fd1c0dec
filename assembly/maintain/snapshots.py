"""The life of an index: whether it is sound, what was done to it, going back, and clearing away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import SnapshotError
from ...core.settings import Settings
from ..home import database_of, existing, has_database, run_of, told_as_of_home
from .info import index_info

if TYPE_CHECKING:
    from ...index.snapshots.history import Run
    from ...index.snapshots.serving import RolledBack
    from ...index.snapshots.verify import Verdict


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

    runs: Sequence["Run"]
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


def verify_index(settings: Settings) -> "Verdict":
    """What is damaged in a home, and what is merely not up to date.

    Raises NoIndexError where there is no index, DatabaseError where the database cannot be opened.
    """
    from ...index.snapshots.verify import Verdict, verify

    home = existing(settings.home)
    if not has_database(settings):
        elsewhere = index_info(settings).manifest.database
        return Verdict((f"{home} holds no database; the index was built from {elsewhere}, name it with --db",))
    with database_of(settings, create=False) as database:
        return verify(home, database.posts)


def index_history(settings: Settings, count: int = 20) -> History:
    """The last `count` runs that wrote to a home, and the snapshots that it holds."""
    from ...index.snapshots.history import read_history
    from ...index.snapshots.retention import snapshot_folders
    from ...index.snapshots.snapshot import serving_name

    home = existing(settings.home)
    serving = serving_name(home)
    kept = [_kept(folder, folder.name == serving) for folder in snapshot_folders(home)[::-1]]
    return History(read_history(home)[::-1][:count], kept)


def _kept(folder: Path, serves: bool) -> Kept:
    from ...index.snapshots.manifest import Manifest
    from ...index.snapshots.retention import MANIFEST, is_rolled_back

    try:
        manifest = Manifest.from_bytes((folder / MANIFEST).read_bytes())
    except (OSError, SnapshotError):
        return Kept(folder.name, "unreadable", None, None, None)
    state = "serving" if serves else "rolled back" if is_rolled_back(folder) else "kept"
    size = sum(file.bytes for file in manifest.files.values())
    return Kept(folder.name, state, manifest.created_at, manifest.posts, size)


def roll_back_index(settings: Settings, snapshot: str | None = None) -> "RolledBack":
    """Put the snapshot before the one in service, or the one named, in service.

    Raises SettingsError where there is none to go back to, SnapshotError where the one named is not whole.
    """
    from ...index.snapshots.serving import roll_back

    existing(settings.home)
    with run_of(settings, "index rollback"):
        return roll_back(settings.home, snapshot)


def clear_snapshots(settings: Settings, keep: int) -> Cleared:
    """Delete all snapshots but the newest `keep` (1 or more), the one in service, and those open in any process."""
    from ...index.snapshots.history import recorded
    from ...index.snapshots.retention import collect
    from ...index.snapshots.snapshot import serving_name, writing

    home = existing(settings.home)
    there = _entries(home)
    with told_as_of_home(home), writing(home, "index gc"):
        # Recorded only afterwards: on a full disk nothing could be recorded before there is room.
        kept = dict(collect(home, serving_name(home), keep).kept)
        removed = sorted(there - _entries(home))
        with recorded(home, "index gc") as run:
            run.notes += [f"deleted {name}" for name in removed]
    return Cleared(kept, removed)


def _entries(home: Path) -> set[str]:
    folder = home / "snapshots"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()
