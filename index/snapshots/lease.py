"""Holding a snapshot that is open, so that no writer deletes it.

A reader holds a shared lock of the system on the snapshot's manifest, which it needs no permission to write for: homes
that are read-only will do, and the lock dies with its process. Windows has no such locks, nor needs them: it lets no
folder go that holds an open file. A file system without locks (some network ones) holds nothing; there an open
snapshot can be deleted, once three more have been published.
"""

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Hold:
    """Keeps a snapshot from being deleted until it is closed, or forgotten by the program."""

    def __init__(self, manifest: Path) -> None:
        """Raises FileNotFoundError where the snapshot is gone or going, OSError where it cannot be opened."""
        descriptor = os.open(manifest, os.O_RDONLY)
        self.close = weakref.finalize(self, os.close, descriptor)
        if fcntl is None:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise FileNotFoundError(f"{manifest} is being deleted") from None
        except OSError:
            return  # no locks here, as the module's docstring says
        if not manifest.exists():  # deleted between opening and locking
            self.close()
            raise FileNotFoundError(f"{manifest} has been deleted")


@contextmanager
def nobody_reading(manifest: Path) -> Iterator[bool]:
    """Whether no process has the snapshot open; as long as the context lasts, none opens it."""
    try:
        descriptor = os.open(manifest, os.O_RDONLY)
    except OSError:  # without a manifest nobody can have opened it
        yield True
        return
    try:
        yield _alone(descriptor)
    finally:
        os.close(descriptor)


def _alone(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
