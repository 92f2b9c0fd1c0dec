"""What of a row is lost, and what it costs."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender.core.post import MAX_CAPTION, MAX_HASHTAG, Post, Reject

Read = Callable[..., list[Post | Reject]]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": " ", "hashtags": "!!! #"}, "empty row"),
        ({"text": "x" * (MAX_CAPTION + 1)}, "caption has 100,001 characters; at most 100,000 are allowed"),
        ({"text": ["x"]}, "column 'text' holds no text but a list"),
        ({"hashtags": "y" * (MAX_HASHTAG + 1)}, "has 101 characters; at most 100 are allowed"),
        ({"text": "nan", "hashtags": "NULL"}, "empty row"),
    ],
)
def test_rejects(read_rows: Read, row: dict[str, str], reason: str) -> None:
    (first, reject) = read_rows({"text": "x", "hashtags": "", "id": "", "posted_at": ""}, row)
    assert isinstance(first, Post)
    assert isinstance(reject, Reject)
    assert reject.row == 2
    assert reason in reject.reason


@pytest.mark.parametrize(
    ("row", "part", "reason"),
    [
        ({"hashtags": "y" * (MAX_HASHTAG + 1)}, "hashtags", "has 101 characters; at most 100 are allowed"),
        ({"text": "x #" + "y" * (MAX_HASHTAG + 1)}, "hashtags", "has 101 characters; at most 100 are allowed"),
        ({"hashtags": [{"x": 1}]}, "hashtags", "'hashtags' holds an object without any of tag, text"),
        ({"posted_at": "yesterday"}, "date", "posted_at 'yesterday' is no time; write 2024-"),
        ({"posted_at": "2024-02-30"}, "date", "is no time"),
        ({"posted_at": "0001-01-01T00:00+09:00"}, "date", "is no time"),
        ({"posted_at": "0000-00-00 00:00:00"}, "date", "is no time"),
        ({"posted_at": ["2024-01-05"]}, "date", "holds no text but a list"),
        ({"author": [1]}, "author", "holds no text but a list"),
        ({"author": "\udfff"}, "author", "half a character"),
        ({"id": "y" * 1001}, "id", "has more than 1,000 bytes"),
        ({"id": 1e18}, "id", "id '1e+18' is rounded, so the post is known by its content; write ids as text"),
        ({"id": "1.29403E+18"}, "id", "id '1.29403E+18' is rounded"),
        ({"text": "x" * (MAX_CAPTION + 1), "image": "images/a.jpg"}, "caption", "caption has 100,001 characters"),
    ],
)
def test_an_optional_field_never_costs_the_post(
    read_rows: Read, images: Path, row: dict[str, Any], part: str, reason: str
) -> None:
    whole = {"text": "x", "hashtags": "y", "id": "", "posted_at": "2024-01-05", "author": "me"}
    (post,) = read_rows(whole | row)
    assert isinstance(post, Post)
    (flaw,) = post.flaws
    assert flaw.part == part and reason in flaw.reason
    lost = {"caption": "", "author": None, "date": None}
    kept = {"caption": post.caption, "author": post.author, "date": post.posted_at}
    assert kept == {"caption": "x", "author": "me", "date": datetime(2024, 1, 5, tzinfo=UTC)} | {
        name: value for name, value in lost.items() if name == part
    }


@pytest.mark.parametrize(
    "absent",
    ["nan", "NaN", "None", "none", "NULL", "null", "\\N", "<NA>", "NaT", "N/A", "#N/A", " nan ", None, float("nan")],
)
def test_absent_values(read_rows: Read, images: Path, absent: Any) -> None:
    names = ("text", "hashtags", "image", "id", "author", "posted_at")
    first, second = read_rows(
        dict.fromkeys(names, absent) | {"text": "x"}, dict.fromkeys(names, absent) | {"hashtags": "y"}
    )
    assert isinstance(first, Post) and isinstance(second, Post)
    assert (first.caption, first.hashtags, first.photos, first.author, first.posted_at) == ("x", (), (), None, None)
    assert (second.caption, second.hashtags, first.flaws, second.flaws) == ("", ("y",), (), ())
    assert first.post_id.startswith("text-")
