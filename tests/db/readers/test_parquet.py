from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import open_reader
from hashtag_recommender.db.readers.columns import Columns


def write(path: Path, **columns: Any) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


def test_a_whole_post(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    moment = pa.array([1_704_447_000_000_000_123], pa.timestamp("ns", "Asia/Seoul"))
    path = write(
        tmp_path / "a.parquet",
        image=["a.jpg"],
        Text=pa.array(["오늘의 #카페"]).dictionary_encode(),
        hashtags=[["Brunch", "카페"]],
        id=[7],
        author=[Decimal("1.50")],
        date=moment,
    )
    reader = open_reader(path)
    (post,) = reader.read()
    assert isinstance(post, Post) and post.photos
    assert (post.caption, post.hashtags, post.post_id) == ("오늘의", ("Brunch", "카페"), "7")
    assert (post.author, post.posted_at) == ("1.50", datetime(2024, 1, 5, 9, 30, 0, 0, UTC))
    assert list(reader.notes()) == []


@pytest.mark.parametrize("hashtags", ["brunch 카페", "#brunch#카페", "['brunch', '카페']", ["brunch", "카페"]])
def test_hashtags_as_text_or_list(tmp_path: Path, hashtags: Any) -> None:
    path = write(tmp_path / "a.PARQUET", text=["x", None], hashtags=[hashtags, None])
    post, empty = open_reader(path).read()
    assert isinstance(post, Post) and post.hashtags == ("brunch", "카페")
    assert isinstance(empty, Reject) and "empty row" in empty.reason


def test_many_rows_in_many_groups_keep_their_order(tmp_path: Path) -> None:
    table = pa.table({"text": [f"post {i}" for i in range(2_345)]})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    posts = [post for post in open_reader(tmp_path / "a.parquet").read() if isinstance(post, Post)]
    assert [post.caption for post in posts] == [f"post {i}" for i in range(2_345)]


def test_columns_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", text=["x"], image=[{"bytes": b"", "path": "a"}], vector=[[b"x"]], tags=["t"])
    reader = open_reader(path)
    (note,) = reader.notes()
    assert "image (struct<bytes: binary, path: string>)" in note and "vector (list<" in note
    with pytest.raises(SourceError, match="no column 'image' for the photo; its columns are: text, tags"):
        open_reader(path, columns=Columns(image="image"))


def test_objects_and_absent_numbers(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        id=[1.0, float("nan"), 2.0**60],
        text=["x", "y", "z"],
        tags=[[{"tag": "카페", "start": 0}], [], None],
        image=[["a.jpg", "b.jpg"], [], None],
        author=[{"name": "ann"}, None, None],
        timestamp=[1_704_447_000.0, float("nan"), float("nan")],
    )
    (tmp_path / "a.jpg").write_text("a")
    (tmp_path / "b.jpg").write_text("b")
    first, second, third = open_reader(path).read()
    assert isinstance(first, Post) and isinstance(second, Post) and isinstance(third, Post)
    assert (first.post_id, first.hashtags, first.author, len(first.photos)) == ("1", ("카페",), "ann", 2)
    assert first.posted_at == datetime(2024, 1, 5, 9, 30, tzinfo=UTC)
    assert (second.posted_at, second.flaws, second.post_id[:5]) == (None, (), "text-")
    assert [flaw.part for flaw in third.flaws] == ["id"]


def invalid_text() -> pa.Array:
    return pa.StringArray.from_buffers(1, pa.py_buffer(bytes([0, 0, 0, 0, 2, 0, 0, 0])), pa.py_buffer(b"\xff\xfe"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", text=["x" * 1000] * 100)
    whole = path.read_bytes()
    for content in (b"", b"PAR1", b"text\nx\n", whole[:-3], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(SourceError, match=r"a\.parquet cannot be read as Parquet: .*; get it again"):
            open_reader(path)
    path.write_bytes(whole[:10] + b"\xff" * 40 + whole[50:])
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        list(open_reader(path).read())
    write(path, text=invalid_text())
    with pytest.raises(SourceError, match="has a text that is not UTF-8"):
        list(open_reader(path).read())


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is empty"):
        open_reader(write(tmp_path / "a.parquet", text=pa.array([], pa.string())))
    parquet.write_table(pa.table([["a"], ["b"]], ["text", "text"]), tmp_path / "b.parquet")
    with pytest.raises(SourceError, match="has two columns 'text'; rename one"):
        open_reader(tmp_path / "b.parquet")
    with pytest.raises(SourceError, match="leave --encoding out"):
        open_reader(write(tmp_path / "a.parquet", text=["x"]), encoding="utf-8")


def test_a_time_that_no_calendar_has(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", text=["x"], date=pa.array([10**15], pa.timestamp("s")))
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        list(open_reader(path).read())
