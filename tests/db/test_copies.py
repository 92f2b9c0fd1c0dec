"""Equal posts without ids of their own, told apart by `~2`, `~3`: from a file into the database and back."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.core.post import Post, caption_digest
from hashtag_recommender.core.protocols import Fingerprint, Ingested
from hashtag_recommender.db.readers import open_reader
from hashtag_recommender.db.store import SqlPostStore

ENCODER = Fingerprint("model", "weights", "revision", 1, "preprocessing")
ROWS = ["same,one", "before,x", "same,two", "same,three", "after,y"]
NUMBERS = {caption_digest(caption): number for number, caption in enumerate(["same", "before", "after"], start=1)}


def ingest(store: SqlPostStore, path: Path, rows: Sequence[str]) -> Ingested:
    path.write_text("\n".join(["text,hashtags", *rows]))
    return store.ingest("src", [post for post in open_reader(path, source="src").read() if isinstance(post, Post)])


def encode(store: SqlPostStore) -> int:
    """Give each caption without a vector its number as one; returns how many there were."""
    digests = [digest for digest, _ in store.captions_without(ENCODER)]
    store.save_vectors(ENCODER, digests, np.array([[NUMBERS[digest]] for digest in digests], np.float32).reshape(-1, 1))
    return len(digests)


def posts_of(store: SqlPostStore) -> list[str]:
    return sorted(f"{stored.post.caption},{' '.join(stored.post.hashtags)}" for stored in store.posts())


@pytest.mark.parametrize("gone", [0, 2, 3])
def test_without_one_of_its_copies_nothing_else_is_lost(store: SqlPostStore, tmp_path: Path, gone: int) -> None:
    ingest(store, tmp_path / "a.csv", ROWS)
    assert encode(store) == 3
    before = {stored.post.post_id: stored.key for stored in store.posts()}
    kept = ROWS[:gone] + ROWS[gone + 1 :]

    ingested = ingest(store, tmp_path / "a.csv", kept)
    assert (ingested.added, ingested.removed) == (0, 1)
    assert posts_of(store) == sorted(kept)
    assert {stored.post.post_id: stored.key for stored in store.posts()}.items() <= before.items()
    assert encode(store) == 0, "their captions are the same, so nothing is encoded again"
    numbers = {
        key: number
        for keys, vectors in store.vectors(ENCODER, "text")
        for key, (number,) in zip(keys, vectors, strict=True)
    }
    assert numbers == {stored.key: NUMBERS[caption_digest(stored.post.caption)] for stored in store.posts()}

    assert ingest(store, tmp_path / "a.csv", ROWS).added == 1
    assert {stored.post.post_id: stored.key for stored in store.posts()} == before
    assert posts_of(store) == sorted(ROWS)


def test_new_hashtags_update_a_post(store: SqlPostStore, tmp_path: Path) -> None:
    ingest(store, tmp_path / "a.csv", ROWS)
    assert ingest(store, tmp_path / "a.csv", ["same,new", *ROWS[1:]]) == Ingested(0, 1, 4, 0)
    assert posts_of(store) == sorted(["same,new", *ROWS[1:]])
