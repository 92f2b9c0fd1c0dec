"""Which snapshot answers: the one that CURRENT names or, where that is damaged, the last good one; and going back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.advice import LIST_SNAPSHOTS
from ...core.errors import NotFoundError, SettingsError, SnapshotError
from ...core.vectors import Rows
from .manifest import Manifest
from .retention import is_rolled_back, mark_rolled_back, snapshot_folders, unmark
from .snapshot import (
    Snapshot,
    any_snapshot,
    current_snapshot,
    put_in_service,
    read_current,
    serving_name,
    tell_others,
    whole_snapshot,
)


@dataclass(frozen=True, slots=True)
class Served:
    """The snapshot that answers. note: what a person must know where it is not the one that CURRENT names."""

    snapshot: Snapshot
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RolledBack:
    """before: what CURRENT named, None where damaged. after: what it names now. skipped: damaged ones between."""

    before: str | None
    after: str
    skipped: tuple[str, ...] = ()


def serve(home: Path) -> Served:
    """Open the snapshot in service or, where it is damaged, the newest whole one before it that was not rolled back.

    Raises NoIndexError where none was published, SnapshotError naming the damaged file where no other is whole.
    """
    while True:
        serving = _current(home)
        try:
            return Served(current_snapshot(home))
        except SnapshotError as error:
            if _current(home) != serving:
                continue
            for other in _earlier(home, serving_name(home)):
                try:
                    snapshot = whole_snapshot(other)
                except SnapshotError:
                    continue
                return Served(snapshot, f"{error}; until then the older {snapshot.name} answers")
            raise


@dataclass(frozen=True, slots=True)
class RollbackTarget:
    """snapshot: to serve. before: what CURRENT names, None where damaged. skipped: damaged ones between."""

    snapshot: Snapshot
    before: str | None
    skipped: tuple[str, ...]


def rollback_target(home: Path, name: str | None = None) -> RollbackTarget:
    """The snapshot before the one in service, or the one named; call it within `writing(home)`.

    Raises NotFoundError if there is none to go back to, SettingsError if the one named is in service already,
    SnapshotError if it is not whole.
    """
    before = serving_name(home)
    if name is not None:
        if name == before:
            raise SettingsError(f"{name} is in service already")
        folders = {folder.name: folder for folder in snapshot_folders(home)}
        if name not in folders:
            raise NotFoundError(f"there is no snapshot {name} in {home}", LIST_SNAPSHOTS)
        return RollbackTarget(whole_snapshot(folders[name]), before, ())
    skipped: list[str] = []
    for folder in _earlier(home, before):
        try:
            return RollbackTarget(whole_snapshot(folder), before, tuple(skipped))
        except SnapshotError as error:
            skipped.append(error.message)
    raise NotFoundError(
        f"there is no undamaged snapshot in {home} to go back to" + (f" ({'; '.join(skipped)})" if skipped else "")
    )


def roll_back(home: Path, target: RollbackTarget) -> RolledBack:
    """Put a snapshot in service; call it within `writing(home)`.

    Those after it are marked, so that none of them serves again by accident. Raises SnapshotError where its vectors lie
    elsewhere and are gone, ClusterError where that place cannot be reached.
    """
    snapshot = target.snapshot
    tell_others(snapshot.folder, snapshot.manifest)
    for folder in snapshot_folders(home):
        if folder.name > snapshot.name:
            mark_rolled_back(folder)
    put_in_service(home, snapshot.name, snapshot.digest)
    unmark(snapshot.folder)
    return RolledBack(target.before, snapshot.name, target.skipped)


def held_back(home: Path, serving: Snapshot, posts: Rows, is_same: Callable[[Manifest], bool]) -> str | None:
    """The snapshot that a build would publish again, although a person rolled it back; None if it may publish.

    serving: the one in service. posts: (n,) keys of all active posts of the database. is_same: whether a snapshot was
    built from what the database holds now. This is the one place that says what a rollback promises:

    - A rollback holds until another snapshot is published. So only those newer than the one in service count.
    - It holds back the same snapshot alone. A build of other posts publishes, and this ends the rollback.
    - It never holds a post in service that was removed or forgotten. If the snapshot in service has a post that the
      database does not, a build publishes, be it a new snapshot of the same content. This ends the rollback, too.
    """
    if not np.isin(serving.archive.keys, posts).all():
        return None
    for folder in snapshot_folders(home)[::-1]:
        if folder.name > serving.name and is_rolled_back(folder):
            try:
                manifest = any_snapshot(folder).manifest
            except SnapshotError:
                continue
            if is_same(manifest):
                return manifest.snapshot
    return None


def told_of_rollback(serving: str, held: str) -> str:
    """What follows the name of a snapshot that is held back, for a person."""
    return (
        f"which was rolled back: {serving} stays in service until a different index is published; "
        f"to serve {held} again, run `hashtag index rollback {held}`"
    )


def _earlier(home: Path, name: str | None) -> Iterator[Path]:
    """The snapshots published before one, newest first, without those rolled back; all, where it is not known."""
    for folder in snapshot_folders(home)[::-1]:
        if (name is None or folder.name < name) and not is_rolled_back(folder):
            yield folder


def _current(home: Path) -> tuple[str, str] | None:
    try:
        return read_current(home)
    except SnapshotError:
        return None
