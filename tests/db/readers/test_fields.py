"""What rows become, whatever the format."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hashtag_recommender.core.hashtags import take_out_hashtags
from hashtag_recommender.core.post import MAX_CAPTION, Photo, Post, Reject, distinct_hashtags
from hashtag_recommender.db.readers.columns import Columns
from hashtag_recommender.db.readers.fields import PostMaker

Read = Callable[..., list[Post | Reject]]


def test_a_whole_post(read_rows: Read, images: Path) -> None:
    row = {
        "image": "more/비.jpg",
        "text": " 오늘의 #카페 에서 ",
        "hashtags": "Brunch, 카페 brunch",
        "id": 12,
        "author": " me ",
        "posted_at": "2024-01-05T18:30:00+09:00",
    }
    digest = hashlib.sha256(b"another photo").hexdigest()
    photo = Photo(images / "more" / "비.jpg", digest)
    moment = datetime(2024, 1, 5, 9, 30, tzinfo=UTC)
    assert read_rows(row, images=images) == [
        Post("src", "12", "오늘의 에서", ("Brunch", "카페"), (photo,), "me", moment)
    ]


def test_inline_hashtags_follow_those_of_the_column(read_rows: Read) -> None:
    (post,) = read_rows({"text": "#one 글#two #1", "hashtags": ["three", "ONE"]})
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("글 #1", ("three", "ONE", "two"))


@pytest.mark.parametrize(
    "row", [{"text": "only text"}, {"hashtags": "only tags"}, {"text": "#only"}, {"image": "images/a.jpg"}]
)
def test_posts_of_one_part(read_rows: Read, images: Path, row: dict[str, str]) -> None:
    (post,) = read_rows({"text": ""} | row)
    assert isinstance(post, Post)


def test_a_hashtag_in_a_list_may_look_like_an_absent_value(read_rows: Read) -> None:
    (post,) = read_rows({"text": "#none", "hashtags": ["#nan", "null", "nan", None, float("nan")]})
    assert isinstance(post, Post) and post.hashtags == ("nan", "null", "none")


def test_objects_hold_names(read_rows: Read, images: Path) -> None:
    row = {"text": "x", "user": {"id": 7, "screen_name": "ann"}, "media": [{"type": "photo", "path": "a.jpg"}]}
    (post,) = read_rows(row, images=images)
    assert isinstance(post, Post)
    assert (post.author, [photo.path.name for photo in post.photos], post.post_id) == ("ann", ["a.jpg"], "a.jpg")


@pytest.mark.parametrize(
    "text",
    [
        "x" * MAX_CAPTION,
        "Z̷̢̛a̴l̵g̸o̶" * 1000,
        "\u202eRLO \u2066x",
        "👩‍👩‍👧‍👦🏴\U000e0067\U000e007f",
        "\uffff\ufdd0",
        "﷽" * 999,
    ],
)
def test_absurd_text_is_kept(read_rows: Read, text: str) -> None:
    (post,) = read_rows({"text": text})
    assert isinstance(post, Post)
    assert post.caption == text


def test_new_posts_keep_the_order_and_have_the_hashtags_given(read_rows: Read, images: Path) -> None:
    rows = [
        {"id": "a", "text": "one #tag", "hashtags": "hidden", "given": "b, c", "user": "me", "posted_at": "never"},
        {"id": "a", "text": "", "hashtags": "tag"},
        {"id": "a", "image": "images/a.jpg"},
        {"id": "a", "image": "missing.jpg", "text": "x"},
        {"id": "a", "text": "one #tag"},
    ]
    one, two, three, four, five = read_rows(*rows, for_queries=True)
    assert isinstance(one, Post) and (one.caption, one.hashtags, one.author) == ("one #tag", ("b", "c"), "me")
    assert isinstance(two, Post) and (two.caption, two.hashtags) == ("", ()), "an empty row is answered, too"
    assert isinstance(three, Post) and three.photos and three.caption == ""
    assert isinstance(four, Reject)
    assert isinstance(five, Post) and five.caption == "one #tag"


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["images/a.jpg", "['a', nan]", "{a,b}", "1.2E+18", "2024. 1. 5. 오후 3:20", "[", "nan", "#카페"]),
    lambda value: st.lists(value, max_size=3) | st.dictionaries(st.sampled_from(["tag", "name", "path", "x"]), value),
    max_leaves=5,
)


@given(
    row=st.dictionaries(st.sampled_from(["image", "text", "hashtags", "id", "author", "date"]), ANY),
    query=st.booleans(),
)
@example(row={"text": "#카페"}, query=True)
def test_any_row_makes_a_post_or_tells_why(row: dict[str, Any], query: bool) -> None:
    maker = PostMaker("src", Path("/nowhere"), Columns("image", "text", "hashtags", "id", "author", "date"), query)
    made = maker.make(1, row)
    if isinstance(made, Reject):
        assert made.reason
    else:
        assert made.caption or made.photos or made.hashtags or query
        assert query or take_out_hashtags(made.caption) == (made.caption, [])
        assert made.hashtags == distinct_hashtags(list(made.hashtags))
        assert all(flaw.part and flaw.reason for flaw in made.flaws)
