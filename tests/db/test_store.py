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

from hashtag_recommender.core.errors import DatabaseError
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.protocols import Fingerprint, Ingested
from hashtag_recommender.db import ingest
from hashtag_recommender.db import store as store_module
from hashtag_recommender.db.engine import default_url
from hashtag_recommender.db.store import SqlPostStore, open_store

Make = Callable[..., Post]
ENCODER = Fingerprint("model", "weights", "revision", 3, "preprocessing")
OTHER = replace(ENCODER, weights="others")


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few posts fill several pages."""
    monkeypatch.setattr(ingest, "CHUNK", 2)
    for size in ("_POSTS_A_PAGE", "_VECTORS_A_PAGE", "_KEYS_A_PAGE"):
        monkeypatch.setattr(store_module, size, 2)


def ids(store: SqlPostStore) -> list[str]:
    return [stored.post.post_id for stored in store.posts()]


def digest_of(caption: str) -> str:
    return sha256(caption.encode()).hexdigest()


def test_posts_come_back_as_they_went_in(store: SqlPostStore) -> None:
    posts = [
        Post("src", "1", "카페에서 ☕\n두 줄", ("카페", "Brunch", "ทำอาหาร")),
        Post("src", "사진/2.jpg", "", (), Photo(Path("/사진/2.jpg"), "a" * 64), "작가"),
        Post("src", "3", "x", (), None, None, datetime(2024, 1, 5, 18, 30, 1, 7, timezone(timedelta(hours=9)))),
        Post("src", "4", "x", (), None, None, datetime.min.replace(tzinfo=UTC)),
        Post("src", "5", "x", (), None, None, datetime.max.replace(tzinfo=UTC)),
    ]
    assert store.ingest("src", posts) == Ingested(added=5, updated=0, unchanged=0, removed=0)
    assert [stored.post for stored in store.posts()] == posts


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
    assert list(store.captions_without(ENCODER)) == ["same"]


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


def test_posts_with_unreadable_photos_are_set_aside_and_come_back(store: SqlPostStore, make_post: Make) -> None:
    store.ingest(
        "src",
        [make_post("1", "x", photo="a"), make_post("2", photo="b"), make_post("3", "x"), make_post("4", photo="b")],
    )
    digest = store.digest()
    store.set_unreadable({"b" * 64: "truncated", "c" * 64: "no post has it"})
    assert ids(store) == ["1", "3"]
    assert store.digest() != digest
    store.set_unreadable({"a" * 64: "truncated"})
    assert ids(store) == ["2", "3", "4"]
    store.set_unreadable({})
    assert store.digest() == digest


def test_the_digest_tells_posts_apart(store: SqlPostStore, make_post: Make) -> None:
    post = replace(make_post("a", "caption", "tag", photo="a"), author="me", posted_at=datetime(2024, 1, 5, tzinfo=UTC))
    digests = {store.digest()}
    variants = [
        post,
        replace(post, caption="other"),
        replace(post, hashtags=("tag", "two")),
        replace(post, hashtags=("Tag",)),
        replace(post, photo=None),
        replace(post, photo=Photo(Path("/elsewhere/a.jpg"), "a" * 64)),
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


def test_contents_without_vectors(store: SqlPostStore, make_post: Make) -> None:
    posts = [
        make_post("1", "one", photo="a"),
        make_post("2", "two", photo="b"),
        make_post("3", "one", photo="c"),
        make_post("4", "", photo="a"),
        make_post("5", "gone", photo="d"),
    ]
    store.ingest("src", posts)
    store.ingest("src", posts[:4])
    store.set_unreadable({"c" * 64: "truncated"})
    assert [photo.digest[0] for photo in store.photos_without(ENCODER)] == ["a", "b", "c"]
    assert next(iter(store.photos_without(ENCODER))).path == Path("/photos/a.jpg")
    assert sorted(store.captions_without(ENCODER)) == ["one", "two"]
    assert [store.count_without(ENCODER, modality) for modality in ("image", "text")] == [3, 2]

    store.save_vectors(ENCODER, ["b" * 64, digest_of("one")], np.eye(2, 3, dtype=np.float32))
    assert [photo.digest[0] for photo in store.photos_without(ENCODER)] == ["a", "c"]
    assert list(store.captions_without(ENCODER)) == ["two"]
    assert [store.count_without(ENCODER, modality) for modality in ("image", "text")] == [2, 1]
    assert len(list(store.photos_without(OTHER))) == 3


def test_vectors_may_be_saved_while_contents_are_read(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post(i, f"caption {i}", photo=i) for i in "abcdef"])
    for caption in store.captions_without(ENCODER):
        store.save_vectors(ENCODER, [digest_of(caption)], np.ones((1, 3), np.float32))
    for photo in store.photos_without(ENCODER):
        store.save_vectors(ENCODER, [photo.digest], np.ones((1, 3), np.float32))
    assert sum(len(keys) for keys, _ in store.vectors(ENCODER, "text")) == 6
    assert sum(len(keys) for keys, _ in store.vectors(ENCODER, "image")) == 6


def test_vectors_come_by_key_for_active_posts(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post(str(i), f"c{i % 4}", photo="abcd"[i % 4]) for i in range(7)] + [make_post("7")])
    rng = np.random.default_rng(0)
    images = rng.normal(size=(4, 3)).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    store.save_vectors(ENCODER, [letter * 64 for letter in "abcd"], images)
    store.save_vectors(ENCODER, [digest_of("c1")], np.array([[0, 1, 0]], np.float32))
    store.save_vectors(OTHER, ["a" * 64], np.array([[0, 0, 1]], np.float32))

    keys = {stored.post.post_id: stored.key for stored in store.posts()}
    batches = list(store.vectors(ENCODER, "image"))
    assert [len(found) for found, _ in batches] == [2, 2, 2, 1]
    found, vectors = (np.concatenate(part) for part in zip(*batches, strict=True))
    assert found.dtype == np.int64 and vectors.dtype == np.float32
    assert found.tolist() == [keys[str(i)] for i in range(7)]
    np.testing.assert_allclose(vectors, images[np.arange(7) % 4], atol=5e-4)

    ((found, vectors),) = store.vectors(ENCODER, "text")
    assert found.tolist() == [keys["1"], keys["5"]]
    assert vectors.tolist() == [[0, 1, 0]] * 2

    store.set_unreadable({"a" * 64: "truncated"})
    assert sum(len(found) for found, _ in store.vectors(ENCODER, "image")) == 5
    assert list(store.vectors(OTHER, "image")) == []


def test_saved_vectors_are_replaced(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("1", photo="a")])
    for number in (1, 2):
        store.save_vectors(ENCODER, ["a" * 64, "a" * 64], np.full((2, 3), number, np.float32))
    ((_, vectors),) = store.vectors(ENCODER, "image")
    assert vectors.tolist() == [[2, 2, 2]]


@pytest.mark.parametrize(
    "vectors",
    [np.zeros((1, 3)), np.zeros((2, 4)), np.full((2, 3), np.nan), np.full((2, 3), np.inf), np.full((2, 3), 1e6)],
)
def test_vectors_that_cannot_be_kept_are_refused(store: SqlPostStore, vectors: np.ndarray) -> None:
    with pytest.raises(ValueError, match="vectors"):
        store.save_vectors(ENCODER, ["a" * 64, "b" * 64], vectors.astype(np.float32))


def test_vectors_of_another_length_are_refused(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("1", photo="a")])
    store.save_vectors(ENCODER, ["a" * 64], np.ones((1, 3), np.float32))
    damaged = store._engine.connect()
    damaged.exec_driver_sql("UPDATE embedding SET vector = substr(vector, 1, 4)")
    damaged.commit()
    damaged.close()
    with pytest.raises(DatabaseError, match="another length"):
        list(store.vectors(ENCODER, "image"))


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
    connection = store._engine.connect()
    connection.exec_driver_sql("DELETE FROM post WHERE post_id = 'b'")
    connection.commit()
    connection.close()
    store.ingest("src", [make_post("a"), make_post("c")])
    assert max(stored.key for stored in store.posts()) > last
