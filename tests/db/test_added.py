"""Posts that are added one by one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import ADDED, Post, caption_digest
from hashtag_recommender.core.protocols import Fingerprint, Ingested
from hashtag_recommender.db.added import Taken
from hashtag_recommender.db.store import SqlPostStore

Make = Callable[..., Post]
pytestmark = pytest.mark.usefixtures("small_pages")


def test_a_post_is_added_once(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("a", "theirs", "tag")])
    post = make_post("a", "mine", "tag", photo="a", source=ADDED)
    taken = store.add(post)
    stored = taken.stored
    assert (taken.outcome, taken.before, stored.post) == ("added", None, post)
    assert list(store.added()) == [stored]
    assert [other.post.caption for other in store.posts()] == ["mine", "theirs"], "by source and id"

    digest = store.digest()
    assert store.add(post) == Taken(stored, "unchanged")
    assert store.digest() == digest


def test_a_post_of_the_same_id_is_replaced(store: SqlPostStore, make_post: Make) -> None:
    posts = [make_post(i, "old", "tag", source=ADDED) for i in "abc"]
    keys = [store.add(post).stored.key for post in posts]
    assert keys == sorted(keys)
    newer = replace(posts[1], caption="new", hashtags=("other",))
    taken = store.add(newer)
    assert (taken.outcome, taken.before, taken.stored.post) == ("corrected", keys[1], newer)
    assert taken.stored.key > keys[2], "another version has another key"
    assert [stored.post for stored in store.added()] == [posts[0], newer, posts[2]]
    assert store.retired() == {keys[1]}


def test_a_removed_post_leaves_nothing_but_its_key(store: SqlPostStore, make_post: Make) -> None:
    post = replace(make_post("a", "mine", "tag", photo="a", source=ADDED), author="me")
    key = store.add(post).stored.key
    store.remove_added(key)
    assert list(store.added()) == [] and store.retired() == {key} and store.find("a") == []
    assert list(store.photos_without(Fingerprint("words", "none", "1", 2, ""))) == []
    again = store.add(post)
    assert again.outcome == "added" and again.stored.key > key
    assert store.forget_author("me") == 1, "of the removed one no author is known any more"


def test_a_post_of_the_same_content_is_corrected_under_its_own_id(store: SqlPostStore, make_post: Make) -> None:
    first = store.add(make_post("a", "mine", "tag", photo="a", source=ADDED))
    for other in (make_post("b", "mine", source=ADDED), make_post("c", photo="a", caption="", source=ADDED)):
        assert store.add(other, by_content=True).outcome == "added"
    same = make_post("d", "mine", "other", photo="a", source=ADDED)
    taken = store.add(same, by_content=True)
    assert (taken.outcome, taken.stored.post) == ("corrected", replace(same, post_id="a"))
    assert taken.before == first.stored.key
    assert store.add(same).outcome == "added", "unless it is known by its id"


def test_posts_are_found_by_id_and_by_date(store: SqlPostStore, make_post: Make) -> None:
    theirs = make_post("0", "theirs")
    dated = [replace(theirs, post_id=str(i), author="é", posted_at=datetime(2020, 1, i)) for i in (1, 3, 2)]
    store.ingest("src", dated)
    mine = store.add(make_post("1", "mine", "tag", source=ADDED)).stored
    assert [stored.post.source for stored in store.find("1")] == [ADDED, "src"]
    assert [stored.post.post_id for stored in store.newest(9)] == ["3", "2", "1", "1"]
    assert store.newest(9)[-1] == mine, "what has no date comes last"
    assert [stored.post.post_id for stored in store.newest(2, source="src")] == ["3", "2"]
    assert len(store.newest(9, author="e\u0301")) == 3 and store.newest(9, source=ADDED, author="é") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nap", "1"),
        ("NAP on", "1"),
        ("카페", "23"),
        ("#카페", "23"),
        ("#CAFE", "3"),
        ("caf", "3"),
        ("50%", "2"),
        ("_", "4"),
        ("%", "2"),
        ("\\", "4"),
        ('"', "4"),
        ("'", ""),
        ("☕", "2"),
        ("[", ""),
        (", c", ""),
        (",", ""),
        ("#", "1234"),
        ("  ", "1234"),
        ("nothing", ""),
    ],
)
def test_posts_are_found_by_what_their_caption_or_hashtags_hold(
    store: SqlPostStore, make_post: Make, text: str, found: str
) -> None:
    """As it is written, with `#` of a hashtag alone; what a pattern or JSON would read otherwise stands for itself."""
    store.ingest(
        "src",
        [
            make_post("1", "Cat nap on the sofa", "cat"),
            make_post("2", "카페에서 ☕ 50% off", "coffee"),
            make_post("3", "morning", "카페", "Cafe"),
            make_post("4", 'a_b \\ "quoted"', "x"),
        ],
    )
    assert sorted(stored.post.post_id for stored in store.newest(9, text=text)) == [*found]


def test_an_added_post_takes_part_like_any_other(store: SqlPostStore, make_post: Make) -> None:
    stored = store.add(make_post("a", "", "tag", photo="a", source=ADDED)).stored
    store.set_unreadable({"a" * 64: "truncated"})
    assert list(store.added()) == list(store.posts()) == []
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
    stored = store.add(make_post("a", "mine", "tag", source=ADDED)).stored
    assert store.ingest("src", [make_post("b", "theirs", "tag")]) == Ingested(1, 0, 0, 0)
    with pytest.raises(SettingsError, match="'added' would take the place of all posts .* another name with --source"):
        store.ingest(ADDED, [make_post("b", source=ADDED)])
    assert list(store.added()) == [stored]


def test_a_post_of_a_source_that_is_read_is_not_added(store: SqlPostStore, make_post: Make) -> None:
    with pytest.raises(ValueError, match="'src'"):
        store.add(make_post("a"))
    assert list(store.posts()) == []
