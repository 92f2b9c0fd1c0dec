"""One writes at a time, and the next is told who that is; the lock dies with its process."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from hashtag_recommender.core.errors import BusyError, UnusableError
from hashtag_recommender.index.snapshots.lock import holder
from hashtag_recommender.index.snapshots.snapshot import writing

HOLDING = """
import sys
from pathlib import Path
from hashtag_recommender.index.snapshots.snapshot import writing
with writing(Path(sys.argv[1]), "index build"):
    print("in", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(home):
    """One that holds the lock until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "in\n"
        yield process
        process.stdin.close()


def enter(home):
    with writing(home, "index gc"):
        return holder(home)


def test_a_second_writer_is_told_who_the_first_is(tmp_path):
    with another_process(tmp_path) as process, pytest.raises(BusyError) as raised:
        enter(tmp_path)
    assert f"`index build`, process {process.pid} on {socket.gethostname()}, since 20" in str(raised.value)
    assert raised.value.exit_code == 4 and not issubclass(BusyError, UnusableError)
    assert enter(tmp_path).command == "index gc"
    assert holder(tmp_path) is None, "nothing is left of a writer that has finished"


def test_the_lock_of_a_killed_writer_is_free(tmp_path):
    with another_process(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / "LOCK.holder").exists()
    assert holder(tmp_path) is None, "its process is gone"
    assert enter(tmp_path).pid == os.getpid()


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """A home that another process writes to, which takes a second to start."""
    home = tmp_path_factory.mktemp("held")
    with another_process(home):
        yield home


@pytest.mark.parametrize("written", [b"", b"[]", b'{"pid": "x"}', b"\xff", None])
def test_where_the_first_cannot_be_known_that_is_said(held, written):
    path = held / "LOCK.holder"
    path.unlink() if written is None else path.write_bytes(written)
    with pytest.raises(BusyError, match=r"which one is not known: LOCK\.holder is missing or unreadable"):
        enter(held)


def test_of_a_process_on_another_host_nothing_is_known(tmp_path):
    told = {"pid": 2**22 + 1, "host": "elsewhere", "command": "index build", "since": "2026-01-01T00:00:00+00:00"}
    (tmp_path / "LOCK.holder").write_text(json.dumps(told))
    assert holder(tmp_path).host == "elsewhere"
