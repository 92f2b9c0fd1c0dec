"""The contract of `PostStore`, on SQLite and on PostgreSQL."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hashtag_recommender.core.archive_state import Changes
from hashtag_recommender.core.errors import DatabaseError, SourceError
from hashtag_recommender.core.post import Photo, Post, caption_digest
from hashtag_recommender.core.protocols import Fingerprint, Ingested
from hashtag_recommender.db.engine import default_url, reading, writing
from hashtag_recommender.db.store import SqlPostStore, open_store

Make = Callable[..., Post]
ENCODER = Fingerprint("model", "weights", "revision", 3, "preprocessing")
pytestmark = pytest.mark.usefixtures("small_pages")


def ids(store: SqlPostStore) -> list[str]:
    return [stored.post.post_id for stored in store.posts()]


def test_posts_come_back_as_they_went_in(store: SqlPostStore) -> None:
    posts = [
        Post("src", "1", "카페에서 ☕\n두 줄", ("카페", "Brunch", "ทำอาหาร")),
        Post("src", "사진/2.jpg", "", (), tuple(Photo(Path(f"/사진/{i}.jpg"), str(i) * 64) for i in (2, 1)), "작가"),
        Post("src", "3", "x", (), (), None, datetime(2024, 1, 5, 18, 30, 1, 7, timezone(timedelta(hours=9)))),
        Post("src", "4", "x", (), (), None, datetime.min.replace(tzinfo=UTC)),
        Post("src", "5", "x", (), (), None, datetime.max.replace(tzinfo=UTC)),
    ]
    assert store.ingest("src", posts) == Ingested(added=5, updated=0, unchanged=0, removed=0)
    assert [stored.post for stored in store.posts()] == [posts[0], *posts[2:], posts[1]], "shorter ids first"


def test_posts_stand_in_one_order_however_they_came(store: SqlPostStore, make_post: Make) -> None:
    """By source and id, shorter ids first, whatever the database thinks of capitals, signs and scripts."""
    names = ["b", "B", "a-1", "a1", "가", "_", "10", "9", "é", "z"]
    store.ingest("two", [make_post("a", source="two")])
    for some in (names[:4], names[3:], names):
        store.ingest("src", [make_post(post_id) for post_id in some])
    assert ids(store) == [*"9", *"B_bzé가", "10", "a1", "a-1", "a"]


def test_comparing_tells_what_reading_would_change_and_changes_nothing(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("a", "one", photo="a"), make_post("b", "two"), make_post("c", "three")])
    before, versions = list(store.posts()), store.versions()
    posts = [make_post("a", "one", photo="b"), make_post("b", "two"), make_post("d", "four", photo="d")]
    compared = store.compare("src", posts)
    assert compared.ingested == Ingested(added=1, updated=1, unchanged=1, removed=1)
    assert compared.photos == {"b" * 64, "d" * 64}
    assert compared.captions == {caption_digest("one"), caption_digest("four")}
    assert list(store.posts()) == before
    assert (len(compared.known), compared.new) == (2, 1), "a changes and c goes, d is new"
    assert store.ingest("src", posts) == compared.ingested
    assert versions.changes_to(store.versions()) == Changes(added=1, changed=1, removed=1)


def test_comparing_tells_what_posts_that_are_known_would_be(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post(post_id) for post_id in "abcd"])
    store.ingest("src", [make_post(post_id) for post_id in "acd"])
    posts = [make_post("b", "come back"), make_post("a"), make_post("c", "changed")]
    compared, before = store.compare("src", posts), store.versions()
    told = store.digest(instead=compared.known)
    known = [stored.key for stored in store.posts()]
    assert store.digest(without=known[:1], instead=compared.known) == store.digest(
        instead={**compared.known, known[0]: None}
    )
    assert compared.new == 0 and store.digest() != told
    store.ingest("src", posts)
    assert store.digest() == told
    after, told_of = store.versions(), before.changed(compared.known)
    assert np.array_equal(after.keys, told_of.keys) and np.array_equal(after.contents, told_of.contents)


def test_what_is_not_accepted_leaves_the_database_as_it_was(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("a"), make_post("b")])
    before, told = list(store.posts()), []

    def refuse(ingested: Ingested) -> None:
        told.append(ingested)
        raise SourceError("too few")

    with pytest.raises(SourceError, match="too few"):
        store.ingest("src", [make_post("b", "changed"), make_post("c")], refuse)
    assert told == [Ingested(added=1, updated=1, unchanged=0, removed=1)]
    assert list(store.posts()) == before


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    posts=st.lists(
        st.builds(
            Post,
            source=st.just("src"),
            post_id=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20),
            caption=st.text(st.characters(codec="utf-8", exclude_characters="\0")),
            hashtags=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))).map(tuple),
            author=st.none() | st.just("me"),
            posted_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        ),
        unique_by=lambda post: post.post_id,
        max_size=5,
    )
)
def test_any_posts_come_back(store: SqlPostStore, posts: list[Post]) -> None:
    store.ingest("src", posts)
    by_id = {stored.post.post_id: stored.post for stored in store.posts()}
    assert by_id == {post.post_id: post for post in posts}
    assert store.ingest("src", posts).unchanged == len(posts)


def test_a_second_ingest_changes_nothing(store: SqlPostStore, make_post: Make) -> None:
    posts = [make_post(str(i), f"caption {i}", "tag", photo="a") for i in range(7)]
    store.ingest("src", posts)
    before, digest = list(store.posts()), store.digest()
    assert store.ingest("src", reversed(posts)) == Ingested(0, 0, 7, 0)
    assert list(store.posts()) == before
    assert store.digest() == digest


def test_a_changed_source_updates_adds_and_removes(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post(i, "old", "tag") for i in "abcde"])
    keys = {stored.post.post_id: stored.key for stored in store.posts()}
    changed = [make_post("a", "old", "tag"), make_post("c", "new", "tag"), make_post("e", "old"), make_post("f", "new")]
    assert store.ingest("src", changed) == Ingested(added=1, updated=2, unchanged=1, removed=2)
    assert [stored.post for stored in store.posts()] == changed
    assert all(stored.key == keys[stored.post.post_id] for stored in store.posts() if stored.post.post_id != "f")


def test_a_removed_post_that_returns_is_added_under_its_old_key(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("a"), make_post("b")])
    before = list(store.posts())
    assert store.ingest("src", []) == Ingested(0, 0, 0, removed=2)
    assert ids(store) == []
    assert store.ingest("src", []) == Ingested(0, 0, 0, 0)
    assert store.ingest("src", [make_post("b"), make_post("a")]) == Ingested(added=2, updated=0, unchanged=0, removed=0)
    assert list(store.posts()) == before


def test_sources_do_not_touch_each_other(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("one", [make_post("a", "same", source="one")])
    store.ingest("two", [make_post("a", "same", source="two")])
    assert store.ingest("two", []) == Ingested(0, 0, 0, 1)
    assert [stored.post.source for stored in store.posts()] == ["one"]


def test_a_repost_is_a_post_of_its_own(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("a", "same", "tag"), make_post("b", "same", "tag")])
    assert ids(store) == ["a", "b"]
    assert list(store.captions_without(ENCODER)) == [(caption_digest("same"), "same")]


@pytest.mark.parametrize("order", ["aabc", "abca", "abcb"])
def test_an_id_that_comes_twice_is_refused(store: SqlPostStore, make_post: Make, order: str) -> None:
    store.ingest("src", [make_post("a"), make_post("z")])
    with pytest.raises(DatabaseError, match="post '[ab]' comes twice in src"):
        store.ingest("src", [make_post(i) for i in order])
    assert ids(store) == ["a", "z"]


def test_a_post_of_another_source_is_refused(store: SqlPostStore, make_post: Make) -> None:
    with pytest.raises(ValueError, match="'other'"):
        store.ingest("src", [make_post("a", source="other")])


def test_an_error_midway_leaves_the_database_as_it_was(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post(i, "old") for i in "abc"])
    before, digest = list(store.posts()), store.digest()

    def failing() -> Iterator[Post]:
        yield from (make_post(i, "new") for i in "abdefg")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        store.ingest("src", failing())
    assert list(store.posts()) == before
    assert store.digest() == digest
    assert store.ingest("src", [make_post("a", "old")]) == Ingested(0, 0, 1, 2)


def test_a_process_killed_midway_leaves_the_database_as_it_was(tmp_path: Path, make_post: Make) -> None:
    url = default_url(tmp_path)
    with open_store(url) as store:
        store.ingest("src", [make_post("a", "old")])
        digest = store.digest()
    program = f"""
import os, signal
from hashtag_recommender.core.post import Post
from hashtag_recommender.db.store import open_store
def posts():
    for i in range(3000):
        yield Post("src", str(i), "new", ())
    os.kill(os.getpid(), signal.SIGKILL)
open_store({url!r}).ingest("src", posts())
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    with open_store(url) as store:
        assert store.digest() == digest
        assert ids(store) == ["a"]


def test_a_photo_that_is_unreadable_leaves_its_post_the_caption(store: SqlPostStore, make_post: Make) -> None:
    posts = {"1": ("x", "ab"), "2": ("", "b"), "3": ("x", ""), "4": ("", "cb")}
    whole = [make_post(post_id, caption, photo=photos) for post_id, (caption, photos) in posts.items()]
    store.ingest("src", whole)
    digest = store.digest()
    damaged = {"b" * 64: "truncated", "f" * 64: "no post has it"}
    store.set_unreadable(damaged)
    assert [(stored.post.post_id, [photo.digest[0] for photo in stored.post.photos]) for stored in store.posts()] == [
        ("1", ["a"]),
        ("3", []),
        ("4", ["c"]),
    ]
    assert store.digest() != digest
    assert store.unreadable() == {"b" * 64: "truncated"}
    store.set_unreadable({"a" * 64: "truncated"})
    assert ids(store) == ["1", "2", "3", "4"]
    assert store.digest() != digest, "a photo less is another state, though all posts are there"
    store.set_unreadable({})
    assert store.digest() == digest
    assert [stored.post for stored in store.posts()] == whole


def test_photos_of_a_post_are_those_of_its_last_reading(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("1", "x", photo="abc")])
    assert store.ingest("src", [make_post("1", "x", photo="abc")]).unchanged == 1
    assert store.ingest("src", [make_post("1", "x", photo="cb")]).updated == 1
    assert store.ingest("src", [make_post("1", "x", photo="bc")]).updated == 1, "another photo comes first"
    assert store.compare("src", [make_post("1", "x", photo="ad")]).photos == {"a" * 64, "d" * 64}
    [stored] = store.posts()
    assert [photo.digest[0] for photo in stored.post.photos] == ["b", "c"]


def test_the_digest_tells_posts_apart(store: SqlPostStore, make_post: Make) -> None:
    post = replace(make_post("a", "caption", "tag", photo="a"), author="me", posted_at=datetime(2024, 1, 5, tzinfo=UTC))
    digests = {store.digest()}
    variants = [
        post,
        replace(post, caption="other"),
        replace(post, hashtags=("tag", "two")),
        replace(post, hashtags=("Tag",)),
        replace(post, photos=()),
        replace(post, photos=(Photo(Path("/elsewhere/a.jpg"), "a" * 64),)),
        replace(post, author=None),
        replace(post, posted_at=None),
    ]
    for variant in variants:
        store.ingest("src", [variant])
        digests.add(store.digest())
    assert len(digests) == 1 + len(variants)
    in_seoul = datetime(2024, 1, 5, 9, tzinfo=timezone(timedelta(hours=9)))
    store.ingest("src", [post])
    assert store.ingest("src", [replace(post, posted_at=in_seoul)]).unchanged == 1


def test_posts_of_one_photo_or_none_are_unchanged_since_the_first_release(store: SqlPostStore) -> None:
    """Else the first refresh by a later release would take every post for a changed one."""
    photo = Photo(Path("/사진/1.jpg"), "a" * 64)
    posted_at = datetime(2024, 1, 5, 18, 30, tzinfo=timezone(timedelta(hours=9)))
    store.ingest(
        "src",
        [Post("src", "1", "카페에서 ☕", ("카페", "Brunch"), (photo,), "작가", posted_at), Post("src", "2", "x", ())],
    )
    assert [f"{content:016x}" for content in store.versions().contents.tolist()] == [
        "288dd2261b19c3bb",
        "19fe1c09024483f7",
    ]


def test_an_empty_database_yields_nothing(store: SqlPostStore) -> None:
    assert list(store.posts()) == []
    assert list(store.photos_without(ENCODER)) == []
    assert list(store.captions_without(ENCODER)) == []
    assert list(store.vectors(ENCODER, "text")) == []
    store.save_vectors(ENCODER, [], np.zeros((0, 3), np.float32))
    assert store.digest() == sha256(b"").hexdigest()


def test_keys_are_never_given_again(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("a"), make_post("b")])
    last = max(stored.key for stored in store.posts())
    with writing(store._engine) as connection:
        connection.exec_driver_sql("DELETE FROM post WHERE post_id = 'b'")
    store.ingest("src", [make_post("a"), make_post("c")])
    assert max(stored.key for stored in store.posts()) > last


def test_a_server_knows_at_once_how_many_posts_there_are(empty_postgres: str, make_post: Make) -> None:
    """Else it would read a long archive page by page without its indexes."""
    with open_store(empty_postgres) as store:
        store.ingest("src", [make_post(str(i), f"caption {i}") for i in range(20)])
        with reading(store._engine) as connection:
            known = text("SELECT reltuples FROM pg_class WHERE oid = 'post'::regclass")
            assert connection.execute(known).scalar() == 20
