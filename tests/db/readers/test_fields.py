"""What rows become, whatever the format."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import MAX_CAPTION, MAX_HASHTAG, Photo, Post, Reject
from hashtag_recommender.db.readers import open_reader
from hashtag_recommender.db.readers.photos import MAX_PHOTO

Read = Callable[..., list[Post | Reject]]


@pytest.fixture
def read_rows(read: Read) -> Callable[..., list[Post | Reject]]:
    def read_rows(*rows: dict[str, Any], **options: Any) -> list[Post | Reject]:
        return read("a.jsonl", "\n".join(json.dumps(row) for row in rows), **options)

    return read_rows


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    (folder / "more").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"a photo")
    (folder / "more" / "비.jpg").write_bytes(b"another photo")
    (tmp_path / "secret.jpg").write_bytes(b"not to be read")
    return folder


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
    assert read_rows(row, images=images) == [Post("src", "12", "오늘의 에서", ("Brunch", "카페"), photo, "me", moment)]


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


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": " ", "hashtags": "!!! #"}, "empty row"),
        ({"text": "x" * (MAX_CAPTION + 1)}, "caption has 100,001 characters; 100,000 are taken"),
        ({"text": "x", "hashtags": "y" * (MAX_HASHTAG + 1)}, "has 101 characters; 100 are taken"),
        ({"text": "x #" + "y" * (MAX_HASHTAG + 1)}, "has 101 characters; 100 are taken"),
        ({"text": "x", "posted_at": "yesterday"}, "posted_at 'yesterday' is no time; write 2024-"),
        ({"text": "x", "posted_at": "2024-02-30"}, "is no time"),
        ({"text": "x", "posted_at": "0001-01-01T00:00+09:00"}, "is no time"),
        ({"text": "x", "id": "y" * 1001}, "has more than 1,000 bytes"),
    ],
)
def test_rejects(read_rows: Read, row: dict[str, str], reason: str) -> None:
    (first, reject) = read_rows({"text": "x", "hashtags": "", "id": "", "posted_at": ""}, row)
    assert isinstance(first, Post)
    assert isinstance(reject, Reject)
    assert reject.row == 2
    assert reason in reject.reason


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
        ("", None),
        (None, None),
    ],
)
def test_times(read_rows: Read, told: Any, moment: datetime | None) -> None:
    (post,) = read_rows({"text": "x", "timestamp": told})
    assert isinstance(post, Post)
    assert post.posted_at == moment


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("missing.jpg", "is missing from"),
        ("a.jpg/b.jpg", "is missing from"),
        ("https://example.org/a.jpg", "is missing from"),
        ("empty.jpg", "has 0 bytes"),
        ("huge.jpg", "has 200,000,001 bytes"),
        ("more", "is a folder"),
        (".", "is a folder"),
        ("pipe.jpg", "is no file"),
        ("../secret.jpg", "leaves the images folder"),
        ("more/../a.jpg", "leaves the images folder"),
        ("/etc/passwd", "leaves the images folder"),
        ("link.jpg", "leaves the images folder"),
        ("folder/secret.jpg", "leaves the images folder"),
        ("circle.jpg", "circle.jpg'"),
        ("x" * 300 + ".jpg", "cannot be read: File name too long"),
    ],
)
def test_photos_that_are_rejected(read_rows: Read, images: Path, image: str, reason: str) -> None:
    (images / "empty.jpg").touch()
    with (images / "huge.jpg").open("wb") as file:
        file.truncate(MAX_PHOTO + 1)
    (images / "link.jpg").symlink_to("../secret.jpg")
    (images / "folder").symlink_to("..")
    (images / "circle.jpg").symlink_to("circle.jpg")
    os.mkfifo(images / "pipe.jpg")
    (reject,) = read_rows({"image": image, "text": "x"}, images=images)
    assert isinstance(reject, Reject)
    assert reason in reject.reason
    assert len(reject.reason) < 300


def test_links_within_the_images_folder_and_to_it_are_followed(read_rows: Read, images: Path) -> None:
    (images / "link.jpg").symlink_to("more/비.jpg")
    (images.parent / "link").symlink_to("images")
    (post,) = read_rows({"image": "link.jpg"} | {"text": ""}, images=images.parent / "link")
    assert isinstance(post, Post) and post.photos
    assert post.photos[0].path.read_bytes() == b"another photo"


def test_photos_lie_beside_the_file_unless_told(read_rows: Read, images: Path) -> None:
    (post,) = read_rows({"image": "images/a.jpg", "text": ""})
    assert isinstance(post, Post) and post.photos
    assert post.photos[0].path == images / "a.jpg"
    assert post.caption == ""


def test_ids_told_twice_are_rejected(read_rows: Read) -> None:
    rows = read_rows({"id": "a", "text": "x"}, {"id": "a ", "text": "y"}, {"id": "b", "text": "x"})
    assert rows[1] == Reject("src", 2, "id 'a' stands in row 1 already")
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


def test_new_posts_keep_the_order_and_lose_their_hashtags(read_rows: Read, images: Path) -> None:
    rows = [
        {"id": "a", "text": "one #tag", "hashtags": "tag", "posted_at": "never"},
        {"id": "a", "text": "#tag", "hashtags": "tag"},
        {"id": "a", "image": "images/a.jpg"},
        {"id": "a", "image": "missing.jpg", "text": "x"},
        {"id": "a", "text": "one #tag"},
    ]
    one, two, three, four, five = read_rows(*rows, for_queries=True)
    assert isinstance(one, Post) and (one.caption, one.hashtags) == ("one", ())
    assert isinstance(two, Post) and two.caption == "", "an empty row is answered, too"
    assert isinstance(three, Post) and three.photos and three.caption == ""
    assert isinstance(four, Reject)
    assert isinstance(five, Post) and five.caption == "one"


def test_reading_twice_yields_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,id\na,1\nb,2\nb,1\n")
    reader = open_reader(path)
    assert list(reader.read()) == list(reader.read())
    assert reader.source == str(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "does not exist"),
        ("folder.csv", "is no archive of any kind that is known"),
        ("folder", r"is no archive of any kind that is known: HARRISON \(data_list\.txt and tag_list\.txt\)"),
        (
            "a.xlsx",
            r"no known format; archives are files that end in \.csv, \.tsv, \.tab, \.jsonl, \.ndjson, \.parquet",
        ),
        ("nul\0.csv", "does not exist"),
        ("pipe.csv", "is no file or folder"),
        ("circle.csv", "."),
        ("x" * 300 + ".csv", "."),
    ],
)
def test_files_that_are_no_archives(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "a.xlsx").touch()
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match=message):
        open_reader(tmp_path / name)


def test_a_missing_images_folder(read: Read, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="name another with --images"):
        read("a.csv", "text\nx\n", images=tmp_path / "missing")


@pytest.mark.parametrize("source", ["x\0", "\udcff", "x" * 1001])
def test_names_that_no_database_keeps(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nx\n")
    with pytest.raises(SourceError, match="name"):
        open_reader(path, source=source)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nx\n")
    reader = open_reader(path)
    path.write_bytes(b"text\n\xff\n")
    with pytest.raises(SourceError, match="changed while it was read"):
        list(reader.read())
    path.unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        list(reader.read())
