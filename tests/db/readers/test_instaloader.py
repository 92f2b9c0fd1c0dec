import json
import lzma
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender.core.advice import NAME_ENCODING
from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import instaloader, open_reader

NODE = {"shortcode": "B1a", "owner": {"id": "17", "username": "ann"}, "taken_at_timestamp": 1_704_447_000}


def describe(folder: Path, name: str, node: Any, kind: str = "Post") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {"node": node, "instaloader": {"version": "4.10", "node_type": kind}}
    (folder / f"{name}.json.xz").write_bytes(lzma.compress(json.dumps(metadata).encode()))


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def read(folder: Path, **options: Any) -> list[Post | Reject]:
    return list(open_reader(folder, source="src", **options).read())


def test_a_whole_post(tmp_path: Path) -> None:
    describe(tmp_path, "2024-01-05_09-30-00_UTC", NODE)
    put(tmp_path, "2024-01-05_09-30-00_UTC.jpg")
    (tmp_path / "2024-01-05_09-30-00_UTC.txt").write_text("오늘의 #카페 에서", encoding="utf-8")
    (post,) = read(tmp_path)
    assert isinstance(post, Post) and post.photos
    assert post.photos[0].path == tmp_path / "2024-01-05_09-30-00_UTC.jpg"
    assert (post.post_id, post.author, post.caption, post.hashtags) == ("B1a", "ann", "오늘의 에서", ("카페",))
    assert post.posted_at == datetime(2024, 1, 5, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("files", "photos"),
    [
        (["x_UTC_2.jpg", "x_UTC_1.jpg", "x_UTC_10.jpg"], ["x_UTC_1.jpg", "x_UTC_2.jpg", "x_UTC_10.jpg"]),
        (["x_UTC_10.jpg", "x_UTC_2.webp", "x_UTC_1.mp4"], ["x_UTC_2.webp", "x_UTC_10.jpg"]),
        (["x_UTC.mp4", "x_UTC.jpg"], ["x_UTC.jpg"]),
        (["x_UTC.mp4"], []),
        (["other.jpg", "x_UTC_profile_pic.jpg", "x_UTC_location.txt", "x_UTC_comments.json", "README.txt"], []),
    ],
)
def test_the_photos_of_a_post(tmp_path: Path, files: list[str], photos: list[str]) -> None:
    describe(tmp_path, "x_UTC", NODE)
    put(tmp_path, "x_UTC.txt", *files)
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert post.caption == "x_UTC.txt"
    assert [photo.path.name for photo in post.photos] == photos


@pytest.mark.parametrize("name", ["{}", "{}_UTC", "2024-01-05_{}", "ann {}"])
@pytest.mark.parametrize("ending", [".json", ".json.xz"])
def test_names_of_any_pattern(tmp_path: Path, name: str, ending: str) -> None:
    for code, photos in (("Cone", 2), ("Ctwo_1", 1), ("Ctwo", 0)):
        post = name.format(code)
        describe(tmp_path, post, {"shortcode": code, "owner": {"username": "ann"}})
        if ending == ".json":
            (tmp_path / f"{post}.json").write_bytes(lzma.decompress((tmp_path / f"{post}.json.xz").read_bytes()))
            (tmp_path / f"{post}.json.xz").unlink()
        put(
            tmp_path,
            f"{post}.txt",
            *([f"{post}.jpg"] if photos == 1 else [f"{post}_{i + 1}.jpg" for i in range(photos)]),
        )
    (tmp_path / "settings.json").write_text("{}")
    reader = open_reader(tmp_path)
    posts = {post.post_id: post for post in reader.read() if isinstance(post, Post)}
    assert {code: len(post.photos) for code, post in posts.items()} == {"Cone": 2, "Ctwo_1": 1, "Ctwo": 0}
    assert posts["Cone"].caption == f"{name.format('Cone')}.txt"
    assert "1 file (.json)" in reader.notes()[0]


def test_texts_and_photos_without_any_metadata(tmp_path: Path) -> None:
    put(tmp_path, "2024-01-05_09-30-00_UTC.txt", "2024-01-05_09-30-00_UTC_1.jpg", "2024-01-05_09-30-00_UTC_2.jpg")
    (post,) = read(tmp_path)
    assert isinstance(post, Post) and len(post.photos) == 2 and post.caption


def comments(*told: tuple[str, int, str]) -> str:
    return json.dumps([{"owner": {"username": name}, "created_at": at, "text": text} for name, at, text in told])


@pytest.mark.parametrize(
    ("told", "hashtags"),
    [
        (
            comments(("ann", 2, "thanks #later"), ("ben", 0, "#notmine"), ("ann", 1, "#카페 #서울")),
            ("글", "카페", "서울"),
        ),
        (comments(("ben", 1, "#notmine")), ("글",)),
        (comments(("ann", 1, "no hashtag")), ("글",)),
        ("[]", ("글",)),
        ("{}", ("글",)),
    ],
)
def test_hashtags_in_the_first_comment_of_the_author(tmp_path: Path, told: str, hashtags: tuple[str, ...]) -> None:
    describe(tmp_path, "x_UTC", NODE | {"caption": "오늘 #글"})
    (tmp_path / "x_UTC_comments.json").write_text(told)
    reader = open_reader(tmp_path)
    (post,) = reader.read()
    assert isinstance(post, Post)
    assert (set(post.hashtags), post.flaws, list(reader.notes())) == (set(hashtags), (), [])


def test_broken_comments_and_captions_cost_no_more_than_themselves(tmp_path: Path) -> None:
    describe(tmp_path, "x_UTC", NODE | {"caption": "of the metadata"})
    (tmp_path / "x_UTC_comments.json").write_text("[")
    (tmp_path / "x_UTC.txt").write_bytes(b"\xff\xff")
    (tmp_path / "y_UTC.json.xz").write_bytes(b"no xz")
    put(tmp_path, "y_UTC.txt")
    x, y = read(tmp_path)
    assert isinstance(x, Post) and isinstance(y, Post)
    assert (x.caption, [flaw.part for flaw in x.flaws]) == ("of the metadata", ["caption", "hashtags"])
    assert (y.caption, [flaw.part for flaw in y.flaws]) == ("y_UTC.txt", ["id"])


def test_what_is_no_post_is_told(tmp_path: Path) -> None:
    describe(tmp_path, "1_UTC", {"shortcode": "a", "caption": "text"})
    describe(tmp_path, "2_UTC", {"shortcode": "b"}, kind="StoryItem")
    put(tmp_path, "1_UTC.jpg", "1_UTC.mp4", "2_UTC.jpg", "@eaDir/1_UTC.jpg/thumb.jpg", "id")
    reader = open_reader(tmp_path)
    for _ in range(2):
        (note,) = reader.notes()
        told = (
            "1 photo (.jpg)",
            "1 video (.mp4)",
            "1 file (.xz)",
            "1 file (without an ending)",
            "1 folder of thumbnails",
        )
        assert all(what in note for what in told)
        assert len(list(reader.read())) == 1


@pytest.mark.parametrize(
    "caption",
    [
        {"edge_media_to_caption": {"edges": [{"node": {"text": "a #b"}}]}},
        {"caption": "a #b"},
        {"caption": {"text": "a #b"}, "edge_media_to_caption": {"edges": []}},
    ],
)
def test_captions_in_the_metadata_stand_in_for_a_missing_text(tmp_path: Path, caption: dict[str, Any]) -> None:
    describe(tmp_path, "x_UTC", {"code": "B1a", "taken_at": 1_704_447_000, "owner": {"id": 17}} | caption)
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags, post.post_id, post.author) == ("a", ("b",), "B1a", "17")
    assert post.posted_at == datetime(2024, 1, 5, 9, 30, tzinfo=UTC)


def test_profiles_below_a_folder_in_order_without_what_is_no_post(tmp_path: Path) -> None:
    for profile in ("ben", "ann"):
        for name in ("2_UTC", "1_UTC"):
            describe(tmp_path / profile, name, {"shortcode": f"{profile}{name}", "caption": "text"})
            put(tmp_path, f"{profile}/{name}.jpg")
        describe(tmp_path / profile, f"{profile}_17", {"username": profile}, kind="Profile")
        describe(tmp_path / profile, "3_UTC", {"shortcode": "story"}, kind="StoryItem")
    put(tmp_path, "ann/4_UTC.txt", "ann/.5_UTC.txt", ".cache/6_UTC.txt")  # metadata were not kept; hidden files
    posts = [post for post in read(tmp_path) if isinstance(post, Post)]
    assert [post.post_id for post in posts if not post.post_id.startswith("text-")] == [
        "ann1_UTC",
        "ann2_UTC",
        "ben1_UTC",
        "ben2_UTC",
    ]
    assert [post.caption for post in posts] == ["text", "text", "ann/4_UTC.txt", "text", "text"]
    assert posts[0].photos and posts[0].photos[0].path == tmp_path / "ann" / "1_UTC.jpg"


def test_metadata_that_were_not_compressed(tmp_path: Path) -> None:
    name = "2024-01-05_09-30-00_UTC"
    put(tmp_path, f"{name}_1.jpg", f"{name}.txt", f"{name}_comments.json", "settings.json")
    (tmp_path / f"{name}.json").write_text(json.dumps({"node": NODE, "instaloader": {"node_type": "Post"}}))
    (post,) = read(tmp_path)
    assert isinstance(post, Post) and post.photos
    assert (post.post_id, post.photos[0].path.name) == ("B1a", f"{name}_1.jpg")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "'x_UTC.json.xz' is cut off"),
        (lzma.compress(b'{"node": {}}' * 100)[:-20], "'x_UTC.json.xz' is cut off"),
        (b"no xz at all", "'x_UTC.json.xz' is damaged"),
        (lzma.compress(b"{"), "'x_UTC.json.xz' is no JSON"),
        (lzma.compress(b"\xff\xfe\xff"), "'x_UTC.json.xz' is no JSON"),
        (lzma.compress(b"[" * 200_000), "'x_UTC.json.xz' is no JSON"),
        (lzma.compress(b"[1]"), "it has no 'node'"),
        (lzma.compress(b'{"node": null}'), "it has no 'node'"),
        (lzma.compress(b" " * 16_000_001), "holds more than 16,000,000 bytes"),
        (lzma.compress(b'{"node": {"caption": "a\\ud800"}}'), "half a character"),
        (lzma.compress(b'{"node": {"owner": [], "edge_media_to_caption": {"edges": 1}}}'), "empty row"),
    ],
)
def test_bad_metadata_are_rejected_and_the_rest_goes_on(tmp_path: Path, content: bytes, reason: str) -> None:
    describe(tmp_path, "a_UTC", NODE | {"caption": "good"})
    (tmp_path / "x_UTC.json.xz").write_bytes(content)
    good, bad = read(tmp_path)
    assert isinstance(good, Post) and good.caption == "good"
    assert isinstance(bad, Reject) and bad.row == 2
    assert reason in bad.reason


def test_a_header_that_asks_for_much_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instaloader, "_MAX_MEMORY", 1_000_000)
    describe(tmp_path, "x_UTC", NODE)
    (bad,) = read(tmp_path)
    assert isinstance(bad, Reject) and "is damaged: Memory usage limit exceeded" in bad.reason


def test_captions_are_read_in_their_encoding(tmp_path: Path) -> None:
    for name, content in {
        "a": "가".encode(),
        "b": "가".encode("cp949"),
        "c": "가".encode("utf-16"),
        "d": b"\xff\xff",
    }.items():
        describe(tmp_path, f"{name}_UTC", {"shortcode": name})
        (tmp_path / f"{name}_UTC.txt").write_bytes(content)
    *good, bad = read(tmp_path)
    assert [post.caption for post in good if isinstance(post, Post)] == ["가"] * 3
    assert isinstance(bad, Reject) and bad.reason == "'d_UTC.txt' is neither UTF-8 nor cp949"
    assert bad.advice == NAME_ENCODING


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    describe(outside, "secret", NODE | {"caption": "secret"})
    put(outside, "secret.txt", "secret.jpg")
    folder = tmp_path / "archive"
    describe(folder, "a_UTC", {"shortcode": "a"})
    describe(folder, "b_UTC", {"shortcode": "b", "caption": "x"})
    (folder / "a_UTC.txt").symlink_to(outside / "secret.txt")
    (folder / "b_UTC.jpg").symlink_to(outside / "secret.jpg")
    (folder / "c_UTC.json.xz").symlink_to(outside / "secret.json.xz")
    (folder / "circle_UTC.txt").symlink_to("circle_UTC.txt")
    (folder / "below").symlink_to(outside)
    rows = read(folder)
    assert [isinstance(row, Reject) for row in rows] == [True, False, True, True]
    reasons = [row.reason if isinstance(row, Reject) else row.flaws[0].reason for row in rows]
    assert [("leaves the" in reason) for reason in reasons[:3]] == [True] * 3
    assert "circle_UTC.txt'" in reasons[3]


def test_a_folder_of_two_kinds(tmp_path: Path) -> None:
    describe(tmp_path, "x_UTC", NODE)
    put(tmp_path, "data_list.txt", "tag_list.txt")
    with pytest.raises(SourceError, match="of more than one kind: HARRISON .*; a download of instaloader .*; name the"):
        open_reader(tmp_path)
