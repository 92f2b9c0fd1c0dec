"""The contract of `SourceStore`, on SQLite and on PostgreSQL."""

from collections.abc import Callable

import pytest

from hashtag_recommender.core.errors import NotFoundError
from hashtag_recommender.core.post import ADDED, Post
from hashtag_recommender.core.sources import KnownSource, Source
from hashtag_recommender.db.database import Database

FILE = Source("archive", "/posts/그림.csv", "/photos", "cp949", None, {"text": "Contents"})


def test_what_was_told_last_stands(database: Database, make_post: Callable[..., Post]) -> None:
    database.sources.remember(FILE)
    database.sources.remember(Source("another", "/else.jsonl", None, None, None, {}))
    assert database.sources.known() == (
        KnownSource("another", Source("another", "/else.jsonl", None, None, None, {}), 0, None),
        KnownSource("archive", FILE, 0, None),
    )
    moved = Source("archive", "/elsewhere.csv", None, None, None, {})
    database.sources.remember(moved)
    database.posts.ingest("archive", [make_post("a", source="archive"), make_post("b", source="archive")])
    assert database.sources.known()[1] == KnownSource("archive", moved, 2, None)


def test_sources_that_nobody_told_of_are_known_by_their_posts(
    database: Database, make_post: Callable[..., Post]
) -> None:
    database.posts.ingest("old", [make_post("a", source="old")])
    database.posts.ingest("gone", [make_post("a", source="gone")])
    database.posts.ingest("gone", [])
    database.posts.add(make_post("b", source=ADDED))
    assert database.sources.known() == (KnownSource("old", None, 1, None),)


def test_a_dismissed_source_leaves_until_it_is_let_go(database: Database, make_post: Callable[..., Post]) -> None:
    database.sources.remember(FILE)
    database.posts.ingest("old", [make_post("a", source="old")])
    for name in ("archive", "old"):
        database.sources.dismiss(name)
    archive, old = database.sources.known()
    assert archive.source == FILE and archive.leaves_at is not None
    assert (old.source, old.posts) == (None, 1) and old.leaves_at is not None
    database.sources.remember(FILE)
    assert database.sources.known()[0].leaves_at is None, "told anew, it stays"
    database.sources.let_go("archive")
    database.sources.let_go("old")
    assert [known.name for known in database.sources.known()] == ["archive", "old"]
    assert database.sources.known()[1].leaves_at is None


def test_a_disowned_source_keeps_its_posts(database: Database, make_post: Callable[..., Post]) -> None:
    database.sources.remember(FILE)
    database.posts.ingest("archive", [make_post("a", source="archive")])
    assert database.sources.disown("archive").posts == 1
    assert database.sources.known() == (KnownSource("archive", None, 1, None),)
    with pytest.raises(NotFoundError, match="no source 'else'.*sources list"):
        database.sources.disown("else")
    with pytest.raises(NotFoundError, match="no source 'else'"):
        database.sources.dismiss("else")
