"""Striking a process at a moment: by SIGKILL, or by a disk that fails. What is struck is a fork of this process."""

import errno
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy

from hashtag_recommender.core import durable

from .operations import run

STEPS = ("write", "append", "rename", "exchange", "sync_file", "sync_folder")
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


@dataclass(frozen=True)
class Struck:
    """What came of a command in a fork. killed: whether it was; else code and told as of `operations.Ran`.

    moments: how many there were at which it could have been struck. seconds: from its start to its end.
    """

    killed: bool
    code: int = 0
    told: str = ""
    moments: int = 0
    seconds: float = 0.0


class Moments:
    """Counts the moments of a process, and strikes at one of them.

    A moment stands before and after each durable step, before and after each commit of the database, and before each
    other change of a folder.
    """

    def __init__(self, at: int | None = None) -> None:
        self.count, self._at = 0, at

    def pass_one(self) -> None:
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """From here on, until the process ends."""
        for step in STEPS:
            _around(durable, step, self.pass_one, self.pass_one)
        _around(sqlalchemy.engine.default.DefaultDialect, "do_commit", self.pass_one, self.pass_one)
        sys.addaudithook(lambda event, _: self.pass_one() if event in _CHANGES else None)


class Failures:
    """Counts the durable steps of a process, and lets one fail; lasting: and all after it."""

    def __init__(self, at: int, code: int, lasting: bool) -> None:
        self.count, self._at, self._code, self._lasting = 0, at, code, lasting

    def pass_one(self) -> None:
        self.count += 1
        if self.count == self._at or self._lasting and self.count > self._at:
            raise OSError(self._code, os.strerror(self._code))

    def watch(self) -> None:
        """From here on, until the process ends."""
        for step in STEPS:
            _around(durable, step, self.pass_one, lambda: None)


class SmallFiles:
    """No file can grow beyond a size, whoever writes it: FAISS, NumPy, SQLite or Python itself."""

    count = 0

    def __init__(self, size: int) -> None:
        self._size = size

    def watch(self) -> None:
        """From here on, until the process ends."""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._size, self._size))


DISKS = {"full": errno.ENOSPC, "read-only": errno.EROFS, "broken": errno.EIO}


def strike(words: Sequence[str], watch: Moments | Failures | SmallFiles, after: float | None = None) -> Struck:
    """Run `hashtag` in a fork that is watched. after: kill it so many seconds after its start."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        _be_struck(words, watch, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        pipe.read(1)
        if after is not None:
            time.sleep(after)
            os.kill(pid, signal.SIGKILL)
        told = pipe.read()
    killed = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    return Struck(True) if killed or not told else Struck(False, **json.loads(told))


def _be_struck(words: Sequence[str], watch: Moments | Failures | SmallFiles, writing: int) -> None:
    try:
        watch.watch()
        os.write(writing, b"!")
        started = time.perf_counter()
        try:
            ran = run(words)
            code, told = ran.code, ran.told
        except Exception:
            code, told = 1, traceback.format_exc()
        seconds = time.perf_counter() - started
        outcome = {"code": code, "told": told, "moments": watch.count, "seconds": seconds}
        os.write(writing, json.dumps(outcome).encode())
    finally:
        os._exit(0)


def _around(owner: object, name: str, before: Callable[[], None], after: Callable[[], None]) -> None:
    plain = getattr(owner, name)

    def watched(*arguments):
        before()
        done = plain(*arguments)
        after()
        return done

    setattr(owner, name, watched)
