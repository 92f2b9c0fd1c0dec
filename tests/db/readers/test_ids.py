"""By which ids posts are known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender.core.post import Post, Reject

Read = Callable[..., list[Post | Reject]]


def test_rounded_ids_lose_no_post(read_rows: Read) -> None:
    posts = read_rows({"id": "1.29403E+18", "text": "one"}, {"id": "1.29403E+18", "text": "two"}, {"text": "two"})
    assert len({post.post_id for post in posts if isinstance(post, Post)}) == 3


@pytest.mark.parametrize(("told", "post_id"), [(123.0, "123"), ("123.0", "123"), (2**60, str(2**60)), ("1e5", "1e5")])
def test_ids_that_are_numbers(read_rows: Read, told: Any, post_id: str) -> None:
    (post,) = read_rows({"id": told, "text": "x"})
    assert isinstance(post, Post) and (post.post_id, post.flaws) == (post_id, ())


def test_ids_told_twice_are_rejected(read_rows: Read) -> None:
    rows = read_rows({"id": "a", "text": "x"}, {"id": "a ", "text": "y"}, {"id": "b", "text": "x"})
    assert rows[1] == Reject("src", 2, "id 'a' is already in row 1")
    assert isinstance(rows[2], Post)


def test_a_rejected_row_takes_no_id(read_rows: Read) -> None:
    rows = read_rows({"id": "a", "text": " "}, {"id": "a", "text": "y"})
    assert isinstance(rows[1], Post)


def test_ids_come_from_images_and_texts_where_none_are_told(read_rows: Read, images: Path) -> None:
    rows = [
        {"image": "images/a.jpg", "text": "one"},
        {"text": "same", "hashtags": "tag"},
        {"text": "same #tag"},
        {"text": "other", "hashtags": "tag"},
        {"image": "images/a.jpg", "text": "two"},
        {"text": "same", "hashtags": "tag", "id": "told"},
        {"text": "same", "hashtags": "tag", "id": ""},
    ]
    ids = [post.post_id for post in read_rows(*rows) if isinstance(post, Post)]
    same = ids[1]
    assert same.startswith("text-") and len(same) == 17
    assert ids[3].startswith("text-") and ids[3] != same
    assert [ids[i] for i in (0, 2, 4, 5, 6)] == ["images/a.jpg", f"{same}~2", "images/a.jpg~2", "told", f"{same}~3"]
    with_more_on_top = read_rows({"text": "new"}, *rows)
    assert [post.post_id for post in with_more_on_top if isinstance(post, Post)][1:] == ids


def test_a_caption_stays_known_when_its_hashtags_change(read_rows: Read) -> None:
    def ids(*rows: dict[str, Any]) -> list[str]:
        return [post.post_id for post in read_rows(*rows) if isinstance(post, Post)]

    before = ids({"text": "one #tag"}, {"text": "same #tag"}, {"text": "same"}, {"text": "#tag"})
    after = ids({"text": "one", "hashtags": "other"}, {"text": "same"}, {"text": "same #tag"}, {"text": "#other"})
    assert after[:3] == before[:3] and before[2] == f"{before[1]}~2"
    assert after[3] != before[3], "a post that is nothing but hashtags is known by them"
    assert len({*before, *ids({"text": "tag"})}) == 5


def test_an_id_that_looks_like_a_copy_is_passed_over(read_rows: Read, images: Path) -> None:
    rows = [{"id": "images/a.jpg~2", "text": "x"}] + [{"image": "images/a.jpg", "text": "x"}] * 2
    ids = [post.post_id for post in read_rows(*rows) if isinstance(post, Post)]
    assert ids == ["images/a.jpg~2", "images/a.jpg", "images/a.jpg~3"]
