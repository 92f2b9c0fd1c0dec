"""What rows become, whatever the format."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.hashtags import take_out_hashtags
from hashtag_recommender.core.post import MAX_CAPTION, MAX_HASHTAG, Photo, Post, Reject, distinct_hashtags
from hashtag_recommender.db.readers import open_reader
from hashtag_recommender.db.readers.columns import Columns
from hashtag_recommender.db.readers.fields import PostMaker
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


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": " ", "hashtags": "!!! #"}, "empty row"),
        ({"text": "x" * (MAX_CAPTION + 1)}, "caption has 100,001 characters; 100,000 are taken"),
        ({"text": ["x"]}, "column 'text' holds no text but a list"),
        ({"hashtags": "y" * (MAX_HASHTAG + 1)}, "has 101 characters; 100 are taken"),
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
        ({"hashtags": "y" * (MAX_HASHTAG + 1)}, "hashtags", "has 101 characters; 100 are taken"),
        ({"text": "x #" + "y" * (MAX_HASHTAG + 1)}, "hashtags", "has 101 characters; 100 are taken"),
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


def test_rounded_ids_lose_no_post(read_rows: Read) -> None:
    posts = read_rows({"id": "1.29403E+18", "text": "one"}, {"id": "1.29403E+18", "text": "two"}, {"text": "two"})
    assert len({post.post_id for post in posts if isinstance(post, Post)}) == 3


@pytest.mark.parametrize(("told", "post_id"), [(123.0, "123"), ("123.0", "123"), (2**60, str(2**60)), ("1e5", "1e5")])
def test_ids_that_are_numbers(read_rows: Read, told: Any, post_id: str) -> None:
    (post,) = read_rows({"id": told, "text": "x"})
    assert isinstance(post, Post) and (post.post_id, post.flaws) == (post_id, ())


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


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("missing.jpg", "--images names the folder of photos"),
        ("a.jpg/b.jpg", "is missing from"),
        ("https://example.org/a.jpg", "it is an address, and nothing is ever fetched from one"),
        ("..\\secret.jpg", "is missing from"),
        ("..%2Fsecret.jpg", "is missing from"),
        ("/elsewhere/images/../../secret.jpg", "leaves the images folder"),
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
    reject, post = read_rows({"image": image, "hashtags": "y"}, {"image": image, "text": "x"}, images=images)
    assert isinstance(reject, Reject) and isinstance(post, Post), "it costs the photo, not the caption"
    assert (post.caption, post.photos, post.post_id) == ("x", (), image)
    assert [flaw.part for flaw in post.flaws] == ["photo"]
    for told in (reject.reason, post.flaws[0].reason):
        assert reason in told
        assert len(told) < 320
    (query,) = read_rows({"image": image, "text": "x"}, images=images, for_queries=True)
    assert isinstance(query, Reject) and reason in query.reason


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (" a.jpg ", "a.jpg"),
        ("more\\비.jpg", "more/비.jpg"),
        (".\\more\\비.jpg", "more/비.jpg"),
        ("more/%EB%B9%84.jpg", "more/비.jpg"),
        (normalize("NFD", "more/비.jpg"), "more/비.jpg"),
        ("MORE/비.JPG", "more/비.jpg"),
        ("/elsewhere/images/more/비.jpg", "more/비.jpg"),
        ("C:\\photos\\images\\a.jpg", "a.jpg"),
        ("./a.jpg", "a.jpg"),
    ],
)
def test_photos_that_are_spelled_in_another_way(read_rows: Read, images: Path, image: str, found: str) -> None:
    (post,) = read_rows({"image": image, "text": "x"}, images=images)
    assert isinstance(post, Post) and [photo.path for photo in post.photos] == [images / found]
    assert post.post_id == image.strip()


def test_the_name_as_it_is_written_comes_first(read_rows: Read, images: Path) -> None:
    for name in (" a.jpg", "more\\비.jpg", "%61.jpg", "a;b.jpg", "A.JPG"):
        (images / name).write_text(name)
        (post,) = read_rows({"image": name, "text": "x"}, images=images)
        assert isinstance(post, Post) and [photo.path.name for photo in post.photos] == [name]
    (post,) = read_rows({"image": "a.JPG", "text": "x"}, images=images)
    assert isinstance(post, Post) and not post.photos, "two are spelled alike"


@pytest.mark.parametrize("folder", ["NFC", "NFD"])
@pytest.mark.parametrize("file", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_each_part_of_a_path_has_a_form_of_its_own(
    read_rows: Read, images: Path, folder: str, file: str, written: str
) -> None:
    path = images / normalize(folder, "여름") / normalize(file, "바다.jpg")
    path.parent.mkdir()
    path.write_text("sea")
    other = images / normalize("NFD" if folder == "NFC" else "NFC", "여름")
    other.mkdir()
    (other / "산.jpg").write_text("hill")
    (post,) = read_rows({"image": normalize(written, "여름/바다.jpg"), "text": "x"}, images=images)
    assert isinstance(post, Post) and [photo.path for photo in post.photos] == [path]


@pytest.mark.parametrize(
    "image",
    [
        ["a.jpg", "more/비.jpg"],
        "['a.jpg', 'more/비.jpg']",
        '["a.jpg", "more/비.jpg"]',
        "a.jpg;more/비.jpg",
        "a.jpg | more/비.jpg",
        "a.jpg, more/비.jpg",
        ["a.jpg", None, {"uri": "more/비.jpg"}],
    ],
)
def test_several_photos_in_one_field(read_rows: Read, images: Path, image: Any) -> None:
    (post,) = read_rows({"image": image, "text": "x"}, images=images)
    assert isinstance(post, Post)
    assert [photo.path.name for photo in post.photos] == ["a.jpg", "비.jpg"]
    assert (post.post_id, post.flaws) == ("a.jpg", ())


def test_several_photos_in_several_columns(read_rows: Read, images: Path) -> None:
    row = {"사진 2": "more/비.jpg", "사진 1": "a.jpg", "사진 10": "missing.jpg", "본문": "글"}
    (post,) = read_rows(row, images=images)
    assert isinstance(post, Post)
    assert ([photo.path.name for photo in post.photos], post.post_id) == (["a.jpg", "비.jpg"], "a.jpg")
    assert [flaw.part for flaw in post.flaws] == ["photo"]
    (post,) = read_rows(row, images=images, columns=Columns(image="사진 2"))
    assert isinstance(post, Post) and len(post.photos) == 1


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


def test_new_posts_keep_the_order_and_have_the_hashtags_given(read_rows: Read, images: Path) -> None:
    rows = [
        {"id": "a", "text": "one #tag", "hashtags": "hidden", "given": "b, c", "user": "me", "posted_at": "never"},
        {"id": "a", "text": "", "hashtags": "tag", "given": "b"},
        {"id": "a", "image": "images/a.jpg"},
        {"id": "a", "image": "missing.jpg", "text": "x"},
        {"id": "a", "text": "one #tag"},
    ]
    one, two, three, four, five = read_rows(*rows, for_queries=True)
    assert isinstance(one, Post) and (one.caption, one.hashtags, one.author) == ("one #tag", ("b", "c"), "me")
    assert two == Reject("src", 2, "nothing to go by: the row has neither a photo nor a caption")
    assert isinstance(three, Post) and three.photos and three.caption == ""
    assert isinstance(four, Reject)
    assert isinstance(five, Post) and five.caption == "one #tag"


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
def test_any_row_makes_a_post_or_tells_why(row: dict[str, Any], query: bool) -> None:
    maker = PostMaker("src", Path("/nowhere"), Columns("image", "text", "hashtags", "id", "author", "date"), query)
    made = maker.make(1, row)
    if isinstance(made, Reject):
        assert made.reason
    else:
        assert made.caption or made.photos or made.hashtags and not query
        assert take_out_hashtags(made.caption) == (made.caption, [])
        assert made.hashtags == distinct_hashtags(list(made.hashtags))
        assert all(flaw.part and flaw.reason for flaw in made.flaws)
