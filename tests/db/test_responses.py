"""The response to posts: kept beside them, without making them other posts."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic import command

from hashtag_recommender.core.post import ADDED, MEASURES, Post, Response
from hashtag_recommender.core.protocols import Ingested
from hashtag_recommender.db.database import Database, open_database
from hashtag_recommender.db.engine import default_url
from hashtag_recommender.db.sqlite import default_path, has_responses, has_rules_or_added_posts
from hashtag_recommender.db.store import open_store

EARLIER = "0007_needs_0.1.0"


def post(post_id: str, *counts: int | None, caption: str = "x", **told: Any) -> Post:
    return Post("src", post_id, caption, ("cat",), response=Response(*counts), **told)


def told(database: Database) -> list[Response]:
    return [stored.post.response for stored in database.posts.posts()]


def test_a_change_of_likes_is_kept_and_changes_nothing_else(database: Database) -> None:
    store = database.posts
    store.ingest("src", [post("1", 5), post("2", None, 3, 90), post("3")])
    assert told(database) == [Response(5), Response(None, 3, 90), Response()]
    digest, versions, revision = store.digest(), store.versions(), database.revision()
    assert store.ingest("src", [post("1", 9, 1), post("2"), post("3", 0)]) == Ingested(0, 0, 3, 0)
    assert told(database) == [Response(9, 1), Response(), Response(0)]
    assert store.digest() == digest and np.array_equal(store.versions().contents, versions.contents)
    assert database.revision() != revision, "so that a server reads them anew"
    revision = database.revision()
    store.ingest("src", [post("1", 9, 1), post("2"), post("3", 0)])
    assert database.revision() == revision


def test_they_are_read_without_posts(database: Database) -> None:
    database.posts.ingest("src", [post(str(i), *([i] if i % 2 else [])) for i in range(7)])
    keys, counts = database.posts.responses()
    by_key = {stored.key: stored.post.post_id for stored in database.posts.posts()}
    assert [by_key[key] for key in keys.tolist()] == ["1", "3", "5"]
    assert counts.shape == (3, len(MEASURES)) and counts[:, 0].tolist() == [1, 3, 5] and np.isnan(counts[:, 1:]).all()
    database.posts.ingest("src", [post(str(i)) for i in range(7)])
    assert database.posts.responses()[1].shape == (0, len(MEASURES))


def test_a_dry_run_keeps_none(database: Database) -> None:
    database.posts.ingest("src", [post("1", 5)])
    assert database.posts.compare("src", [post("1", 6)]).ingested == Ingested(0, 0, 1, 0)
    assert told(database) == [Response(5)]


def test_posts_that_change_leave_and_come_back(database: Database) -> None:
    database.posts.ingest("src", [post("1", 5), post("2", 1)])
    assert database.posts.ingest("src", [post("1", 5, caption="y")]) == Ingested(0, 1, 0, 1)
    assert told(database) == [Response(5)]
    assert database.posts.ingest("src", [post("1", 5, caption="y"), post("2", 4)]) == Ingested(1, 0, 1, 0)
    assert told(database) == [Response(5), Response(4)]


def test_nothing_stays_of_a_forgotten_author_or_of_a_post_that_was_removed(database: Database) -> None:
    database.posts.ingest("src", [post("1", 5, author="lee"), post("2", 6)])
    database.posts.forget_author("lee")
    key = database.posts.add(Post(ADDED, "3", "a cat", ("cat",), response=Response(7))).stored.key
    assert database.posts.responses()[1][:, 0].tolist() == [6, 7]
    database.posts.remove_added(key)
    assert database.posts.responses()[1][:, 0].tolist() == [6]


def test_a_database_of_before_keeps_its_posts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade: Callable[..., None] = command.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", lambda config, _: upgrade(config, EARLIER))
        open_store(default_url(tmp_path)).close()
    with closing(sqlite3.connect(default_path(tmp_path))) as connection:
        connection.execute(
            "INSERT INTO post (source, post_id, caption, hashtags, content_digest) "
            "VALUES ('src', '1', 'c', '[\"cat\"]', 'd')"
        )
        connection.commit()
    assert has_responses(default_path(tmp_path)), "as long as it is not known"
    with open_database(default_url(tmp_path)) as database:
        (stored,) = database.posts.posts()
        assert (stored.key, stored.post) == (1, Post("src", "1", "c", ("cat",)))
        assert not has_responses(default_path(tmp_path)) and not has_rules_or_added_posts(default_path(tmp_path))
        database.posts.ingest("src", [post("1", 5)])
        assert told(database) == [Response(5)] and has_responses(default_path(tmp_path))
