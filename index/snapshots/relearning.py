"""When what was learned is carried over to a new snapshot, and when it is learned anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.archive_state import ArchiveState, Changes
from ...core.errors import SnapshotError
from ...core.protocols import Fingerprint
from ...core.vectors import read_array
from .manifest import Manifest

_FILES = ("learned.keys.npy", "learned.contents.npy")


@dataclass(frozen=True, slots=True)
class Origins:
    """By what something is learned: the program's name and version, and the encoders of the channels that speak."""

    program: str
    encoders: Mapping[str, Fingerprint]


def origins_of(manifest: Manifest) -> Origins:
    """Those of a snapshot."""
    speaking = {record.channel: record.fingerprint for record in manifest.channels if record.vectors}
    return Origins(manifest.program, speaking)


def why_anew(before: Origins, now: Origins, n_learned: int, changes: Changes, part: float) -> str | None:
    """Why it is to be learned anew; None where it is carried over.

    n_learned: posts that it was learned from. changes: of posts since then, not since the snapshot before, so that many
    small steps count as one large one. part: of n_learned, from which on so many changes are too many.
    """
    if before.program != now.program:
        return f"they were trained by {before.program}"
    if dict(before.encoders) != dict(now.encoders):
        return "the channels or their encoders have changed"
    if changes.total and changes.total >= part * n_learned:
        return f"{describe_changes(changes)} since training on {n_learned:,} posts, {part:.0%} or more"
    return None


def describe_changes(changes: Changes) -> str:
    """Moves in words."""
    posts = "post" if changes.added == 1 else "posts"
    return f"{changes.added:,} {posts} added, {changes.changed:,} changed and {changes.removed:,} removed"


def save_state(folder: Path, versions: ArchiveState) -> None:
    """Note in a snapshot's folder which posts it was learned from."""
    for name, array in zip(_FILES, (versions.keys, versions.contents), strict=True):
        np.save(folder / name, array)


def read_state(folder: Path) -> ArchiveState:
    """Which posts a snapshot was learned from. Raises SnapshotError."""
    try:
        keys, contents = (read_array(folder / name) for name in _FILES)
    except (OSError, EOFError, ValueError) as error:
        raise SnapshotError(f"the list of posts that {folder} was trained on cannot be read: {error}") from error
    if keys.shape != contents.shape or keys.ndim != 1:
        raise SnapshotError(f"the list of posts that {folder} was trained on is damaged: its files do not fit together")
    return ArchiveState(keys, contents)
