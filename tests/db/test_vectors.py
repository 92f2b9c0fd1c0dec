"""The contract of `PostStore` as to contents and their vectors, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.core.post import Photo, Post, caption_digest
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.db.store import SqlPostStore

Make = Callable[..., Post]
ENCODER = Fingerprint("model", "weights", "revision", 3, "preprocessing")
OTHER = replace(ENCODER, weights="others")
pytestmark = pytest.mark.usefixtures("small_pages")


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
    assert dict(store.captions_without(ENCODER)) == {caption_digest(caption): caption for caption in ("one", "two")}
    assert [store.count_without(ENCODER, modality) for modality in ("image", "text")] == [3, 2]

    store.save_vectors(ENCODER, ["b" * 64, caption_digest("one")], np.eye(2, 3, dtype=np.float32))
    assert [photo.digest[0] for photo in store.photos_without(ENCODER)] == ["a", "c"]
    assert list(store.captions_without(ENCODER)) == [(caption_digest("two"), "two")]
    assert [store.count_without(ENCODER, modality) for modality in ("image", "text")] == [2, 1]
    assert len(list(store.photos_without(OTHER))) == 3


def test_of_equal_photos_one_that_is_there_is_offered(store: SqlPostStore, tmp_path: Path) -> None:
    letters = "abcde"
    kept = [tmp_path / "kept" / f"{letter}.jpg" for letter in letters]
    (tmp_path / "kept").mkdir()
    for path in kept[:3]:
        path.touch()
    for folder in ("gone", "kept", "kept/a.jpg", "later"):
        photos = [Photo(tmp_path / folder / f"{letter}.jpg", letter * 64) for letter in letters]
        store.ingest(folder, [Post(folder, photo.digest, "", ("tag",), (photo,)) for photo in photos])
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "d.jpg").touch()
    elsewhere = [tmp_path / "later" / "d.jpg", tmp_path / "gone" / "e.jpg"]
    assert [photo.path for photo in store.photos_without(ENCODER)] == kept[:3] + elsewhere
    store.ingest("kept", [])
    assert next(iter(store.photos_without(ENCODER))).path == tmp_path / "gone" / "a.jpg"


def test_a_photo_whose_path_cannot_be_looked_at_is_offered_all_the_same(store: SqlPostStore) -> None:
    photo = Photo(Path("/" + "x" * 300 + ".jpg"), "a" * 64)
    store.ingest("src", [Post("src", "a", "", (), (photo,))])
    assert list(store.photos_without(ENCODER)) == [photo]


def test_vectors_may_be_saved_while_contents_are_read(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post(i, f"caption {i}", photo=i) for i in "abcdef"])
    for digest, _ in store.captions_without(ENCODER):
        store.save_vectors(ENCODER, [digest], np.ones((1, 3), np.float32))
    for photo in store.photos_without(ENCODER):
        store.save_vectors(ENCODER, [photo.digest], np.ones((1, 3), np.float32))
    assert sum(len(keys) for keys, _ in store.vectors(ENCODER, "text")) == 6
    assert sum(len(keys) for keys, _ in store.vectors(ENCODER, "image")) == 6


def test_vectors_come_in_the_order_of_posts(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post(str(i), f"c{i % 4}", photo="abcd"[i % 4]) for i in range(7)] + [make_post("7")])
    rng = np.random.default_rng(0)
    images = rng.normal(size=(4, 3)).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    store.save_vectors(ENCODER, [letter * 64 for letter in "abcd"], images)
    store.save_vectors(ENCODER, [caption_digest("c1")], np.array([[0, 1, 0]], np.float32))
    store.save_vectors(OTHER, ["a" * 64], np.array([[0, 0, 1]], np.float32))

    keys = {stored.post.post_id: stored.key for stored in store.posts()}
    batches = list(store.vectors(ENCODER, "image"))
    assert [len(found) for found, _ in batches] == [2, 2, 2, 1]
    found, vectors = (np.concatenate(part) for part in zip(*batches, strict=True))
    assert found.dtype == np.int64 and vectors.dtype == np.float32
    assert found.tolist() == [keys[str(i)] for i in range(7)]
    np.testing.assert_allclose(vectors, images[np.arange(7) % 4], atol=5e-4)

    found, vectors = (np.concatenate(part) for part in zip(*store.vectors(ENCODER, "text"), strict=True))
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


def test_vectors_are_found_by_content(store: SqlPostStore) -> None:
    digests = [letter * 64 for letter in "abcde"]
    store.save_vectors(ENCODER, digests, np.arange(15, dtype=np.float32).reshape(5, 3))
    store.save_vectors(OTHER, ["f" * 64], np.ones((1, 3), np.float32))
    found = store.vectors_of(ENCODER, [digests[4], "f" * 64, digests[0], digests[2], digests[0]])
    assert {digest[0]: vector.tolist() for digest, vector in found.items()} == {
        "e": [12, 13, 14],
        "a": [0, 1, 2],
        "c": [6, 7, 8],
    }
    assert all(vector.dtype == np.float32 for vector in found.values())
    assert store.vectors_of(ENCODER, []) == store.vectors_of(ENCODER, ["0" * 64]) == {}


@pytest.mark.parametrize(
    "vectors",
    [np.zeros((1, 3)), np.zeros((2, 4)), np.full((2, 3), np.nan), np.full((2, 3), np.inf), np.full((2, 3), 1e6)],
)
def test_vectors_that_cannot_be_kept_are_refused(store: SqlPostStore, vectors: np.ndarray) -> None:
    with pytest.raises(ValueError, match="vectors"):
        store.save_vectors(ENCODER, ["a" * 64, "b" * 64], vectors.astype(np.float32))


def test_a_post_has_a_vector_of_each_of_its_photos(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("1", photo="ba"), make_post("2", photo="a"), make_post("3", "x", photo="cab")])
    store.save_vectors(ENCODER, [letter * 64 for letter in "abc"], np.eye(3, dtype=np.float32))
    store.set_unreadable({"c" * 64: "truncated"})
    keys = [stored.key for stored in store.posts()]
    found, vectors = (np.concatenate(part) for part in zip(*store.vectors(ENCODER, "image"), strict=True))
    assert found.tolist() == [keys[0], keys[0], keys[1], keys[2], keys[2]]
    assert vectors.argmax(axis=1).tolist() == [1, 0, 0, 0, 1], "in the order of each post"
