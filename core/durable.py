"""Files that are on disk when we say so, and checksums that tell whether they still are what we wrote.

Every step that must outlive a crash goes through `write`, `append`, `rename`, `exchange`, `sync_file` and `sync_folder`
here; the rest of the program calls them as `durable.rename(...)`, so that a test can put a failing disk in their place.
"""

import ctypes
import errno
import os
import sys
from hashlib import sha256
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


def write_durably(path: Path, content: bytes, mode: int | None = None) -> None:
    """Replace a file in one step: after a crash it holds the old bytes or the new ones, never a part.

    mode: its permissions; None leaves them to the process.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        write(temporary, content)
        if mode is not None:
            temporary.chmod(mode)
        rename(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append_durably(path: Path, line: bytes) -> None:
    """Add a line at the end of a file. A crash can leave a part of it there; the next one starts a line of its own."""
    new = not path.exists()
    if not new and path.stat().st_size:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            line = line if file.read() == b"\n" else b"\n" + line
    append(path, line + b"\n")
    if new:
        sync_folder(path.parent)


def write(path: Path, content: bytes) -> None:
    """A file's content, forced to disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def append(path: Path, content: bytes) -> None:
    """More content for a file, forced to disk."""
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def rename(old: Path, new: Path) -> None:
    """Give a file or folder another name; a file (or an empty folder) of that name is replaced."""
    old.replace(new)


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders change places in one step; False where the system cannot, and then nothing is done."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    failed = ctypes.get_errno()
    if failed in (errno.ENOSYS, errno.EINVAL):  # of an older kernel, or of a file system that knows no exchange
        return False
    raise OSError(failed, os.strerror(failed), str(one))


def sync_tree(folder: Path) -> None:
    """Force every file and folder below `folder`, and itself, to disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            sync_file(path)
    sync_folder(folder)


def sync_file(path: Path) -> None:
    """Force a file's content to disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk, where the system lets a folder be opened (Windows does not)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
