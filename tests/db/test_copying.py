"""Copies of a database: before it is upgraded, and while it is in use."""

import os
import sqlite3
import subprocess
from contextlib import closing

import pytest
from alembic import command

from hashtag_recommender.core import durable
from hashtag_recommender.core.errors import DatabaseError
from hashtag_recommender.db import copying
from hashtag_recommender.db.database import open_database
from hashtag_recommender.db.engine import default_url, open_engine, writing
from hashtag_recommender.db.sqlite import default_path
from hashtag_recommender.db.store import open_store

EARLIER = "0002_needs_0.1.0"


def revision(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """A database as a release before this one has left it, with one post."""
    plain = command.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", lambda config, _: plain(config, EARLIER))
        open_store(default_url(tmp_path)).close()
    with closing(sqlite3.connect(default_path(tmp_path))) as connection:
        connection.execute(
            "INSERT INTO post (source, post_id, caption, hashtags, content_digest) VALUES ('a', '1', 'c', '[]', 'd')"
        )
        connection.commit()
    return default_path(tmp_path)


def test_what_a_killed_upgrade_left_half_copied_goes_and_that_of_one_under_way_stays(earlier):
    gone = subprocess.Popen(["true"])
    gone.wait()
    kept = f"hashtag.sqlite.before-{EARLIER}"
    names = [f"{kept}.{gone.pid}.partial", f"{kept}.{gone.pid}.partial-journal", f"{kept}.{os.getppid()}.partial"]
    for name in names:
        earlier.with_name(name).write_bytes(b"half")
    open_store(default_url(earlier.parent)).close()
    assert [earlier.with_name(name).exists() for name in names] == [False, False, True]


def test_an_earlier_database_is_copied_then_upgraded_and_that_is_said(earlier, caplog):
    kept = earlier.with_name(f"hashtag.sqlite.before-{EARLIER}")
    with open_store(default_url(earlier.parent)) as store:
        assert len(list(store.posts())) == 1 and revision(earlier) > EARLIER
    assert revision(kept) == EARLIER
    assert EARLIER in caplog.text and str(kept) in caplog.text
    caplog.clear()
    open_store(default_url(earlier.parent)).close()
    assert caplog.text == "" and len(copying.backups_of(earlier)) == 1


def test_a_copy_that_is_there_is_left_alone(earlier):
    kept = earlier.with_name(f"hashtag.sqlite.before-{EARLIER}")
    kept.write_bytes(b"of an earlier upgrade")
    open_store(default_url(earlier.parent)).close()
    assert kept.read_bytes() == b"of an earlier upgrade"


@pytest.mark.parametrize("step", ["sync_file", "rename"])
def test_without_a_copy_there_is_no_upgrade(earlier, monkeypatch, step):
    def fail(*_):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch, pytest.raises(DatabaseError, match="No space left .*; see that its disk has"):
        patch.setattr(durable, step, fail)
        open_store(default_url(earlier.parent))
    assert revision(earlier) == EARLIER and os.listdir(earlier.parent) == [earlier.name]  # noqa: PTH208
    open_store(default_url(earlier.parent)).close()
    assert revision(earlier) > EARLIER


def test_nothing_newer_is_kept_under_the_name_of_what_was_before(tmp_path):
    """As where another process has upgraded it in the meantime."""
    engine = open_engine(default_url(tmp_path))
    copying.copy_sqlite(engine, tmp_path / "copy", EARLIER)
    engine.dispose()
    assert not list(tmp_path.glob("copy*"))


def test_a_new_database_has_nothing_to_copy(tmp_path, caplog):
    open_store(default_url(tmp_path)).close()
    assert copying.backups_of(default_path(tmp_path)) == [] and caplog.text == ""


def test_whom_one_forgets_is_forgotten_in_the_copies_too(earlier):
    with closing(sqlite3.connect(earlier)) as connection:
        connection.execute("UPDATE post SET author = 'mina'")
        connection.commit()
    with open_store(default_url(earlier.parent)) as store:
        assert len(copying.backups_of(earlier)) == 1
        assert store.forget_author("mina") == 1
    assert copying.backups_of(earlier) == []


def test_a_copy_holds_what_was_written_and_not_what_is_being_written(tmp_path, make_post):
    with open_database(default_url(tmp_path)) as database:
        database.posts.ingest("src", [make_post("a")])
        with writing(database._engine) as connection:
            connection.exec_driver_sql("DELETE FROM post")
            with open_database(default_url(tmp_path)) as other:
                assert other.copy_to(tmp_path / "copied.sqlite")
    with open_store(f"sqlite:///{tmp_path / 'copied.sqlite'}") as copied:
        assert [stored.post.post_id for stored in copied.posts()] == ["a"]


def test_other_databases_have_tools_of_their_own(postgres_url, tmp_path):
    with open_database(postgres_url) as database:
        assert not database.copy_to(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
