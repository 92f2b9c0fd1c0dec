"""Which photos a row names, and which of these are found."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from hashtag_recommender.core.advice import NAME_IMAGES
from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers.columns import Columns
from hashtag_recommender.db.readers.photos import MAX_PHOTO

Read = Callable[..., list[Post | Reject]]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("missing.jpg", "is missing from"),
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
    assert reject.flaws == post.flaws
    assert [flaw.part for flaw in post.flaws] == ["photo"]
    for told in (reject.reason, post.flaws[0].reason):
        assert reason in told
        assert len(told) < 320
    (query,) = read_rows({"image": image, "text": "x"}, images=images, for_queries=True)
    assert isinstance(query, Reject) and reason in query.reason
    names_folder = reason == "is missing from"
    assert {told.advice for told in (reject, query, *post.flaws)} == {NAME_IMAGES if names_folder else None}


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


def test_a_missing_images_folder(read: Read, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="name another with --images"):
        read("a.csv", "text\nx\n", images=tmp_path / "missing")
