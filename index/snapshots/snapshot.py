"""Published snapshots: immutable folders, and the one file that says which of them serves.

A home holds `snapshots/<id>/` and `CURRENT`, one line of a snapshot's id and the SHA-256 of its manifest, which holds
the SHA-256 of every other file. A build writes `snapshots/<id>.partial/`, forces it to disk, renames it, and only
then replaces CURRENT, so a build killed at any moment leaves the snapshot before it in service. Where none is to serve,
CURRENT says so: that it is not there beside snapshots is damage.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from ...core import durable
from ...core.advice import OTHER_HOME, REBUILD, build_first
from ...core.errors import ClusterError, HomeError, NoIndexError, SnapshotError, describe
from ..vectors.registry import publish_index
from .archive import SnapshotArchive
from .checksums import damaged_files, note_files, record_files
from .lease import Hold
from .lock import locked
from .manifest import Manifest
from .retention import (
    MANIFEST,
    PARTIAL,
    clear,
    clear_leftovers,
    clear_unpublished,
    collect,
    delete,
    is_name,
    is_rolled_back,
    new_name,
    snapshot_folders,
    unmark,
)

CURRENT = "CURRENT"
_DIGEST = "manifest.sha256"  # by which a snapshot is known to be whole that CURRENT does not name
_NONE = b"none\n"  # what CURRENT holds where no snapshot is to serve
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Snapshot:
    """A snapshot whose manifest is what was written.

    digest: SHA-256 (hex) of the manifest. hold: keeps it from being deleted as long as it is open.
    """

    folder: Path
    manifest: Manifest
    digest: str
    hold: Hold = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """The snapshot's id."""
        return self.manifest.snapshot

    @cached_property
    def archive(self) -> SnapshotArchive:
        """Its posts."""
        return SnapshotArchive(self.folder, self.hold)


def current_snapshot(home: Path) -> Snapshot:
    """Open the snapshot in service, its files checked: those that were written to since, against their checksums.

    Raises NoIndexError where none was published, SnapshotError naming the file that is missing or damaged.
    """
    snapshot = named_snapshot(home)
    _raise_where_damaged(damage(snapshot, every_byte=False))
    return snapshot


def serving_snapshot(home: Path, *, every_byte: bool = True) -> Snapshot | None:
    """The snapshot in service, if there is one and it is whole. every_byte: see `checksums.damaged_files`."""
    try:
        snapshot = named_snapshot(home)
    except (NoIndexError, SnapshotError):
        return None
    return None if damage(snapshot, every_byte=every_byte) else snapshot


def named_snapshot(home: Path) -> Snapshot:
    """The snapshot that CURRENT names, its manifest checked, its files not yet. Raises as `current_snapshot` does."""
    while True:
        name, digest = read_current(home)
        try:
            return _open(home / "snapshots" / name, digest, home / CURRENT)
        except SnapshotError:
            if read_current(home) == (name, digest):
                raise
            # Else it was outdated and deleted while we came to open it.


def read_current(home: Path) -> tuple[str, str]:
    """Which snapshot is in service, and the SHA-256 of its manifest. Raises as `current_snapshot` does."""
    pointer = home / CURRENT
    try:
        written = pointer.read_bytes()
    except FileNotFoundError:
        if snapshot_folders(home):
            raise SnapshotError(f"{pointer} is missing, which names the snapshot in service", REBUILD) from None
        written = _NONE
    except OSError as error:
        raise SnapshotError(f"{pointer} cannot be read", REBUILD) from error
    if written == _NONE:
        raise NoIndexError(f"no index in {home}", build_first(home))
    name, _, digest = written.decode(errors="replace").rstrip("\n").partition(" ")
    if not is_name(name) or not _SHA256.fullmatch(digest):
        raise SnapshotError(f"{pointer} names no snapshot", REBUILD)
    return name, digest


def serving_name(home: Path) -> str | None:
    """Which snapshot CURRENT names, whether it is whole or not; None if there is none or CURRENT is damaged.

    A name of what is not there is damage, too: a flipped bit can make another name of it.
    """
    try:
        name = read_current(home)[0]
    except (NoIndexError, SnapshotError):
        return None
    return name if (home / "snapshots" / name).is_dir() else None


def any_snapshot(folder: Path) -> Snapshot:
    """Open any snapshot, its manifest checked, its files not yet. Raises SnapshotError naming what is wrong."""
    try:
        digest = (folder / _DIGEST).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{folder / _DIGEST} cannot be read, so {folder} may be damaged") from error
    return _open(folder, digest, folder / _DIGEST)


def whole_snapshot(folder: Path) -> Snapshot:
    """As `any_snapshot`, each file checked against its checksum. Raises SnapshotError naming what is wrong."""
    snapshot = any_snapshot(folder)
    _raise_where_damaged(damage(snapshot))
    return snapshot


def _raise_where_damaged(damaged: Sequence[str]) -> None:
    if damaged:
        raise SnapshotError(damaged[0], REBUILD)


def damage(snapshot: Snapshot, *, every_byte: bool = True) -> list[str]:
    """What is wrong with a snapshot's files, one sentence a file; empty when all is well.

    every_byte: see `checksums.damaged_files`.
    """
    found = damaged_files(snapshot.folder, snapshot.manifest.files, every_byte=every_byte)
    return [*_damage_of_digest(snapshot), *found]


def _damage_of_digest(snapshot: Snapshot) -> list[str]:
    path = snapshot.folder / _DIGEST
    try:
        return [] if path.read_bytes() == snapshot.digest.encode() else [f"{path} is damaged"]
    except OSError as error:
        return [f"{path} cannot be read ({error.strerror})"]


def publish(
    home: Path, fill: Callable[[Path, str], Manifest], accept: Callable[[Snapshot], None] | None = None
) -> Manifest:
    """Write a snapshot and put it in service; call it within `writing(home)`. The last three are kept.

    fill: writes the files into the folder given, for the id given, and returns the manifest, whose `files` are
    filled in here. accept: looks at what was written, and refuses it by raising an error. An exception leaves the
    snapshot before in service, and nothing of the new one.
    """
    snapshots = home / "snapshots"
    name = new_name(home, serving_name(home))
    partial = snapshots / (name + PARTIAL)
    partial.mkdir()
    try:
        manifest = fill(partial, name)
        manifest = replace(manifest, files=record_files(partial))
        document = manifest.to_bytes()
        digest = sha256(document).hexdigest()
        (partial / MANIFEST).write_bytes(document)
        (partial / _DIGEST).write_text(digest, encoding="utf-8")
        note_files(partial, manifest.files)
        durable.sync_tree(partial)
        if accept:
            accept(_open(partial, digest, partial / _DIGEST))
        if not snapshot_folders(home):
            durable.write_durably(home / CURRENT, _NONE)  # until the first one is to serve
        durable.rename(partial, snapshots / name)
    except BaseException:
        with suppress(ClusterError):  # else the next writer does
            clear(partial)
        raise
    before = serving_name(home)
    try:
        durable.sync_folder(snapshots)
        tell_others(snapshots / name, manifest)
        put_in_service(home, name, digest)
    except (OSError, ClusterError, SnapshotError):
        if serving_name(home) != name:
            with suppress(OSError, ClusterError, SnapshotError):  # else the next writer does
                delete(snapshots / name)
                if before:
                    _tell_others_again(snapshots / before)
        raise
    collect(home, name)
    return manifest


def tell_others(folder: Path, manifest: Manifest) -> None:
    """Tell programs that read its vectors elsewhere that a snapshot serves, before it does.

    So nothing is put in service whose vectors are not there. Raises SnapshotError or ClusterError.
    """
    for record in manifest.channels:
        if record.vectors:
            publish_index(record.index, folder / record.channel)


def _tell_others_again(folder: Path) -> None:
    snapshot = any_snapshot(folder)
    tell_others(snapshot.folder, snapshot.manifest)


def put_in_service(home: Path, name: str, digest: str) -> None:
    """Let CURRENT name a snapshot, by the SHA-256 of its manifest."""
    durable.write_durably(home / CURRENT, f"{name} {digest}\n".encode())


def drop_others(home: Path, name: str) -> None:
    """Delete all snapshots but one, even those that are open elsewhere; call it within `writing(home)`.

    Raises ClusterError where vectors of one are left at a place that cannot be reached.
    """
    failed = None
    for folder in snapshot_folders(home):
        if folder.name != name:
            try:
                delete(folder)
            except ClusterError as error:  # told when the others are gone
                failed = error
    if failed:
        raise failed


def withdraw(home: Path) -> None:
    """Take the index out of service and delete all snapshots; call it within `writing(home)`."""
    durable.write_durably(home / CURRENT, _NONE)
    drop_others(home, "")


@contextmanager
def writing(home: Path, command: str = "(a Python program)") -> Iterator[None]:
    """Hold the home's lock while it is written, and clear away what a killed writer left half done.

    command: by which others are told who holds it, such as `index build`; nothing secret or personal.
    Raises BusyError where another process holds it, HomeError where the home cannot be written.
    """
    with ExitStack() as held:
        try:
            home.mkdir(parents=True, exist_ok=True)
            (home / "snapshots").mkdir(exist_ok=True)
            held.enter_context(locked(home, command))
            _tidy(home)
        except OSError as error:
            raise HomeError(f"the home folder {home} cannot be written ({describe(error)})", OTHER_HOME) from error
        yield


def _tidy(home: Path) -> None:
    """Clear away what a killed writer left: half a snapshot, one that never served, a mark on the one that does."""
    clear_leftovers(home)
    try:
        read_current(home)
    except NoIndexError:
        clear_unpublished(home, None)
    except SnapshotError:
        return  # which one served is not known
    else:
        if serving := serving_name(home):
            folder = home / "snapshots" / serving
            was_stopped = is_rolled_back(folder)
            was_stopped |= clear_unpublished(home, serving)
            unmark(folder)
            if was_stopped:  # others may have been told of the snapshot that did not come to serve
                with suppress(SnapshotError):  # a damaged one is told of where it is opened
                    _tell_others_again(folder)


def _open(folder: Path, digest: str, witness: Path) -> Snapshot:
    """witness: the file in which the digest stands."""
    path = folder / MANIFEST
    try:
        hold = Hold(path)
        document = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path}, which {witness} names, cannot be read", REBUILD) from error
    if sha256(document).hexdigest() != digest:
        raise SnapshotError(f"{path} is damaged (its checksum is not the one in {witness})", REBUILD)
    manifest = Manifest.from_bytes(document)
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in manifest.files):
        raise SnapshotError(f"{path} names files outside the snapshot", REBUILD)
    return Snapshot(folder, manifest, digest, hold)
