"""Whether the files of a snapshot are what was written.

A checksum says so for sure, but to compute it every byte is read: a second and more where a snapshot has gigabytes. So
the writer also notes by which size, times and inode the file system knew each file when its checksum was right. While
all of them are the same, nobody has written to the file since, and opening takes the file system's word. What the disk
itself has damaged is found by checks of every byte: those of `index verify`, of each refresh, and of a rollback.
"""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from ...core import durable
from ...core.parallel import side_by_side
from .manifest import FileRecord

NOTED = "noted.json"  # beside the manifest: what the file system said of each file. No damage to it does harm


def record_files(folder: Path) -> dict[str, FileRecord]:
    """Size and checksum of every file in a folder, by its path within."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    digests = side_by_side([partial(durable.file_digest, path) for path in files])
    return {
        path.relative_to(folder).as_posix(): FileRecord(path.stat().st_size, digest)
        for path, digest in zip(files, digests, strict=True)
    }


def note_files(folder: Path, files: Mapping[str, FileRecord]) -> None:
    """Note how the file system knows files that are just as recorded, when nobody else writes to them."""
    (folder / NOTED).write_text(json.dumps({name: _state(folder / name) for name in files}), encoding="utf-8")


def damaged_files(folder: Path, files: Mapping[str, FileRecord], *, every_byte: bool) -> list[str]:
    """What is wrong with files, one sentence each; empty when all is well.

    every_byte: whether those are read, too, that the file system says nobody has written to.
    """
    noted = {} if every_byte else _read_noted(folder)
    unsure = [name for name in files if name not in noted or noted[name] != _state(folder / name)]
    found = side_by_side([partial(_damage_of, folder / name, files[name]) for name in unsure])
    return [damage for damage in found if damage]


def _damage_of(path: Path, record: FileRecord) -> str | None:
    if not path.is_file():
        return f"{path} is missing"
    if path.stat().st_size != record.bytes:
        return f"{path} has {path.stat().st_size} bytes instead of {record.bytes}"
    if durable.file_digest(path) != record.sha256:
        return f"{path} is damaged (its checksum does not match)"
    return None


def _state(path: Path) -> list[int] | None:
    """What changes when a file is written to, replaced or copied; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _read_noted(folder: Path) -> dict[str, list[int]]:
    """Empty where there is nothing to rely on, as in a snapshot of an earlier release."""
    try:
        noted = json.loads((folder / NOTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}
