import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import jsonarray, open_reader
from hashtag_recommender.db.readers.instagram import repaired
from hashtag_recommender.db.readers.jsonarray import read_array


def told(text: str) -> str:
    """As Instagram writes it."""
    return text.encode().decode("latin-1")


def write(folder: Path, posts: Any, name: str = "your_instagram_activity/media/posts_1.json") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(posts), encoding="utf-8")
    return folder


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def read(folder: Path, **options: Any) -> list[Post | Reject]:
    return list(open_reader(folder, source="src", **options).read())


SINGLE = {"uri": "media/posts/202401/1.jpg", "creation_timestamp": 1_704_447_000, "title": told("오늘의 #카페 에서 ☕")}


def test_a_post_of_one_photo(tmp_path: Path) -> None:
    put(tmp_path, "media/posts/202401/1.jpg")
    reader = open_reader(write(tmp_path, [{"media": [SINGLE]}]))
    (post,) = reader.read()
    assert isinstance(post, Post) and post.photos
    assert (post.caption, post.hashtags) == ("오늘의 에서 ☕", ("카페",))
    assert post.photos[0].path == tmp_path / "media/posts/202401/1.jpg"
    assert post.posted_at == datetime(2024, 1, 5, 9, 30, tzinfo=UTC)
    assert list(reader.notes()) == []


def test_a_post_of_several(tmp_path: Path) -> None:
    put(tmp_path, "media/1.jpg", "media/2.jpg")
    media = [{"uri": "media/0.mp4", "title": ""}, {"uri": "media/2.jpg"}, {"uri": "media/1.jpg"}]
    write(
        tmp_path,
        [
            {"media": media, "title": "both #x", "creation_timestamp": 1_704_447_000},
            {"media": media[:1], "title": "video"},
        ],
    )
    both, video = read(tmp_path)
    assert isinstance(both, Post) and both.photos and isinstance(video, Post)
    assert (both.caption, both.hashtags, [photo.path.name for photo in both.photos]) == (
        "both",
        ("x",),
        ["2.jpg", "1.jpg"],
    )
    assert both.posted_at == datetime(2024, 1, 5, 9, 30, tzinfo=UTC)
    assert (video.caption, video.photos) == ("video", ())


@pytest.mark.parametrize("root", ["", "instagram-ann-2024"])
@pytest.mark.parametrize("folder", ["content", "your_instagram_activity/content"])
def test_photos_are_named_from_the_root_of_the_download(tmp_path: Path, root: str, folder: str) -> None:
    put(tmp_path / root, SINGLE["uri"])
    write(tmp_path / root, [{"media": [SINGLE]}], f"{folder}/posts_1.json")
    (post,) = read(tmp_path)
    assert isinstance(post, Post) and post.photos
    assert post.photos[0].path == tmp_path / root / SINGLE["uri"]
    (post,) = read(tmp_path / root / folder, images=tmp_path / root)
    assert isinstance(post, Post) and post.photos


def test_files_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write(
            tmp_path, [{"media": [], "title": f"{number}{letter}"} for letter in "ab"], f"content/posts_{number}.json"
        )
    write(tmp_path, [{"media": [], "title": "no"}], "content/other_posts_1.json")
    assert [post.caption for post in read(tmp_path) if isinstance(post, Post)] == ["1a", "1b", "2a", "2b", "10a", "10b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (told("카페 ☕ café"), "카페 ☕ café"),
        ("plain", "plain"),
        ("café", "café"),  # no UTF-8 read as Latin-1
        ("카페", "카페"),  # told as it should be
        ("half \udcff", "half \udcff"),
        (None, None),
        (7, 7),
    ],
)
def test_repaired(text: object, expected: object) -> None:
    assert repaired(text) == expected


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        (7, "it has no list of 'media'"),
        ({"title": "x"}, "it has no list of 'media'"),
        ({"media": {}}, "it has no list of 'media'"),
        ({"media": []}, "empty row"),
        ({"media": [7, {"uri": 8}]}, "empty row"),
        ({"media": [], "title": ["x"]}, "holds no text but a list"),
        ({"media": [{"uri": "media/missing.jpg"}]}, "'media/missing.jpg' is missing"),
        ({"media": [{"uri": "../secret.jpg"}]}, "leaves the images folder"),
        ({"media": [{"uri": "/etc/passwd"}]}, "leaves the images folder"),
        ({"media": [{"uri": "https://example.org/a.jpg"}]}, "is missing"),
        ({"media": [{"uri": "media/link.jpg"}]}, "leaves the images folder"),
        ({"media": [{"uri": "media/" + "x" * 300}]}, "File name too long"),
        ({"media": [{"uri": "a\0.jpg"}]}, "NUL byte"),
    ],
)
def test_bad_posts_are_rejected_and_the_rest_goes_on(tmp_path: Path, post: Any, reason: str) -> None:
    put(tmp_path, "secret.jpg", "archive/media/1.jpg")
    (tmp_path / "archive/media/link.jpg").symlink_to(tmp_path / "secret.jpg")
    good = {"media": [], "title": "good"}
    first, bad, last = read(write(tmp_path / "archive", [good, post, good]))
    assert isinstance(first, Post) and isinstance(last, Post)
    assert isinstance(bad, Reject) and reason in bad.reason


def test_a_post_keeps_what_can_be_read(tmp_path: Path) -> None:
    put(tmp_path, "media/2.jpg")
    media = [{"uri": "media/1.jpg"}, {"uri": "media/2.jpg"}]
    (post,) = read(write(tmp_path, [{"media": media, "title": "both #x", "creation_timestamp": "never"}]))
    assert isinstance(post, Post)
    assert (post.caption, [photo.path.name for photo in post.photos], post.post_id) == (
        "both",
        ["2.jpg"],
        "media/1.jpg",
    )
    assert [flaw.part for flaw in post.flaws] == ["photo", "date"]


def test_a_download_in_several_parts(tmp_path: Path) -> None:
    export = tmp_path / "export"
    put(export, "part1/media/posts/1.jpg", "part2/media/posts/2.jpg", "part3/other/3.jpg", "part3/clip.mp4")
    media = [{"uri": f"media/posts/{number}.jpg"} for number in (2, 1, 3)]
    write(export, [{"media": media, "title": "글"}], "part1/your_instagram_activity/media/posts_1.json")
    reader = open_reader(export)
    (post,) = reader.read()
    assert isinstance(post, Post)
    assert [photo.path.relative_to(export).parts[0] for photo in post.photos] == ["part2", "part1"]
    assert [flaw.part for flaw in post.flaws] == ["photo"]
    (note,) = reader.notes()
    assert "1 photo (.jpg)" in note and "1 video (.mp4)" in note
    (post,) = read(export / "part1", images=export)
    assert isinstance(post, Post) and len(post.photos) == 2


def test_a_download_of_web_pages(tmp_path: Path) -> None:
    put(tmp_path, "your_instagram_activity/media/posts_1.html", "media/1.jpg")
    with pytest.raises(SourceError, match="in HTML; ask Instagram for it in JSON"):
        open_reader(tmp_path)


def test_a_file_that_lies_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, [{"media": [], "title": "secret"}], "posts.json")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "posts_1.json").symlink_to("../posts.json")
    with pytest.raises(SourceError, match="leaves the folder"):
        read(tmp_path / "archive")
    with pytest.raises(SourceError, match="leave --encoding out"):
        read(tmp_path / "archive", encoding="cp949")


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize(
    "elements", [[], [1], [12, 345, -6.5, True], ["a", {"b": ["카페", "]", "\\"]}, []], [{"x": i} for i in range(50)]]
)
def test_an_array_in_any_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, elements: list[Any]
) -> None:
    monkeypatch.setattr(jsonarray, "_BLOCK", block)
    for indent in (None, 2):
        (tmp_path / "a.json").write_text(
            json.dumps(elements, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        assert list(read_array(tmp_path / "a.json")) == elements


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it ends too early"),
        (b"  ", "it ends too early"),
        (b"[", "Expecting value"),
        (b'[{"a": 1}', "it ends too early"),
        (b'[{"a": 1}, {"b"', "Expecting ':' delimiter"),
        (b'[{"a": 1},]', "Expecting value"),
        (b'[{"a": 1} {"a": 1}]', "'{' stands where , or ] belongs"),
        (b'{"media": []}', r"'\{' stands where \[ belongs"),
        (b"[1x]", "'x' stands where , or ] belongs"),
        (b"[] []", "something follows the end"),
        (b"<html>", r"'<' stands where \[ belongs"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5_000 + b"]", "a number that is too large"),
        (b'["\xff"]', "no JSON in UTF-8"),
        (b'["' + b"x" * 6_000_000 + b'"]', "an element has more than 4,000,000 characters"),
    ],
)
def test_files_that_are_no_array(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "posts_1.json").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        list(open_reader(tmp_path).read())
