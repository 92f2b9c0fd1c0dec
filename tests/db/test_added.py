"""Posts that are added one by one."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import ADDED, Post, caption_digest
from hashtag_recommender.core.protocols import Fingerprint, Ingested, StoredPost
from hashtag_recommender.db.store import SqlPostStore

Make = Callable[..., Post]
pytestmark = pytest.mark.usefixtures("small_pages")


def test_a_post_is_added_once(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("a", "theirs", "tag")])
    post = make_post("a", "mine", "tag", photo="a", source=ADDED)
    stored, changed = store.add(post)
    assert changed and stored.post == post
    assert list(store.added()) == [stored]
    assert [other.post.caption for other in store.posts()] == ["mine", "theirs"], "by source and id"

    digest = store.digest()
    assert store.add(post) == (stored, False)
    assert store.digest() == digest


def test_a_post_of_the_same_id_is_replaced(store: SqlPostStore, make_post: Make) -> None:
    posts = [make_post(i, "old", "tag", source=ADDED) for i in "abc"]
    keys = [store.add(post)[0].key for post in posts]
    assert keys == sorted(keys)
    newer = replace(posts[1], caption="new", hashtags=("other",))
    assert store.add(newer) == (StoredPost(keys[1], newer), True)
    assert [stored.post for stored in store.added()] == [posts[0], newer, posts[2]]


def test_an_added_post_takes_part_like_any_other(store: SqlPostStore, make_post: Make) -> None:
    stored, _ = store.add(make_post("a", "mine", "tag", photo="a", source=ADDED))
    store.set_unreadable({"a" * 64: "truncated"})
    [left] = store.added()
    assert list(store.posts()) == [left] and left.post.photos == (), "a damaged photo costs no caption"
    store.set_unreadable({})
    assert list(store.added()) == list(store.posts()) == [stored]


def test_a_post_comes_with_its_vectors_or_not_at_all(store: SqlPostStore, make_post: Make) -> None:
    post = make_post("a", "mine", "tag", source=ADDED)
    encoder, digest = Fingerprint("words", "none", "1", 2, ""), caption_digest("mine")
    assert digest
    two, three = ((encoder, digest, np.ones((1, n), np.float32)) for n in (2, 3))
    with pytest.raises(ValueError, match="dimension 2"):
        store.add(post, [two, three])
    assert list(store.posts()) == [] and store.vectors_of(encoder, [digest]) == {}
    store.add(post, [two])
    assert store.vectors_of(encoder, [digest])[digest].tolist() == [1, 1]


def test_reading_a_source_leaves_added_posts_alone(store: SqlPostStore, make_post: Make) -> None:
    stored, _ = store.add(make_post("a", "mine", "tag", source=ADDED))
    assert store.ingest("src", [make_post("b", "theirs", "tag")]) == Ingested(1, 0, 0, 0)
    with pytest.raises(SettingsError, match="'added' would take the place of all posts .* another name with --source"):
        store.ingest(ADDED, [make_post("b", source=ADDED)])
    assert list(store.added()) == [stored]


def test_a_post_of_a_source_that_is_read_is_not_added(store: SqlPostStore, make_post: Make) -> None:
    with pytest.raises(ValueError, match="'src'"):
        store.add(make_post("a"))
    assert list(store.posts()) == []
