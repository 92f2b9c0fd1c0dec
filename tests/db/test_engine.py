import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, make_url, text

from hashtag_recommender.core.errors import DatabaseError
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.db import engine as engine_module
from hashtag_recommender.db.database import open_database
from hashtag_recommender.db.engine import default_url, open_engine, shown, writing
from hashtag_recommender.db.store import open_store
from hashtag_recommender.db.tables import Base, PostRow


def test_migrations_and_models_agree(url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_opening_again_changes_nothing(url: str, make_post: Callable[..., Post]) -> None:
    with open_store(url) as store:
        store.ingest("src", [make_post("a", "caption")])
        digest = store.digest()
    with open_store(url) as store:
        assert store.digest() == digest


def test_a_migration_that_fails_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="killed"):
        patch.setattr("alembic.operations.Operations.create_index", fail)
        open_engine(url)
    engine = engine_module._create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    open_engine(url).dispose()


def test_migrations_leave_logging_alone(url: str) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("alembic").level)
    open_store(url).close()
    assert (root.level, list(root.handlers), logging.getLogger("alembic").level) == before


@pytest.mark.parametrize(
    ("revision", "needed"),
    [("0042_needs_3.1.0", "upgrade hashtag-recommender to 3.1.0 or later"), ("abc", "upgrade hashtag-recommender,")],
)
def test_a_database_of_a_later_release_is_refused(url: str, revision: str, needed: str) -> None:
    engine = open_engine(url)
    with writing(engine) as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    engine.dispose()
    with pytest.raises(DatabaseError, match=needed) as raised:
        open_store(url)
    assert revision in str(raised.value)


@pytest.mark.parametrize("folder", ["plain", "with space", "100%25?#@:x", "한글"])
def test_the_default_is_a_file_in_the_home_folder(tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    home.mkdir()
    open_store(default_url(home)).close()
    assert (home / "hashtag.sqlite").is_file()


def test_what_a_person_is_shown_of_an_address(tmp_path: Path) -> None:
    with open_store(default_url(tmp_path)) as store:
        assert store.shown_url == str(tmp_path / "hashtag.sqlite")
    assert (
        shown(make_url("postgresql+psycopg://me:secret@h:1/n?password=secret")) == "postgresql+psycopg://me:***@h:1/n"
    )


def test_sqlite_settings(tmp_path: Path) -> None:
    engine = open_engine(default_url(tmp_path))
    with engine.connect() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    engine.dispose()
    assert values == ["wal", 1, 1, 30000]


def test_sqlite_in_memory_serves_one_process(make_post: Callable[..., Post]) -> None:
    with open_store("sqlite://") as store:
        assert store.ingest("src", [make_post("a")]).added == 1
        assert len(list(store.posts())) == 1


def test_a_second_writer_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_PRAGMAS", ("busy_timeout = 10",))
    one, two = open_engine(default_url(tmp_path)), open_engine(default_url(tmp_path))
    with writing(one) as connection, pytest.raises(DatabaseError, match="another process is writing to it"):
        connection.execute(PostRow.__table__.select())
        with writing(two):
            raise AssertionError("two writers at once")
    one.dispose()
    two.dispose()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "hashtag.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseError, match=r"hashtag\.sqlite: file is not a database; it is no SQLite file"):
        open_store(default_url(tmp_path))


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="see that its folder exists"):
        open_store(default_url(tmp_path / "missing"))


def test_a_database_that_is_missing_is_made_only_if_wished(tmp_path: Path) -> None:
    for opening in (open_store, open_database):
        with pytest.raises(DatabaseError, match="there is no database .*; name the one that the index was built from"):
            opening(default_url(tmp_path), create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_another_program(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "hashtag.sqlite")
    connection.execute("CREATE TABLE post (something TEXT)")
    connection.close()
    with pytest.raises(DatabaseError, match="its tables are not this program's"):
        open_store(default_url(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        "nonsense secret",
        "postgresql+psycopg://user:sec/secret@localhost/name",
        "postgresql+psycopg://user:secret@localhost:port-secret/name",
        "postgres://user:secret@localhost/name",
        "foo+bar://user:secret@localhost/name",
        "mysql+mysqldb://user:secret@localhost/name",
        "postgresql+psycopg://user:secret@127.0.0.1:1/name",
        "postgresql+psycopg://127.0.0.1:1/name?user=me&password=secret",
        "postgresql+psycopg://user:secret@127.0.0.1:1/name?nonsense=secret",
        "sqlite://user:secret@host/file.sqlite",
    ],
)
def test_no_error_tells_a_password(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabaseError) as raised:
        open_store(url)
    message = str(raised.value)
    assert "secret" not in message
    assert "\n" not in message
    assert "--db" in message


def test_a_wrong_password_is_not_told(postgres_url: str) -> None:
    url = make_url(postgres_url).set(username="nobody", password="secret").render_as_string(hide_password=False)
    with pytest.raises(DatabaseError) as raised:
        open_store(url)
    assert "secret" not in str(raised.value)
    assert "nobody" in str(raised.value)


def test_the_photo_of_each_post_is_kept_when_posts_get_several(url: str) -> None:
    engine = open_engine(url)
    config = Config()
    config.set_main_option("script_location", str(engine_module._MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005_needs_0.1.0")
        for post_id, caption, photo, unreadable in [
            ("1", "a caption", "a", None),
            ("2", "a caption", "b", "truncated"),
            ("3", None, "b", "truncated"),
            ("4", "no photo", None, None),
        ]:
            row = {
                "source": "src",
                "post_id": post_id,
                "caption": caption or "",
                "caption_digest": caption and "c" * 64,
                "hashtags": '["tag"]',
                "photo_path": photo and f"/{photo}.jpg",
                "photo_digest": photo and photo * 64,
                "content_digest": "d" * 64,
                "unreadable": unreadable,
            }
            columns = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO post ({columns}) VALUES ({values})"), row)
    engine.dispose()
    with open_store(url) as store:
        posts = {stored.post.post_id: stored.post.photos for stored in store.posts()}
        assert store.unreadable() == {"b" * 64: "truncated"}
        store.set_unreadable({})
        assert len(list(store.posts())) == 4
    assert posts == {"1": (Photo(Path("/a.jpg"), "a" * 64),), "2": (), "4": ()}
