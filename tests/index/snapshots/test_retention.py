"""What is cleared away, and what never is."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from hashtag_recommender.core import durable
from hashtag_recommender.index.snapshots import retention as collecting
from hashtag_recommender.index.snapshots.retention import collect, new_name, snapshot_folders
from hashtag_recommender.index.snapshots.serving import roll_back, rollback_target
from hashtag_recommender.index.snapshots.snapshot import CURRENT, current_snapshot, drop_others, serving_name, writing

READING = """
import sys
from pathlib import Path
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
snapshot = current_snapshot(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_reader(home):
    """A process that has the snapshot in service open until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", READING, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "open\n"
        yield process
        process.stdin.close()


def names(home):
    return [folder.name for folder in snapshot_folders(home)]


def gc(home, keep):
    with writing(home):
        return collect(home, serving_name(home), keep)


def test_names_ascend_even_if_the_clock_goes_back(tmp_path, publish_one):
    published = [publish_one() for _ in range(3)]
    assert published == sorted(published)
    (tmp_path / "snapshots" / "snap-21000101-000000-abcdef").mkdir()
    assert new_name(tmp_path, None).startswith("snap-21000101-000001-")
    assert new_name(tmp_path, "snap-21990101-000000-abcdef") > "snap-21990101-000000-abcdef"
    assert new_name(tmp_path, "snap-99999999-999999") != ""


def test_a_snapshot_that_another_process_has_open_stays(tmp_path, publish_one):
    first = publish_one()
    with another_reader(tmp_path):
        later = [publish_one() for _ in range(4)]
        assert names(tmp_path) == [first, *later[-3:]]
        cleared = gc(tmp_path, 1)
        assert cleared.kept == {later[-1]: "in service", first: "open in another process"}
        assert cleared.removed == later[-2:0:-1]
    assert gc(tmp_path, 1).removed == [first]


def test_the_hold_of_a_killed_reader_is_gone(tmp_path, publish_one):
    first = publish_one()
    with another_reader(tmp_path) as process:
        process.kill()
        process.wait()
    publish_one()
    assert gc(tmp_path, 1).removed == [first]


def test_a_snapshot_is_held_as_long_as_anything_of_it_is_open(tmp_path, publish_one):
    publish_one()
    snapshot = current_snapshot(tmp_path)
    publish_one()
    assert gc(tmp_path, 1).removed == []
    snapshot.hold.close()
    assert gc(tmp_path, 1).removed == [snapshot.name]


def test_what_is_forgotten_is_deleted_whoever_reads_it(tmp_path, publish_one):
    publish_one()
    held, last = current_snapshot(tmp_path), publish_one()
    with writing(tmp_path):
        drop_others(tmp_path, last)
    assert names(tmp_path) == [last] and not held.folder.exists()


def test_the_one_in_service_stays_and_those_rolled_back_go_first(tmp_path, publish_one):
    first, second, third = (publish_one() for _ in range(3))
    with writing(tmp_path):
        roll_back(tmp_path, rollback_target(tmp_path, second))
    why = "rolled back: without it, the next build of the same posts would publish them again"
    cleared = gc(tmp_path, 2)
    assert cleared.kept == {third: why, second: "in service", first: "one of 2 kept"} and cleared.removed == []
    cleared = gc(tmp_path, 1)
    assert cleared.kept == {third: why, second: "in service"} and cleared.removed == [first]


def test_all_that_a_rollback_holds_back_is_kept_until_another_is_published(tmp_path, publish_one):
    first, second, third = (publish_one() for _ in range(3))
    with writing(tmp_path):
        roll_back(tmp_path, rollback_target(tmp_path, first))
    assert gc(tmp_path, 1).removed == [] and names(tmp_path) == [first, second, third]
    last = publish_one()
    gc(tmp_path, 1)
    assert names(tmp_path) == [last]


def test_what_killed_writers_left_is_cleared_by_the_next(tmp_path, publish_one):
    first = publish_one()
    current = (tmp_path / CURRENT).read_bytes()
    publish_one()
    (tmp_path / CURRENT).write_bytes(current)  # as if killed before CURRENT was written
    (tmp_path / "snapshots" / "snap-20990101-000000-aa.partial").mkdir()
    with writing(tmp_path):
        assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [first]


def test_nothing_is_cleared_where_it_is_not_known_what_serves(tmp_path, publish_one):
    both = [publish_one(), publish_one()]
    (tmp_path / CURRENT).write_bytes(b"\0")
    with writing(tmp_path):
        assert names(tmp_path) == both


def test_a_snapshot_that_cannot_be_deleted_is_told(tmp_path, publish_one, monkeypatch):
    first, last = publish_one(), publish_one()

    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(durable, "rename", fail)
    with monkeypatch.context() as patch:
        patch.setattr(collecting, "clear_leftovers", fail)
        kept = collect(tmp_path, last, 1).kept
    assert kept == {last: "in service", first: "cannot be deleted (Permission denied)"}


@pytest.mark.parametrize("name", ["snap-20260101-000000-abc", "snap-20260101-000000"])
def test_names(name):
    assert collecting.is_name(name)
    assert not collecting.is_name(name + ".partial") and not collecting.is_name("../" + name)
