"""Databases that something else has written to."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.core.errors import DatabaseError
from hashtag_recommender.core.post import Post
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.db.engine import default_url, writing
from hashtag_recommender.db.store import SqlPostStore, open_store

Make = Callable[..., Post]
ENCODER = Fingerprint("model", "weights", "revision", 3, "preprocessing")


def test_vectors_of_another_length_are_refused(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [make_post("1", photo="a")])
    store.save_vectors(ENCODER, ["a" * 64], np.ones((1, 3), np.float32))
    with writing(store._engine) as connection:
        connection.exec_driver_sql("UPDATE embedding SET vector = substr(vector, 1, 4)")
    with pytest.raises(DatabaseError, match="another length"):
        list(store.vectors(ENCODER, "image"))
    with pytest.raises(DatabaseError, match="another length"):
        store.vectors_of(ENCODER, ["a" * 64])


@pytest.mark.parametrize("hashtags", ["null", "5", '"tag"', '{"a": 1}', "[1]"])
def test_hashtags_that_are_no_list_of_texts_are_refused(store: SqlPostStore, make_post: Make, hashtags: str) -> None:
    store.ingest("src", [make_post("a", "x", "tag"), make_post("b", "x", "tag"), make_post("c", "x", "tag")])
    with writing(store._engine) as connection:
        connection.exec_driver_sql(f"UPDATE post SET hashtags = '{hashtags}' WHERE post_id = 'b'")
    with pytest.raises(DatabaseError, match="is damaged: the hashtags of post 'b' of src are no list of texts; "):
        list(store.posts())


@pytest.mark.parametrize(
    ("column", "value"),
    [("hashtags", "['tag'"), ("hashtags", ""), ("posted_at", "yesterday"), ("posted_at", "2024-02-30 00:00:00")],
)
def test_values_that_cannot_be_read_are_refused(tmp_path: Path, make_post: Make, column: str, value: str) -> None:
    with open_store(default_url(tmp_path)) as store:
        store.ingest("src", [make_post("a", "x", "tag")])
        with store._engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE post SET {column} = ?", (value,))
        message = r"hashtag\.sqlite is damaged: a value in it cannot be read \(.+\); move it away and build again$"
        with pytest.raises(DatabaseError, match=message) as raised:
            list(store.posts())
    assert "\n" not in str(raised.value)


def test_a_file_that_is_overwritten_in_the_middle(tmp_path: Path, make_post: Make) -> None:
    file = tmp_path / "hashtag.sqlite"
    with open_store(default_url(tmp_path)) as store:
        store.ingest("src", [make_post(str(i), f"caption {i}" * 50, "tag") for i in range(500)])
    content = bytearray(file.read_bytes())
    middle = slice(len(content) // 4, len(content) * 3 // 4)
    content[middle] = b"\xff" * len(content[middle])
    file.write_bytes(content)
    message = f"database {file}: database disk image is malformed; the file is damaged; move it away and build again"
    with open_store(default_url(tmp_path)) as store, pytest.raises(DatabaseError, match=f"^{re.escape(message)}$"):
        list(store.posts())


def test_a_file_without_its_tables(tmp_path: Path) -> None:
    with open_store(default_url(tmp_path)) as store:
        with writing(store._engine) as connection:
            connection.exec_driver_sql("DROP TABLE post")
        with pytest.raises(DatabaseError, match="no such table: post; .* move it away and build again") as raised:
            store.digest()
    assert "--db" not in str(raised.value), "the file lies where it does by default"
