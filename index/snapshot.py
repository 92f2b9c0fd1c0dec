"""Published snapshots: immutable folders, and the one file that says which of them serves.

A home holds `snapshots/<id>/` and `CURRENT`, one line of a snapshot's id and the SHA-256 of its manifest, which holds
the SHA-256 of every other file. A build writes `snapshots/<id>.partial/`, forces it to disk, renames it, and only
then replaces CURRENT, so a build killed at any moment leaves the snapshot before it in service.
"""

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from ..core.errors import HomeError, NoIndexError, SnapshotError
from .archive import SnapshotArchive
from .durable import file_digest, sync_folder, sync_tree, write_durably
from .manifest import FileRecord, Manifest

_MANIFEST = "manifest.json"
_PARTIAL = ".partial"
_NAME = re.compile(r"snap-[\w-]+")
_KEPT = 3  # snapshots, so that a process that has just read CURRENT still finds what it names


@dataclass(frozen=True)
class Snapshot:
    """A snapshot whose every file was found to be what was written."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """The snapshot's id."""
        return self.manifest.snapshot

    @cached_property
    def archive(self) -> SnapshotArchive:
        """Its posts."""
        return SnapshotArchive(self.folder)


def current_snapshot(home: Path) -> Snapshot:
    """Open the snapshot in service, each file checked against its checksum.

    Raises NoIndexError where none was published, SnapshotError naming the file that is missing or damaged.
    """
    snapshot = named_snapshot(home)
    damaged = damage(snapshot)
    if damaged:
        raise SnapshotError(f"{damaged[0]}; run `hashtag index build` again")
    return snapshot


def serving_snapshot(home: Path) -> Snapshot | None:
    """The snapshot in service, if there is one and it is whole."""
    try:
        return current_snapshot(home)
    except (NoIndexError, SnapshotError):
        return None


def named_snapshot(home: Path) -> Snapshot:
    """The snapshot that CURRENT names, its manifest checked, its files not yet."""
    pointer = home / "CURRENT"
    try:
        name, digest = pointer.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        raise NoIndexError(f"no index in {home}; run `hashtag index build SOURCE --home {home}` first") from None
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{pointer} cannot be read; run `hashtag index build` again") from error
    if not _NAME.fullmatch(name):
        raise SnapshotError(f"{pointer} names no snapshot; run `hashtag index build` again")
    return _open(home / "snapshots" / name, digest)


def damage(snapshot: Snapshot) -> list[str]:
    """What is wrong with a snapshot's files, one sentence a file; empty when all is well."""
    found = []
    for name, record in snapshot.manifest.files.items():
        path = snapshot.folder / name
        if not path.is_file():
            found.append(f"{path} is missing")
        elif path.stat().st_size != record.bytes:
            found.append(f"{path} has {path.stat().st_size} bytes instead of {record.bytes}")
        elif file_digest(path) != record.sha256:
            found.append(f"{path} is damaged (its checksum does not match)")
    return found


def publish(
    home: Path, fill: Callable[[Path, str], Manifest], accept: Callable[[Snapshot], None] | None = None
) -> Manifest:
    """Write a snapshot and put it in service; call it within `writing(home)`. The last three are kept.

    fill: writes the files into the folder given, for the id given, and returns the manifest, whose `files` are
    filled in here. accept: looks at what was written, and refuses it by raising an error. An exception leaves the
    snapshot before in service, and nothing of the new one.
    """
    snapshots = home / "snapshots"
    now = datetime.now(UTC)
    name = f"snap-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    partial = snapshots / (name + _PARTIAL)
    partial.mkdir()
    try:
        manifest = _with_files(fill(partial, name), partial)
        document = manifest.to_bytes()
        (partial / _MANIFEST).write_bytes(document)
        sync_tree(partial)
        if accept:
            accept(Snapshot(partial, manifest))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    partial.rename(snapshots / name)
    sync_folder(snapshots)
    write_durably(home / "CURRENT", f"{name} {sha256(document).hexdigest()}\n".encode())
    for outdated in sorted(snapshots.iterdir(), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(outdated, ignore_errors=True)
    return manifest


def drop_others(home: Path, name: str) -> None:
    """Delete all snapshots but one; call it within `writing(home)`."""
    for path in (home / "snapshots").iterdir():
        if path.name != name:
            shutil.rmtree(path)


def withdraw(home: Path) -> None:
    """Take the index out of service and delete all snapshots; call it within `writing(home)`."""
    (home / "CURRENT").unlink(missing_ok=True)
    sync_folder(home)
    drop_others(home, "")


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Hold the home's lock while it is written, and clear away what a killed writer left half done.

    Raises HomeError where another process holds it, or where the home cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "snapshots").mkdir(exist_ok=True)
        lock = FileLock(home / "LOCK", timeout=0).acquire()
    except Timeout:
        raise HomeError(f"another process is writing {home}; wait until it has finished") from None
    except OSError as error:
        raise HomeError(
            f"the home folder {home} cannot be written ({error.strerror}); name another by --home"
        ) from error
    with lock:
        for left in (home / "snapshots").glob(f"*{_PARTIAL}"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _open(folder: Path, digest: str) -> Snapshot:
    path = folder / _MANIFEST
    try:
        document = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read; run `hashtag index build` again") from error
    if sha256(document).hexdigest() != digest:
        raise SnapshotError(f"{path} is damaged (its checksum does not match); run `hashtag index build` again")
    manifest = Manifest.from_bytes(document)
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in manifest.files):
        raise SnapshotError(f"{path} names files outside the snapshot; run `hashtag index build` again")
    return Snapshot(folder, manifest)


def _with_files(manifest: Manifest, folder: Path) -> Manifest:
    files = {
        path.relative_to(folder).as_posix(): FileRecord(path.stat().st_size, file_digest(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return replace(manifest, files=files)
