"""The folders of snapshots: their order, which of them are kept, and clearing away the rest.

Names ascend in the order of publishing. A snapshot that was rolled back carries a mark, so that nothing but a person's
word puts it in service again.
"""

import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ...core import durable
from ...core.errors import ClusterError, SnapshotError
from ..vectors.registry import drop_index
from .lease import nobody_reading

MANIFEST = "manifest.json"
PARTIAL = ".partial"
KEPT = 3  # snapshots, where nothing else is said
_NAME = re.compile(r"snap-(\d{8}-\d{6})[\w-]*")
_TIME = "%Y%m%d-%H%M%S"
_ROLLED_BACK = "ROLLED_BACK"


@dataclass(frozen=True, slots=True)
class Collected:
    """kept: why, by snapshot, newest first. removed: what was deleted."""

    kept: Mapping[str, str]
    removed: Sequence[str]


def snapshot_folders(home: Path) -> list[Path]:
    """All snapshots of a home, whole or not, oldest first."""
    try:
        return sorted(path for path in (home / "snapshots").iterdir() if is_name(path.name))
    except FileNotFoundError:
        return []


def is_name(name: str) -> bool:
    """Whether this is the name of a snapshot."""
    return _NAME.fullmatch(name) is not None


def new_name(home: Path, serving: str | None) -> str:
    """A name after those of all snapshots that are here, and of the one in service, even if the clock went back."""
    newest = max([path.name for path in snapshot_folders(home)] + [serving or ""])
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    if match := _NAME.fullmatch(newest):
        with suppress(ValueError):  # of a date that there is not
            now = max(now, datetime.strptime(match[1], _TIME) + timedelta(seconds=1))
    return f"snap-{now.strftime(_TIME)}-{secrets.token_hex(3)}"


def is_rolled_back(folder: Path) -> bool:
    """Whether a person took this snapshot out of service."""
    return (folder / _ROLLED_BACK).exists()


def mark_rolled_back(folder: Path) -> None:
    """Take a snapshot out of the running, durably."""
    durable.write_durably(folder / _ROLLED_BACK, b"")


def unmark(folder: Path) -> None:
    """Let a snapshot be as any other again."""
    if is_rolled_back(folder):
        (folder / _ROLLED_BACK).unlink()
        durable.sync_folder(folder)


def collect(home: Path, serving: str | None, keep: int = KEPT) -> Collected:
    """Delete all snapshots but `keep`; call it within `writing(home)`.

    Kept are the one in service, then the newest; those rolled back come last. Beyond that number are kept those rolled
    back that are newer than the one in service, as the rollback holds, and those that are open in any process.
    """
    folders = snapshot_folders(home)[::-1]
    order = sorted(folders, key=lambda folder: (folder.name != serving, is_rolled_back(folder)))
    kept, removed = {}, []
    for folder in folders:
        if folder.name == serving:
            kept[folder.name] = "in service"
        elif folder in order[:keep]:
            kept[folder.name] = f"one of {keep} kept" + (", rolled back" if is_rolled_back(folder) else "")
        elif is_rolled_back(folder) and folder.name > (serving or ""):
            kept[folder.name] = "rolled back: without it, the next build of the same posts would publish them again"
        elif why := _deleted(folder):
            kept[folder.name] = why
        else:
            removed.append(folder.name)
    return Collected(kept, removed)


def _deleted(folder: Path) -> str:
    """Delete a snapshot; where it must stay, why."""
    with nobody_reading(folder / MANIFEST) as alone:
        if not alone:
            return "open in another process"
        try:
            delete(folder)
        except OSError as error:
            return f"cannot be deleted ({error.strerror})"
        except ClusterError as error:
            return error.message
    return ""


def delete(folder: Path) -> None:
    """Delete a snapshot, whoever reads it, in one step, as a crash sees it.

    Raises OSError; and ClusterError as `clear`, when it is no snapshot any more.
    """
    gone = folder.with_name(folder.name + PARTIAL)
    durable.rename(folder, gone)
    durable.sync_folder(gone.parent)
    clear(gone)


def clear(partial: Path) -> None:
    """Delete what is not a snapshot yet, or no more, and the vectors that it has elsewhere.

    Raises ClusterError if these cannot be deleted; it then stays, and the next writer tries again.
    """
    for channel in partial.glob("*/"):
        try:
            drop_index(channel)
        except ClusterError as error:
            told = f"vectors of {partial.name.removesuffix(PARTIAL)} are still there: {error.message}"
            raise ClusterError(told, error.advice) from error
        except SnapshotError:  # damaged before it named a place
            continue
    shutil.rmtree(partial, ignore_errors=True)


def left_elsewhere(home: Path) -> list[str]:
    """Snapshots that were deleted, while the place of their vectors could not be reached."""
    return [left.parent.name.removesuffix(PARTIAL) for left in (home / "snapshots").glob(f"*{PARTIAL}/{MANIFEST}")]


def clear_leftovers(home: Path) -> None:
    """Delete what killed writers have left half written or half deleted.

    What has vectors at a place that cannot be reached stays for the next writer: it may be to move away from there.
    """
    for left in (home / "snapshots").glob(f"*{PARTIAL}"):
        with suppress(ClusterError):
            clear(left)


def clear_unpublished(home: Path, serving: str | None) -> bool:
    """Delete snapshots that were written whole but never put in service, as a writer was killed just before that.

    serving: what CURRENT names; None where no index is in service. Returns whether there were any.
    """
    unpublished = [
        folder
        for folder in snapshot_folders(home)
        if serving is None or folder.name > serving and not is_rolled_back(folder)
    ]
    for folder in unpublished:
        delete(folder)
    return bool(unpublished)
