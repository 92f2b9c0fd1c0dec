"""Every run leaves a record, also the one that is killed; a torn line harms no other."""

import json
import os
import signal
import subprocess
import sys

import pytest

from hashtag_recommender.core import durable
from hashtag_recommender.core.errors import HomeError, SourceError
from hashtag_recommender.index.snapshots.history import FILE, read_history, recorded
from hashtag_recommender.index.snapshots.manifest import Manifest
from hashtag_recommender.index.snapshots.snapshot import publish, withdraw, writing


def fill(folder, name):
    return Manifest(name, "2026-01-01", "test 1", "digest", "db", {}, 1, 1, (), {})


def run(home, command="index build", does=lambda record: None):
    with writing(home, command), recorded(home, command) as record:
        does(record)


def test_what_a_run_did_is_told_by_what_is_in_service(tmp_path):
    run(tmp_path, does=lambda _: publish(tmp_path, fill))
    run(tmp_path, does=lambda record: record.counts.update(added=0, embedded={"image": 2}))
    run(tmp_path, "posts forget", lambda _: withdraw(tmp_path))
    published, unchanged, withdrawn = read_history(tmp_path)
    assert (published.outcome, published.before) == ("published", None)
    assert published.after == unchanged.before == unchanged.after == withdrawn.before
    assert (unchanged.outcome, unchanged.counts) == ("unchanged", {"added": 0, "embedded": {"image": 2}})
    assert (withdrawn.outcome, withdrawn.after, withdrawn.command) == ("withdrawn", None, "posts forget")
    assert all(done.started <= done.finished and done.seconds >= 0 for done in (published, unchanged, withdrawn))


def test_what_failed_and_what_was_refused(tmp_path):
    def fail(record):
        raise SourceError("the  file\nis empty")

    def refuse(record):
        record.gates["overlap"] = 0.2
        record.refuse("too few in common")
        raise SourceError("refused")

    def stop(record):
        raise KeyboardInterrupt

    for does, kind in ((fail, SourceError), (refuse, SourceError), (stop, KeyboardInterrupt)):
        with pytest.raises(kind):
            run(tmp_path, does=does)
    told = [(done.outcome, done.reason, done.gates) for done in read_history(tmp_path)]
    assert told == [
        ("failed", "the file is empty", {}),
        ("refused", "too few in common", {"overlap": 0.2}),
        ("failed", "stopped", {}),
    ]


KILLED = """
import os, signal, sys
from pathlib import Path
from hashtag_recommender.index.snapshots.history import read_history, recorded
from hashtag_recommender.index.snapshots.snapshot import writing
home = Path(sys.argv[1])
with writing(home, "index build"), recorded(home, "index build"):
    print(read_history(home)[-1].outcome, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_under_way_runs_and_without_an_end_was_killed(tmp_path):
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "running\n")
    run(tmp_path)
    assert [done.outcome for done in read_history(tmp_path)] == ["killed", "unchanged"]


@pytest.mark.parametrize("change", [{"pid": os.getpid()}, {"host": "a-pod-that-is-gone"}])
def test_a_holder_that_cannot_be_asked_does_not_keep_a_killed_run_alive(tmp_path, change):
    """Its process number is another's by now, or it ran on another host."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, check=False)
    holder = tmp_path / "LOCK.holder"
    holder.write_text(json.dumps(json.loads(holder.read_text()) | change))
    lines = (tmp_path / FILE).read_text().splitlines()
    (tmp_path / FILE).write_text("".join(json.dumps(json.loads(line) | change) + "\n" for line in lines))
    assert [done.outcome for done in read_history(tmp_path)] == ["killed"]


@pytest.mark.parametrize("torn", range(2, 60, 7))
def test_a_torn_line_harms_no_other(tmp_path, torn):
    for _ in range(2):
        run(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-torn])
    run(tmp_path, "index gc")
    assert [done.outcome for done in read_history(tmp_path)] == ["unchanged", "killed", "unchanged"]
    (tmp_path / FILE).write_bytes(b'\xff\n[]\n{"run": 3, "nonsense": 1}\n\n' + whole)
    assert [done.outcome for done in read_history(tmp_path)] == ["unchanged"] * 2


def test_nothing_is_done_that_cannot_be_recorded(tmp_path, monkeypatch):
    def full(path, _):
        raise OSError(28, os.strerror(28), str(path))

    monkeypatch.setattr(durable, "append", full)
    with pytest.raises(HomeError, match=r"history\.jsonl cannot be written \(No space left .*the run stops here"):
        run(tmp_path, does=lambda _: pytest.fail("done all the same"))
