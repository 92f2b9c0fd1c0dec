"""Publishing survives what can happen to it, and loading refuses what was not written by it."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from hashtag_recommender.core import durable
from hashtag_recommender.core.errors import HomeError, NoIndexError, SnapshotError
from hashtag_recommender.index.snapshots.manifest import FORMAT, Manifest
from hashtag_recommender.index.snapshots.snapshot import current_snapshot, publish, serving_snapshot, writing

FILES = {"posts.txt": b"some posts", "image/vectors": bytes(range(256)) * 40}


def manifest(name):
    return Manifest(name, "2026-01-01", "test 1", "digest", "db", {"a.csv": 1}, 1, 1, (), {})


def fill(folder, name):
    for path, content in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)
    return manifest(name)


@pytest.fixture
def home(tmp_path):
    with writing(tmp_path):
        publish(tmp_path, fill)
    return tmp_path


def test_what_is_published_is_served(home):
    snapshot = current_snapshot(home)
    assert set(snapshot.manifest.files) == set(FILES)
    assert snapshot.folder.name == snapshot.name == snapshot.manifest.snapshot
    assert [(snapshot.folder / path).read_bytes() for path in FILES] == list(FILES.values())


def test_a_home_without_index_says_what_to_run(tmp_path):
    with pytest.raises(NoIndexError, match="hashtag index build SOURCE"):
        current_snapshot(tmp_path)


def test_a_build_that_fails_leaves_the_snapshot_before(home):
    before = current_snapshot(home)

    def break_off(folder, name):
        fill(folder, name)
        raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"), writing(home):
        publish(home, break_off)
    assert current_snapshot(home) == before
    assert [path.name for path in (home / "snapshots").iterdir()] == [before.name]


KILLED = """
import os, signal, sys
from pathlib import Path
from hashtag_recommender.core import durable
from hashtag_recommender.index.snapshots import snapshot
sys.path.insert(0, sys.argv[3])
from test_snapshot import fill

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

moment, home = sys.argv[1], Path(sys.argv[2])
if moment == "fill":
    def fill(folder, name):
        (folder / "half").write_bytes(b"half")
        kill()
else:
    setattr(durable, moment, kill)
with snapshot.writing(home):
    snapshot.publish(home, fill)
"""


@pytest.mark.parametrize("moment", ["fill", "sync_tree", "rename", "sync_folder", "write_durably"])
def test_a_build_killed_at_any_moment_leaves_the_snapshot_before(home, moment):
    before = current_snapshot(home)
    here = os.path.dirname(__file__)  # noqa: PTH120 - goes into another process as text
    ended = subprocess.run([sys.executable, "-c", KILLED, moment, str(home), here], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert current_snapshot(home) == before
    with writing(home):  # the lock of the dead is free, and what it left is cleared away
        assert not list((home / "snapshots").glob("*.partial"))
        publish(home, fill)
    assert current_snapshot(home).name != before.name


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [truncate, flip_a_bit, os.remove])
@pytest.mark.parametrize("name", ["manifest.json", *FILES])
def test_every_harmed_file_is_refused_by_name(home, harm, name):
    harm(current_snapshot(home).folder / name)
    with pytest.raises(SnapshotError, match=name):
        current_snapshot(home)


def test_a_harmed_current_is_refused(home):
    for content in (b"", b"snap", b"../../elsewhere 00", b".. 00", b"snap\0x 00", b"snap-gone 00", b"\xff\xfe"):
        (home / "CURRENT").write_bytes(content)
        with pytest.raises(SnapshotError):
            current_snapshot(home)


def test_a_manifest_that_names_files_outside_is_refused(tmp_path):
    def escape(folder, name):
        (tmp_path / "secret").write_text("secret")
        return manifest(name)

    from hashtag_recommender.index.snapshots import snapshot as module
    from hashtag_recommender.index.snapshots.manifest import FileRecord

    with writing(tmp_path), pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "record_files", lambda _: {"../../secret": FileRecord(6, "00")})
        publish(tmp_path, escape)
    with pytest.raises(SnapshotError, match="outside"):
        current_snapshot(tmp_path)


@pytest.mark.parametrize("other", [FORMAT - 1, FORMAT + 1])
def test_another_format_is_refused_with_what_to_do(other):
    document = replace(manifest("x"), format=other).to_bytes()
    with pytest.raises(SnapshotError, match=f"has format {other}, .* run `hashtag index build` again"):
        Manifest.from_bytes(document)


def test_a_manifest_survives_its_document():
    assert Manifest.from_bytes(manifest("x").to_bytes()) == manifest("x")


def test_only_one_writes_at_a_time(home):
    script = f"""
from pathlib import Path
from hashtag_recommender.index.snapshots.snapshot import writing
with writing(Path({str(home)!r})):
    print("inside")
"""
    with writing(home):
        second = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "BusyError" in second.stderr and "is being written by `(a Python program)`" in second.stderr
    assert "inside" in subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout


def test_a_home_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="cannot be written"), writing(tmp_path / "file" / "home"):
        pass


def test_the_last_three_snapshots_are_kept(home):
    names = [current_snapshot(home).name]
    for _ in range(4):
        with writing(home):
            names.append(publish(home, fill).snapshot)
    assert sorted(path.name for path in (home / "snapshots").iterdir()) == sorted(names[-3:])
    assert current_snapshot(home).name == names[-1]


def test_a_copied_home_serves_elsewhere(home, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy") / "home"
    shutil.copytree(home, copy)
    assert current_snapshot(copy).manifest == current_snapshot(home).manifest


def test_opening_reads_no_file_to_check_it_and_a_refresh_reads_them_all(home, monkeypatch):
    read = []
    monkeypatch.setattr(durable, "file_digest", lambda path: read.append(path.name) or "other")
    assert current_snapshot(home).manifest.files.keys() == FILES.keys()
    assert read == []
    assert serving_snapshot(home) is None
    assert sorted(read) == sorted(path.rpartition("/")[2] for path in FILES)
