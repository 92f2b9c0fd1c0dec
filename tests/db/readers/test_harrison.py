from collections.abc import Callable
from pathlib import Path

import pytest

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import open_reader

PHOTOS = "instagram_dataset/sea/image_50.jpg\ninstagram_dataset/cat/image_50.jpg\n"
HASHTAGS = "sea instapic trip \ncat \n"


@pytest.fixture
def archive(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write the two lists of a HARRISON."""

    def write(photos: str, hashtags: str) -> Path:
        (tmp_path / "data_list.txt").write_bytes(photos.encode())
        (tmp_path / "tag_list.txt").write_bytes(hashtags.encode())
        return tmp_path

    return write


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


@pytest.mark.parametrize(
    "layout",
    ["instagram_dataset/{}/image_50.jpg", "{}/image_50.jpg", "{}_image_50.jpg", "instagram_dataset_{}_image_50.jpg"],
)
def test_photos_in_class_folders_or_flattened(archive: Callable[[str, str], Path], layout: str) -> None:
    folder = archive(PHOTOS, HASHTAGS)
    put(folder, layout.format("sea"), layout.format("cat"))
    reader = open_reader(folder)
    sea, cat = reader.read()
    assert isinstance(sea, Post) and isinstance(cat, Post) and sea.photos and cat.photos
    assert (sea.caption, sea.hashtags, cat.hashtags) == ("", ("sea", "instapic", "trip"), ("cat",))
    assert sea.photos[0].path == folder / layout.format("sea")
    assert cat.photos[0].path == folder / layout.format("cat")
    assert reader.source == str(folder)
    assert list(reader.notes()) == []


def test_no_id_tells_the_folder_and_ids_stay(archive: Callable[[str, str], Path], tmp_path: Path) -> None:
    folder = archive(PHOTOS, HASHTAGS)
    put(tmp_path / "photos", "sea/image_50.jpg", "cat/image_50.jpg")
    before = [post.post_id for post in open_reader(folder, images=tmp_path / "photos").read() if isinstance(post, Post)]
    assert len(set(before)) == 2
    assert not any("sea" in post_id or "cat" in post_id for post_id in before)
    archive("\n".join(reversed(PHOTOS.splitlines())), "cat\nsea")
    after = [post.post_id for post in open_reader(folder, images=tmp_path / "photos").read() if isinstance(post, Post)]
    assert after == before[::-1]


@pytest.mark.parametrize("hashtags", ["sea,trip", "#sea #trip", "sea\ttrip", "['sea', 'trip']", "sea;trip\r"])
def test_hashtags_however_they_are_apart(archive: Callable[[str, str], Path], hashtags: str) -> None:
    folder = archive("sea\\a.jpg", hashtags)
    put(folder, "sea/a.jpg")
    (post,) = open_reader(folder).read()
    assert isinstance(post, Post) and post.hashtags == ("sea", "trip")


def test_photos_that_cannot_be_taken(archive: Callable[[str, str], Path]) -> None:
    names = [
        "../a.jpg",
        "/etc/passwd",
        "missing.jpg",
        "",
        "x/link.jpg",
        "x/image.jpg",
        "y\0.jpg",
        "z" * 300,
        "a.jpg",
        "a.jpg",
    ]
    folder = archive("\n".join(names), "tag\n" * len(names))
    put(folder, "x/other.jpg", "image.jpg", "a.jpg")
    (folder / "x" / "link.jpg").symlink_to("/etc/passwd")
    rows = list(open_reader(folder).read())
    reasons = [row.reason if isinstance(row, Reject) else "" for row in rows]
    for reason, expected in zip(
        reasons,
        [
            "leaves the images folder",
            "leaves the images folder",
            "is missing",
            "names no photo",
            "leaves the images folder",
            "is missing",  # there is one of that name, but who knows of which class
            "NUL byte",
            "File name too long",
            "",
            "is already in row 9",
        ],
        strict=True,
    ):
        assert expected in reason
        assert bool(expected) == bool(reason)


@pytest.mark.parametrize(
    ("photos", "hashtags", "message"),
    [
        ("a.jpg\nb.jpg\n", "x\n", "data_list.txt has 2 lines and tag_list.txt 1; they must have equally many"),
        ("a.jpg\n", "\nx\n", "data_list.txt has 1 lines and tag_list.txt 2"),
        ("", "", "is empty"),
        ("\n \n", "\n", "is empty"),
    ],
)
def test_lists_that_do_not_fit(archive: Callable[[str, str], Path], photos: str, hashtags: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_reader(archive(photos, hashtags))


@pytest.mark.parametrize("missing", ["data_list.txt", "tag_list.txt"])
def test_a_list_that_is_missing(archive: Callable[[str, str], Path], missing: str) -> None:
    folder = archive(PHOTOS, HASHTAGS)
    (folder / missing).unlink()
    with pytest.raises(SourceError, match=f"has no {missing}; HARRISON is"):
        open_reader(folder)


def test_a_list_in_no_known_encoding(archive: Callable[[str, str], Path]) -> None:
    folder = archive(PHOTOS, HASHTAGS)
    (folder / "tag_list.txt").write_bytes(b"\xff\xff\n\xff\n")
    with pytest.raises(SourceError, match=r"tag_list.txt is neither UTF-8 \(see byte 0\) nor cp949"):
        open_reader(folder)


def test_a_list_that_lies_elsewhere(archive: Callable[[str, str], Path], tmp_path: Path) -> None:
    archive(PHOTOS, HASHTAGS)
    (tmp_path / "below").mkdir()
    for name in ("data_list.txt", "tag_list.txt"):
        (tmp_path / "below" / name).symlink_to(tmp_path / name)
    with pytest.raises(SourceError, match="data_list.txt is a link that leaves the folder"):
        open_reader(tmp_path / "below")
