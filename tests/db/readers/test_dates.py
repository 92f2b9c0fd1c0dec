"""When a post was posted, in the ways that programs write it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hashtag_recommender.core.post import Post, Reject

Read = Callable[..., list[Post | Reject]]


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2024-01-05", datetime(2024, 1, 5, tzinfo=UTC)),
        ("2024-01-05 18:30:00", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("2024-01-05T18:30:00Z", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("20240105", datetime(2024, 1, 5, tzinfo=UTC)),
        ("2024.1.5", datetime(2024, 1, 5, tzinfo=UTC)),
        ("2024. 01. 05. 18:30", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("2024/01/05 18:30", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        (1704479400, datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("1704479400000", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        (1704479400.5, datetime(2024, 1, 5, 18, 30, 0, 500_000, tzinfo=UTC)),
        ("1704479400000000", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("1704479400000000000", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("20240105183000", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("Fri Jan 05 18:30:00 +0000 2024", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("Fri, 05 Jan 2024 18:30:00 +0900", datetime(2024, 1, 5, 9, 30, tzinfo=UTC)),
        ("Fri, 5 Jan 2024 18:30:00 GMT", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("2024-01-05T18:30:00+0900", datetime(2024, 1, 5, 9, 30, tzinfo=UTC)),
        ("2024-01-05 18:30:00 KST", datetime(2024, 1, 5, 9, 30, tzinfo=UTC)),
        ("2024년 1월 5일 오후 6:30", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("2024년 1월 5일 (금) 오전 12시 30분", datetime(2024, 1, 5, 0, 30, tzinfo=UTC)),
        ("2024. 1. 5. 오후 6:30:11", datetime(2024, 1, 5, 18, 30, 11, tzinfo=UTC)),
        ("2024. 1. 5.", datetime(2024, 1, 5, tzinfo=UTC)),
        ("2024年1月5日 下午6:30", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("2024/1/5 6:30 PM", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("Jan 5, 2024, 6:30 p.m.", datetime(2024, 1, 5, 18, 30, tzinfo=UTC)),
        ("5 January 2024", datetime(2024, 1, 5, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_times(read_rows: Read, told: Any, moment: datetime | None) -> None:
    (post,) = read_rows({"text": "x", "timestamp": told})
    assert isinstance(post, Post)
    assert post.posted_at == moment
