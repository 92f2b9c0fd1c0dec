"""A look into the database of a home without SQLAlchemy."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from hashtag_recommender.core.post import ADDED, Post
from hashtag_recommender.db import engine
from hashtag_recommender.db.database import open_database
from hashtag_recommender.db.engine import default_url
from hashtag_recommender.db.sqlite import HEAD, default_path, has_rules_or_added_posts


def test_the_last_migration_is_known() -> None:
    assert ScriptDirectory(str(engine._MIGRATIONS)).get_current_head() == HEAD


def test_rules_and_added_posts_are_seen(tmp_path: Path) -> None:
    with open_database(default_url(tmp_path)) as database:
        database.posts.ingest("src", [Post("src", "1", "a cat", ("cat",))])
        assert not has_rules_or_added_posts(default_path(tmp_path))
        database.close()
        assert not has_rules_or_added_posts(default_path(tmp_path))
        assert list(tmp_path.iterdir()) == [default_path(tmp_path)], "and nothing is left behind"
        database.rules.block("cat")
        assert has_rules_or_added_posts(default_path(tmp_path))
        database.rules.remove("cat")
        assert not has_rules_or_added_posts(default_path(tmp_path))
        key = database.posts.add(Post(ADDED, "1", "a cat", ("cat",))).stored.key
        assert has_rules_or_added_posts(default_path(tmp_path))
        database.posts.remove_added(key)
        assert has_rules_or_added_posts(default_path(tmp_path)), "an index may still hold it"


@pytest.mark.parametrize("content", [b"", b"no database at all", None])
def test_what_is_not_known_may_hold_something(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        default_path(tmp_path).write_bytes(content)
    assert has_rules_or_added_posts(default_path(tmp_path))


def test_another_release_may_hold_something(tmp_path: Path) -> None:
    open_database(default_url(tmp_path)).close()
    with closing(sqlite3.connect(default_path(tmp_path))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999_needs_9.0.0'")
    assert has_rules_or_added_posts(default_path(tmp_path))
