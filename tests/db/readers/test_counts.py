"""Likes, comments and views: which columns hold them, and how numbers may be written."""

import json
import lzma
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from hashtag_recommender.core.post import Post, Reject, Response
from hashtag_recommender.db.readers import open_reader
from hashtag_recommender.db.readers.columns import Columns, find_columns
from hashtag_recommender.db.readers.counts import MAX_COUNT, parse_count
from hashtag_recommender.db.readers.invalid_row import InvalidRow

Read = Callable[..., list[Post | Reject]]


@pytest.mark.parametrize(
    ("told", "count"),
    [
        (0, 0),
        (12, 12),
        ("12", 12),
        (" 12 ", 12),
        (12.0, 12),
        ("12.0", 12),
        (Decimal("12"), 12),
        ("1,234", 1234),
        ("1,234,567", 1_234_567),
        ("1 234", 1234),
        ("1\u202f234", 1234),
        ("1'234", 1234),
        ("1.234.567", 1_234_567),
        ("1.2k", 1200),
        ("1,2K", 1200),
        ("15K", 15_000),
        ("1.2 M", 1_200_000),
        ("3.4만", 34_000),
        ("1.2천", 1200),
        ("1.2345만", 12_345),
        ("2억", 200_000_000),
        ("1.5万", 15_000),
        ("12 likes", 12),
        ("1 like", 1),
        ("1,234 views", 1234),
        ("좋아요 12개", 12),
        ("조회수 1.2만회", 12_000),
        ("いいね！12件", 12),
        ("１２", 12),
        ({"count": 7}, 7),
        ({"summary": {"total_count": "1,000"}}, 1000),
        (MAX_COUNT, MAX_COUNT),
    ],
)
def test_counts(told: object, count: int) -> None:
    assert parse_count(told, "likes") == count


@pytest.mark.parametrize("told", [None, "", "  ", "nan", "NULL", float("nan"), Decimal("NaN")])
def test_what_is_absent_is_no_count(told: object) -> None:
    assert parse_count(told, "likes") is None


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("many", "column 'likes' holds 'many', which is no number that is certain"),
        ("12 dogs", "no number that is certain"),
        ("1.234", "no number that is certain"),  # 1,234 where a point parts thousands
        ("1.234k", "no number that is certain"),
        ("1,23", "no number that is certain"),
        ("1,2345", "no number that is certain"),
        ("1회 234", "no number that is certain"),
        ("1,000+", "no number that is certain"),
        ("12/34", "no number that is certain"),
        ("1e3", "no number that is certain"),
        (-3, "column 'likes' holds '-3'; a count is 0 or more"),
        ("-3", "a count is 0 or more"),
        ("-1.2k", "a count is 0 or more"),
        (12.5, "which is no whole number"),
        ("1.2345k", "which is no whole number"),
        (float("inf"), "no count is so large"),
        (MAX_COUNT + 1, "no count is so large"),
        ("9" * 5000, "no count is so large"),
        (True, "true or false instead of a number"),
        (["ann", "bob"], "a list instead of a number"),
        ({"ann": 1}, "an object instead of a number"),
    ],
)
def test_what_is_no_count_is_told(told: object, reason: str) -> None:
    with pytest.raises(InvalidRow, match=reason.replace("+", r"\+")):
        parse_count(told, "likes")


@pytest.mark.parametrize(
    ("found", "columns"),
    [
        (["likes", "comments", "views"], ("likes", "comments", "views")),
        (["like_count", "comment_count", "view_count"], ("like_count", "comment_count", "view_count")),
        (["좋아요", "댓글", "조회수"], ("좋아요", "댓글", "조회수")),
        (["좋아요 수", "댓글수", "조회"], ("좋아요 수", "댓글수", "조회")),
        (["いいね数", "コメント数", "再生回数"], ("いいね数", "コメント数", "再生回数")),
        (
            ["edge_liked_by.count", "edge_media_to_comment.count"],
            ("edge_liked_by.count", "edge_media_to_comment.count"),
        ),
        (["Mentions J'aime", "Nombre de commentaires", "Vues"], ("Mentions J'aime", "Nombre de commentaires", "Vues")),
        (["comments", "comment_count"], (None, "comment_count")),
    ],
)
def test_usual_names(found: list[str], columns: tuple[str | None, ...]) -> None:
    chosen = find_columns(["text", *found], Columns(), for_queries=False)
    told = [name for name in (chosen.likes, chosen.comments, chosen.views) if name]
    assert told == [name for name in columns if name]
    asked = find_columns(["text", *found], Columns(), for_queries=True)
    assert asked.likes is asked.comments is asked.views is None


def test_a_bad_count_costs_nothing_but_itself(read: Read) -> None:
    whole, text, negative = read("a.csv", "text,tags,likes,views\nx,a,12,1.2k\ny,a,many,3\nz,a,-3,4\n")
    assert isinstance(whole, Post) and isinstance(text, Post) and isinstance(negative, Post)
    assert whole.response == Response(likes=12, views=1200) and not whole.flaws
    assert text.response == Response(views=3)
    assert [(flaw.part, flaw.reason) for flaw in text.flaws] == [
        ("likes", "column 'likes' holds 'many', which is no number that is certain")
    ]
    assert negative.response == Response(views=4) and negative.flaws[0].part == "likes"


def test_a_column_of_texts_is_not_taken_for_counts_and_that_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,tags,comments,likes\nx,a,so nice!,1\ny,a,,2\nz,a,wow,3\n")
    reader = open_reader(path)
    posts = list(reader.read())
    assert [post.response for post in posts if isinstance(post, Post)] == [Response(likes=n) for n in (1, 2, 3)]
    assert not any(post.flaws for post in posts)
    (note,) = reader.notes()
    assert note.startswith("column 'comments' holds 'so nice!', which is no number that is certain; comments are not")
    assert "--comments-column" in note
    named = open_reader(path, columns=Columns(comments="comments"))
    assert [len(post.flaws) for post in named.read()] == [1, 0, 1], "as it was told to be one"
    assert not [note for note in named.notes() if "no number" in note]


def test_columns_are_named_by_options(read: Read) -> None:
    (post,) = read("a.tsv", "text\ttags\tfans\nx\ta\t5\n", columns=Columns(likes="fans"))
    assert isinstance(post, Post) and post.response == Response(likes=5)


def test_jsonl_parquet_and_sql(read_rows: Read, tmp_path: Path) -> None:
    (post, other) = read_rows(
        {"text": "x", "edge_liked_by": {"count": 3}, "edge_media_to_comment": {"count": 1}}, {"text": "y"}
    )
    assert isinstance(post, Post) and post.response == Response(likes=3, comments=1)
    assert isinstance(other, Post) and other.response == Response() and not other.flaws
    table = pa.table({"text": ["x", "y"], "likes": pa.array([3, None]), "views": [1.0, 2.0]})
    parquet.write_table(table, tmp_path / "a.parquet")
    told = [post.response for post in open_reader(tmp_path / "a.parquet").read() if isinstance(post, Post)]
    assert told == [Response(likes=3, views=1), Response(views=2)]
    file = tmp_path / "a.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE p (body, 좋아요 INTEGER)")
        connection.execute("INSERT INTO p VALUES ('x', 7)")
    connection.close()
    (post,) = open_reader(f"sqlite:///{file}", query="SELECT * FROM p").read()
    assert isinstance(post, Post) and post.response == Response(likes=7)


@pytest.mark.parametrize(
    ("node", "response"),
    [
        ({"edge_media_preview_like": {"count": 5}, "edge_media_to_comment": {"count": 2}}, Response(5, 2)),
        ({"edge_media_preview_like": {"count": -1}, "comments": 2}, Response(comments=2)),
        ({"like_count": 5, "comment_count": 0, "play_count": 90}, Response(5, 0, 90)),
        ({"like_count": 3, "comment_count": 1, "like_and_view_counts_disabled": True}, Response(comments=1)),
        ({}, Response()),
    ],
)
def test_instaloader(tmp_path: Path, node: dict[str, Any], response: Response) -> None:
    metadata = {"node": {"shortcode": "B1a"} | node, "instaloader": {"node_type": "Post"}}
    (tmp_path / "x_UTC.json.xz").write_bytes(lzma.compress(json.dumps(metadata).encode()))
    (tmp_path / "x_UTC.txt").write_text("a cat")
    (post,) = open_reader(tmp_path).read()
    assert isinstance(post, Post) and post.response == response and not post.flaws
