"""A backup is whole or it is none, and so is the home after it was restored."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hashtag_recommender import open_recommender
from hashtag_recommender.assembly import back_up, build_index, index_history, read_posts, restore, verify_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core import durable
from hashtag_recommender.core.errors import BackupError, BusyError, HomeError, SettingsError
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots.snapshot import serving_name, writing

HEADER = "id,text,hashtags\n"
OLD, NEW = "1,cat on the sofa,cat\n", "2,a zeppelin over the lake,zeppelin\n"


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """One home with a backup of it, and one with another post. Not to be written to."""
    folder = tmp_path_factory.mktemp("backup")
    for name, posts in (("backed", OLD), ("other", OLD + NEW)):
        (folder / "posts.csv").write_text(HEADER + posts)
        build_index(Home(Settings(folder / name, encoders="compact")), read_posts(folder / "posts.csv", source="posts"))
    (folder / "backed" / "spam.toml").write_text('updated = 2026-01-01\n[[list]]\nreason = "x"\nhashtags = ["dog"]\n')
    (folder / "backed" / "hashtag.toml").write_text('encoders = "compact"\n')
    back_up(Home(Settings(folder / "backed")), folder / "backup")
    return folder


@pytest.fixture
def backup(homes, tmp_path):
    return Path(shutil.copytree(homes / "backup", tmp_path / "backup"))


@pytest.fixture
def other(homes, tmp_path):
    return Path(shutil.copytree(homes / "other", tmp_path / "home"))


def is_sound(home):
    verdict = verify_index(Home(Settings(home)))
    return (verdict.problems, verdict.notes) == ((), ())


def test_there_and_back(hashtag, homes, tmp_path):
    ran = hashtag("backup", tmp_path / "new" / "backup", "--home", homes / "backed")
    assert ran.code == 0 and f"backed up to {tmp_path / 'new' / 'backup'}" in ran.out
    ran = hashtag("restore", tmp_path / "new" / "backup", "--home", tmp_path / "home", "--json")
    told = json.loads(ran.out)
    assert (told["home"], told["aside"], told["notes"]) == (str(tmp_path / "home"), None, [])
    assert told["snapshot"] == serving_name(homes / "backed") == serving_name(tmp_path / "home")
    assert is_sound(tmp_path / "home") and open_recommender(tmp_path / "home").knows("cat")
    for name in ("spam.toml", "hashtag.toml"):
        assert (tmp_path / "home" / name).read_bytes() == (homes / "backed" / name).read_bytes()
    assert [run.command for run in index_history(Home(Settings(tmp_path / "home"))).runs] == ["restore"]


def test_a_home_that_is_there_is_kept_aside_by_force_alone(hashtag, backup, other):
    before = serving_name(other)
    ran = hashtag("restore", backup, "--home", other)
    assert (ran.code, "is not empty" in ran.err and "--force" in ran.err) == (2, True)
    assert serving_name(other) == before
    told = json.loads(hashtag("restore", backup, "--home", other, "--force", "--json").out)
    assert is_sound(other) and not open_recommender(other).knows("zeppelin")
    assert is_sound(Path(told["aside"])) and open_recommender(told["aside"]).knows("zeppelin")
    restored, built = index_history(Home(Settings(other))).runs
    assert (restored.command, restored.outcome, restored.before) == ("restore", "published", before)
    assert restored.after == told["snapshot"] and built.command == "index build"
    with writing(other):
        pass


def test_a_backup_of_what_is_being_written_and_read(other, tmp_path):
    with writing(other), open_recommender(other):
        report = back_up(Home(Settings(other)), tmp_path / "backup")
    assert report.notes == ()
    restore(tmp_path / "restored", tmp_path / "backup")
    assert is_sound(tmp_path / "restored")


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [flip, os.remove, lambda path: path.write_bytes(path.read_bytes()[:-1])])
@pytest.mark.parametrize("name", ["hashtag.sqlite", "CURRENT", "spam.toml", "posts.jsonl"])
def test_a_damaged_backup_is_refused_by_the_name_of_the_file(backup, tmp_path, harm, name):
    harm(next((backup / "home").rglob(name)))
    with pytest.raises(BackupError, match=rf"{name} (is missing|is not what was written)"):
        restore(tmp_path / "home", backup)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda told: told.update(format=2), "has format 2, this version reads 1"),
        (lambda told: told["files"].update({"../evil": {"bytes": 0, "sha256": ""}}), "outside the backup"),
        (lambda told: told["files"].update({"/etc/evil": {"bytes": 0, "sha256": ""}}), "outside the backup"),
        (lambda told: told.pop("files"), "cannot be read"),
        (lambda told: told["files"].pop("CURRENT"), "does not belong to the backup"),
    ],
)
def test_a_backup_of_another_kind_is_refused(backup, tmp_path, change, complaint):
    told = json.loads((backup / "backup.json").read_bytes())
    change(told)
    (backup / "backup.json").write_text(json.dumps(told))
    with pytest.raises(BackupError, match=complaint):
        restore(tmp_path / "home", backup)


def test_a_link_in_a_backup_is_not_followed(backup, tmp_path):
    path = backup / "home" / "spam.toml"
    shutil.copy(path, tmp_path / "spam.toml")
    path.unlink()
    path.symlink_to(tmp_path / "spam.toml")
    with pytest.raises(BackupError, match=r"spam\.toml does not belong to the backup"):
        restore(tmp_path / "home", backup)
    with pytest.raises(BackupError, match="is no backup"):
        restore(tmp_path / "home", tmp_path)


def test_where_a_backup_cannot_go(homes, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for folder, complaint in (
        (tmp_path, "new or empty"),
        (tmp_path / "file", "new or empty"),
        (homes / "backed" / "backup", "inside the home to back up"),
    ):
        with pytest.raises(SettingsError, match=complaint):
            back_up(Home(Settings(homes / "backed")), folder)
    assert back_up(Home(Settings(homes / "backed")), tmp_path / "empty").files > 10


@pytest.mark.parametrize("step", ["sync_tree", "rename"])
def test_a_full_disk_leaves_no_half_backup(homes, tmp_path, monkeypatch, step):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(durable, step, full)
    with pytest.raises((HomeError,) if step == "sync_tree" else Exception, match="No space left"):
        back_up(Home(Settings(homes / "backed")), tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []


def test_a_busy_home_is_not_restored_over(backup, other):
    with writing(other), pytest.raises(BusyError):
        restore(other, backup, force=True)
    assert sorted(path.name for path in other.parent.iterdir()) == ["backup", "home"]


def test_without_an_exchange_in_one_step_two_will_do(backup, other, monkeypatch):
    monkeypatch.setattr(durable, "exchange", lambda *_: False)
    report = restore(other, backup, force=True)
    assert is_sound(other) and is_sound(report.aside)


KILLED = """
import os, signal, sys
from pathlib import Path
from hashtag_recommender.assembly import restore
from hashtag_recommender.core import durable
from hashtag_recommender.core.settings import Settings

moment, home, backup = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
plain = getattr(durable, moment)

def kill(*arguments):
    if any(".partial" in str(argument) for argument in arguments):
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(*arguments)

setattr(durable, moment, kill)
restore(home, backup, force=True)
"""


@pytest.mark.parametrize("moment", ["sync_tree", "exchange", "rename"])
def test_a_restore_that_is_killed_leaves_the_old_home_or_the_new(backup, other, moment):
    before = serving_name(other)
    ended = subprocess.run([sys.executable, "-c", KILLED, moment, str(other), str(backup)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (serving_name(other) == before) == (moment != "rename") or sys.platform != "linux"
    assert verify_index(Home(Settings(other))).problems == () and open_recommender(other).knows("cat")
    assert is_sound(restore(other, backup, force=True).home)


def test_a_database_on_a_server_is_left_to_its_own_tools(homes, tmp_path, monkeypatch):
    from hashtag_recommender.db.database import Database

    monkeypatch.setattr(Database, "copy_to", lambda *_: False)
    report = back_up(Home(Settings(homes / "backed")), tmp_path / "backup")
    assert "is not in the backup: make one with its own tools" in report.notes[0]
    restored = restore(tmp_path / "home", tmp_path / "backup")
    assert restored.notes == ("the backup holds no database: restore that with its own tools",)


def test_a_database_that_the_settings_name_elsewhere_is_told(backup, other, tmp_path):
    (other / "hashtag.toml").write_text(f'db = "sqlite:///{other / "hashtag.sqlite"}"\n')
    back_up(Home(Settings(other, db=f"sqlite:///{other / 'hashtag.sqlite'}")), tmp_path / "named")
    [note] = restore(tmp_path / "restored", tmp_path / "named").notes
    assert "names another database than the restored one" in note


@pytest.mark.parametrize("step", ["exchange", "sync_tree"])
def test_a_home_that_cannot_be_replaced_stays(backup, other, monkeypatch, step):
    def fail(*_):
        raise OSError(16, os.strerror(16))

    with monkeypatch.context() as patch, pytest.raises(HomeError, match="busy"):
        patch.setattr(durable, step, fail)
        restore(other, backup, force=True)
    assert is_sound(other) and open_recommender(other).knows("zeppelin")
    assert sorted(path.name for path in other.parent.iterdir()) == ["backup", "home"]
    assert index_history(Home(Settings(other))).runs[0].outcome == "failed"
