"""The lock by which a home has one writer at a time. The system keeps it, so it dies with the process that holds it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ...core import durable
from ...core.advice import WAIT
from ...core.errors import BusyError
from ...core.processes import is_gone

LOCK = "LOCK"
_WAIT = 0.2  # seconds: who only looks whether the lock is held, holds it for a moment
_HOLDER = "LOCK.holder"  # beside the lock: a file that is locked cannot be read everywhere


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock. command: such as `index build`, without what it was told. since: ISO 8601, UTC."""

    pid: int
    host: str
    command: str
    since: str

    def is_gone(self) -> bool:
        """Whether the process is known not to run any more; of another host nothing is known."""
        return self.host == socket.gethostname() and is_gone(self.pid)


@contextmanager
def locked(home: Path, command: str) -> Iterator[None]:
    """Hold the lock of a home. Raises BusyError where another process does, OSError where there can be none."""
    try:
        lock = FileLock(home / LOCK).acquire(timeout=_WAIT, poll_interval=0.02)
    except Timeout:
        raise BusyError(f"{home} is being written by {_told(holder(home))}", WAIT) from None
    with lock:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        document = json.dumps(asdict(Holder(os.getpid(), socket.gethostname(), command, now)))
        with suppress(OSError):  # on a full disk, where nothing but `gc` gets any further; others are told so
            durable.write_durably(home / _HOLDER, document.encode())
        try:
            yield
        finally:
            with suppress(OSError):
                (home / _HOLDER).unlink()


def is_held(home: Path) -> bool:
    """Whether any process holds the lock; where that cannot be tried, as in a home that is read-only, True."""
    try:
        FileLock(home / LOCK).acquire(timeout=0).lock.release()
    except (Timeout, OSError):
        return True
    return False


def holder(home: Path) -> Holder | None:
    """Who holds the lock, by what it wrote beside it; None where that cannot be read, or is of a process long gone."""
    try:
        fields = json.loads((home / _HOLDER).read_bytes())
        known = Holder(int(fields["pid"]), str(fields["host"]), str(fields["command"]), str(fields["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if known.is_gone() else known


def _told(known: Holder | None) -> str:
    if known is None:
        return f"another process (which one is not known: {_HOLDER} is missing or unreadable)"
    return f"`{known.command}`, process {known.pid} on {known.host}, since {known.since}"
