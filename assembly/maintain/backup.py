"""Backups of a home, made while it is in use, and putting one in the place of a home."""

import json
import secrets
import shutil
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from ...core import durable
from ...core.advice import OTHER_HOME_OR_FORCE
from ...core.errors import BackupError, SettingsError
from ...core.program import program
from ...core.settings import FILE, resolve_settings
from ...db.sqlite import default_path
from ...index.snapshots.checksums import NOTED, note_files
from ...index.snapshots.history import FILE as HISTORY
from ...index.snapshots.history import recorded
from ...index.snapshots.manifest import Manifest
from ...index.snapshots.retention import MANIFEST
from ...index.snapshots.serving import serve
from ...index.snapshots.snapshot import put_in_service, writing
from ...index.vectors.registry import place_of
from ...retrieval.selection.lists import PLATFORMS, SPAM
from ..curate.kept_photos import PHOTOS
from ..home import Home, disk_errors

_FORMAT = 1
_MANIFEST = "backup.json"
_HOME = "home"  # the folder within a backup that holds its files, laid out as a home


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in a backup. snapshot: the one that answered. notes: what is not in it."""

    backup: Path
    snapshot: str
    files: int
    bytes: int  # noqa: A003 - the word of the JSON document
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"backup": str(self.backup)}


@dataclass(frozen=True, slots=True)
class Restored:
    """What serves now. aside: where the home lies that was there before. notes: what a person has to see to."""

    home: Path
    snapshot: str
    created_at: str
    aside: Path | None
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"home": str(self.home), "aside": str(self.aside) if self.aside else None}


def back_up(home: Home, folder: Path) -> BackedUp:
    """Copy what a home holds into a folder that is new or empty; it appears whole or not at all.

    That is the snapshot that answers, the database as it is just after (SQLite; others have tools of their own), the
    settings file and the lists. Nobody has to wait for it, and nobody is kept waiting.
    Raises HomeError where it cannot be written, NoIndexError, SnapshotError or DatabaseError where it cannot be read.
    """
    copied, folder = home.existing().resolve(), folder.absolute()
    _check_target(copied, folder)
    served = serve(copied)
    partial = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.partial")
    notes = (*filter(None, [served.note]), *_elsewhere(served.snapshot.manifest, "are not in the backup"))
    with disk_errors(folder):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            (partial / _HOME).mkdir(parents=True)
            _copy_snapshot(copied, served.snapshot.folder, served.snapshot.digest, partial / _HOME)
            notes += _copy_database(home, partial / _HOME)
            _copy_photos(copied, partial / _HOME)
            manifest = _describe(partial, served.snapshot.name)
            (partial / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
            durable.sync_tree(partial)
            durable.rename(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        durable.sync_folder(folder.parent)
    size = sum(file["bytes"] for file in manifest["files"].values())
    return BackedUp(folder, served.snapshot.name, len(manifest["files"]), size, notes)


def restore(home: Path, folder: Path, *, force: bool = False) -> Restored:
    """Put a backup in the place of a home, in one step.

    force: also where there is one already, which is then kept aside.
    Raises BackupError if the backup is not what was written, SettingsError if the home is in the way, HomeError if it
    cannot be written, BusyError if another process writes it.
    """
    manifest = _checked(folder)
    place = home.resolve()
    taken = place.is_dir() and any(place.iterdir())
    if taken and not force:
        raise SettingsError(f"{home} is not empty", OTHER_HOME_OR_FORCE)
    # Not by the second alone: one that was killed may be run again within it.
    now = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    aside = place.with_name(f"{place.name}.before-restore-{now}") if taken else None
    with disk_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        _put(folder, manifest, place, aside)
    snapshot = Manifest.from_bytes((place / "snapshots" / manifest["snapshot"] / MANIFEST).read_bytes())
    notes = (*_told(place, manifest), *_elsewhere(snapshot, "were not in the backup"))
    return Restored(place, manifest["snapshot"], manifest["created_at"], aside, notes)


def _elsewhere(snapshot: Manifest, where: str) -> list[str]:
    """What a person should know of vectors that the snapshot's own files do not hold."""
    channels = [record.channel for record in snapshot.channels if record.vectors and place_of(record.index)]
    places = {place_of(record.index) for record in snapshot.channels} - {None}
    return [
        f"vectors of {', '.join(channels)} {where}, but in {place}: keep them there, or run `hashtag index build` "
        "after a restore"
        for place in sorted(filter(None, places))
    ]


def _check_target(home: Path, folder: Path) -> None:
    if folder.resolve().is_relative_to(home):
        raise SettingsError(f"{folder} is inside the home to back up; name a folder outside it")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} is not empty, or is a file; a backup needs a new or empty folder")


def _copy_snapshot(home: Path, snapshot: Path, digest: str, target: Path) -> None:
    shutil.copytree(snapshot, target / "snapshots" / snapshot.name, ignore=shutil.ignore_patterns(NOTED))
    put_in_service(target, snapshot.name, digest)
    for name in (FILE, SPAM, PLATFORMS):
        if (home / name).is_file():
            shutil.copyfile(home / name, target / name)


def _copy_photos(home: Path, target: Path) -> None:
    """The photos that the home keeps; one that is removed meanwhile is left out, as its post is."""
    for photo in sorted((home / PHOTOS).glob("*")):
        with suppress(FileNotFoundError):
            (target / PHOTOS).mkdir(exist_ok=True)
            shutil.copyfile(photo, target / PHOTOS / photo.name)


def _copy_database(home: Home, target: Path) -> tuple[str, ...]:
    """After the snapshot, so that it can be ahead of that, but not behind. Returns what a person should know."""
    home.check_database()
    if not home.has_database:
        return ("there is no database in the home, nor in the backup",)
    with home.database() as database:
        if database.copy_to(default_path(target)):
            return ()
        return (f"the database {database.posts.shown_url} is not in the backup: make one with its own tools",)


def _describe(partial: Path, snapshot: str) -> dict[str, Any]:
    files = {
        path.relative_to(partial / _HOME).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": durable.file_digest(path),
        }
        for path in sorted((partial / _HOME).rglob("*"))
        if path.is_file()
    }
    return {
        "format": _FORMAT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": program(),
        "snapshot": snapshot,
        "files": files,
    }


def _checked(folder: Path) -> dict[str, Any]:
    """The manifest of a backup whose every file is what was written."""
    path = folder / _MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        names = [PurePosixPath(name) for name in manifest["files"]]
        known = manifest["format"] == _FORMAT
        manifest["snapshot"], manifest["created_at"] = str(manifest["snapshot"]), str(manifest["created_at"])
    except FileNotFoundError:
        raise BackupError(f"{folder} is no backup: it has no {_MANIFEST}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path} cannot be read ({error}); the backup is damaged, use another") from error
    if not known:
        raise BackupError(
            f"{path} has format {manifest['format']}, this version reads {_FORMAT}; use the version that wrote it"
        )
    if any(name.is_absolute() or ".." in name.parts for name in names):
        raise BackupError(f"{path} names files outside the backup; use another")
    _check(folder / _HOME, manifest, str(folder))
    return manifest


def _check(folder: Path, manifest: dict[str, Any], backup: str) -> None:
    """Raises BackupError where a folder does not hold exactly the files of a backup."""
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    for name, path in there.items():
        if path.is_symlink() or name not in manifest["files"]:
            raise BackupError(f"{path} does not belong to the backup; the backup {backup} was changed, use another")
    for name, record in manifest["files"].items():
        path = folder / name
        if name not in there:
            raise BackupError(f"{path} is missing; the backup {backup} is damaged, use another")
        if path.stat().st_size != record["bytes"] or durable.file_digest(path) != record["sha256"]:
            raise BackupError(f"{path} is not what was written; the backup {backup} is damaged, use another")


def _put(folder: Path, manifest: dict[str, Any], home: Path, aside: Path | None) -> None:
    """Copy a backup beside the home, then let the two change places. aside: where the old home is to lie, if any."""
    partial = home.with_name(f"{home.name}.{secrets.token_hex(4)}.partial")
    with ExitStack() as held:
        if aside:
            held.enter_context(writing(home, "restore"))
            run = held.enter_context(recorded(home, "restore"))
            run.outcome = "published"  # even where the snapshot is the same
        try:
            shutil.copytree(folder / _HOME, partial)
            _check(partial, manifest, str(folder))  # what was read just now, and what was written
            snapshot = partial / "snapshots" / manifest["snapshot"]
            note_files(snapshot, Manifest.from_bytes((snapshot / MANIFEST).read_bytes()).files)
            if aside:
                shutil.copyfile(home / HISTORY, partial / HISTORY)  # which goes on
            else:
                with recorded(partial, "restore") as first:
                    first.outcome = "published"
            durable.sync_tree(partial)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        _swap(partial, home, aside)


def _swap(partial: Path, home: Path, aside: Path | None) -> None:
    """Once they have changed places nothing is deleted: under the name of the new home lies the old one."""
    exchanged = False
    try:
        if aside is None:
            durable.rename(partial, home)
        elif not (exchanged := durable.exchange(partial, home)):
            durable.rename(home, aside)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if exchanged and aside:
        durable.rename(partial, aside)
    elif aside:  # a kill before this leaves no home: `hashtag restore` again does what is left to do
        durable.rename(partial, home)
    durable.sync_folder(home.parent)


def _told(home: Path, manifest: dict[str, Any]) -> tuple[str, ...]:
    named = resolve_settings(home, {}, {}).db
    here = default_path(home).name in manifest["files"]
    if not here:
        return ("the backup holds no database: restore that with its own tools",)
    if named is not None:
        return (f"{home / FILE} names another database than the restored one, which is in {default_path(home)}",)
    return ()
